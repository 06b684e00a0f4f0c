//! The analysis company is told what became of a purchase that it analysed, where it takes feedback and the gate lets it:
//! later, through the outbox, and at each try with a place in the person's line of its own.

use serde::{Deserialize, Serialize};

use crate::analytics::envelope::{Envelope, Prepared};
use crate::analytics::feedback::{Feedback, Reported};
use crate::app::App;
use crate::domain::clock::Micros;
use crate::domain::consent::line::Disclosure;
use crate::domain::consent::{ConsentState, Purpose};
use crate::domain::facts::Facts;
use crate::domain::feedback::FeedbackEvent;
use crate::domain::id::AuthenticationId;
use crate::domain::outbox::{Attempt, OutboxKind, OutboxMessage};
use crate::fault_points::Point;
use crate::flow::gate::{self, Company, Passage, Start};
use crate::flow::outbox;
use crate::flow::register::note;
use crate::store::consent::{Left, Settlement};
use crate::store::{StoreError, audit, consent};

/// One try takes no longer, in milliseconds: nobody waits for it.
const DEADLINE_MS: u64 = 5_000;

/// What a message says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    event: FeedbackEvent,
    occurred_at: Micros,
}

/// A message about an authentication; none where nobody takes feedback.
pub(super) fn message(app: &App, id: AuthenticationId, event: FeedbackEvent) -> Option<OutboxMessage> {
    app.provider.as_deref().filter(|provider| provider.describe().feedback)?;
    let body = serde_json::json!(Body { event, occurred_at: app.now() }).to_string();
    Some(outbox::message(app, OutboxKind::Feedback, None, id.to_string(), body))
}

/// Says that a purchase was found to be fraud, or the cardholder's own. Answers whether anybody will be told.
///
/// # Errors
/// [`StoreError`].
pub async fn confirm(app: &App, actor: &str, id: AuthenticationId, event: FeedbackEvent) -> Result<bool, StoreError> {
    let message = message(app, id, event);
    let told = message.is_some();
    let mut entry = note(app, actor, "authentication.confirm", id.to_string());
    event.as_str().clone_into(&mut entry.result);
    app.store
        .write(move |transaction| {
            Box::pin(async move {
                if let Some(message) = &message {
                    crate::store::outbox::enqueue(transaction, message).await?;
                }
                audit::append(transaction, &entry).await
            })
        })
        .await?;
    Ok(told)
}

/// Tries to tell the company once.
pub async fn attempt(app: &App, message: &OutboxMessage) -> Attempt {
    let (Ok(id), Ok(body)) = (message.subject.parse(), serde_json::from_str::<Body>(&message.body)) else {
        return Attempt::dead("body_unreadable");
    };
    match tell(app, id, &body).await {
        Ok(attempt) => attempt,
        Err(error) => {
            tracing::warn!(%error, "feedback cannot be given");
            Attempt::retry("database")
        }
    }
}

async fn tell(app: &App, id: AuthenticationId, body: &Body) -> Result<Attempt, StoreError> {
    // Who was not asked is not told either.
    let Some(left) = app.store.left_for(id).await? else { return Ok(Attempt::Done) };
    let Some(record) = app.store.any_authentication(id).await? else { return Ok(Attempt::Done) };
    let Some(facts) = record.facts.as_deref().and_then(|facts| Facts::of_record(facts).ok()) else {
        return Ok(Attempt::dead("no_facts"));
    };
    let loaded = app.bundle.load();
    let known = gate::company(app, &loaded).filter(|company| company.recipient.id == left.recipient);
    let Some(Company { provider, recipient, pseudonyms }) = known else {
        return Ok(Attempt::dead("recipient_not_configured"));
    };
    let feedback = Feedback {
        provider_request_id: left.provider_request_id.clone(),
        authentication: id,
        key_id: left.key_id.clone(),
        event: body.event,
        occurred_at: body.occurred_at,
    };
    let prepared = match provider.prepare_feedback(&feedback, pseudonyms) {
        Ok(prepared) => prepared,
        Err(error) => {
            tracing::error!(%error, "feedback cannot be given");
            return Ok(Attempt::dead("not_nameable"));
        }
    };
    let start = Start::of(app);
    app.faults.reach(Point::GateStart).await;
    let passage = Passage {
        app,
        bundle: &loaded.bundle,
        provider,
        recipient,
        cardholder_id: left.cardholder_id,
        card_id: left.card_id,
        authentication_id: id,
        purpose: Purpose::Feedback,
        now: app.now(),
    };
    let (row, permitted) = passage.row_if_permitted(&prepared, &Facts { consent: ConsentState::Permitted, ..facts });
    match gate::place(app, row, permitted).await {
        Ok(Some(row)) => {
            app.faults.reach(Point::GateCommitted).await;
            send(app, start, &row, prepared, &left).await
        }
        // The gate is shut for good, or for as long as she says so: nothing is kept for later.
        Ok(None) => Ok(Attempt::Done),
        Err(StoreError::LockTimeout) => Ok(Attempt::retry("consent_unknown")),
        Err(error) => Err(error),
    }
}

async fn send(
    app: &App,
    start: Start,
    row: &Disclosure,
    prepared: Prepared,
    left: &Left,
) -> Result<Attempt, StoreError> {
    let provider = app.provider.as_deref().filter(|provider| provider.describe().recipient == left.recipient);
    let (Some(provider), Ok(envelope)) = (provider, Envelope::seal(start.clear(row), prepared)) else {
        return Ok(Attempt::dead("no_envelope"));
    };
    let deadline = app.clock.boot_nanos().saturating_add(DEADLINE_MS.saturating_mul(1_000_000));
    app.faults.reach(Point::GateSend).await;
    let Reported { accepted, retry, reason, request_id, settled } = provider.report(envelope, deadline).await;
    app.faults.reach(Point::GateSettle).await;
    let settlement = Settlement { provider_request_id: request_id, ..gate::settlement(app, row.id, settled) };
    app.store
        .write(move |transaction| Box::pin(async move { consent::settle(transaction, &settlement).await }))
        .await?;
    let reason = reason.map_or("refused", |reason| reason.as_str());
    Ok(match (accepted, retry) {
        (true, _) => Attempt::Done,
        (false, true) => Attempt::retry(reason),
        (false, false) => Attempt::dead(reason),
    })
}
