//! Settings, documents and the stand-in provider. The connector's own tests need a clearance and live inside the crate.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use sekisho::analytics::settings::{AnalyticsConfig, ProviderKind, SettingsError};
use sekisho::analytics::threatmetrix::FIELDS;
use sekisho::demo::provider::{ProviderState, router};
use sekisho::domain::clock::{Clock, Micros};
use sekisho::domain::datum::Datum;
use sekisho::domain::datum::Mode;
use serde_json::{Value, json};
use tower::ServiceExt;

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Micros {
        Micros(1_750_000_000_000_000)
    }

    fn boot_nanos(&self) -> u64 {
        0
    }
}

fn config(change: impl FnOnce(&mut AnalyticsConfig)) -> AnalyticsConfig {
    let mut config = AnalyticsConfig {
        provider: ProviderKind::Threatmetrix,
        recipient: "tmx".to_owned(),
        base_url: "https://provider.example".to_owned(),
        org_id: "org".to_owned(),
        api_key: "key".into(),
        ..AnalyticsConfig::default()
    };
    change(&mut config);
    config
}

#[test]
fn the_defaults_with_a_provider_and_none_at_all_are_good_settings() {
    assert_eq!(AnalyticsConfig::default().check(), Ok(()));
    assert_eq!(config(|_| ()).check(), Ok(()));
    assert_eq!(config(|c| c.base_url = "http://127.0.0.1:8481".to_owned()).check(), Ok(()));
}

#[test]
fn settings_that_cannot_work_are_refused_by_name() {
    assert_eq!(config(|c| c.api_key = "".into()).check(), Err(SettingsError::Empty("api_key")));
    assert_eq!(config(|c| c.org_id.clear()).check(), Err(SettingsError::Empty("org_id")));
    for url in ["", "provider.example", "http://provider.example", "https://u:p@x.example", "https://x.example/a?b"] {
        let checked = config(|c| url.clone_into(&mut c.base_url)).check();
        assert_eq!(checked, Err(SettingsError::BaseUrl(url.to_owned())));
    }
    let checked = config(|c| c.deadline_ms = 801).check();
    assert_eq!(checked, Err(SettingsError::Range { name: "deadline_ms", value: 801, from: 1, to: 800 }));
    for (datum, mode) in [(Datum::Email, Mode::Coarse), (Datum::Ip, Mode::Keyed), (Datum::Amount, Mode::Keyed)] {
        let checked = config(|c| c.modes.extend([(datum, mode)])).check();
        assert_eq!(checked, Err(SettingsError::Mode { datum, mode }));
    }
}

#[test]
fn unknown_settings_are_refused_and_secrets_are_not_shown() {
    let read = |value: Value| serde_json::from_value::<AnalyticsConfig>(value);
    assert!(read(json!({ "deadline": 5 })).unwrap_err().to_string().contains("unknown field `deadline`"));
    assert!(read(json!({ "breaker": { "open": 5 } })).is_err());
    assert!(read(json!({ "modes": { "card_number": "plain" } })).is_err());
    let config = read(json!({ "api_key": "hush-hush", "modes": { "email": "omit" } })).unwrap();
    assert_eq!(config.modes[&Datum::Email], Mode::Omit);
    assert!(!format!("{config:?}").contains("hush"));
}

#[test]
fn the_document_has_one_row_per_datum() {
    let document = include_str!("../../docs/sharing.md");
    for field in FIELDS {
        let (datum, mode) = (field.datum.as_str(), Mode::default_for(field.datum).as_str());
        let class = field.datum.class().as_str();
        let row = format!("| `{datum}` | {class} | `{}` | {mode} |", field.name);
        assert_eq!(document.lines().filter(|line| *line == row).count(), 1, "{row}");
    }
    let rows =
        document.lines().filter(|line| Datum::ALL.iter().any(|d| line.starts_with(&format!("| `{}` |", d.as_str()))));
    assert_eq!(rows.count(), Datum::ALL.len());
}

/// The stand-in provider's answer to one request.
async fn call(state: &ProviderState, method: &str, path: &str, content_type: &str, body: &str) -> (StatusCode, Value) {
    let request = Request::builder().method(method).uri(path).header("content-type", content_type);
    let response = router(state.clone()).oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn query(state: &ProviderState, path: &str, form: &str) -> Value {
    call(state, "POST", path, "application/x-www-form-urlencoded", form).await.1
}

const LOGIN: &str = "org_id=org&api_key=key&service_type=session-policy&event_type=payment&policy=default";

fn provider() -> ProviderState {
    ProviderState::new("org", "key", Arc::new(Stopped))
}

#[tokio::test]
async fn the_stand_in_refuses_what_a_provider_refuses() {
    let state = provider();
    let long = format!("{LOGIN}&account_name={}", "x".repeat(256));
    for (path, form, result) in [
        ("/api/attribute-query", LOGIN.to_owned(), "success"),
        ("/api/attribute-query", LOGIN.replace("key=key", "key=wrong"), "fail_access"),
        ("/api/attribute-query", LOGIN.replace("org_id=org", "org_id=other"), "fail_access"),
        ("/api/attribute-query", LOGIN.replace("&event_type=payment", ""), "fail_incomplete"),
        ("/api/attribute-query", String::new(), "fail_incomplete"),
        ("/api/attribute-query", format!("{LOGIN}&transaction_amount=much"), "fail_invalid_parameter"),
        ("/api/attribute-query", format!("{LOGIN}&input_ip_address=x"), "fail_invalid_ip_address_parameter"),
        ("/api/attribute-query", long, "fail_parameter_overlength"),
        ("/api/session-query", LOGIN.to_owned(), "fail_incomplete"),
        ("/api/session-query", format!("{LOGIN}&session_id=s"), "success"),
    ] {
        assert_eq!(query(&state, path, &form).await["request_result"], result, "{path} {form}");
    }
}

#[tokio::test]
async fn the_stand_in_answers_by_amount_and_echoes() {
    let state = provider();
    for (amount, currency, score, status) in [
        ("12800", "JPY", "60", "pass"),
        ("299999", "JPY", "-15", "review"),
        ("300000", "JPY", "-70", "reject"),
        ("2000.00", "USD", "-70", "reject"),
    ] {
        let form =
            format!("{LOGIN}&transaction_amount={amount}&transaction_currency={currency}&account_email=a%40b.jp");
        let answer = query(&state, "/api/attribute-query", &form).await;
        assert_eq!((&answer["policy_score"], &answer["review_status"]), (&json!(score), &json!(status)), "{amount}");
        assert_eq!(answer["account_email"], "a@b.jp");
        assert!(answer.get("api_key").is_none());
    }
}

#[tokio::test]
async fn the_stand_in_is_steered_for_all_or_for_one_and_remembers_every_call() {
    let state = provider();
    let steer = async |control: Value| {
        assert_eq!(call(&state, "POST", "/control", "application/json", &control.to_string()).await.0, 204);
    };
    steer(json!({ "score": "-5" })).await;
    steer(json!({ "score": "-99", "review_status": "challenge", "account_email": "token" })).await;
    let score = async |form: &str| {
        query(&state, "/api/attribute-query", &format!("{LOGIN}{form}")).await["policy_score"].clone()
    };
    assert_eq!(score("&account_email=token").await, "-99");
    assert_eq!(score("&account_email=other").await, "-5");

    let (_, calls) = call(&state, "GET", "/calls", "", "").await;
    assert_eq!((calls.as_array().unwrap().len(), &calls[0]["path"]), (2, &json!("/api/attribute-query")));
    assert_eq!(calls[0]["received_at"], "2025-06-15T15:06:40.000000Z");
    assert_eq!(
        (&calls[0]["fields"]["account_email"], &calls[0]["fields"]["api_key"]),
        (&json!("token"), &json!("hidden"))
    );
    assert_eq!(call(&state, "DELETE", "/calls", "", "").await.0, 204);
    assert_eq!(call(&state, "DELETE", "/control", "", "").await.0, 204);
    assert!(state.calls().is_empty());
    assert_eq!(score("").await, "60");
    let wrong = call(&state, "POST", "/control", "application/json", r#"{"scores": "1"}"#).await;
    assert!(wrong.0.is_client_error());
}
