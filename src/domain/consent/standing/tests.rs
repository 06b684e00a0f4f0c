use uuid::Uuid;

use super::*;

fn event(number: u128) -> ConsentEventId {
    ConsentEventId::from_uuid(Uuid::from_u128(number))
}

fn card(number: u128) -> CardId {
    CardId::from_uuid(Uuid::from_u128(number))
}

fn of_card(number: u128) -> Coverage {
    Coverage { cards: Some([card(number)].into()), ..Coverage::default() }
}

fn to(recipient: &str) -> Coverage {
    Coverage { recipient: Some(recipient.to_owned()), ..Coverage::default() }
}

fn standing(steps: &[(ConsentAction, Coverage)]) -> Standing {
    let numbered = (1..).zip(steps);
    numbered.fold(Standing::default(), |standing, (number, (action, coverage))| {
        let basis = match action {
            ConsentAction::Grant => Some(Basis::Consent),
            ConsentAction::Notify | ConsentAction::Import => Some(Basis::Notice),
            _ => None,
        };
        standing.after(&Step { event: event(number), action: *action, pending: false, basis, coverage })
    })
}

fn sending(number: u128, recipient: &str, basis: Basis) -> Sending<'_> {
    Sending { card: Some(card(number)), purpose: Purpose::Assess, recipient: Some(recipient), basis, reuses: false }
}

#[test]
fn a_notice_permits_where_the_recipient_works_by_notice_and_nowhere_else() {
    let standing = standing(&[(ConsentAction::Notify, Coverage::everything())]);
    assert_eq!(standing.towards(sending(1, "tmx", Basis::Notice)), (ConsentState::Permitted, Some(event(1))));
    assert_eq!(standing.towards(sending(1, "minfraud", Basis::Consent)), (ConsentState::Unknown, None));
}

#[test]
fn neither_an_import_nor_a_grant_overwrites_an_objection() {
    let everything = Coverage::everything;
    for action in [ConsentAction::Import, ConsentAction::Notify, ConsentAction::Grant, ConsentAction::Correct] {
        let standing = standing(&[(ConsentAction::Object, everything()), (action, everything())]);
        assert_eq!(standing.general(), ConsentState::OptedOut, "{action:?}");
        assert_eq!(standing.towards(sending(1, "tmx", Basis::Notice)).0, ConsentState::OptedOut, "{action:?}");
    }
}

#[test]
fn an_objection_for_one_card_leaves_the_others() {
    let standing = standing(&[(ConsentAction::Notify, Coverage::everything()), (ConsentAction::Object, of_card(1))]);
    assert_eq!(standing.general(), ConsentState::Permitted);
    assert_eq!(standing.towards(sending(1, "tmx", Basis::Notice)).0, ConsentState::OptedOut);
    assert_eq!(standing.towards(sending(2, "tmx", Basis::Notice)).0, ConsentState::Permitted);
}

#[test]
fn the_most_protective_scope_wins() {
    let notify = (ConsentAction::Notify, Coverage::everything());
    let narrow = [notify.clone(), (ConsentAction::Object, Coverage::everything()), (ConsentAction::Resume, of_card(1))];
    assert_eq!(standing(&narrow).towards(sending(1, "tmx", Basis::Notice)).0, ConsentState::OptedOut);
    let wide = [notify, (ConsentAction::Object, of_card(1)), (ConsentAction::Resume, Coverage::everything())];
    assert_eq!(standing(&wide).towards(sending(1, "tmx", Basis::Notice)).0, ConsentState::Permitted);
}

#[test]
fn who_objects_to_reuse_is_not_sent_to_a_recipient_that_reuses() {
    let coverage = Coverage { purpose: Some(Purpose::Reuse), ..Coverage::default() };
    let standing = standing(&[(ConsentAction::Notify, Coverage::everything()), (ConsentAction::Object, coverage)]);
    let careful = sending(1, "tmx", Basis::Notice);
    assert_eq!(standing.towards(careful).0, ConsentState::Permitted);
    assert_eq!(standing.towards(Sending { reuses: true, ..careful }).0, ConsentState::OptedOut);
}

#[test]
fn an_objection_against_one_recipient_leaves_the_others() {
    let standing = standing(&[(ConsentAction::Notify, Coverage::everything()), (ConsentAction::Object, to("tmx"))]);
    assert_eq!(standing.towards(sending(1, "tmx", Basis::Notice)).0, ConsentState::OptedOut);
    assert_eq!(standing.towards(sending(1, "other", Basis::Notice)).0, ConsentState::Permitted);
}

#[test]
fn withdrawing_an_agreement_forbids() {
    let grant = (ConsentAction::Grant, Coverage::everything());
    let standing = standing(&[grant, (ConsentAction::Withdraw, Coverage::everything())]);
    assert_eq!(standing.general(), ConsentState::OptedOut);
    assert!(standing.permits.is_empty());
}

#[test]
fn an_unchecked_objection_is_pending_until_a_checked_one_and_never_weakens_one() {
    let coverage = Coverage::everything();
    let step = |number, pending| Step {
        event: event(number),
        action: ConsentAction::Object,
        pending,
        basis: None,
        coverage: &coverage,
    };
    let pending = Standing::default().after(&step(1, true));
    assert_eq!(pending.general(), ConsentState::Pending);
    let checked = pending.after(&step(2, false));
    assert_eq!(checked.general(), ConsentState::OptedOut);
    assert_eq!(checked.after(&step(3, true)).general(), ConsentState::OptedOut);
}

#[test]
fn it_reads_back_what_it_wrote() {
    let standing = standing(&[(ConsentAction::Notify, Coverage::everything()), (ConsentAction::Object, of_card(7))]);
    let text = serde_json::to_string(&standing).unwrap();
    assert_eq!(serde_json::from_str::<Standing>(&text).unwrap(), standing);
}
