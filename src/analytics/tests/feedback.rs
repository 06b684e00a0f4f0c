//! What providers are told afterwards, and under which key.

use super::*;
use crate::analytics::feedback::{Feedback, FeedbackError};
use crate::domain::feedback::FeedbackEvent;

fn feedback(request_id: Option<&str>, key_id: &str, event: FeedbackEvent) -> Feedback {
    Feedback {
        provider_request_id: request_id.map(str::to_owned),
        authentication: AuthenticationId::from_uuid(Uuid::from_u128(6)),
        key_id: key_id.to_owned(),
        event,
        occurred_at: Micros(1_750_000_000_000_000),
    }
}

const EVENTS: [(FeedbackEvent, &str, &str); 4] = [
    (FeedbackEvent::ChallengePassed, "challenge_pass", "not_fraud"),
    (FeedbackEvent::ChallengeFailed, "challenge_fail", "suspected_fraud"),
    (FeedbackEvent::ConfirmedFraud, "fraud_confirmed", "chargeback"),
    (FeedbackEvent::ConfirmedGenuine, "false_positive", "not_fraud"),
];

#[tokio::test]
async fn both_providers_are_told_by_their_own_id_of_the_request() {
    for (setup, id_field, tag_field) in
        [(setup(|_| ()).await, "request_id", "event_tag"), (setup_minfraud(|_| ()).await, "minfraud_id", "tag")]
    {
        assert!(setup.connector.describe().feedback);
        let id = setup.ask().await.request_id.unwrap();
        for (event, tmx, minfraud) in EVENTS {
            let prepared =
                setup.connector.prepare_feedback(&feedback(Some(&id), "new", event), &setup.pseudonyms).unwrap();
            let items: Vec<(Datum, Mode)> = prepared.items().iter().map(|item| (item.datum, item.mode)).collect();
            let expected = [
                (Datum::ProviderRequest, Mode::Plain),
                (Datum::Outcome, Mode::Plain),
                (Datum::OutcomeTime, Mode::Coarse),
            ];
            assert_eq!(items, expected);
            let reported = setup.report(prepared).await;
            assert_eq!((reported.accepted, reported.retry, reported.settled), (true, false, Settled::Sent));
            let call = setup.provider.calls().pop().unwrap();
            assert_eq!(call.field(id_field), id);
            assert_eq!(call.field(tag_field), if tag_field == "tag" { minfraud } else { tmx });
            assert!(call.field("notes").ends_with("2025-06-15T15:06Z"), "to the minute: {}", call.field("notes"));
        }
    }
}

#[tokio::test]
async fn a_transaction_that_was_sent_keyed_is_named_under_the_key_of_that_time() {
    let mut modes = shipped_modes("minfraud");
    modes.insert(Datum::Transaction, Mode::Keyed);
    let old_key = Pseudonyms::new(("old", &[8; 32]), [], "minfraud", modes.clone());
    let id = "auth_00000000000000000000000000000006";
    let old_token = old_key.token_under("old", Datum::Transaction, id).unwrap();
    let setup = setup_of(ProviderKind::Minfraud, modes, |_| ()).await;
    setup.ask().await;
    let new_token = setup.provider.calls()[0].field("event.transaction_id").to_owned();
    for (key_id, token) in [("old", &old_token), ("new", &new_token)] {
        let feedback = feedback(None, key_id, FeedbackEvent::ConfirmedFraud);
        let prepared = setup.connector.prepare_feedback(&feedback, &setup.pseudonyms).unwrap();
        assert_eq!(prepared.key_id(), key_id);
        assert!(setup.report(prepared).await.accepted);
        assert_eq!(setup.provider.calls().last().unwrap().field("transaction_id"), token);
    }
    assert_ne!(old_token, new_token);
    let lost =
        setup.connector.prepare_feedback(&feedback(None, "lost", FeedbackEvent::ConfirmedFraud), &setup.pseudonyms);
    assert_eq!(lost.unwrap_err(), FeedbackError::UnknownKey("lost".to_owned()));
}

#[tokio::test]
async fn what_cannot_be_named_or_may_not_be_told_is_an_error() {
    let feedback = feedback(None, "new", FeedbackEvent::ChallengePassed);
    let tmx = setup(|_| ()).await;
    assert_eq!(tmx.connector.prepare_feedback(&feedback, &tmx.pseudonyms).unwrap_err(), FeedbackError::NotNameable);
    let omitting = setup_of(ProviderKind::Minfraud, Modes::from([(Datum::Outcome, Mode::Omit)]), |_| ()).await;
    assert_eq!(
        omitting.connector.prepare_feedback(&feedback, &omitting.pseudonyms).unwrap_err(),
        FeedbackError::Omitted
    );
    let unnamed = setup_of(ProviderKind::Minfraud, Modes::from([(Datum::Outcome, Mode::Plain)]), |_| ()).await;
    assert_eq!(
        unnamed.connector.prepare_feedback(&feedback, &unnamed.pseudonyms).unwrap_err(),
        FeedbackError::NotNameable
    );
}

#[tokio::test]
async fn what_a_provider_does_not_know_is_not_told_again_and_what_it_missed_is() {
    let never_open = |config: &mut AnalyticsConfig| config.breaker.refused_open_ms = 0;
    for (setup, unknown) in [
        (setup(never_open).await, "never-given"),
        (setup_minfraud(never_open).await, "5bc5d6c2-b2c8-40af-87f4-6d61af86b6ae"),
    ] {
        let prepare = || {
            let feedback = feedback(Some(unknown), "new", FeedbackEvent::ConfirmedFraud);
            setup.connector.prepare_feedback(&feedback, &setup.pseudonyms).unwrap()
        };
        let refused = setup.report(prepare()).await;
        assert_eq!((refused.accepted, refused.retry, refused.reason), (false, false, Some(NoAnswer::Http4xx)));
        let id = setup.ask().await.request_id.unwrap();
        let known = feedback(Some(&id), "new", FeedbackEvent::ConfirmedFraud);
        for (status, reason) in [(503, NoAnswer::Http5xx), (402, NoAnswer::Quota), (401, NoAnswer::Auth)] {
            setup.provider.steer(Control { status: Some(status), ..Control::default() });
            let missed = setup.report(setup.connector.prepare_feedback(&known, &setup.pseudonyms).unwrap()).await;
            assert_eq!((missed.accepted, missed.retry, missed.reason), (false, true, Some(reason)));
        }
        assert!(setup.connector.prepare_erase(&id, &setup.pseudonyms).is_none(), "erasure goes by letter");
    }
}
