//! The canary and the checkpoint: what turns sharing off, and on again.

use sekisho::app::sharing::SharingState;
use sekisho::flow::consent::{canary, checkpoint};
use serde_json::json;

use crate::support::consent::object;
use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::exchange::Call;

async fn health(deployment: &Deployment) -> [String; 2] {
    let answer = deployment.send(Call::get("/readyz")).await.ok(200);
    ["sharing", "canary"].map(|field| answer[field].as_str().unwrap().to_owned())
}

async fn nothing_is_sent(deployment: &Deployment) {
    let card = deployment.card(&json!({})).await;
    deployment.provider().forget();
    let answer = deployment.buys(&card, &json!({})).await;
    assert_eq!(deployment.facts(&answer).await.assessment.reason(), "consent_unknown");
    assert_eq!(deployment.provider().calls(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_that_would_be_let_through_turns_sharing_off_for_good() {
    on_every_database(Wanted::provider(), async |deployment| {
        assert!(canary::check(&deployment.app).await.unwrap());
        assert!(canary::check(&deployment.app).await.unwrap(), "she is there already");
        assert_eq!(health(deployment).await, ["on", "kept"]);
        let sql = "UPDATE consent_states SET state = 'permitted' WHERE cardholder_id IN \
             (SELECT id FROM cardholders WHERE reference = $1)";
        deployment.tables.run(sql, vec![canary::REFERENCE.into()]).await.unwrap();
        assert!(!canary::check(&deployment.app).await.unwrap());
        assert_eq!(health(deployment).await, ["canary_violated", "violated"]);
        deployment.app.compare_checkpoint().await.unwrap();
        assert_eq!(deployment.app.sharing.state(), SharingState::CanaryViolated, "a matching checkpoint is no excuse");
        nothing_is_sent(deployment).await;
        let figures = deployment.send(Call::get("/metrics")).await.text;
        for line in ["sharing_on 0", "canary_kept 0"] {
            assert!(figures.lines().any(|found| found == line), "{line}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_forgot_an_objection_shares_nothing_until_somebody_answers_for_it() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        object(&deployment.app, &card.cardholder).await;
        assert_eq!(deployment.app.compare_checkpoint().await.unwrap(), SharingState::On);
        // As after a backup of before was restored.
        let sql = "UPDATE sharing_counters SET count = 0, event_id = NULL WHERE name = 'objections'";
        deployment.tables.run(sql, Vec::new()).await.unwrap();
        assert_eq!(deployment.app.compare_checkpoint().await.unwrap(), SharingState::DatabaseBehind);
        assert_eq!(health(deployment).await, ["database_behind", "kept"]);
        nothing_is_sent(deployment).await;
        checkpoint::accept(&deployment.app, "staff").await.unwrap();
        assert_eq!(health(deployment).await, ["on", "kept"]);
        let audited = "SELECT actor FROM audit_entries WHERE action = 'sharing.checkpoint_accept'";
        assert_eq!(deployment.tables.column::<String>(audited, Vec::new()).await, ["staff"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_checkpoint_that_can_be_read_nothing_is_shared() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        object(&deployment.app, &card.cardholder).await;
        let file = deployment.app.sharing.checkpoint_file();
        std::fs::write(file, "objections = many").unwrap();
        assert_eq!(deployment.app.compare_checkpoint().await.unwrap(), SharingState::CheckpointUnreadable);
        nothing_is_sent(deployment).await;
        std::fs::remove_file(file).unwrap();
        assert_eq!(deployment.app.compare_checkpoint().await.unwrap(), SharingState::CheckpointMissing);
        nothing_is_sent(deployment).await;
    })
    .await;
}
