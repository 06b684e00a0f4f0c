//! The ThreatMetrix style queries: what is refused, and what the answer says.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::ProviderState;
use super::calls::Call;
use super::form::{self, Form};
use super::respond::{Style, respond};
use super::steering::Control;

/// Event tags that an update may carry.
const TAGS: [&str; 6] =
    ["challenge_fail", "challenge_pass", "false_positive", "fraud_confirmed", "fraud_suspected", "no_fraud"];

pub(super) async fn attribute(State(state): State<ProviderState>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&state, "/api/attribute-query", &headers, &body).await
}

pub(super) async fn session(State(state): State<ProviderState>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&state, "/api/session-query", &headers, &body).await
}

pub(super) async fn update(State(state): State<ProviderState>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&state, "/api/update", &headers, &body).await
}

/// Where this provider erases; the real one's path is a matter of the contract.
pub(super) const ERASE: &str = "/api/erase";

pub(super) async fn erase(State(state): State<ProviderState>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&state, ERASE, &headers, &body).await
}

async fn answer(state: &ProviderState, path: &str, headers: &HeaderMap, body: &[u8]) -> Response {
    let form = Form::read(headers, body);
    let refusal = refusal(state, path, &form);
    let mut fields = form.fields;
    if let Some(key) = fields.get_mut("api_key") {
        "hidden".clone_into(key);
    }
    let call = state.remember(path, fields);
    if let Some(result) = refusal {
        let answer = json!({ "request_result": result, "request_id": request_id(&call) });
        return respond(Style::ThreatMetrix, &Control::default(), &answer.to_string());
    }
    let control = state.memory().steering.for_call(&call);
    if control.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(control.delay_ms)).await;
    }
    let answer = match path {
        "/api/update" => updated(&call, &control),
        ERASE => {
            state.memory().issued.remove(call.field("request_id"));
            updated(&call, &control)
        }
        _ => {
            state.memory().issued.insert(request_id(&call));
            analysis(&call, &control)
        }
    };
    respond(Style::ThreatMetrix, &control, &answer.to_string())
}

/// Why the real provider would refuse this call.
fn refusal(state: &ProviderState, path: &str, form: &Form) -> Option<&'static str> {
    let value = |name: &str| form.fields.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let credentials = ["org_id", "api_key"];
    let needed: &[&str] = match path {
        "/api/update" => &["action", "request_id", "event_tag"],
        ERASE => &["request_id"],
        "/api/session-query" => &["service_type", "event_type", "policy", "session_id"],
        _ => &["service_type", "event_type", "policy"],
    };
    if credentials.iter().chain(needed).any(|name| value(name).is_none()) {
        return Some("fail_incomplete");
    }
    if value("org_id") != Some(&state.shared.org_id) || value("api_key") != Some(&state.shared.api_key) {
        return Some("fail_access");
    }
    if let Some(result) = form::refusal(form) {
        return Some(result);
    }
    let known = |id: &str| state.memory().issued.contains(id);
    let names_unknown = matches!(path, "/api/update" | ERASE) && !value("request_id").is_some_and(known);
    let tags_unknown = path == "/api/update" && value("event_tag").is_none_or(|tag| !TAGS.contains(&tag));
    (names_unknown || tags_unknown).then_some("fail_invalid_parameter")
}

fn updated(call: &Call, control: &Control) -> Value {
    let result = control.request_result.clone().unwrap_or_else(|| "success".to_owned());
    json!({ "request_result": result, "request_id": call.field("request_id") })
}

/// The answer: numbers and booleans as strings, and an echo of everything that was sent.
fn analysis(call: &Call, control: &Control) -> Value {
    let (score, reasons) = by_amount(call);
    let score = control.score.clone().unwrap_or_else(|| score.to_string());
    let status = control.review_status.clone().unwrap_or_else(|| status_of(&score).to_owned());
    let reasons = control.reasons.clone().unwrap_or_else(|| reasons.iter().map(|&text| text.to_owned()).collect());
    let mut answer: Map<String, Value> =
        call.fields.iter().filter(|(name, _)| !is_credential(name)).map(|(n, v)| (n.clone(), json!(v))).collect();
    let result = control.request_result.clone().unwrap_or_else(|| "success".to_owned());
    let own = [
        ("request_result", json!(result)),
        ("request_id", json!(request_id(call))),
        ("review_status", json!(status)),
        ("policy_score", json!(score)),
        ("risk_rating", json!(if status == "pass" { "low" } else { "high" })),
        ("summary_risk_score", json!(score)),
        ("reason_code", json!(reasons)),
        ("tmx_reason_code", json!("null")),
        ("tps_was_timeout", json!("false")),
    ];
    answer.extend(own.map(|(name, value)| (name.to_owned(), value)));
    if call.path.ends_with("session-query") {
        // There is no profiling of the provider's own here, so that it knows no session.
        answer.insert("unknown_session".to_owned(), json!("yes"));
    } else if let Some(device) = call.fields.get("local_attrib_3") {
        answer.insert("device_id".to_owned(), json!(device));
    }
    Value::Object(answer)
}

fn is_credential(name: &str) -> bool {
    matches!(name, "org_id" | "api_key" | "policy" | "service_type" | "output_format")
}

/// A score that follows the amount, so that the demo shows something: from JPY 300,000 on it looks bad.
fn by_amount(call: &Call) -> (i32, &'static [&'static str]) {
    let yen = yen(call.field("transaction_amount"), call.field("transaction_currency"));
    if yen >= 300_000.0 {
        (-70, &["_ip_velocity", "_anonymous_proxy"])
    } else if yen >= 100_000.0 {
        (-15, &["_account_velocity"])
    } else {
        (60, &[])
    }
}

/// Roughly, in yen.
pub(super) fn yen(amount: &str, currency: &str) -> f64 {
    let amount: f64 = amount.parse().unwrap_or(0.0);
    if currency == "JPY" { amount } else { amount * 150.0 }
}

fn status_of(score: &str) -> &'static str {
    match score.parse::<i32>() {
        Ok(score) if score <= -50 => "reject",
        Ok(score) if score < 0 => "review",
        _ => "pass",
    }
}

/// The same query gets the same id, so that a run can be repeated.
fn request_id(call: &Call) -> String {
    format!("standin-{}", call.field("transaction_id").replace('_', "-"))
}

/// A form's fields, each once.
pub(super) type Fields = BTreeMap<String, String>;
