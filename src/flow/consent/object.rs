//! A person objects: from the commit on nothing about her leaves any more, and the answer waits for what was in flight.

use std::time::Duration;

use super::{ConsentError, Statement, checkpoint, erasure};
use crate::app::App;
use crate::domain::clock::Micros;
use crate::domain::consent::line::ConsentEvent;
use crate::domain::consent::{ConsentAction, ConsentState};
use crate::domain::id::{CardholderId, DisclosureId, OutboxId, ReceiptId};
use crate::domain::outbox::{OutboxKind, OutboxMessage};
use crate::flow::register::note;
use crate::store::consent::{self, Recorded, SentTo};
use crate::store::{StoreError, audit, outbox};

/// What a process may pause between its last look at the clock and the write: the promise rests on it.
pub const MARGIN: Duration = Duration::from_millis(250);
/// How often open rows are looked at.
const LOOK: Duration = Duration::from_millis(10);

/// What is told to who records an objection.
#[derive(Clone, Debug)]
pub struct Objection {
    /// The event.
    pub event: ConsentEvent,
    /// The receipt's id.
    pub receipt_id: ReceiptId,
    /// When she had objected to all of this already; none when this is new.
    pub already_since: Option<Micros>,
    /// What was sent about her before, by recipient.
    pub sent_before: Vec<SentTo>,
    /// Disclosures that began before it and whose end is not known: they may still have been sent.
    pub maybe_sent: Vec<DisclosureId>,
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
    if app.store.cardholder_since(cardholder_id).await?.is_none() {
        return Err(ConsentError::UnknownCardholder(cardholder_id.to_string()));
    }
    let mut event = statement.event(app, actor, cardholder_id, action).await?;
    let receipt_id = ReceiptId::new(event.recorded_at, app.randomness.as_ref());
    event.receipt_id = Some(receipt_id);
    let recorded = record(app, actor, event).await?;
    let committed = app.clock.boot_nanos();
    checkpoint::advance(app, &recorded).await?;
    let maybe_sent = wait_for_open(app, cardholder_id, committed).await?;
    let already_since = already_since(app, &recorded).await?;
    let sent_before = app.store.sent_about(cardholder_id).await?;
    Ok(Objection { event: recorded.event, receipt_id, already_since, sent_before, maybe_sent })
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
                outbox::enqueue(transaction, &follow_up).await?;
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
    let now = event.recorded_at;
    let (kind, next_attempt_at) =
        if event.pending { (OutboxKind::PendingNoticeMail, now) } else { (OutboxKind::Erasure, erasure::due(app, now)) };
    OutboxMessage {
        id: OutboxId::new(now, app.randomness.as_ref()),
        kind,
        cardholder_id: Some(event.cardholder_id),
        subject: event.id.to_string(),
        body: "{}".to_owned(),
        created_at: now,
        next_attempt_at,
    }
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
    let standing = recorded.before.objections.iter();
    let earlier = standing.filter(|objection| !objection.pending && objection.coverage.includes(coverage)).next();
    let Some(earlier) = earlier.filter(|_| recorded.event.state != ConsentState::Unknown) else { return Ok(None) };
    Ok(app.store.consent_event(earlier.event).await?.map(|event| event.recorded_at))
}
