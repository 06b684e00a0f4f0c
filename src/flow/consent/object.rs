//! A person objects: from the commit on nothing about her leaves any more, and the answer waits for what was in flight.

use std::time::Duration;

use super::{ConsentError, Statement, checkpoint, erasure};
use crate::app::App;
use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::consent::ConsentAction;
use crate::domain::consent::line::ConsentEvent;
use crate::domain::id::{CardholderId, ConsentEventId, DisclosureId, ReceiptId};
use crate::domain::outbox::{OutboxKind, OutboxMessage};
use crate::domain::receipt::{PendingNotice, Receipt, ReceiptScope};
use crate::fault_points::Point;
use crate::flow::outbox;
use crate::flow::register::note;
use crate::store::consent::{self, Recorded};
use crate::store::{StoreError, audit};

/// What a process may pause between its last look at the clock and the write: the promise rests on it.
pub const MARGIN: Duration = Duration::from_millis(250);
/// How often open rows are looked at.
const LOOK: Duration = Duration::from_millis(10);

/// What is told to who records an objection.
#[derive(Clone, Debug)]
pub struct Objection {
    /// The event.
    pub event: ConsentEvent,
    /// What she is given about it: what was sent about her before, and what may still have been sent.
    pub receipt: Receipt,
    /// When she had objected to all of this already; none when this is new.
    pub already_since: Option<Micros>,
}

/// Records that a person objects, by the issuer's reference of her.
///
/// # Errors
/// [`ConsentError`]; then nothing was recorded.
pub async fn object_by_reference(
    app: &App,
    actor: &str,
    reference: &str,
    statement: Statement,
) -> Result<Objection, ConsentError> {
    let holder = app.store.cardholder_key(reference).await?;
    let (cardholder_id, ..) = holder.ok_or_else(|| ConsentError::UnknownCardholder(reference.to_owned()))?;
    object(app, actor, cardholder_id, ConsentAction::Object, statement).await
}

/// Records that a person objects or withdraws an agreement. A person whose identity could not be shown is protected all
/// the same: the objection is pending, she is told at her registered address, and it stands in the supervisors' queue.
///
/// From the commit on no place in her line can be taken. The answer then waits for what was in flight, at most the
/// largest limit of the open rows and a margin.
///
/// # Errors
/// [`ConsentError`]; then nothing was recorded, but for a checkpoint that cannot be written.
pub async fn object(
    app: &App,
    actor: &str,
    cardholder_id: CardholderId,
    action: ConsentAction,
    statement: Statement,
) -> Result<Objection, ConsentError> {
    let id = ConsentEventId::new(app.now(), app.randomness.as_ref());
    object_as(app, actor, cardholder_id, action, statement, id).await
}

/// The same under an id that was given out before, such as by a form: whatever comes twice is recorded once.
///
/// # Errors
/// [`ConsentError`]; with [`StoreError::Duplicate`] inside when there is an event with this id already.
pub async fn object_as(
    app: &App,
    actor: &str,
    cardholder_id: CardholderId,
    action: ConsentAction,
    statement: Statement,
    id: ConsentEventId,
) -> Result<Objection, ConsentError> {
    if app.store.cardholder_since(cardholder_id).await?.is_none() {
        return Err(ConsentError::UnknownCardholder(cardholder_id.to_string()));
    }
    let mut event = statement.event(app, actor, cardholder_id, action).await?;
    event.id = id;
    let receipt_id = ReceiptId::new(event.recorded_at, app.randomness.as_ref());
    event.receipt_id = Some(receipt_id);
    let recorded = record(app, actor, event).await?;
    let committed = app.clock.boot_nanos();
    app.faults.reach(Point::ObjectionCommitted).await;
    checkpoint::advance(app, &recorded).await?;
    let maybe_sent = wait_for_open(app, cardholder_id, committed).await?;
    app.faults.reach(Point::ObjectionAnswer).await;
    let receipt = receipt(app, &recorded.event, receipt_id, maybe_sent).await?;
    app.store.keep_receipt(&receipt, app.now()).await?;
    let already_since = already_since(app, &recorded).await?;
    Ok(Objection { event: recorded.event, receipt, already_since })
}

/// Writes the event, and what follows from it, in one transaction.
async fn record(app: &App, actor: &str, event: ConsentEvent) -> Result<Recorded, ConsentError> {
    let name = if event.action == ConsentAction::Object { "consent.object" } else { "consent.withdraw" };
    let mut note = note(app, actor, name, event.cardholder_id.to_string());
    let follow_up = follow_up(app, &event);
    let recorded = app
        .store
        .write(move |transaction| {
            Box::pin(async move {
                let recorded = consent::record(transaction, event).await?;
                recorded.event.state.as_str().clone_into(&mut note.result);
                crate::store::outbox::enqueue(transaction, &follow_up).await?;
                audit::append(transaction, &note).await?;
                Ok(recorded)
            })
        })
        .await;
    recorded.map_err(|error| match error {
        StoreError::GivenUp => ConsentError::TooManyScopes,
        error => error.into(),
    })
}

/// A pending objection is told to the person; a checked one has the recipients asked to erase what they got.
fn follow_up(app: &App, event: &ConsentEvent) -> OutboxMessage {
    let language = event.language.unwrap_or(Language::Ja);
    if event.pending {
        let (event_id, recorded_at, channel) = (event.id, event.recorded_at, event.channel);
        let notice = PendingNotice { event_id, recorded_at, channel, language };
        return outbox::pending_notice_mail(app, event.cardholder_id, &notice);
    }
    let body = "{}".to_owned();
    let message = outbox::message(app, OutboxKind::Erasure, Some(event.cardholder_id), event.id.to_string(), body);
    OutboxMessage { next_attempt_at: erasure::due(app, event.recorded_at), ..message }
}

/// The receipt of an objection: what had left before it, and what may still have left.
async fn receipt(
    app: &App,
    event: &ConsentEvent,
    id: ReceiptId,
    maybe_sent: Vec<DisclosureId>,
) -> Result<Receipt, StoreError> {
    Ok(Receipt {
        id,
        event_id: event.id,
        recorded_at: event.recorded_at,
        effective_from: event.said_at(),
        channel: event.channel,
        scope: if event.coverage.cards.is_some() { ReceiptScope::ListedCards } else { ReceiptScope::AllCards },
        recipient: event.coverage.recipient.clone(),
        language: event.language.unwrap_or(Language::Ja),
        sent_before: app.store.sent_about(event.cardholder_id).await?,
        maybe_sent,
    })
}

/// The receipt that was given for an event. Where the process ended before it was kept, it is made from the ledger as it
/// is now: nothing was added to what had left before.
///
/// # Errors
/// [`StoreError`].
pub async fn find_receipt(app: &App, id: ConsentEventId) -> Result<Option<Receipt>, StoreError> {
    if let Some(receipt) = app.store.receipt(id).await? {
        return Ok(Some(receipt));
    }
    let Some(event) = app.store.consent_event(id).await? else { return Ok(None) };
    let Some(receipt_id) = event.receipt_id else { return Ok(None) };
    let open = app.store.open_disclosures(event.cardholder_id).await?;
    let maybe_sent = open.into_iter().map(|(id, _)| id).collect();
    receipt(app, &event, receipt_id, maybe_sent).await.map(Some)
}

/// Waits outside of any transaction, by this process's own monotonic clock from its own commit: no two clocks are
/// ever compared.
async fn wait_for_open(
    app: &App,
    cardholder_id: CardholderId,
    committed_boot_nanos: u64,
) -> Result<Vec<DisclosureId>, StoreError> {
    let open = app.store.open_disclosures(cardholder_id).await?;
    let Some(limit_ms) = open.iter().map(|(_, limit_ms)| *limit_ms).max() else { return Ok(Vec::new()) };
    let wait = Duration::from_millis(u64::try_from(limit_ms).unwrap_or(0)) + MARGIN;
    let until = committed_boot_nanos.saturating_add(u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX));
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        let open = app.store.open_disclosures(cardholder_id).await?;
        if open.is_empty() || app.clock.boot_nanos() >= until {
            return Ok(open.into_iter().map(|(id, _)| id).collect());
        }
    }
}

/// Since when an objection that includes this one has stood.
async fn already_since(app: &App, recorded: &Recorded) -> Result<Option<Micros>, StoreError> {
    let coverage = &recorded.event.coverage;
    let mut standing = recorded.before.objections.iter();
    let earlier = standing.find(|objection| !objection.pending && objection.coverage.includes(coverage));
    let Some(earlier) = earlier else { return Ok(None) };
    Ok(app.store.consent_event(earlier.event).await?.map(|event| event.recorded_at))
}
