use uuid::Uuid;

use super::*;
use crate::domain::consent::Channel;
use crate::domain::consent::coverage::Coverage;
use crate::domain::consent::line::{HASH_VERSION, LineSettlement, SettlementState};
use crate::domain::id::{AuthenticationId, ConsentEventId, DisclosureId};

fn person() -> CardholderId {
    CardholderId::from_uuid(Uuid::from_u128(7))
}

fn event_id(number: i64) -> ConsentEventId {
    ConsentEventId::from_uuid(Uuid::from_u128(number.unsigned_abs().into()))
}

fn event(number: i64, action: ConsentAction, state: ConsentState) -> LineEntry {
    let basis = matches!(action, ConsentAction::Notify | ConsentAction::Resume).then_some(Basis::Notice);
    LineEntry::Event(Box::new(ConsentEvent {
        hash_version: HASH_VERSION,
        id: event_id(number),
        cardholder_id: person(),
        action,
        coverage: Coverage::everything(),
        pending: false,
        state,
        channel: Channel::Phone,
        actor: "agent".to_owned(),
        reference: None,
        identity: None,
        basis,
        notice_version: None,
        script_version: None,
        language: None,
        informed_at: None,
        effective_from: Some(Micros(number * 1_000)),
        recorded_at: Micros(number * 1_000 + 500),
        corrects: None,
        receipt_id: None,
        evidence_digest: None,
        approval_id: None,
    }))
}

fn disclosure(number: i64, purpose: Purpose, relies_on: i64) -> LineEntry {
    LineEntry::Disclosure(Box::new(Disclosure {
        hash_version: HASH_VERSION,
        id: DisclosureId::from_uuid(Uuid::from_u128(number.unsigned_abs().into())),
        cardholder_id: person(),
        card_id: None,
        authentication_id: AuthenticationId::from_uuid(Uuid::nil()),
        recipient: "tmx".to_owned(),
        recipient_reuses: false,
        purpose,
        state: DisclosureState::Intended,
        basis: "notice".to_owned(),
        consent_event_id: event_id(relies_on),
        items: vec!["email:keyed".to_owned()],
        policies: vec!["permitted".to_owned()],
        bundle_digest: String::new(),
        transform_version: "1".to_owned(),
        key_id: "p1".to_owned(),
        body_digest: "00".repeat(32),
        limit_ms: 800,
        recorded_at: Micros(number * 1_000),
    }))
}

fn line(entries: Vec<LineEntry>) -> Vec<LineRow> {
    let mut previous = RowHash::NONE;
    let placed = (1..).zip(entries).map(|(sequence, entry)| {
        let place = Place { sequence, previous_hash: previous.bytes().to_vec() };
        let hash = RowHash::of(entry.hash(&place));
        let row = LineRow { sequence, previous_hash: previous, hash, entry, settlement: None };
        previous = hash;
        row
    });
    placed.collect()
}

fn head(rows: &[LineRow]) -> LineHead {
    let last = rows.last().unwrap();
    LineHead { cardholder_id: person(), sequence: last.sequence, hash: last.hash }
}

fn proved(rows: &[LineRow], head: &LineHead, start: Option<&LineStart>) -> Result<Totals, Fault> {
    let mut totals = Totals::default();
    let mut check = LineCheck::begin(person(), start);
    for row in rows {
        check.add(row, &mut totals).map_err(|violation| violation.fault)?;
    }
    check.end(head, &mut totals).map_err(|violation| violation.fault)?;
    Ok(totals)
}

/// Informed, sent twice, objected, asked to erase, resumed, sent.
fn history() -> Vec<LineRow> {
    line(vec![
        event(1, ConsentAction::Notify, ConsentState::Permitted),
        disclosure(2, Purpose::Assess, 1),
        disclosure(3, Purpose::Feedback, 1),
        event(4, ConsentAction::Object, ConsentState::OptedOut),
        disclosure(5, Purpose::Erase, 4),
        event(6, ConsentAction::Resume, ConsentState::Permitted),
        disclosure(7, Purpose::Assess, 1),
    ])
}

#[test]
fn a_whole_line_is_proved_and_counted() {
    let mut rows = history();
    let settled = |state| Some(LineSettlement { state, provider_request_id: None, settled_at: Micros(0) });
    rows[1].settlement = settled(SettlementState::Sent);
    rows[2].settlement = settled(SettlementState::NotSent);
    let totals = proved(&rows, &head(&rows), None).unwrap();
    assert_eq!((totals.people, totals.events, totals.objections), (1, 3, 1));
    assert_eq!((totals.sent, totals.not_sent, totals.open, totals.erase), (1, 1, 2, 1));
    assert_eq!(totals.after_objection, 0);
    assert_eq!(totals.time_to_effect().unwrap().max, 500);
}

#[test]
fn a_disclosure_after_an_objection_is_found_however_it_was_settled() {
    let rows = line(vec![
        event(1, ConsentAction::Notify, ConsentState::Permitted),
        event(2, ConsentAction::Object, ConsentState::OptedOut),
        disclosure(3, Purpose::Assess, 1),
    ]);
    let fault = proved(&rows, &head(&rows), None).unwrap_err();
    assert!(matches!(fault, Fault::NotPermitted { state: ConsentState::OptedOut, .. }), "{fault}");
    let mut hidden = rows.clone();
    hidden[2].settlement =
        Some(LineSettlement { state: SettlementState::NotSent, provider_request_id: None, settled_at: Micros(0) });
    assert!(matches!(proved(&hidden, &head(&hidden), None), Err(Fault::NotPermitted { .. })));
}

#[test]
fn whatever_is_taken_out_put_in_or_changed_shows() {
    let (whole, end) = (history(), head(&history()));
    for gone in 0..whole.len() {
        let mut rows = whole.clone();
        rows.remove(gone);
        assert!(proved(&rows, &end, None).is_err(), "row {gone} is gone");
    }
    let mut twice = whole.clone();
    twice.insert(2, whole[1].clone());
    assert_eq!(proved(&twice, &end, None), Err(Fault::Twice));
    let mut changed = whole.clone();
    if let LineEntry::Disclosure(row) = &mut changed[1].entry {
        row.recipient = "other".to_owned();
    }
    assert_eq!(proved(&changed, &end, None), Err(Fault::OtherHash));
    assert_eq!(proved(&whole[..6], &end, None), Err(Fault::Truncated { head: 7 }));
    let other_end = LineHead { hash: RowHash::NONE, ..end };
    assert_eq!(proved(&whole, &other_end, None), Err(Fault::OtherEnd));
}

#[test]
fn a_state_that_does_not_follow_is_found_even_with_fitting_hashes() {
    let rows = line(vec![event(1, ConsentAction::Object, ConsentState::Permitted)]);
    let fault = proved(&rows, &head(&rows), None).unwrap_err();
    let found = Fault::OtherState { recorded: ConsentState::Permitted, follows: ConsentState::OptedOut };
    assert_eq!(fault, found);
}

#[test]
fn a_disclosure_relies_on_a_permit_that_stands() {
    let rows = line(vec![event(1, ConsentAction::Notify, ConsentState::Permitted), disclosure(2, Purpose::Assess, 9)]);
    assert!(matches!(proved(&rows, &head(&rows), None), Err(Fault::ReliesOnNothing { .. })));
}

#[test]
fn a_line_whose_beginning_was_deleted_is_proved_from_where_it_starts() {
    let rows = history();
    let mut check = LineCheck::begin(person(), None);
    for row in &rows[..3] {
        check.add(row, &mut Totals::default()).unwrap();
    }
    let standing = check.standing().clone();
    let start = LineStart { sequence: check.sequence(), hash: check.hash(), standing, pruned_at: Micros(0) };
    assert_eq!(proved(&rows[3..], &head(&rows), Some(&start)).unwrap().events, 2);
    assert_eq!(proved(&rows[4..], &head(&rows), Some(&start)), Err(Fault::Gap { expected: 4 }));
    assert_eq!(proved(&rows[3..], &head(&rows), None), Err(Fault::Gap { expected: 1 }));
}
