//! Messages leave the outbox: taken with a lease, tried once, and written down as what they came to.
//!
//! What a try does depends on the kind. Whatever it comes to, one conditional update says so; a process that dies
//! before it leaves the lease to run out, and the message is tried again under the same id.

use std::time::Duration;

use crate::app::App;
use crate::delivery;
use crate::domain::clock::Micros;
use crate::domain::id::{CardholderId, OutboxId};
use crate::domain::outbox::{Attempt, Lane, OutboxKind, OutboxMessage, OutboxState};
use crate::domain::receipt::{PendingNotice, Receipt};
use crate::domain::sent_code::{CodeMessage, CodeSubject};
use crate::flow::challenge;
use crate::flow::consent::erasure;
use crate::flow::feedback;
use crate::flow::register::note;
use crate::flow::webhook;
use crate::store::StoreError;
use crate::store::outbox::{Claimed, OutboxFilter, Outcome};

/// A lease outlives the longest try by so much, for slow databases and clocks that differ.
const LEASE_MARGIN: Duration = Duration::from_mins(1);
/// Dead messages are replayed in batches of so many.
const BATCH: u32 = 200;

/// Why a message is not sent again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is no such message, or it is not dead.
    #[error("no dead message has the id `{0}`\nhint: `sekisho outbox list --dead` shows them")]
    NotDead(OutboxId),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The receipt of an objection as a message to her, to be put in by the transaction that records the objection.
pub fn receipt_mail(app: &App, cardholder_id: CardholderId, receipt: &Receipt) -> OutboxMessage {
    let body = serde_json::json!(receipt).to_string();
    message(app, OutboxKind::ReceiptMail, Some(cardholder_id), receipt.id.to_string(), body)
}

/// Puts the receipt of an objection into the outbox. Each receipt is a message of its own id, so that it goes once however
/// often it is asked for.
///
/// # Errors
/// [`StoreError`].
pub async fn mail_receipt(
    app: &App,
    actor: &str,
    cardholder_id: CardholderId,
    receipt: &Receipt,
) -> Result<(), StoreError> {
    let message =
        OutboxMessage { id: OutboxId::from_uuid(receipt.id.uuid()), ..receipt_mail(app, cardholder_id, receipt) };
    let entry = note(app, actor, "receipt.mail", receipt.id.to_string());
    let queued = app
        .store
        .write(move |transaction| {
            Box::pin(async move {
                crate::store::outbox::enqueue(transaction, &message).await?;
                crate::store::audit::append(transaction, &entry).await
            })
        })
        .await;
    match queued {
        Err(StoreError::Duplicate { .. }) => Ok(()),
        queued => queued,
    }
}

/// The notice of a pending objection as a message to her.
pub fn pending_notice_mail(app: &App, cardholder_id: CardholderId, notice: &PendingNotice) -> OutboxMessage {
    let body = serde_json::json!(notice).to_string();
    message(app, OutboxKind::PendingNoticeMail, Some(cardholder_id), notice.event_id.to_string(), body)
}

/// A message that is to be tried at once. `body` is JSON and holds no address and no personal datum.
pub fn message(
    app: &App,
    kind: OutboxKind,
    cardholder_id: Option<CardholderId>,
    subject: String,
    body: String,
) -> OutboxMessage {
    let now = app.now();
    let id = OutboxId::new(now, app.randomness.as_ref());
    let lane = String::new();
    OutboxMessage { id, kind, lane, cardholder_id, subject, body, created_at: now, next_attempt_at: now }
}

/// Tries a message once.
pub async fn attempt(app: &App, message: &OutboxMessage) -> Attempt {
    match message.kind {
        OutboxKind::ReceiptMail => delivery::mail_receipt(app, message).await,
        OutboxKind::PendingNoticeMail => delivery::mail_pending_notice(app, message).await,
        OutboxKind::Feedback => feedback::attempt(app, message).await,
        OutboxKind::Erasure => erasure::attempt(app, message).await,
        OutboxKind::CodeMail | OutboxKind::CodeSms => delivery::code::send(app, message).await,
        OutboxKind::MemberNoticeMail | OutboxKind::MemberNoticeSms => delivery::notice::send(app, message).await,
        OutboxKind::Webhook => webhook::attempt(app, message).await,
    }
}

/// Takes up to `places` messages that are due, of a kind all of whose messages go the same way.
///
/// # Errors
/// [`StoreError`].
pub async fn take(app: &App, kind: OutboxKind, places: u32) -> Result<Vec<Claimed>, StoreError> {
    take_from(app, &Lane::of(kind), places).await
}

/// Takes up to `places` messages of a lane that are due.
///
/// # Errors
/// [`StoreError`].
pub async fn take_from(app: &App, lane: &Lane, places: u32) -> Result<Vec<Claimed>, StoreError> {
    let lease = uuid::Builder::from_random_bytes(app.randomness.bytes()).into_uuid();
    let hold = lane.kind.schedule().deadline + LEASE_MARGIN;
    app.store.claim_outbox(lane, places, lease, app.now(), hold).await
}

/// Tries a message that was taken, and writes down what it came to.
///
/// # Errors
/// [`StoreError`]: what it came to could not be written, so that it is tried again when its lease has run out.
pub async fn send(app: &App, claimed: &Claimed) -> Result<(), StoreError> {
    let schedule = claimed.message.kind.schedule();
    let attempt = if claimed.attempt > schedule.attempts {
        // Every try so far ended with its process.
        Attempt::dead("given_up")
    } else {
        let tried = tokio::time::timeout(schedule.deadline, attempt(app, &claimed.message)).await;
        tried.unwrap_or_else(|_| Attempt::retry("timeout"))
    };
    let outcome = outcome(app, claimed, attempt);
    let word = match &outcome {
        Outcome::Done => "done",
        Outcome::Again { .. } => "again",
        Outcome::Dead { reason, .. } => {
            let kind = claimed.message.kind.as_str();
            tracing::error!(id = %claimed.message.id, kind, reason, "a message is dead; see `sekisho outbox list --dead`");
            "dead"
        }
    };
    let is_dead = matches!(outcome, Outcome::Dead { .. });
    if app.store.settle_outbox(claimed, outcome, app.now()).await? {
        if is_dead {
            tell_who_waits(app, &claimed.message).await;
        }
        app.metrics.outbox_attempt(claimed.message.kind.as_str(), word);
    } else {
        tracing::warn!(id = %claimed.message.id, "a message took longer than its lease; another instance has it");
    }
    Ok(())
}

/// A buyer who waits for a code that was given up is not left waiting when she has no other way.
async fn tell_who_waits(app: &App, message: &OutboxMessage) {
    let Ok(CodeMessage { subject: CodeSubject::Challenge(id), .. }) = serde_json::from_str(&message.body) else {
        return;
    };
    if let Err(error) = challenge::given_up(app, id).await {
        // The next look at the challenge ends it, or its time does.
        tracing::warn!(%error, "a challenge whose code was given up cannot be ended");
    }
}

fn outcome(app: &App, claimed: &Claimed, attempt: Attempt) -> Outcome {
    let schedule = claimed.message.kind.schedule();
    let reason = match attempt {
        Attempt::Done => return Outcome::Done,
        Attempt::Retry { after, reason } if claimed.attempt < schedule.attempts => {
            let [chance] = app.randomness.bytes::<1>();
            let wished = after.unwrap_or_default().min(schedule.longest_pause);
            let pause = schedule.pause(claimed.attempt, chance).max(wished);
            let micros = i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
            return Outcome::Again { at: Micros(app.now().0.saturating_add(micros)), reason };
        }
        Attempt::Retry { reason, .. } | Attempt::Dead { reason } => reason,
    };
    let mut entry = note(app, "system", "outbox.dead", claimed.message.id.to_string());
    entry.result.clone_from(&reason);
    Outcome::Dead { reason, note: entry }
}

/// Has a dead message sent again, with all its tries before it.
///
/// # Errors
/// [`ReplayError`].
pub async fn replay(app: &App, actor: &str, id: OutboxId) -> Result<(), ReplayError> {
    let entry = note(app, actor, "outbox.replay", id.to_string());
    if app.store.replay_outbox(id, app.now(), entry).await? { Ok(()) } else { Err(ReplayError::NotDead(id)) }
}

/// Has every dead message sent again, or those of one kind; answers which.
///
/// # Errors
/// [`StoreError`].
pub async fn replay_dead(app: &App, actor: &str, kind: Option<OutboxKind>) -> Result<Vec<OutboxId>, StoreError> {
    let filter = OutboxFilter { state: Some(OutboxState::Dead), kind, cardholder_id: None };
    let mut replayed = Vec::new();
    let mut after = None;
    loop {
        let dead = app.store.outbox(filter, after, BATCH).await?;
        let Some(last) = dead.last() else { return Ok(replayed) };
        after = Some(last.id);
        for row in &dead {
            let entry = note(app, actor, "outbox.replay", row.id.to_string());
            // Somebody else may have been faster.
            if app.store.replay_outbox(row.id, app.now(), entry).await? {
                replayed.push(row.id);
            }
        }
    }
}

/// The lanes in which something is due.
///
/// # Errors
/// [`StoreError`].
pub async fn due_lanes(app: &App) -> Result<Vec<Lane>, StoreError> {
    app.store.due_outbox_lanes(app.now()).await
}
