//! Recent purchases with a card, and "this was not me": it blocks, informs, and staff open the card again.

use sekisho::domain::consent::line::Identity;
use sekisho::domain::consent::{IdentityMethod, IdentityOutcome};
use sekisho::domain::staff::Role;
use sekisho::flow::member_card::purchases;
use sekisho::flow::vouch::{VouchEntry, VouchError, vouch};
use serde_json::json;

use crate::member_card::own;
use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::member::TestMember;
use crate::support::staff::{agent, signed_in};

async fn outbox(deployment: &Deployment, kind: &str) -> Vec<String> {
    let sql = "SELECT body FROM outbox WHERE kind = $1 ORDER BY created_at, id";
    deployment.tables.column(sql, vec![kind.into()]).await
}

/// She says that the newest purchase was not hers.
async fn disowns(deployment: &Deployment, member: &TestMember, answer: &serde_json::Value) {
    let id = answer["id"].as_str().unwrap();
    let path = format!("/my/cards/{}/purchases/{id}/not-me", member.enrolment_id);
    let page = deployment.send(member.get(&path)).await;
    assert!(page.status == 200 && page.text.contains("¥12,800"), "{}", page.text);
    let done = deployment.send(member.post(&path, &[])).await;
    assert_eq!(done.header("location"), format!("/my/cards/{}/purchases?disowned=1", member.enrolment_id));
}

#[tokio::test(flavor = "multi_thread")]
async fn she_sees_merchant_amount_and_result_and_never_why() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let passed = deployment.pass(&member.card, &json!({})).await;
        // Ids of one millisecond stand in no order.
        deployment.clock.advance(1);
        deployment.buys(&member.card, &json!({"challenge": {"wish": "challenge"}})).await;
        deployment.buys(&deployment.enrolled().await, &json!({})).await;
        let list = purchases::list(&member.app, &own(&member).await).await.unwrap();
        assert_eq!(list.len(), 2);
        assert_eq!(list[1].id.to_string(), passed["id"].as_str().unwrap());
        let page = deployment.send(member.get(&format!("/my/cards/{}/purchases", member.enrolment_id))).await;
        for text in ["みどり書店 Online", "¥12,800", "Passed with your proof", "Waiting for your proof"] {
            assert!(page.text.contains(text), "{text}: {}", page.text);
        }
        for word in ["reason", "policy", "score", "rule"] {
            assert!(!page.text.contains(word), "{word}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_hers_blocks_the_card_tells_her_and_the_company_once() {
    let wanted = Wanted::provider().with("SEKISHO__MAIL__HOST", "127.0.0.1");
    let wanted = wanted.with("SEKISHO__MAIL__FROM", "noreply@issuer.example");
    on_every_database(wanted, async |deployment| {
        let member = deployment.member().await;
        let answer = deployment.buys(&member.card, &json!({})).await;
        let under_way = deployment.buys(&member.card, &json!({"challenge": {"wish": "challenge"}})).await;
        assert_eq!(under_way["status"], "challenge_required");
        disowns(deployment, &member, &answer).await;
        disowns(deployment, &member, &answer).await;
        let notices = outbox(deployment, "member_notice_mail").await;
        assert_eq!(notices.len(), 1, "{notices:?}");
        assert!(notices[0].contains("card_blocked"), "{notices:?}");
        let fraud = outbox(deployment, "feedback").await;
        assert_eq!(fraud.iter().filter(|body| body.contains("confirmed_fraud")).count(), 1, "{fraud:?}");
        assert_eq!(deployment.audited("member.disown").await.len(), 1);
        assert_eq!(deployment.read(&under_way).await.ok(200)["status"], "rejected", "what was under way is ended");
        let turned_back = deployment.buys(&member.card, &json!({})).await;
        assert_eq!(turned_back["status"], "rejected", "{turned_back}");
        assert!(deployment.facts(&turned_back).await.card.blocked);
        let page = deployment.send(member.get(&format!("/my/cards/{}", member.enrolment_id))).await;
        assert!(page.text.contains("Blocked since"), "{}", page.text);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_with_another_card_is_not_hers_to_disown() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let other = deployment.enrolled().await;
        let answer = deployment.buys(&other, &json!({})).await;
        let id = answer["id"].as_str().unwrap();
        for id in [id, "auth_00000000000000000000000000000000", "x"] {
            let path = format!("/my/cards/{}/purchases/{id}/not-me", member.enrolment_id);
            assert_eq!(deployment.send(member.post(&path, &[])).await.status, 404, "{id}");
        }
        let (card_id, _) = deployment.ids(&other).await;
        assert_eq!(deployment.app.store.blocked_since(card_id).await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_open_a_blocked_card_with_a_reason_and_vouch_for_none_that_is_blocked() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let answer = deployment.buys(&member.card, &json!({})).await;
        disowns(deployment, &member, &answer).await;
        let (card_id, _) = deployment.ids(&member.card).await;
        let entry = VouchEntry {
            card_id,
            merchant_id: deployment.shop.id,
            ceiling_minor: 12_800,
            currency: iso_currency::Currency::JPY,
            minutes: 10,
            call_reference: "C-1".to_owned(),
            identity: Identity { method: IdentityMethod::CallBack, outcome: IdentityOutcome::Passed },
        };
        let refused = vouch(&deployment.app, &agent(), entry).await;
        assert!(matches!(refused, Err(VouchError::Blocked)), "{refused:?}");
        let staff = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let path = format!("/staff/authentications/{}", answer["id"].as_str().unwrap());
        let page = deployment.send(staff.get(&path).header("accept-language", "en")).await;
        for text in ["Blocked by its holder", "not hers", "/open-card"] {
            assert!(page.text.contains(text), "{text}: {}", page.text);
        }
        let open = format!("{path}/open-card");
        let empty = deployment.send(staff.post(&open, &[("reason", "")])).await;
        assert!(empty.text.contains("id=\"reason-error\""), "{}", empty.text);
        let auditor = signed_in(&deployment.app, "shiori", &[Role::Auditor]).await;
        assert_eq!(deployment.send(auditor.post(&open, &[("reason", "x")])).await.status, 403);
        let done = deployment.send(staff.post(&open, &[("reason", "本人確認済み、家族の利用")])).await;
        assert_eq!(done.header("location"), format!("{path}?done=opened"), "{}", done.text);
        assert_eq!(deployment.app.store.blocked_since(card_id).await.unwrap(), None);
        let line = format!("{} {card_id} 本人確認済み、家族の利用", staff.who.actor());
        assert_eq!(deployment.audited("card.open").await, [line]);
        let again = deployment.send(staff.post(&open, &[("reason", "x")])).await;
        assert!(again.status == 200 && again.text.contains("notice bad"), "{}", again.text);
    })
    .await;
}
