//! Recipients are asked to erase what they were sent about a person who objected: each disclosure by the recipient's own
//! call where it has one, else by a numbered letter that a person writes and closes.

use std::collections::BTreeMap;

use super::object::MARGIN;
use crate::analytics::envelope::Envelope;
use crate::analytics::feedback::Reported;
use crate::app::App;
use crate::domain::clock::Micros;
use crate::domain::consent::Purpose;
use crate::domain::erasure::{Erasure, ErasureState, ErasureWay};
use crate::domain::id::{ConsentEventId, DisclosureId, ErasureId};
use crate::domain::outbox::{Attempt, OutboxKind, OutboxMessage};
use crate::flow::gate::{self, Company, Passage, Start};
use crate::flow::outbox;
use crate::flow::register::note;
use crate::store::consent::{Left, Settlement};
use crate::store::{StoreError, audit, consent, erasures};

/// One try takes no longer, in milliseconds: nobody waits for it.
const DEADLINE_MS: u64 = 5_000;

/// When what was in flight at an objection is over: then the recipients are asked.
pub(super) fn due(app: &App, now: Micros) -> Micros {
    let limit = i64::try_from(app.config.analytics.limit_ms).unwrap_or(i64::MAX);
    let margin = i64::try_from(MARGIN.as_millis()).unwrap_or(0);
    Micros(now.0.saturating_add(limit.saturating_add(margin).saturating_mul(1_000)))
}

/// Tries a message about erasure: one that stands for an objection becomes a request for each disclosure; one that stands
/// for a request is sent.
pub async fn attempt(app: &App, message: &OutboxMessage) -> Attempt {
    let tried = match (message.subject.parse::<ConsentEventId>(), message.subject.parse::<ErasureId>()) {
        (Ok(event), _) => plan(app, event).await.map(|()| Attempt::Done),
        (_, Ok(erasure)) => send(app, erasure).await,
        _ => return Attempt::dead("subject_unreadable"),
    };
    tried.unwrap_or_else(|error| {
        tracing::warn!(%error, "an erasure cannot be asked for");
        Attempt::retry("database")
    })
}

/// Makes a request for each disclosure that the objection is about; those that have one keep it.
async fn plan(app: &App, event: ConsentEventId) -> Result<(), StoreError> {
    let Some(event) = app.store.consent_event(event).await? else { return Ok(()) };
    let coverage = event.coverage;
    let left = app.store.left_about(event.cardholder_id).await?;
    let meant = |left: &Left| {
        let purpose = coverage.purpose.unwrap_or(Purpose::Assess);
        coverage.covers(left.card_id, purpose, Some(&left.recipient))
    };
    let planned: Vec<(Erasure, OutboxMessage)> =
        left.into_iter().filter(meant).map(|left| request(app, left)).collect();
    app.store
        .write(move |transaction| {
            Box::pin(async move {
                let mut letters = BTreeMap::new();
                for (mut erasure, message) in planned {
                    if erasure.way == ErasureWay::Letter {
                        let letter = match letters.get(&erasure.recipient) {
                            Some(letter) => *letter,
                            None => erasures::next_letter(transaction).await?,
                        };
                        letters.insert(erasure.recipient.clone(), letter);
                        erasure.letter = Some(letter);
                    }
                    let new = erasures::insert(transaction, &erasure).await?;
                    if new && erasure.way == ErasureWay::Call {
                        crate::store::outbox::enqueue(transaction, &message).await?;
                    }
                }
                Ok(())
            })
        })
        .await
}

fn request(app: &App, left: Left) -> (Erasure, OutboxMessage) {
    let now = app.now();
    let loaded = app.bundle.load();
    let company = gate::company(app, &loaded).filter(|company| company.recipient.id == left.recipient);
    let by_call = company
        .zip(left.provider_request_id.as_deref())
        .and_then(|(company, id)| company.provider.prepare_erase(id, company.pseudonyms));
    let id = ErasureId::new(now, app.randomness.as_ref());
    let message = outbox::message(app, OutboxKind::Erasure, Some(left.cardholder_id), id.to_string(), "{}".to_owned());
    let erasure = Erasure {
        id,
        cardholder_id: left.cardholder_id,
        disclosure_id: left.id,
        recipient: left.recipient,
        provider_request_id: left.provider_request_id,
        way: if by_call.is_some() { ErasureWay::Call } else { ErasureWay::Letter },
        letter: None,
        state: ErasureState::Queued,
        requested_at: now,
        settled_at: None,
        settled_by: None,
    };
    (erasure, message)
}

async fn send(app: &App, id: ErasureId) -> Result<Attempt, StoreError> {
    let Some(erasure) = app.store.erasure(id).await?.filter(|erasure| erasure.state == ErasureState::Queued) else {
        return Ok(Attempt::Done);
    };
    let Some(left) = app.store.left(erasure.disclosure_id).await? else { return Ok(Attempt::Done) };
    let loaded = app.bundle.load();
    let known = gate::company(app, &loaded).filter(|company| company.recipient.id == erasure.recipient);
    let Some(Company { provider, recipient, pseudonyms }) = known else {
        return Ok(Attempt::retry("recipient_not_configured"));
    };
    let prepared = erasure.provider_request_id.as_deref().and_then(|id| provider.prepare_erase(id, pseudonyms));
    let Some(prepared) = prepared else { return Ok(Attempt::dead("no_call")) };
    let start = Start::of(app);
    let passage = Passage {
        app,
        bundle: &loaded.bundle,
        provider,
        recipient,
        cardholder_id: left.cardholder_id,
        card_id: left.card_id,
        authentication_id: left.authentication_id,
        purpose: Purpose::Erase,
        now: app.now(),
    };
    let Some(row) = passage.row_to_erase(&prepared) else { return Ok(Attempt::dead("no_row")) };
    let Some(row) = gate::place_to_erase(app, row).await? else { return Ok(Attempt::dead("no_line")) };
    let Ok(envelope) = Envelope::seal(start.clear(&row), prepared) else { return Ok(Attempt::dead("no_envelope")) };
    let deadline = app.clock.boot_nanos().saturating_add(DEADLINE_MS.saturating_mul(1_000_000));
    let reported = provider.report(envelope, deadline).await;
    settle(app, &erasure, row.id, &reported).await?;
    Ok(match (reported.accepted, reported.retry) {
        (true, _) => Attempt::Done,
        (false, true) => Attempt::retry(reported.reason.map_or("refused", |reason| reason.as_str())),
        (false, false) => Attempt::dead(reported.reason.map_or("refused", |reason| reason.as_str())),
    })
}

async fn settle(app: &App, erasure: &Erasure, row: DisclosureId, reported: &Reported) -> Result<(), StoreError> {
    let settlement =
        Settlement { provider_request_id: reported.request_id.clone(), ..gate::settlement(app, row, reported.settled) };
    let state = match (reported.accepted, reported.retry) {
        (true, _) => Some(ErasureState::Done),
        (false, false) => Some(ErasureState::Failed),
        (false, true) => None,
    };
    let (id, now) = (erasure.id, app.now());
    let mut entry = note(app, "system", "erasure.settle", id.to_string());
    app.store
        .write(move |transaction| {
            Box::pin(async move {
                consent::settle(transaction, &settlement).await?;
                if let Some(state) = state {
                    erasures::settle(transaction, id, state, None, now).await?;
                    state.as_str().clone_into(&mut entry.result);
                    audit::append(transaction, &entry).await?;
                }
                Ok(())
            })
        })
        .await
}

/// A person closes a letter: the recipient said that it erased what the letter names. Answers how many requests that were.
///
/// # Errors
/// [`StoreError`].
pub async fn close_letter(app: &App, actor: &str, letter: i64) -> Result<u64, StoreError> {
    let (by, now) = (actor.to_owned(), app.now());
    let mut entry = note(app, actor, "erasure.close", letter.to_string());
    app.store
        .write(move |transaction| {
            Box::pin(async move {
                let closed = erasures::settle_letter(transaction, letter, &by, now).await?;
                if closed > 0 {
                    entry.result = closed.to_string();
                    audit::append(transaction, &entry).await?;
                }
                Ok(closed)
            })
        })
        .await
}
