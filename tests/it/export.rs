//! Everything recorded about one person, taken out of the console.

use sekisho::domain::staff::Role;
use sekisho::flow::prove::prove_person;
use serde_json::json;

use crate::support::consent::object;
use crate::support::deployment::{Wanted, on_every_database};
use crate::support::staff::signed_in;

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_prints_one_persons_record_and_an_agent_may_not() {
    on_every_database(Wanted::provider(), async |deployment| {
        let card = deployment.card(&json!({})).await;
        deployment.buys(&card, &json!({})).await;
        let objected = object(&deployment.app, &card.cardholder).await;
        let id = objected.event.cardholder_id;
        let auditor = signed_in(&deployment.app, "auditor", &[Role::Auditor]).await;
        let page = deployment.send(auditor.get(&format!("/staff/cardholders/{id}/export"))).await;
        assert_eq!(page.status, 200, "{}", page.text);
        for text in [
            id.to_string(),
            objected.receipt.id.to_string(),
            "メールアドレス（".replace('（', " ("),
            "停止の申出".to_owned(),
        ] {
            assert!(page.text.contains(&text), "`{text}` is not in:\n{}", page.text);
        }
        for key in ["export-", "関口", "hanako", &card.number] {
            assert!(!page.text.contains(&format!(">{key}")) && !page.text.contains(&format!("{key}@")), "`{key}`");
        }
        let json = deployment.send(auditor.get(&format!("/staff/cardholders/{id}/export.json"))).await;
        assert_eq!((json.header("content-type"), json.header("cache-control")), ("application/json", "no-store"));
        assert_eq!(prove_person(&json.text).unwrap().objections, 1);
        assert!(!json.text.contains("hanako") && !json.text.contains(&card.number), "no personal data");
        assert_eq!(deployment.audited("cardholder.export").await.len(), 2);

        let agent = signed_in(&deployment.app, "agent", &[Role::Agent]).await;
        for path in ["export", "export.json"] {
            let refused = deployment.send(agent.get(&format!("/staff/cardholders/{id}/{path}"))).await;
            assert_eq!(refused.status, 403, "{path}");
        }
        let nobody = deployment.send(auditor.get("/staff/cardholders/holder_0/export")).await;
        assert_eq!(nobody.status, 404);
        assert_eq!(deployment.audited("cardholder.export").await.len(), 2);
    })
    .await;
}
