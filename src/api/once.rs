//! Requests of the issuer's systems that have one effect however often they are sent: by their idempotency key.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::caller::IdempotencyKey;
use super::problem::{Kind, Problem};
use crate::app::App;
use crate::store::issuer_requests::{IssuerRequest, Standing};

/// After so many seconds nobody is any more at a request that was not answered: longer than any objection may wait.
const LEASE_SECONDS: i64 = 60;

/// Does `work` once for this key and what is asked, with the id of what it makes; a repetition gets the first answer.
/// An earlier try may have made it already, when its process ended before it answered: `work` looks first.
pub(super) async fn once<T: Serialize>(
    app: &App,
    endpoint: &'static str,
    IdempotencyKey(key): IdempotencyKey,
    asked: &[&[u8]],
    subject: Uuid,
    work: impl AsyncFnOnce(Uuid) -> Result<T, Problem>,
) -> Result<Response, Problem> {
    let mut digest = Sha256::new();
    for part in asked {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let now = app.now();
    let body_digest = digest.finalize().into();
    let lease_until = now.plus_seconds(LEASE_SECONDS);
    let request = IssuerRequest { endpoint, key, body_digest, subject, lease_until, now };
    let subject = match app.store.begin_issuer_request(&request).await? {
        Standing::Ours(subject) => subject,
        Standing::Answered(answer) => return Ok(json(answer)),
        Standing::InProgress => return Err(Problem::new(Kind::RequestInProgress).retry_after(1)),
        Standing::OtherBody => return Err(Problem::new(Kind::IdempotencyKeyReused)),
    };
    match work(subject).await {
        Ok(value) => {
            let answer = serde_json::json!(value).to_string();
            app.store.end_issuer_request(&request, Some(answer.clone())).await?;
            Ok(json(answer))
        }
        Err(problem) => {
            app.store.end_issuer_request(&request, None).await?;
            Err(problem)
        }
    }
}

fn json(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}
