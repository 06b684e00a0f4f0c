//! What others were told of the reasons stays what they were told, whatever bundle is live later.

use sekisho::domain::id::AuthenticationId;
use sekisho::flow::challenge::expire_due;
use sekisho::policy::{Bundle, BundleSource};
use serde_json::{Value, json};

use crate::support::bundles::put_live;
use crate::support::deployment::{Deployment, PASSWORD, Wanted, on_every_database, request};
use crate::support::exchange::Call;

/// Makes a bundle live in which every reason has another public code and another EMV code.
fn swap(deployment: &Deployment) {
    let source = BundleSource::shipped();
    let text = source.text("reasons.toml").unwrap();
    let swapped: Vec<String> = text
        .lines()
        .map(|line| match line.split_once(" = ").map(|(field, _)| field) {
            Some("public_code") => "public_code = \"card_unknown\"".to_owned(),
            Some("emv_code") => "emv_code = \"99\"".to_owned(),
            _ => line.to_owned(),
        })
        .collect();
    let bundle = Bundle::build(source.with("reasons.toml", &swapped.join("\n"))).unwrap();
    put_live(&deployment.app, bundle);
}

/// Makes the bundle live that ships.
fn swap_back(deployment: &Deployment) {
    let bundle = Bundle::build(BundleSource::shipped()).unwrap();
    put_live(&deployment.app, bundle);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_under_another_bundle_gets_the_same_answer() {
    on_every_database(Wanted::default(), async |deployment| {
        let enrolled = deployment.enrolled().await;
        let stolen = deployment.card(&json!({"status": "stolen"})).await;
        let not_enrolled = deployment.card(&json!({})).await;
        let corporate = deployment.card(&json!({"programme": "corporate"})).await;
        for card in [enrolled, stolen, not_enrolled, corporate] {
            let body = deployment.purchase(&card, &json!({}));
            let key = format!("repeated-{}", deployment.next());
            let first = deployment.send(request(&deployment.shop, &key, &body)).await.json();
            swap(deployment);
            let again = deployment.send(request(&deployment.shop, &key, &body)).await.json();
            assert_eq!(again, first);
            assert_eq!(deployment.read(&first).await.ok(200), first);
            swap_back(deployment);
        }
    })
    .await;
}

/// An authentication whose challenge was ended in this way, and its answer.
async fn ended(deployment: &Deployment, way: &str) -> Value {
    let card = deployment.enrolled().await;
    let answer = deployment.buys(&card, &json!({"challenge": {"wish": "challenge"}})).await;
    match way {
        "passed" => drop(deployment.prove(&answer, PASSWORD).await),
        "failed" => {
            for _ in 0..3 {
                deployment.prove(&answer, "wrong wrong").await;
            }
        }
        "cancelled" => {
            let path = format!("/v1/authentications/{}/cancel", answer["id"].as_str().unwrap());
            let key = format!("cancel-{}", deployment.next());
            deployment.send(Call::post(path).key(&deployment.shop.key).idempotency(&key).json(&json!({}))).await;
        }
        _ => {
            deployment.clock.advance(31);
            assert_eq!(expire_due(&deployment.app, 10).await.unwrap(), 1);
        }
    }
    deployment.read(&answer).await.ok(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn however_a_challenge_ends_its_codes_are_kept() {
    on_every_database(Wanted::default(), async |deployment| {
        for (way, status, reason, emv) in [
            ("passed", "approved", "proof_given", Value::Null),
            ("failed", "rejected", "proof_failed", json!("19")),
            ("cancelled", "rejected", "merchant_cancelled", json!("01")),
            ("expired", "rejected", "timed_out", json!("14")),
        ] {
            let answer = ended(deployment, way).await;
            let told = (&answer["status"], &answer["reasons"], &answer["trans_status_reason"]);
            assert_eq!(told, (&json!(status), &json!([reason]), &emv), "{way}");
            swap(deployment);
            assert_eq!(deployment.read(&answer).await.ok(200), answer, "{way}");
            swap_back(deployment);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_kept_no_codes_is_explained_by_the_live_bundle() {
    on_every_database(Wanted::default(), async |deployment| {
        let stolen = deployment.card(&json!({"status": "stolen"})).await;
        let answer = deployment.buys(&stolen, &json!({})).await;
        let id: AuthenticationId = answer["id"].as_str().unwrap().parse().unwrap();
        let forget = "UPDATE authentications SET public_reasons = NULL, emv_reason = NULL WHERE id = $1";
        deployment.tables.run(forget, vec![id.uuid().into()]).await.unwrap();
        assert_eq!(deployment.read(&answer).await.ok(200), answer);
        swap(deployment);
        let other = deployment.read(&answer).await.ok(200);
        assert_eq!((&other["reasons"], &other["trans_status_reason"]), (&json!(["card_unknown"]), &json!("99")));
    })
    .await;
}
