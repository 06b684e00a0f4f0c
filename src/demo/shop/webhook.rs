//! The service tells the shop what became of an authentication: verified, and shown on the order's page.

use axum::body::Bytes;
use axum::extract::{Path, State as Extract};
use axum::http::{HeaderMap, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

use super::State;
use super::catalogue::Counter;

/// Older or younger messages may have been recorded by somebody, seconds.
const TOLERANCE_SECONDS: i64 = 300;

/// What a message says, as far as the shop cares.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Told {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) timestamp: String,
    pub(super) data: ToldData,
    /// The message's own id: a repeat has the same one.
    #[serde(skip)]
    pub(super) message_id: String,
}

/// What it says about the authentication.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ToldData {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) reasons: Vec<String>,
    pub(super) result: String,
}

/// `POST /webhooks/{counter}`
pub(super) async fn receive(
    Extract(state): Extract<State>,
    Path(counter): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let Some(counter) = Counter::parse(&counter) else { return StatusCode::NOT_FOUND };
    let Some(message_id) = genuine(&state, counter, &headers, &body) else { return StatusCode::UNAUTHORIZED };
    let Ok(told) = serde_json::from_slice::<Told>(&body) else { return StatusCode::BAD_REQUEST };
    state.told.insert(told.data.id.clone(), Told { message_id, ..told });
    StatusCode::NO_CONTENT
}

/// The id of a message that was signed lately with one of the counter's keys.
fn genuine(state: &State, counter: Counter, headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (id, seconds, signatures) = (text("webhook-id")?, text("webhook-timestamp")?, text("webhook-signature")?);
    let age = state.app.now().unix_seconds().saturating_sub(seconds.parse().ok()?);
    if age.abs() > TOLERANCE_SECONDS {
        return None;
    }
    let signatures: Vec<Vec<u8>> =
        signatures.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok()).collect();
    let signed = state.merchant(counter).webhook_keys.iter().any(|key| {
        let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(key) else { return false };
        hmac.update(format!("{id}.{seconds}.").as_bytes());
        hmac.update(body);
        signatures.iter().any(|signature| hmac.clone().verify_slice(signature).is_ok())
    });
    signed.then(|| id.to_owned())
}
