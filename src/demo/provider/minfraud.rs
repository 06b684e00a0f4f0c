//! The minFraud style interface: who is let in, what is refused, and what the answer says.

mod json;
mod refusal;

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::ProviderState;
use super::calls::Call;
use super::query::yen;
use super::respond::{Style, respond, typed};
use super::steering::Control;

const ERROR_TYPE: &str = "application/vnd.maxmind.com-error+json; charset=UTF-8; version=2.0";
const BODY_BYTES_MAX: usize = 20_000;

/// Why a call is refused: the status and the code.
type Refusal = (StatusCode, &'static str);

pub(super) async fn evaluate(
    State(state): State<ProviderState>,
    Path(service): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let service = match service.as_str() {
        "score" => "score",
        "insights" => "insights",
        "factors" => "factors",
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let (call, refusal) = receive(&state, &format!("/minfraud/v2.0/{service}"), &headers, &body, refusal::of_query);
    if let Some(refusal) = refusal {
        return refused(refusal);
    }
    let control = state.memory().steering.for_call(&call);
    if control.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(control.delay_ms)).await;
    }
    if let Some(status @ 400..=499) = control.status {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        return refused((status, code_of(status)));
    }
    let id = request_id(&call);
    let answer = analysis(service, &id, &call, &control);
    state.memory().issued.insert(id);
    respond(Style::Minfraud(service), &control, &answer)
}

pub(super) async fn report(State(state): State<ProviderState>, headers: HeaderMap, body: Bytes) -> Response {
    let path = "/minfraud/v2.0/transactions/report";
    let (call, refusal) = receive(&state, path, &headers, &body, refusal::of_report);
    let id = call.field("minfraud_id");
    let unknown = refusal.is_none() && !id.is_empty() && !state.memory().issued.contains(id);
    let refusal = refusal.or(unknown.then_some((StatusCode::BAD_REQUEST, "PARAMETER_UNKNOWN")));
    let control = state.memory().steering.for_call(&call);
    let steered = control.status.and_then(|status| StatusCode::from_u16(status).ok());
    match (refusal, steered) {
        (Some(refusal), _) => refused(refusal),
        (None, Some(status)) => refused((status, code_of(status))),
        (None, None) => StatusCode::NO_CONTENT.into_response(),
    }
}

/// Remembers the call and says what is wrong with it.
fn receive(
    state: &ProviderState,
    path: &str,
    headers: &HeaderMap,
    body: &[u8],
    fields_refused: fn(&super::query::Fields) -> Option<Refusal>,
) -> (Call, Option<Refusal>) {
    let fields = json::fields(body);
    let refusal = door(state, headers, body).or_else(|| match &fields {
        None => Some((StatusCode::BAD_REQUEST, "JSON_INVALID")),
        Some(fields) => fields_refused(fields),
    });
    (state.remember(path, fields.unwrap_or_default()), refusal)
}

/// What is refused before the body is looked at.
fn door(state: &ProviderState, headers: &HeaderMap, body: &[u8]) -> Option<Refusal> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let account = format!("{}:{}", state.shared.org_id, state.shared.api_key);
    let expected = format!("Basic {}", STANDARD.encode(account));
    if header(AUTHORIZATION).is_empty() {
        return Some((StatusCode::UNAUTHORIZED, "LICENSE_KEY_REQUIRED"));
    }
    if !bool::from(header(AUTHORIZATION).as_bytes().ct_eq(expected.as_bytes())) {
        return Some((StatusCode::UNAUTHORIZED, "AUTHORIZATION_INVALID"));
    }
    if !header(CONTENT_TYPE).starts_with("application/json") {
        return Some((StatusCode::UNSUPPORTED_MEDIA_TYPE, "CONTENT_TYPE_UNSUPPORTED"));
    }
    (body.len() > BODY_BYTES_MAX).then_some((StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE"))
}

fn refused((status, code): Refusal) -> Response {
    let body = json!({ "code": code, "error": format!("The stand-in refuses this: {code}.") });
    let mut response = typed(ERROR_TYPE, body.to_string());
    *response.status_mut() = status;
    response
}

fn code_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "AUTHORIZATION_INVALID",
        402 => "INSUFFICIENT_FUNDS",
        403 => "PERMISSION_REQUIRED",
        _ => "REQUEST_INVALID",
    }
}

/// The answer as text: a score that is no number in JSON (`NaN`) can be asked for.
fn analysis(service: &str, id: &str, call: &Call, control: &Control) -> String {
    let yen = yen(call.field("order.amount"), call.field("order.currency"));
    let (by_amount, reason) = match yen {
        300_000.0.. => ("91.5", Some("ANONYMOUS_IP")),
        100_000.0.. => ("41.2", Some("EMAIL_VELOCITY")),
        _ => ("1.3", None),
    };
    let score = control.score.as_deref().unwrap_or(by_amount);
    let reasons = control.reasons.clone().unwrap_or_else(|| reason.iter().map(|&code| code.to_owned()).collect());
    let reasons: Vec<Value> = reasons.iter().map(|code| json!({ "code": code, "reason": "…" })).collect();
    let mut answer = json!({
        "id": id,
        "funds_remaining": 25.0,
        "queries_remaining": 5000,
        "disposition": { "action": control.review_status, "reason": "custom_rule" },
        "ip_address": { "risk": 0.4, "risk_reasons": reasons.clone() },
        "warnings": [],
    });
    if let Value::Object(answer) = &mut answer {
        if control.review_status.is_none() {
            answer.remove("disposition");
        }
        if service != "score" {
            answer.insert("email".to_owned(), json!({ "is_free": true, "is_disposable": false }));
            answer.insert("device".to_owned(), json!({ "id": id, "confidence": 99 }));
        }
        if service == "factors" {
            answer.insert("risk_score_reasons".to_owned(), json!([{ "multiplier": 2.0, "reasons": reasons }]));
        }
    }
    let text = answer.to_string();
    format!("{},\"risk_score\":{score}}}", text.strip_suffix('}').unwrap_or(&text))
}

/// The same query gets the same id, so that a run can be repeated.
fn request_id(call: &Call) -> String {
    let digest: [u8; 32] = Sha256::digest(call.field("event.transaction_id").as_bytes()).into();
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(slot, byte)| *slot = byte);
    uuid::Builder::from_random_bytes(bytes).into_uuid().hyphenated().to_string()
}
