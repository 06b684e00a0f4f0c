//! The two queries: what is refused, and what the answer says.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::ProviderState;
use super::calls::Call;
use super::respond::respond;
use super::steering::Control;

/// Fields that every query must have.
const REQUIRED: [&str; 5] = ["org_id", "api_key", "service_type", "event_type", "policy"];

pub(super) async fn attribute(State(state): State<ProviderState>, body: Bytes) -> Response {
    answer(&state, "/api/attribute-query", &body).await
}

pub(super) async fn session(State(state): State<ProviderState>, body: Bytes) -> Response {
    answer(&state, "/api/session-query", &body).await
}

async fn answer(state: &ProviderState, path: &str, body: &[u8]) -> Response {
    let mut fields: BTreeMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
    let refusal = refusal(state, path, &fields);
    if let Some(key) = fields.get_mut("api_key") {
        "hidden".clone_into(key);
    }
    let received_at = state.shared.clock.now().rfc3339();
    let call = Call { method: "POST".to_owned(), path: path.to_owned(), received_at, fields };
    state.remember(call.clone());
    if let Some(result) = refusal {
        return respond(&Control::default(), &json!({ "request_result": result, "request_id": request_id(&call) }));
    }
    let control = state.memory().steering.for_call(&call);
    if control.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(control.delay_ms)).await;
    }
    respond(&control, &analysis(&call, &control))
}

/// Why the real provider would refuse this query.
fn refusal(state: &ProviderState, path: &str, fields: &BTreeMap<String, String>) -> Option<&'static str> {
    let value = |name: &str| fields.get(name).map(String::as_str).filter(|text| !text.is_empty());
    if REQUIRED.iter().any(|name| value(name).is_none()) {
        return Some("fail_incomplete");
    }
    if value("org_id") != Some(&state.shared.org_id) || value("api_key") != Some(&state.shared.api_key) {
        return Some("fail_access");
    }
    if path.ends_with("session-query") && value("session_id").is_none() {
        return Some("fail_incomplete");
    }
    if value("transaction_amount").is_some_and(|text| text.parse::<f64>().is_err()) {
        return Some("fail_invalid_parameter");
    }
    if value("input_ip_address").is_some_and(|text| text.parse::<std::net::IpAddr>().is_err()) {
        return Some("fail_invalid_ip_address_parameter");
    }
    fields.values().any(|text| text.len() > 255).then_some("fail_parameter_overlength")
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
    let amount: f64 = call.field("transaction_amount").parse().unwrap_or(0.0);
    let yen = if call.field("transaction_currency") == "JPY" { amount } else { amount * 150.0 };
    if yen >= 300_000.0 {
        (-70, &["_ip_velocity", "_anonymous_proxy"])
    } else if yen >= 100_000.0 {
        (-15, &["_account_velocity"])
    } else {
        (60, &[])
    }
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
    let transaction = call.field("transaction_id");
    format!("standin-{}", transaction.replace('_', "-"))
}
