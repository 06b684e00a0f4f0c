//! Who may call: API keys, their environment and kind, and how often.

use sekisho::credential::api_key::{ApiKey, KeyHolder};
use sekisho::domain::merchant::Environment;
use sekisho::flow::keys;
use sekisho::store::merchants::KeyOwner;
use serde_json::json;

use crate::support::deployment::{Wanted, on_every_database};
use crate::support::exchange::Call;

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_no_keys_open_nothing() {
    on_every_database(Wanted::default(), async |deployment| {
        let randomness = &*deployment.app.randomness;
        let made = |holder, environment| ApiKey::generate(holder, environment, randomness).expose().to_owned();
        let stranger = made(KeyHolder::Merchant, Environment::Test);
        let live = made(KeyHolder::Merchant, Environment::Live);
        let own = deployment.shop.key.clone();
        let mistyped = format!("{}{}", &own[..own.len() - 1], if own.ends_with('0') { '1' } else { '0' });
        let list = Call::get("/v1/authentications");
        let basic = list.clone().header("authorization", "Basic YTpi");
        for (call, slug) in [
            (list.clone(), "unauthorized"),
            (basic, "unauthorized"),
            (list.clone().key(""), "unauthorized"),
            (list.clone().key("sk_test_1"), "unauthorized"),
            (list.clone().key(&mistyped), "unauthorized"),
            (list.clone().key(&own.to_uppercase()), "unauthorized"),
            (list.clone().key(&stranger), "unauthorized"),
            (list.clone().key(&live), "wrong-environment"),
        ] {
            let answer = deployment.send(call).await;
            answer.problem(401, slug);
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            assert!(!answer.text.contains(&own[8..20]), "a key is not repeated");
        }
        deployment.send(list.key(&own)).await.ok(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn merchants_and_the_issuer_have_doors_of_their_own() {
    on_every_database(Wanted::default(), async |deployment| {
        let (shop, issuer) = (deployment.shop.key.as_str(), deployment.issuer_key.as_str());
        let empty = json!({});
        for call in [
            Call::get("/v1/authentications").key(issuer),
            Call::get("/v1/authentications/auth_1").key(issuer),
            Call::post("/v1/authentications").key(issuer).idempotency("k").json(&empty),
            Call::post("/v1/device-sessions").key(issuer).idempotency("k").json(&empty),
            Call::post("/v1/authentications/auth_1/cancel").key(issuer).idempotency("k"),
            Call::put("/v1/cardholders/h").key(shop).json(&empty),
            Call::put("/v1/cards/c").key(shop).json(&empty),
            Call::put("/v1/cards/c/status").key(shop).json(&empty),
            Call::put("/v1/cards/c/number").key(shop).json(&empty),
        ] {
            deployment.send(call).await.problem(403, "wrong-key");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_opens_nothing_after_two_seconds() {
    on_every_database(Wanted::default(), async |deployment| {
        let owner = KeyOwner::Merchant(deployment.shop.id);
        let (id, second) = keys::create(&deployment.app, "operator", owner).await.unwrap();
        let list = async |key: &str| deployment.send(Call::get("/v1/authentications").key(key)).await;
        list(second.expose()).await.ok(200);
        keys::revoke(&deployment.app, "operator", owner, id).await.unwrap();
        deployment.clock.advance(2);
        list(second.expose()).await.problem(401, "unauthorized");
        list(&deployment.shop.key).await.ok(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_of_one_merchant_wait_and_hold_up_nobody_else() {
    let wanted = Wanted::default().with("SEKISHO__RATE_LIMIT__PER_SECOND", "1").with("SEKISHO__RATE_LIMIT__BURST", "3");
    on_every_database(wanted, async |deployment| {
        let list = async |key: &str| deployment.send(Call::get("/v1/authentications").key(key)).await;
        for _ in 0..3 {
            list(&deployment.shop.key).await.ok(200);
        }
        let answer = list(&deployment.shop.key).await;
        answer.problem(429, "too-many-requests");
        list(&deployment.grocer.key).await.ok(200);
        deployment.clock.advance(answer.header("retry-after").parse().unwrap());
        list(&deployment.shop.key).await.ok(200);
    })
    .await;
}
