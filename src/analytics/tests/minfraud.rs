//! minFraud: its three services, its errors and its limits.

use super::*;
use crate::analytics::minfraud::BODY_BYTES_MAX;
use crate::analytics::settings::{MinfraudService, SettingsError};
use crate::demo::provider::steering::Behaviour;
use crate::domain::assessment::{Recommendation, Signal};

fn never_open(config: &mut AnalyticsConfig) {
    config.breaker.refused_open_ms = 0;
    config.breaker.open_ms = 0;
}

#[tokio::test]
async fn each_service_is_asked_and_read() {
    for (service, path, signals, device_known) in [
        (MinfraudService::Score, "/minfraud/v2.0/score", &[Signal::Velocity][..], false),
        (MinfraudService::Insights, "/minfraud/v2.0/insights", &[Signal::Velocity], true),
        (MinfraudService::Factors, "/minfraud/v2.0/factors", &[Signal::Velocity], true),
    ] {
        let setup = setup_minfraud(|config| config.service = service).await;
        let control = Control {
            score: Some("45.67".to_owned()),
            review_status: Some("manual_review".to_owned()),
            reasons: Some(vec!["EMAIL_VELOCITY".into(), "FREE TEXT hanako@example.jp".into()]),
            ..Control::default()
        };
        let answer = setup.ask_steered(control).await;
        let expected = Answer {
            risk: Some(4_567),
            recommendation: Recommendation::Review,
            signals: signals.to_vec(),
            device_known,
            degraded: false,
        };
        assert_eq!(answered(&answer), &expected);
        assert_eq!(setup.provider.calls()[0].path, path);
        assert!(answer.request_id.as_deref().unwrap().parse::<Uuid>().is_ok());
        let health = setup.connector.health();
        assert_eq!((health.funds_remaining_cents, health.queries_remaining), (Some(2_500), Some(5_000)));
        assert_eq!((health.unknown_keys, health.in_flight), (0, 0));
        assert!(!format!("{answer:?}").contains("hanako"), "{answer:?}");
    }
}

#[tokio::test]
async fn figures_that_nobody_told_are_absent() {
    let health = setup_minfraud(|_| ()).await.connector.health();
    assert_eq!((health.funds_remaining_cents, health.queries_remaining), (None, None));
}

#[tokio::test]
async fn dispositions_become_recommendations_and_new_words_recommend_nothing() {
    let setup = setup_minfraud(|_| ()).await;
    for (action, recommendation) in [
        (Some("accept"), Recommendation::Pass),
        (Some("reject"), Recommendation::Reject),
        (Some("manual_review"), Recommendation::Review),
        (Some("newly_invented"), Recommendation::None),
        (None, Recommendation::None),
    ] {
        let control = Control { review_status: action.map(str::to_owned), ..Control::default() };
        assert_eq!(answered(&setup.ask_steered(control).await).recommendation, recommendation);
    }
    assert_eq!(setup.connector.health().unknown_keys, 1, "the new word is counted");
}

#[tokio::test]
async fn scores_that_make_no_sense_are_no_answer() {
    let setup = setup_minfraud(never_open).await;
    for (score, reason) in [
        ("NaN", NoAnswer::Malformed),
        ("\"12\"", NoAnswer::Malformed),
        ("1e400", NoAnswer::Malformed),
        ("0", NoAnswer::OutOfRange),
        ("100", NoAnswer::OutOfRange),
        ("-1", NoAnswer::OutOfRange),
    ] {
        let answer = setup.ask_steered(Control { score: Some(score.to_owned()), ..Control::default() }).await;
        assert_eq!(outcome(&answer), unanswered(reason, Settled::Sent), "{score}");
    }
}

#[tokio::test]
async fn errors_are_told_apart_and_their_code_is_kept() {
    for (status, reason, code) in [
        (400, NoAnswer::Http4xx, "REQUEST_INVALID"),
        (401, NoAnswer::Auth, "AUTHORIZATION_INVALID"),
        (402, NoAnswer::Quota, "INSUFFICIENT_FUNDS"),
        (403, NoAnswer::Auth, "PERMISSION_REQUIRED"),
    ] {
        let setup = setup_minfraud(|_| ()).await;
        let answer = setup.ask_steered(Control { status: Some(status), ..Control::default() }).await;
        assert_eq!(outcome(&answer), unanswered(reason, Settled::Sent), "{status}");
        assert_eq!(answer.kept, Some(serde_json::json!({ "code": code })));
        assert_eq!(setup.connector.health().available, status == 400, "{status} opens the breaker at once");
        let next = setup.ask().await;
        let expected = if status == 400 { (reason, Settled::Sent) } else { (NoAnswer::BreakerOpen, Settled::NotSent) };
        assert_eq!(outcome(&next), unanswered(expected.0, expected.1));
    }
}

#[tokio::test]
async fn answers_that_cannot_be_read_are_malformed() {
    let setup = setup_minfraud(never_open).await;
    for behaviour in [
        Behaviour::Garbage,
        Behaviour::Oversized,
        Behaviour::OversizedStream,
        Behaviour::WrongContentType,
        Behaviour::Redirect,
        Behaviour::Deep,
    ] {
        let answer = setup.ask_steered(Control { behaviour, ..Control::default() }).await;
        assert_eq!(outcome(&answer), unanswered(NoAnswer::Malformed, Settled::Sent), "{behaviour:?}");
    }
    assert_eq!(setup.provider.calls().len(), 6, "a redirect is not followed and nothing is repeated");
}

#[tokio::test]
async fn an_answer_with_every_name_changed_says_nothing_and_is_counted() {
    let setup = setup_minfraud(|_| ()).await;
    let answer = setup.ask_steered(Control { behaviour: Behaviour::Renamed, ..Control::default() }).await;
    assert_eq!((answered(&answer).risk, answered(&answer).recommendation), (None, Recommendation::None));
    assert!(setup.connector.health().unknown_keys >= 5);
}

#[tokio::test]
async fn slow_dripping_and_broken_answers_leave_open_what_was_sent() {
    let setup = setup_minfraud(|config| config.deadline_ms = 250).await;
    for (behaviour, delay_ms, reason) in [
        (Behaviour::Answer, 60_000, NoAnswer::Timeout),
        (Behaviour::Drip, 0, NoAnswer::Timeout),
        (Behaviour::Break, 0, NoAnswer::Http5xx),
    ] {
        let answer = setup.ask_steered(Control { delay_ms, behaviour, ..Control::default() }).await;
        assert_eq!(outcome(&answer), unanswered(reason, Settled::Unknown), "{behaviour:?}");
    }
}

#[tokio::test]
async fn wrong_credentials_are_refused_and_never_in_the_log_of_calls() {
    let setup = setup_minfraud(|config| config.api_key = "another".into()).await;
    let answer = setup.ask().await;
    assert_eq!(outcome(&answer), unanswered(NoAnswer::Auth, Settled::Sent));
    assert!(!format!("{:?}", setup.provider.calls()).contains("another"));
}

#[tokio::test]
async fn the_largest_purchase_stays_below_the_largest_body() {
    let setup = setup_of(ProviderKind::Minfraud, plain_modes(), |_| ()).await;
    let long = "\u{2070E}".repeat(255);
    let mut data = PurchaseData { name: Some(long.clone()), ..purchase() };
    for address in [&mut data.billing, &mut data.shipping].into_iter().flatten() {
        address.line1.clone_from(&long);
        (address.line2, address.city) = (Some(long.clone()), Some(long.clone()));
        address.postal_code.clone_from(&long);
        address.country = "JP".to_owned();
    }
    let prepared =
        setup.connector.prepare(&data.restricted_to(&DataClass::ALL.iter().copied().collect()), &setup.pseudonyms);
    assert!(prepared.unreadable().is_empty(), "{:?}", prepared.unreadable());
    assert!((9_000..BODY_BYTES_MAX).contains(&prepared.size()), "{}", prepared.size());
    let now = setup.clock.boot_nanos();
    let answer = setup.connector.assess(setup.seal(prepared, u64::MAX), now + 1_000 * NANOS_PER_MS).await;
    assert_eq!(answer.assessment.status(), "answered");
}

#[tokio::test]
async fn what_the_specification_refuses_is_left_out_and_counted() {
    let setup = setup_of(ProviderKind::Minfraud, plain_modes(), |_| ()).await;
    let mut data = purchase();
    let billing = data.billing.as_mut().unwrap();
    (billing.region, billing.country) = (Some("東京都".to_owned()), "JPN".to_owned());
    billing.line2 = Some("x".repeat(256));
    data.money = Some(Money { amount_minor: 0, currency: Currency::JPY });
    let prepared =
        setup.connector.prepare(&data.restricted_to(&DataClass::ALL.iter().copied().collect()), &setup.pseudonyms);
    let expected = [Datum::BillingLine2, Datum::BillingRegion, Datum::BillingCountry, Datum::Amount];
    assert_eq!(prepared.unreadable(), expected);
}

#[test]
fn a_mode_that_the_interface_does_not_take_is_refused_at_the_start() {
    install_tls_provider();
    let clock = Arc::new(TestClock(AtomicU64::new(0)));
    let outbound = Outbound::new(&OutboundSettings::default(), clock.clone()).unwrap();
    let pseudonyms = pseudonyms("minfraud", Modes::from([(Datum::Email, Mode::Keyed)]));
    let settings = AnalyticsConfig {
        provider: ProviderKind::Minfraud,
        recipient: "minfraud".to_owned(),
        base_url: "https://minfraud.example".to_owned(),
        ..config()
    };
    let error = MinFraud::new(settings, outbound, clock).unwrap().check(&pseudonyms).err().unwrap();
    let expected = SettingsError::UnfitMode {
        recipient: "minfraud".to_owned(),
        interface: "minfraud",
        datum: Datum::Email,
        mode: Mode::Keyed,
    };
    assert_eq!(error, expected);
    assert!(error.to_string().contains("hint: write `email = \"omit\"` below `[recipient.data]`"), "{error}");
}
