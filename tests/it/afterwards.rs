//! What the analysis company hears after it was asked: what became of a purchase, and requests to erase. Both pass the
//! gate anew.

use sekisho::domain::feedback::FeedbackEvent;
use sekisho::domain::outbox::OutboxKind;
use sekisho::flow::{consent, feedback};
use serde_json::json;

use crate::support::consent::{object, send_messages};
use crate::support::deployment::{Deployment, PASSWORD, TestCard, Wanted, on_every_database};
use crate::support::line::all_lines_are_whole;

const FEEDBACK: &str = "/api/update";
const ERASE: &str = "/api/erase";

/// The fields that the company got at a path, one after the other.
fn heard(deployment: &Deployment, path: &str, field: &str) -> Vec<String> {
    let calls = deployment.provider().calls();
    calls.iter().filter(|call| call.path == path).map(|call| call.field(field).to_owned()).collect()
}

async fn purposes(deployment: &Deployment) -> Vec<String> {
    let sql = "SELECT d.purpose || ' ' || d.state || ' ' || COALESCE(s.state, 'open') AS entry FROM disclosures d \
               LEFT JOIN disclosure_settlements s ON s.disclosure_id = d.id ORDER BY d.cardholder_id, d.sequence";
    deployment.tables.column(sql, Vec::new()).await
}

async fn proves(deployment: &Deployment, card: &TestCard, password: &str) -> String {
    let answer = deployment.buys(card, &json!({"challenge": {"wish": "challenge"}})).await;
    assert_eq!(answer["status"], "challenge_required", "{answer}");
    deployment.prove(&answer, password).await;
    answer["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_result_of_a_challenge_is_told_with_a_place_in_the_line_of_its_own() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.enrolled().await;
        proves(deployment, &card, PASSWORD).await;
        send_messages(&deployment.app, OutboxKind::Feedback).await;
        assert_eq!(heard(deployment, FEEDBACK, "event_tag"), ["challenge_pass"]);
        assert_eq!(purposes(deployment).await, ["assess intended sent", "feedback intended sent"]);
        send_messages(&deployment.app, OutboxKind::Feedback).await;
        assert_eq!(heard(deployment, FEEDBACK, "event_tag").len(), 1, "told twice");
        all_lines_are_whole(deployment).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn confirmed_fraud_is_told_and_a_purchase_that_nobody_asked_about_is_not() {
    on_every_database(Wanted::provider(), async |deployment| {
        let (asked, silent) = (deployment.enrolled().await, deployment.enrolled().await);
        object(&deployment.app, &silent.cardholder).await;
        for card in [&asked, &silent] {
            let answer = deployment.buys(card, &json!({})).await;
            let id = answer["id"].as_str().unwrap().parse().unwrap();
            assert!(feedback::confirm(&deployment.app, "issuer", id, FeedbackEvent::ConfirmedFraud).await.unwrap());
        }
        send_messages(&deployment.app, OutboxKind::Feedback).await;
        assert_eq!(heard(deployment, FEEDBACK, "event_tag"), ["fraud_confirmed"]);
        let waiting = "SELECT COUNT(*) AS count FROM outbox WHERE kind = 'feedback' AND state <> 'done'";
        assert_eq!(deployment.tables.column::<i64>(waiting, Vec::new()).await, [0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn feedback_that_waits_is_not_given_after_an_objection() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.enrolled().await;
        proves(deployment, &card, PASSWORD).await;
        object(&deployment.app, &card.cardholder).await;
        send_messages(&deployment.app, OutboxKind::Feedback).await;
        assert!(heard(deployment, FEEDBACK, "event_tag").is_empty());
        all_lines_are_whole(deployment).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_objection_the_company_is_asked_by_its_call_to_erase_each_thing_it_got() {
    let wanted = Wanted::provider().with("SEKISHO__ANALYTICS__ERASURE_PATH", ERASE);
    on_every_database(wanted, async |deployment| {
        let card = deployment.enrolled().await;
        let (first, second) = (deployment.buys(&card, &json!({})).await, deployment.buys(&card, &json!({})).await);
        let objection = object(&deployment.app, &card.cardholder).await;
        assert_eq!((objection.receipt.sent_before[0].count, objection.receipt.maybe_sent.len()), (2, 0));
        send_messages(&deployment.app, OutboxKind::Erasure).await;
        assert!(heard(deployment, ERASE, "request_id").is_empty(), "asked while something may be in flight");
        deployment.clock.advance(5);
        send_messages(&deployment.app, OutboxKind::Erasure).await;
        send_messages(&deployment.app, OutboxKind::Erasure).await;
        let asked =
            [&first, &second].map(|answer| format!("standin-{}", answer["id"].as_str().unwrap().replace('_', "-")));
        let mut named = heard(deployment, ERASE, "request_id");
        named.sort();
        assert_eq!(named, asked);
        let states = "SELECT state FROM erasures ORDER BY id";
        assert_eq!(deployment.tables.column::<String>(states, Vec::new()).await, ["done", "done"]);
        assert_eq!(purposes(deployment).await[2..], ["erase intended sent", "erase intended sent"]);
        all_lines_are_whole(deployment).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_company_has_no_such_call_one_numbered_letter_waits_for_a_person() {
    on_every_database(Wanted::provider(), async |deployment| {
        let (card, other) = (deployment.enrolled().await, deployment.enrolled().await);
        for card in [&card, &card, &other] {
            deployment.buys(card, &json!({})).await;
        }
        for card in [&card, &other] {
            object(&deployment.app, &card.cardholder).await;
            deployment.clock.advance(5);
            send_messages(&deployment.app, OutboxKind::Erasure).await;
        }
        let letters = deployment.app.store.open_letters(10).await.unwrap();
        assert_eq!(letters.iter().map(|open| open.letter).collect::<Vec<_>>(), [Some(1), Some(1), Some(2)]);
        assert_eq!(consent::erasure::close_letter(&deployment.app, "staff:kato", 1).await.unwrap(), 2);
        assert_eq!(consent::erasure::close_letter(&deployment.app, "staff:kato", 1).await.unwrap(), 0);
        assert_eq!(deployment.app.store.open_letters(10).await.unwrap().len(), 1);
        assert!(heard(deployment, ERASE, "request_id").is_empty());
    })
    .await;
}
