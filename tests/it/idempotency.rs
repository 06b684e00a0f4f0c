//! Repeated requests: one effect, one answer, and no second call to the provider, whatever happened in between.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::crash::crash_while_asking;
use crate::support::deployment::{Deployment, TestCard, Wanted, card_number, on_every_database, request};
use crate::support::exchange::Call;

async fn count(deployment: &Deployment, sql: &str) -> i64 {
    deployment.tables.value(sql, Vec::new()).await
}

/// How many authentications there are, how often cards were counted, and how many audit entries tell of it.
async fn effects(deployment: &Deployment) -> [i64; 3] {
    [
        count(deployment, "SELECT COUNT(*) FROM authentications").await,
        count(deployment, "SELECT CAST(COALESCE(SUM(requests), 0) AS BIGINT) FROM card_hours").await,
        count(deployment, "SELECT COUNT(*) FROM audit_entries WHERE action = 'authentication.create'").await,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_and_body_give_the_same_bytes_and_one_effect() {
    on_every_database(Wanted::default(), async |deployment| {
        let (enrolled, without) = (deployment.enrolled().await, deployment.card(&json!({})).await);
        let corporate = deployment.card(&json!({"programme": "corporate"})).await;
        for (done, card) in (1..).zip([enrolled, without, corporate]) {
            let body = deployment.purchase(&card, &json!({}));
            let key = format!("key of {}", card.reference).replace(' ', "-");
            let first = deployment.send(request(&deployment.shop, &key, &body)).await;
            first.ok(201);
            deployment.clock.advance(5);
            let again = deployment.send(request(&deployment.shop, &key, &body)).await;
            assert_eq!((again.status, &again.text), (first.status, &first.text));
            let spaced = serde_json::to_string_pretty(&body).unwrap();
            let laid_out = Call::post("/v1/authentications").key(&deployment.shop.key).idempotency(&key).raw(spaced);
            assert_eq!(deployment.send(laid_out).await.text, first.text, "the same JSON in another layout");
            let [made, _, noted] = effects(deployment).await;
            assert_eq!((made, noted), (done, done));
        }
        assert_eq!(count(deployment, "SELECT MAX(requests) FROM card_hours").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_learns_how_its_challenge_ended() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.enrolled().await;
        let body = deployment.purchase(&card, &json!({}));
        let open = deployment.send(request(&deployment.shop, "k", &body)).await.ok(201);
        deployment.prove(&open, crate::support::deployment::PASSWORD).await;
        let again = deployment.send(request(&deployment.shop, "k", &body)).await.ok(201);
        assert_eq!((&again["id"], &again["status"]), (&open["id"], &json!("approved")));
        assert_eq!(again, deployment.read(&open).await.ok(200));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_body_under_the_same_key_is_refused_and_changes_nothing() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let body = deployment.purchase(&card, &json!({}));
        let first = deployment.send(request(&deployment.shop, "k", &body)).await.ok(201);
        let before = effects(deployment).await;
        let other = TestCard { number: card_number(9_999_999), ..card.clone() };
        for changed in [
            deployment.purchase(
                &card,
                &json!({"merchant_reference": body["merchant_reference"], "purchase": {"amount_minor": 1}}),
            ),
            deployment.purchase(&other, &json!({"merchant_reference": body["merchant_reference"]})),
        ] {
            let answer = deployment.send(request(&deployment.shop, "k", &changed)).await;
            answer.problem(422, "idempotency-key-reused");
            assert!(!answer.text.contains("35690000"));
        }
        assert_eq!(effects(deployment).await, before);
        assert_eq!(deployment.send(request(&deployment.shop, "k", &body)).await.ok(201), first);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_merchant_s_same_key_is_another_key() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let body = deployment.purchase(&card, &json!({"challenge": null}));
        let first = deployment.send(request(&deployment.shop, "k", &body)).await.ok(201);
        let other = deployment.send(request(&deployment.grocer, "k", &body)).await.ok(201);
        assert_ne!(first["id"], other["id"]);
        let session = Call::post("/v1/device-sessions").key(&deployment.shop.key).idempotency("k").json(&json!({}));
        deployment.send(session).await.ok(201);
        assert_eq!(effects(deployment).await, [2, 2, 2]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_in_parallel_has_one_effect_and_one_answer() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let body = deployment.purchase(&card, &json!({}));
        let (_, twin) = deployment.twin(11).await;
        let calls = (0..20).map(|number| {
            let call = request(&deployment.shop, "k", &body);
            let router = if number % 2 == 0 { deployment.router.clone() } else { twin.clone() };
            tokio::spawn(async move { call.to(&router).await })
        });
        let mut answers = BTreeSet::new();
        for answer in futures_util::future::join_all(calls).await {
            let answer = answer.unwrap();
            if answer.status == 201 {
                answers.insert(answer.text);
            } else {
                answer.problem(409, "request-in-progress");
                assert_eq!(answer.header("retry-after"), "1");
            }
        }
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(effects(deployment).await, [1, 1, 1]);
        assert_eq!(deployment.provider().calls().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_kept_for_a_day_and_then_forgotten() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let body = deployment.purchase(&card, &json!({}));
        let ask = async || deployment.send(request(&deployment.shop, "k", &body)).await.ok(201)["id"].clone();
        let first = ask().await;
        deployment.clock.advance(86_400);
        deployment.app.store.forget_old(deployment.app.now()).await.unwrap();
        assert_eq!(ask().await, first);
        deployment.clock.advance(1);
        deployment.app.store.forget_old(deployment.app.now()).await.unwrap();
        assert_ne!(ask().await, first);
        assert_eq!(effects(deployment).await[0], 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_a_retry_decides_without_asking_the_provider_twice() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.enrolled().await;
        let body = deployment.purchase(&card, &json!({}));
        crash_while_asking(deployment, request(&deployment.shop, "k", &body)).await;
        assert_eq!(deployment.provider().calls().len(), 1);
        let early = deployment.send(request(&deployment.shop, "k", &body)).await;
        early.problem(409, "request-in-progress");

        deployment.clock.advance(31);
        let answer = deployment.send(request(&deployment.shop, "k", &body)).await.ok(201);
        let asked: String = deployment.provider().calls()[0].field("transaction_id").to_owned();
        assert!(!asked.is_empty());
        let facts = deployment.facts(&answer).await;
        assert_eq!((facts.assessment.status(), facts.assessment.reason()), ("no_answer", "interrupted"));
        assert_eq!(answer["status"], "challenge_required");
        assert_eq!(deployment.provider().calls().len(), 1, "no second call");
        assert_eq!(effects(deployment).await, [1, 1, 1]);
        let rows = "SELECT COUNT(*) FROM disclosures WHERE state = 'intended'";
        assert_eq!(count(deployment, rows).await, 1, "the one row that the first call left");
        let again = deployment.send(request(&deployment.shop, "k", &body)).await.ok(201);
        assert_eq!(again, answer);
    })
    .await;
}
