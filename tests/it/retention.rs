//! Retention: what goes when its period is over, what stays, and that the rest is still proved.

use sekisho::flow::prove::{Scope, prove};
use sekisho::flow::retention::{Pruned, run};
use serde_json::json;

use crate::support::consent::{object, resume};
use crate::support::deployment::{Deployment, Wanted, on_every_database};

const YEAR: u64 = 366 * 86_400;

async fn count(deployment: &Deployment, table: &str) -> i64 {
    deployment.tables.value(&format!("SELECT COUNT(*) FROM {table}"), Vec::new()).await
}

fn records(pruned: &[Pruned], kind: &str) -> u64 {
    pruned.iter().find(|pruned| pruned.kind == kind).unwrap().records
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_from_a_line_whose_first_notice_still_permits_and_a_dry_run_deletes_nothing() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        let other = deployment.card(&json!({})).await;
        deployment.buys(&card, &json!({})).await;
        object(&deployment.app, &card.cardholder).await;
        // Another objection is the last one that the checkpoint names.
        object(&deployment.app, &other.cardholder).await;
        assert_eq!(records(&run(&deployment.app, "staff", false).await.unwrap(), "sharing"), 0, "nothing is old");
        deployment.clock.advance(6 * YEAR);
        let dry = run(&deployment.app, "staff", true).await.unwrap();
        assert_eq!(records(&dry, "authentications"), 1);
        let before = [count(deployment, "consent_events").await, count(deployment, "disclosures").await];
        assert_eq!(before, [4, 1], "a dry run deletes nothing");

        // Her first notice still permits: nothing behind it may go.
        assert_eq!(records(&dry, "sharing"), 0);
        resume(&deployment.app, &card.cardholder).await;
        assert_eq!(records(&run(&deployment.app, "staff", false).await.unwrap(), "sharing"), 0);
        assert_eq!(count(deployment, "disclosures").await, 1);
        prove(&deployment.app, Scope::All, None).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stood_before_the_last_permit_goes_with_its_receipt_and_settlements() {
    on_every_database(Wanted::provider(), async |deployment| {
        // Not informed at registration: her first event is an objection, which a resumption takes back.
        let holder = deployment.cardholder(&json!({"sharing": null})).await;
        let card = deployment.card_of(&holder, &json!({"expiry": "2035-11"})).await;
        let other = deployment.card(&json!({})).await;
        object(&deployment.app, &holder).await;
        object(&deployment.app, &other.cardholder).await;
        deployment.clock.advance(6 * YEAR);
        resume(&deployment.app, &holder).await;
        deployment.buys(&card, &json!({"card": {"expiry": "2035-11"}})).await;
        let pruned = run(&deployment.app, "staff", false).await.unwrap();
        assert_eq!(records(&pruned, "sharing"), 1, "her objection of six years ago");
        let id = deployment.app.store.cardholder_key(&holder).await.unwrap().unwrap().0;
        let ends = deployment.app.store.ends(id).await.unwrap().unwrap();
        assert_eq!((ends.start.unwrap().sequence, ends.head.sequence), (1, 3));
        assert_eq!(count(deployment, "receipts").await, 1);
        let totals = prove(&deployment.app, Scope::All, None).await.unwrap();
        assert_eq!((totals.people, totals.events, totals.disclosures()), (2, 3, 1));
        assert_eq!(records(&run(&deployment.app, "staff", false).await.unwrap(), "sharing"), 0, "once is enough");
        for table in ["consent_events", "disclosures", "disclosure_settlements", "audit_entries"] {
            let refused = deployment.tables.run(&format!("DELETE FROM {table}"), Vec::new()).await.unwrap_err();
            assert!(refused.contains("append-only"), "{table}: {refused}");
        }
        let changed = deployment.tables.run("UPDATE disclosures SET limit_ms = 1", Vec::new()).await.unwrap_err();
        assert!(changed.contains("append-only"), "{changed}");
        let audited = "SELECT COUNT(*) FROM audit_entries WHERE action = 'retention.prune'";
        assert_eq!(deployment.tables.value::<i64>(audited, Vec::new()).await, 1);
        assert_eq!(deployment.app.compare_checkpoint().await.unwrap().as_str(), "on");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn final_results_and_old_audit_entries_go_when_their_period_is_over() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.enrolled().await;
        deployment.pass(&card, &json!({})).await;
        deployment.clock.advance(3 * YEAR);
        deployment.buys(&card, &json!({})).await;
        let pruned = run(&deployment.app, "staff", false).await.unwrap();
        assert_eq!((records(&pruned, "authentications"), records(&pruned, "audit")), (1, 0));
        assert_eq!(count(deployment, "authentications").await, 1);
        deployment.clock.advance(5 * YEAR);
        assert!(records(&run(&deployment.app, "staff", false).await.unwrap(), "audit") > 0);
        assert!(count(deployment, "audit_entries").await > 0, "the run itself is written down");
        prove(&deployment.app, Scope::All, None).await.unwrap();
    })
    .await;
}
