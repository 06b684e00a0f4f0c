//! What each kind of answer comes to.

use super::*;
use crate::analytics::settings::ScoreDirection;
use crate::demo::provider::steering::Behaviour;
use crate::domain::assessment::{Recommendation, Signal};

fn behave(behaviour: Behaviour) -> Control {
    Control { behaviour, ..Control::default() }
}

/// Settings under which the breaker lets every call through.
fn never_open(config: &mut AnalyticsConfig) {
    config.breaker.refused_open_ms = 0;
    config.breaker.open_ms = 0;
}

fn score(text: &str) -> Control {
    Control { score: Some(text.to_owned()), review_status: Some("pass".to_owned()), ..Control::default() }
}

#[tokio::test]
async fn an_answer_is_mapped_to_the_neutral_form() {
    let setup = setup(|_| ()).await;
    let answer = setup
        .ask_steered(Control {
            score: Some("-37".to_owned()),
            review_status: Some("review".to_owned()),
            reasons: Some(vec!["_tor".into(), "_ip_velocity".into(), "_anonymous_proxy".into(), "own_code".into()]),
            ..Control::default()
        })
        .await;
    assert_eq!(
        answered(&answer),
        &Answer {
            risk: Some(6_850),
            recommendation: Recommendation::Review,
            signals: vec![Signal::AnonymousNetwork, Signal::Velocity],
            device_known: true,
            degraded: false,
        }
    );
    assert_eq!(answer.settled, Settled::Sent);
    assert_eq!(answer.request_id.as_deref(), Some("standin-auth-00000000000000000000000000000006"));
    assert_eq!(setup.connector.health().unknown_keys, 0);
}

#[tokio::test]
async fn the_direction_of_the_score_and_own_reason_codes_are_configured() {
    let setup = setup(|config| {
        config.score_direction = ScoreDirection::HigherIsWorse;
        config.signals.insert("own_code".to_owned(), Signal::RemoteAccess);
    })
    .await;
    let answer = setup.ask_steered(Control { reasons: Some(vec!["own_code".into()]), ..score("-37") }).await;
    assert_eq!(
        (answered(&answer).risk, answered(&answer).signals.as_slice()),
        (Some(3_150), &[Signal::RemoteAccess][..])
    );
}

#[tokio::test]
async fn an_absent_score_is_absent_and_not_zero() {
    let setup = setup(|_| ()).await;
    for text in ["null", "NULL", "", " "] {
        let answer = setup.ask_steered(score(text)).await;
        assert_eq!(answered(&answer).risk, None, "`{text}`");
    }
}

#[tokio::test]
async fn values_that_make_no_sense_are_no_answer() {
    let setup = setup(never_open).await;
    for (text, reason) in [
        ("101", NoAnswer::OutOfRange),
        ("-101", NoAnswer::OutOfRange),
        ("9223372036854775807", NoAnswer::OutOfRange),
        ("9223372036854775808", NoAnswer::Malformed),
        ("NaN", NoAnswer::Malformed),
        ("inf", NoAnswer::Malformed),
        ("1e2", NoAnswer::Malformed),
        ("twelve", NoAnswer::Malformed),
    ] {
        assert_eq!(outcome(&setup.ask_steered(score(text)).await), unanswered(reason, Settled::Sent), "{text}");
    }
    for status in ["accept", "null", "PASS!"] {
        let control = Control { review_status: Some(status.to_owned()), ..score("5") };
        let answer = setup.ask_steered(control).await;
        assert_eq!(outcome(&answer), unanswered(NoAnswer::Malformed, Settled::Sent), "{status}");
    }
}

#[tokio::test]
async fn the_request_result_is_looked_at_first() {
    let setup = setup(never_open).await;
    for (result, reason) in [
        ("fail_access", NoAnswer::Auth),
        ("fail_verification", NoAnswer::Auth),
        ("fail_internal_error", NoAnswer::Http5xx),
        ("fail_incomplete", NoAnswer::Http4xx),
        ("null", NoAnswer::Malformed),
        ("maybe", NoAnswer::Malformed),
    ] {
        let answer = setup.ask_steered(Control { request_result: Some(result.to_owned()), ..score("100") }).await;
        assert_eq!(outcome(&answer), unanswered(reason, Settled::Sent), "{result}");
    }
}

#[tokio::test]
async fn wrong_credentials_are_refused_by_the_provider() {
    let setup = setup(|config| config.api_key = "another".into()).await;
    assert_eq!(outcome(&setup.ask().await), unanswered(NoAnswer::Auth, Settled::Sent));
}

#[tokio::test]
async fn http_errors_are_told_apart() {
    let setup = setup(never_open).await;
    for (status, reason) in [
        (401, NoAnswer::Auth),
        (402, NoAnswer::Quota),
        (403, NoAnswer::Auth),
        (404, NoAnswer::Http4xx),
        (429, NoAnswer::Http4xx),
        (500, NoAnswer::Http5xx),
        (503, NoAnswer::Http5xx),
        (202, NoAnswer::Malformed),
        (204, NoAnswer::Malformed),
    ] {
        let answer = setup.ask_steered(Control { status: Some(status), ..Control::default() }).await;
        assert_eq!(outcome(&answer), unanswered(reason, Settled::Sent), "{status}");
    }
}

#[tokio::test]
async fn answers_that_cannot_be_read_are_malformed() {
    let setup = setup(|_| ()).await;
    for behaviour in [
        Behaviour::Garbage,
        Behaviour::Oversized,
        Behaviour::OversizedStream,
        Behaviour::WrongContentType,
        Behaviour::Redirect,
        Behaviour::Renamed,
    ] {
        let answer = setup.ask_steered(behave(behaviour)).await;
        assert_eq!(outcome(&answer), unanswered(NoAnswer::Malformed, Settled::Sent), "{behaviour:?}");
    }
    assert_eq!(setup.provider.calls().len(), 6, "a redirect is not followed and nothing is repeated");
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_open_what_was_sent() {
    let setup = setup(|_| ()).await;
    let answer = setup.ask_steered(behave(Behaviour::Break)).await;
    assert_eq!(outcome(&answer), unanswered(NoAnswer::Http5xx, Settled::Unknown));
}

#[tokio::test]
async fn a_slow_or_dripping_answer_ends_at_the_deadline() {
    let setup = setup(|config| config.deadline_ms = 250).await;
    for control in [Control { delay_ms: 60_000, ..Control::default() }, behave(Behaviour::Drip)] {
        let answer = setup.ask_steered(control).await;
        assert_eq!(outcome(&answer), unanswered(NoAnswer::Timeout, Settled::Unknown));
    }
}

#[tokio::test]
async fn what_is_kept_holds_no_personal_data_though_the_provider_echoes_them() {
    let setup = setup_of(ProviderKind::Threatmetrix, plain_modes(), |_| ()).await;
    let reasons = ["hanako@example.jp", "09012345678", "Hanako lives here", "_device_velocity"].map(str::to_owned);
    let answer = setup.ask_steered(Control { reasons: Some(reasons.to_vec()), ..score("12") }).await;
    assert_eq!(setup.provider.calls()[0].field("account_email"), "Hanako@Example.JP");
    let kept = answer.kept.as_ref().unwrap();
    let expected = serde_json::json!({
        "request_result": "success", "review_status": "pass", "policy_score": 12, "risk_rating": "low",
        "summary_risk_score": 12, "reason_code": ["_device_velocity"], "unknown_session": false, "tps_was_timeout": false,
    });
    assert_eq!(kept, &expected);
    let whole = format!("{answer:?}").to_lowercase();
    for datum in ["hanako", "ﾔﾏﾀﾞ", "1234", "203.0.113", "device-of", "107"] {
        assert!(!whole.contains(datum), "`{datum}` in {whole}");
    }
}

#[tokio::test]
async fn a_session_query_is_made_only_where_it_is_configured() {
    let plain = setup(|_| ()).await;
    plain.ask().await;
    assert_eq!(plain.provider.calls()[0].path, "/api/attribute-query");
    assert_eq!(plain.provider.calls()[0].field("session_id"), "");

    let profiling = setup(|config| config.session_query = true).await;
    let answer = profiling.ask().await;
    assert_eq!(profiling.provider.calls()[0].path, "/api/session-query");
    assert_eq!(profiling.provider.calls()[0].field("session_id"), "profiling-session");
    assert!(answered(&answer).degraded && !answered(&answer).device_known, "the stand-in knows no session");
}

#[tokio::test]
async fn a_key_that_leads_deep_is_passed_over_and_counted() {
    let setup = setup(|_| ()).await;
    let answer = setup.ask_steered(behave(Behaviour::Deep)).await;
    assert_eq!((answer.assessment.status(), answer.settled), ("answered", Settled::Sent));
    setup.ask_steered(behave(Behaviour::Renamed)).await;
    assert!(setup.connector.health().unknown_keys >= 20, "every renamed key is new");
}
