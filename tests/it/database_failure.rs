//! The database goes away while requests are answered: 503 with a time to come back, nothing half done, and the same
//! answer to a repetition once it is back.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::deployment::{Deployment, Wanted, on_every_database, request};
use crate::support::exchange::{Answer, Call};

/// A request by its idempotency key, and what came of it.
struct Sent {
    key: String,
    body: Value,
    answer: Answer,
}

/// Sends many requests, some at once and some after one another, and cuts the database off in their midst.
async fn interrupted(deployment: &Deployment) -> Vec<Sent> {
    let mut cards = Vec::new();
    for _ in 0..4 {
        cards.extend([deployment.enrolled().await, deployment.card(&json!({})).await]);
    }
    let customer = |number: usize| {
        let calls: Vec<_> = cards
            .iter()
            .enumerate()
            .map(|(at, card)| (format!("key-{number}-{at}"), deployment.purchase(card, &json!({}))))
            .collect();
        let (shop, router) = (deployment.shop.clone(), deployment.router.clone());
        tokio::spawn(async move {
            let mut sent = Vec::new();
            for (key, body) in calls {
                let answer = request(&shop, &key, &body).to(&router).await;
                sent.push(Sent { key, body, answer });
            }
            sent
        })
    };
    let customers: Vec<_> = (0..10).map(customer).collect();
    while deployment.tables.value::<i64>("SELECT COUNT(*) FROM authentications", Vec::new()).await < 5 {
        tokio::task::yield_now().await;
    }
    cut_off(deployment).await;
    futures_util::future::join_all(customers).await.into_iter().flat_map(Result::unwrap).collect()
}

/// On a server the database refuses everybody; the embedded one closes under the requests.
async fn cut_off(deployment: &Deployment) {
    if deployment.app.store.backend_name() == "postgresql" {
        deployment.database.cut_off(true).await;
    } else {
        deployment.app.store.clone().close().await;
    }
}

/// Every authentication has its audit entry, and a challenge exactly when it asks for one.
async fn nothing_is_half_done(tables: &crate::support::database::Connection) {
    let sql = "SELECT COUNT(*) FROM authentications a LEFT JOIN challenges c ON c.authentication_id = a.id \
         WHERE (a.status = 'challenge_required') <> (c.id IS NOT NULL)";
    assert_eq!(tables.value::<i64>(sql, Vec::new()).await, 0);
    let counts = "SELECT (SELECT COUNT(*) FROM authentications) - \
         (SELECT COUNT(*) FROM audit_entries WHERE action = 'authentication.create')";
    assert_eq!(tables.value::<i64>(counts, Vec::new()).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_in_mid_request_leaves_nothing_half_done() {
    on_every_database(Wanted::default(), async |deployment| {
        let sent = interrupted(deployment).await;
        let mut answered = BTreeMap::new();
        for one in &sent {
            if one.answer.status == 201 {
                answered.insert(one.key.clone(), one.answer.json());
            } else {
                one.answer.problem(503, "unavailable");
            }
        }
        assert!(answered.len() < sent.len(), "some were interrupted");
        let read = deployment.send(Call::get("/v1/authentications").key(&deployment.shop.key)).await;
        read.problem(503, "unavailable");
        let ready = deployment.send(Call::get("/readyz")).await;
        assert_eq!(ready.status, 503, "{}", ready.text);

        if deployment.app.store.backend_name() == "postgresql" {
            deployment.database.cut_off(false).await;
        }
        // Keys that were reserved and not finished belong to the interrupted request until its lease is over.
        deployment.clock.advance(31);
        let (tables, (app, router)) = (deployment.database.connect().await, deployment.twin(23).await);
        nothing_is_half_done(&tables).await;
        for one in &sent {
            let again = request(&deployment.shop, &one.key, &one.body).to(&router).await.ok(201);
            if let Some(first) = answered.get(&one.key) {
                assert_eq!(&again, first, "what was answered stands");
            }
        }
        nothing_is_half_done(&tables).await;
        let made: i64 = tables.value("SELECT COUNT(*) FROM authentications", Vec::new()).await;
        assert_eq!(made, i64::try_from(sent.len()).unwrap(), "one for each key");
        let counted = "SELECT CAST(SUM(requests) AS BIGINT) FROM card_hours";
        assert_eq!(tables.value::<i64>(counted, Vec::new()).await, made, "each was counted once");
        app.store.clone().close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_every_door_answers_503_and_the_keys_stay_readable() {
    on_every_database(Wanted::default(), async |deployment| {
        let card = deployment.enrolled().await;
        let open = deployment.buys(&card, &json!({})).await;
        let id = open["id"].as_str().unwrap();
        cut_off(deployment).await;
        deployment.clock.advance(3);
        let (shop, issuer, empty) = (&deployment.shop.key, &deployment.issuer_key, json!({}));
        let body = deployment.purchase(&card, &json!({}));
        for call in [
            request(&deployment.shop, "new", &body),
            Call::get(format!("/v1/authentications/{id}")).key(shop),
            Call::post(format!("/v1/authentications/{id}/cancel")).key(shop).idempotency("c"),
            Call::post("/v1/device-sessions").key(shop).idempotency("d").json(&empty),
            Call::put("/v1/cardholders/h").key(issuer).json(&empty),
        ] {
            deployment.send(call).await.problem(503, "unavailable");
        }
        let url = open["challenge"]["url"].as_str().unwrap();
        let page = deployment.send(Call::get(url.strip_prefix("http://127.0.0.1:8480").unwrap())).await;
        assert_eq!((page.status.as_u16(), page.header("retry-after").is_empty()), (503, false), "{}", page.text);
        deployment.send(Call::get("/.well-known/jwks.json")).await.ok(200);
        assert_eq!(deployment.send(Call::get("/livez")).await.status, 200);
        if deployment.app.store.backend_name() == "postgresql" {
            deployment.database.cut_off(false).await;
            deployment.clock.advance(3);
            deployment.send(request(&deployment.shop, "new", &body)).await.ok(201);
        }
    })
    .await;
}
