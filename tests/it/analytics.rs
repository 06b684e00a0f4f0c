//! Settings, the register of recipients and the stand-in provider. The connectors' own tests need a clearance and live
//! inside the crate.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use sekisho::analytics::settings::{AnalyticsConfig, ProviderKind, SettingsError};
use sekisho::app::{self, App};
use sekisho::config::Config;
use sekisho::demo::provider::{ProviderState, router};
use sekisho::domain::clock::{Clock, Micros};
use sekisho::domain::consent::DataClass;
use sekisho::domain::datum::{Datum, Mode};
use sekisho::policy::{Bundle, BundleSource};
use sekisho::system::{SystemClock, SystemRandomness};
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
}

#[test]
fn unknown_settings_are_refused_and_secrets_are_not_shown() {
    let read = |value: Value| serde_json::from_value::<AnalyticsConfig>(value);
    assert!(read(json!({ "deadline": 5 })).unwrap_err().to_string().contains("unknown field `deadline`"));
    assert!(read(json!({ "breaker": { "open": 5 } })).is_err());
    let moved = read(json!({ "modes": { "email": "omit" } }));
    assert!(moved.is_err(), "modes stand in the bundle");
    let config = read(json!({ "api_key": "hush-hush", "service": "factors" })).unwrap();
    assert!(!format!("{config:?}").contains("hush"));
}

const RECIPIENTS: &str = include_str!("../../policies/reference/recipients.toml");

/// What is wrong with the shipped bundle when one line of its register of recipients is another.
fn faults(line: &str, other: &str) -> String {
    assert!(RECIPIENTS.contains(line), "{line}");
    let register = RECIPIENTS.replacen(line, other, 1);
    let source = BundleSource::shipped().with("reference/recipients.toml", &register);
    Bundle::build(source).map_or_else(|faults| faults.to_string(), |_| String::new())
}

#[test]
fn a_mode_that_makes_no_sense_or_undercuts_its_class_is_a_fault_with_its_line() {
    let line = |text: &str| RECIPIENTS.lines().position(|line| line == text).unwrap() + 1;
    for (from, to, at, parts) in [
        (
            "ip = \"coarse\"",
            "ip = \"keyed\"",
            line("ip = \"coarse\""),
            ["`ip` cannot be sent as `keyed`", "write `ip = \"plain\"`"],
        ),
        (
            "location = \"plain\"",
            "location = \"keyed\"",
            line("ip = \"coarse\""),
            ["`ip` as `coarse` is less protected than its class as `keyed`", "state `location = \"coarse\"`"],
        ),
        (
            "transaction = \"plain\"",
            "transaction = \"keyed\"",
            line("transaction = \"plain\""),
            ["`amount` cannot be sent as `keyed`", "write `amount = \"omit\"` below `[recipient.data]` of `tmx`"],
        ),
        (
            "device_id = \"keyed\"",
            "email = \"plain\"",
            line("device_id = \"keyed\""),
            ["`email` as `plain` is less protected than its class as `keyed`", "state `identity = \"plain\"`"],
        ),
    ] {
        let faults = faults(from, to);
        assert!(faults.contains(&format!("reference/recipients.toml:{at}: ")), "{from} → {to}: {faults}");
        for part in parts {
            assert!(faults.contains(part), "`{part}` is not in: {faults}");
        }
    }
    for (from, to) in [("device_id = \"keyed\"", "card_number = \"plain\""), ("ip = \"coarse\"", "ip = \"blurred\"")] {
        assert!(faults(from, to).contains("unknown variant"), "{to}");
    }
    assert_eq!(faults("device_id = \"keyed\"", "device_id = \"omit\""), "", "a stronger mode is fine");
}

#[test]
fn the_shipped_recipients_protect_every_datum_at_least_as_their_classes_promise() {
    let bundle = Bundle::build(BundleSource::shipped()).unwrap();
    for recipient in bundle.reference().recipients() {
        let modes = recipient.data_modes();
        assert_eq!(modes.len(), Datum::ALL.len());
        for (datum, mode) in modes {
            assert!(mode.fits(datum) && !mode.is_weaker_than(recipient.mode(datum.class())), "{datum:?}");
            let personal = matches!(datum.class(), DataClass::Identity | DataClass::Address);
            assert!(!personal || mode != Mode::Plain, "{datum:?} leaves as it is");
        }
    }
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

/// Why a service with these settings does not start; empty when it does.
async fn start(settings: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let folder_name = folder.path().display().to_string();
    let fixed = [
        ("DATA_DIR", folder_name.as_str()),
        ("ANALYTICS__BASE_URL", "https://provider.example"),
        ("ANALYTICS__ORG_ID", "org"),
        ("ANALYTICS__API_KEY__ENV", "ANALYTICS_KEY"),
    ];
    let variables = fixed.iter().chain(settings).map(|(name, value)| (format!("SEKISHO__{name}"), (*value).to_owned()));
    let variables = variables.chain([("ANALYTICS_KEY".to_owned(), "key".to_owned())]);
    let config = match Config::load(None, variables.collect::<std::collections::BTreeMap<_, _>>()) {
        Ok(config) => config,
        Err(error) => return error.to_string(),
    };
    sekisho::outbound::install_tls_provider();
    app::migrate(&config).await.unwrap();
    let built = App::build(config, Arc::new(SystemClock), Arc::new(SystemRandomness)).await;
    built.err().map_or_else(String::new, |error| error.to_string())
}

#[tokio::test]
async fn the_service_starts_with_either_provider_and_with_no_half_of_one() {
    let kind = |kind, recipient| [("ANALYTICS__PROVIDER", kind), ("ANALYTICS__RECIPIENT", recipient)];
    assert_eq!(start(&kind("threatmetrix", "tmx")).await, "");
    assert_eq!(start(&kind("minfraud", "minfraud")).await, "");
    let unknown = start(&kind("minfraud", "nobody")).await;
    assert!(unknown.contains("the bundle has no recipient `nobody`") && unknown.contains("hint:"), "{unknown}");
    let unfit = start(&kind("minfraud", "tmx")).await;
    assert!(unfit.contains("which the interface `minfraud` does not take") && unfit.contains("hint:"), "{unfit}");
    let [provider, recipient] = kind("minfraud", "minfraud");
    let keyless = start(&[provider, recipient, ("ANALYTICS__API_KEY__ENV", "NOT_SET")]).await;
    assert!(keyless.contains("analytics.api_key") && keyless.contains("hint:"), "{keyless}");
    let service = start(&[provider, recipient, ("ANALYTICS__SERVICE", "everything")]).await;
    assert!(service.contains("analytics.service"), "{service}");
}

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
        ("/api/attribute-query", format!("{LOGIN}&transaction_amount=-1"), "fail_invalid_parameter"),
        ("/api/attribute-query", format!("{LOGIN}&transaction_amount=1e5"), "fail_invalid_parameter"),
        ("/api/attribute-query", format!("{LOGIN}&transaction_currency=YEN"), "fail_invalid_parameter"),
        ("/api/attribute-query", format!("{LOGIN}&account_address_country=JPN"), "fail_invalid_parameter"),
        ("/api/attribute-query", format!("{LOGIN}&shipping_address_country=xx"), "fail_invalid_parameter"),
        ("/api/attribute-query", format!("{LOGIN}&card_number=1"), "fail_invalid_parameter"),
        ("/api/attribute-query", format!("{LOGIN}&account_email=a&account_email=b"), "fail_invalid_parameter"),
        ("/api/attribute-query", format!("{LOGIN}&local_attrib_9=4111+1111-1111+1111"), "fail_invalid_parameter"),
        ("/api/attribute-query", format!("{LOGIN}&local_attrib_21=x"), "fail_invalid_parameter"),
        ("/api/attribute-query", format!("{LOGIN}&input_ip_address=x"), "fail_invalid_ip_address_parameter"),
        ("/api/attribute-query", long, "fail_parameter_overlength"),
        ("/api/session-query", LOGIN.to_owned(), "fail_incomplete"),
        ("/api/session-query", format!("{LOGIN}&session_id=s"), "success"),
        (
            "/api/update",
            "org_id=org&api_key=key&action=update_event_tag&event_tag=no_fraud".to_owned(),
            "fail_incomplete",
        ),
        (
            "/api/update",
            "org_id=org&api_key=key&action=update_event_tag&event_tag=no_fraud&request_id=never".to_owned(),
            "fail_invalid_parameter",
        ),
    ] {
        assert_eq!(query(&state, path, &form).await["request_result"], result, "{path} {form}");
    }
}

/// The minFraud style stand-in's status and the code of its error.
async fn evaluate(state: &ProviderState, path: &str, login: &str, body: &str) -> (u16, String) {
    let request = Request::builder().method("POST").uri(path).header("content-type", "application/json");
    let request = request.header("authorization", login).body(Body::from(body.to_owned())).unwrap();
    let response = router(state.clone()).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let answer: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    (status, answer["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn the_minfraud_stand_in_refuses_what_is_no_proper_request() {
    let state = provider();
    let good = "Basic b3JnOmtleQ==";
    let query = "/minfraud/v2.0/score";
    let report = "/minfraud/v2.0/transactions/report";
    let invalid = (400, "REQUEST_INVALID");
    let huge = format!(r#"{{"email": {{"domain": "{}"}}}}"#, "x".repeat(20_000));
    for (path, login, body, expected) in [
        (query, good, r#"{"event": {"type": "purchase"}}"#, (200, "")),
        (query, "Basic b3JnOm90aGVy", r#"{"event": {"type": "purchase"}}"#, (401, "AUTHORIZATION_INVALID")),
        (query, "", r#"{"event": {"type": "purchase"}}"#, (401, "LICENSE_KEY_REQUIRED")),
        (query, good, huge.as_str(), (413, "BODY_TOO_LARGE")),
        (query, good, "{", (400, "JSON_INVALID")),
        (query, good, r#"{"event": {"type": "purchase", "type": "purchase"}}"#, (400, "JSON_INVALID")),
        (query, good, r#"{"card_number": "x"}"#, invalid),
        (query, good, r#"{"billing": {"country": "JPN"}}"#, invalid),
        (query, good, r#"{"billing": {"region": "Tokyo"}}"#, invalid),
        (query, good, r#"{"order": {"amount": 0}}"#, invalid),
        (query, good, r#"{"order": {"currency": "YEN"}}"#, invalid),
        (query, good, r#"{"device": {"ip_address": "203.0.113.0/24"}}"#, invalid),
        (query, good, r#"{"email": {"address": "x..y@docomo.ne.jp"}}"#, invalid),
        (query, good, r#"{"billing": {"last_name": "4111 1111 1111 1111"}}"#, invalid),
        (query, good, r#"{"credit_card": {"issuer_id_number": "4111111111111111"}}"#, invalid),
        (report, good, r#"{"tag": "fraud", "transaction_id": "t"}"#, invalid),
        (report, good, r#"{"tag": "chargeback"}"#, invalid),
        (report, good, r#"{"tag": "chargeback", "minfraud_id": "no-uuid"}"#, invalid),
        (
            report,
            good,
            r#"{"tag": "chargeback", "minfraud_id": "5bc5d6c2-b2c8-40af-87f4-6d61af86b6ae"}"#,
            (400, "PARAMETER_UNKNOWN"),
        ),
        (report, good, r#"{"tag": "chargeback", "transaction_id": "t"}"#, (204, "")),
    ] {
        let (status, code) = evaluate(&state, path, login, body).await;
        assert_eq!((status, code.as_str()), expected, "{body}");
    }
    assert_eq!(state.calls().len(), 20, "what is refused is remembered too");
    assert!(!format!("{:?}", state.calls()).contains("b3Jn"), "credentials are not");
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
