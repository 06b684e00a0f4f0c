//! Consent events by the issuer's own call-centre software: the same checks, one effect for one key.

use sekisho::flow::prove::{Scope, prove};
use serde_json::{Value, json};

use crate::support::deployment::{Deployment, Wanted, merge, on_every_database};
use crate::support::exchange::{Answer, Call};

fn said(changes: &Value) -> Value {
    let mut body = json!({
        "action": "object", "channel": "phone", "reference": "CALL-1", "language": "ja", "script_version": "2026-04",
        "identity": {"method": "known_facts", "outcome": "passed"}
    });
    merge(&mut body, changes);
    body
}

async fn say(deployment: &Deployment, holder: &str, key: &str, body: &Value) -> Answer {
    let call = Call::post(format!("/issuer/v1/cardholders/{holder}/consent-events"));
    deployment.send(call.key(&deployment.issuer_key).idempotency(key).json(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_objection_is_recorded_once_for_one_key_and_answered_with_its_receipt() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        deployment.buys(&card, &json!({})).await;
        let answer = say(deployment, &card.cardholder, "k1", &said(&json!({}))).await.ok(200);
        assert_eq!((&answer["state"], &answer["action"]), (&json!("opted_out"), &json!("object")));
        assert_eq!(answer["receipt"]["sent_before"][0]["recipient"], "tmx");
        deployment.clock.advance(30);
        assert_eq!(say(deployment, &card.cardholder, "k1", &said(&json!({}))).await.ok(200), answer);
        let other = said(&json!({"reference": "CALL-2"}));
        say(deployment, &card.cardholder, "k1", &other).await.problem(422, "idempotency-key-reused");
        let path = format!("/issuer/v1/cardholders/{}/consent-events", card.cardholder);
        let list = deployment.send(Call::get(path).key(&deployment.issuer_key)).await.ok(200);
        assert_eq!((list["items"].as_array().unwrap().len(), &list["items"][0]["id"]), (2, &answer["id"]));
        deployment.provider().forget();
        deployment.buys(&card, &json!({})).await;
        assert_eq!(deployment.provider().calls(), []);
        prove(&deployment.app, Scope::All, None).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn resuming_waits_for_a_second_person_and_a_correction_changes_no_state() {
    on_every_database(Wanted::default(), async |deployment| {
        let holder = deployment.cardholder(&json!({})).await;
        let objected = say(deployment, &holder, "k1", &said(&json!({}))).await.ok(200);
        let unchecked = said(&json!({"action": "resume_request", "identity": {"outcome": "failed"}}));
        say(deployment, &holder, "k2", &unchecked).await.problem(422, "invalid-field");
        let asked = say(deployment, &holder, "k2", &said(&json!({"action": "resume_request"}))).await.ok(200);
        assert_eq!(asked["state"], "opted_out", "{asked}");
        assert!(asked["approval_id"].as_str().unwrap().starts_with("appr_"), "{asked}");
        say(deployment, &holder, "k3", &said(&json!({"action": "grant_request"}))).await.problem(409, "conflict");
        let correct = said(&json!({"action": "correct", "corrects": objected["id"], "channel": "letter"}));
        let corrected = say(deployment, &holder, "k4", &correct).await.ok(200);
        assert_eq!((&corrected["state"], &corrected["action"]), (&json!("opted_out"), &json!("correct")));
        let twice = said(&json!({"action": "correct", "corrects": corrected["id"]}));
        say(deployment, &holder, "k5", &twice).await.problem(422, "invalid-field");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_true_is_refused_with_its_place() {
    on_every_database(Wanted::default(), async |deployment| {
        let holder = deployment.cardholder(&json!({})).await;
        let cases = [
            (json!({"effective_from": "2026-11-22T04:00:00Z"}), "effective_from"),
            (json!({"effective_from": "2020-01-01T00:00:00Z"}), "effective_from"),
            (json!({"effective_from": "yesterday"}), "effective_from"),
            (json!({"reference": "x".repeat(10_000)}), "reference"),
            (json!({"reference": "a\u{0007}b"}), "reference"),
            (json!({"reference": "a\u{202E}b"}), "reference"),
            (json!({"script_version": "1999"}), "script_version"),
            (json!({"evidence_digest": "abc"}), "evidence_digest"),
            (json!({"coverage": {"recipient": "nobody"}}), "coverage.recipient"),
            (json!({"coverage": {"purpose": "erase"}}), "coverage.purpose"),
            (json!({"coverage": {"cards": []}}), "coverage.cards"),
            (json!({"coverage": {"cards": ["card_0"]}}), "coverage.cards"),
            (json!({"corrects": "consent_0"}), "corrects"),
        ];
        for (number, (changes, place)) in cases.iter().enumerate() {
            let problem =
                say(deployment, &holder, &format!("k{number}"), &said(changes)).await.problem(422, "invalid-field");
            assert_eq!(problem["errors"][0]["path"], *place, "{problem}");
        }
        say(deployment, "nobody", "k", &said(&json!({}))).await.problem(404, "not-found");
        let events: i64 = deployment.tables.value("SELECT COUNT(*) FROM consent_events", Vec::new()).await;
        assert_eq!(events, 1, "nothing was recorded but the notice");
        let ours = Call::post(format!("/issuer/v1/cardholders/{holder}/consent-events"));
        let merchant = ours.key(&deployment.shop.key).idempotency("k").json(&said(&json!({})));
        deployment.send(merchant).await.problem(403, "wrong-key");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_is_confirmed_once_for_one_key() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let bought = deployment.buys(&card, &json!({})).await;
        let path = format!("/issuer/v1/authentications/{}/confirmations", bought["id"].as_str().unwrap());
        let body = json!({"event": "confirmed_fraud"});
        let call = || Call::post(path.clone()).key(&deployment.issuer_key).idempotency("k1").json(&body);
        let answer = deployment.send(call()).await.ok(200);
        assert_eq!((&answer["event"], &answer["told"]), (&json!("confirmed_fraud"), &json!(true)));
        assert_eq!(deployment.send(call()).await.ok(200), answer);
        let queued = "SELECT COUNT(*) FROM outbox WHERE kind = 'feedback' AND body LIKE '%confirmed_fraud%'";
        assert_eq!(deployment.tables.value::<i64>(queued, Vec::new()).await, 1);
    })
    .await;
}
