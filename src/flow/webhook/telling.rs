//! One try to tell a merchant what became of an authentication: read anew, signed anew, posted once.

use serde::Serialize;

use super::secrets;
use crate::app::App;
use crate::delivery::webhook::{Posted, SignedMessage, post};
use crate::domain::authentication::Authentication;
use crate::domain::clock::Micros;
use crate::domain::id::WebhookEndpointId;
use crate::domain::outbox::{Attempt, Lane, OutboxKind, OutboxMessage};
use crate::fault_points::Point;
use crate::flow::register::note;
use crate::flow::result::{codes_of, sign_result};
use crate::keys::SealError;
use crate::store::StoreError;
use crate::store::webhooks::Receiver;

/// What there is to tell.
const COMPLETED: &str = "authentication.completed";
/// An endpoint at which every try failed for so long is disabled, in seconds.
const FAILING_SECONDS: i64 = 5 * 86_400;

/// The body of a message.
#[derive(Serialize)]
struct Event {
    #[serde(rename = "type")]
    kind: &'static str,
    /// When the status became final, RFC 3339.
    timestamp: String,
    data: Completed,
}

/// The same as in the API's answer.
#[derive(Serialize)]
struct Completed {
    id: String,
    merchant_reference: String,
    status: &'static str,
    reasons: Vec<String>,
    result: String,
}

/// Why there is nothing to post.
#[derive(Debug, thiserror::Error)]
enum Nothing {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("{0}")]
    For(&'static str),
}

/// Tries to tell a merchant once.
pub(in crate::flow) async fn attempt(app: &App, message: &OutboxMessage) -> Attempt {
    let (receiver, signed) = match prepare(app, message).await {
        Ok(prepared) => prepared,
        Err(Nothing::For(reason)) => return Attempt::dead(reason),
        Err(Nothing::Seal(error)) => {
            tracing::error!(%error, "a webhook's secret does not open");
            return Attempt::retry("secret_sealed");
        }
        Err(Nothing::Store(error)) => {
            tracing::warn!(%error, "a webhook cannot be prepared");
            return Attempt::retry("database");
        }
    };
    let posted = post(app, signed).await;
    app.faults.reach(Point::WebhookPosted).await;
    let id = receiver.endpoint.id;
    let (attempt, disable) = match posted {
        Posted::Delivered => (Attempt::Done, None),
        Posted::Gone => (Attempt::dead("gone"), Some("gone")),
        Posted::Failed { reason, after } => {
            let failing = is_failing(app, message).await.then_some("failing");
            (Attempt::Retry { after, reason }, failing)
        }
    };
    if let Some(reason) = disable {
        disable_endpoint(app, id, reason).await;
    }
    attempt
}

async fn prepare(app: &App, message: &OutboxMessage) -> Result<(Receiver, SignedMessage), Nothing> {
    let endpoint: WebhookEndpointId = message.lane.parse().map_err(|_| Nothing::For("no_endpoint"))?;
    let id = message.subject.parse().map_err(|_| Nothing::For("no_authentication"))?;
    let receiver = app.store.webhook_receiver(endpoint, app.config.environment, app.now()).await?;
    let receiver = receiver.ok_or(Nothing::For("endpoint_removed"))?;
    if receiver.endpoint.disabled.is_some() {
        return Err(Nothing::For("endpoint_disabled"));
    }
    let authentication = app.store.any_authentication(id).await?.ok_or(Nothing::For("no_authentication"))?;
    if authentication.merchant_id != receiver.endpoint.merchant_id {
        return Err(Nothing::For("other_merchant"));
    }
    let body = body(app, &authentication).ok_or(Nothing::For("not_final"))?;
    let (id, seconds) = (message.id.to_string(), app.now().unix_seconds());
    let signatures = secrets(app, &receiver)?.iter().map(|secret| secret.sign(&id, seconds, &body)).collect();
    let url = receiver.endpoint.url.url().clone();
    Ok((receiver, SignedMessage { url, id, seconds, signatures, body }))
}

/// What is said; none while the authentication is open.
fn body(app: &App, authentication: &Authentication) -> Option<String> {
    let event = Event {
        kind: COMPLETED,
        timestamp: authentication.finished_at.map(Micros::rfc3339)?,
        data: Completed {
            id: authentication.id.to_string(),
            merchant_reference: authentication.merchant_reference.clone(),
            status: authentication.status.as_str(),
            reasons: codes_of(app, authentication).public_reasons,
            result: sign_result(app, authentication)?,
        },
    };
    serde_json::to_string(&event).ok()
}

/// Whether every try at this endpoint has failed for days.
async fn is_failing(app: &App, message: &OutboxMessage) -> bool {
    let lane = Lane { kind: OutboxKind::Webhook, name: message.lane.clone() };
    match app.store.outbox_lane_failing_since(&lane).await {
        Ok(since) => since.is_some_and(|since| since.plus_seconds(FAILING_SECONDS) <= app.now()),
        Err(error) => {
            tracing::warn!(%error, "it is not known since when an endpoint fails");
            false
        }
    }
}

async fn disable_endpoint(app: &App, id: WebhookEndpointId, reason: &'static str) {
    let mut entry = note(app, "system", "webhook.disable", id.to_string());
    reason.clone_into(&mut entry.result);
    match app.store.disable_webhook(id, reason, app.now(), entry).await {
        Ok(true) => tracing::warn!(%id, reason, "an endpoint is disabled; see `sekisho merchant webhook list`"),
        Ok(false) => {}
        Err(error) => tracing::error!(%error, %id, "an endpoint cannot be disabled"),
    }
}
