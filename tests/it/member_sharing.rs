//! A member looks at what was shared about her, objects on her own pages, and asks that it be resumed.

use sekisho::domain::consent::{Channel, ConsentState, IdentityMethod};
use sekisho::domain::id::ConsentEventId;
use serde_json::json;

use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::member::TestMember;

fn with_mail() -> Wanted {
    let wanted = Wanted::provider().with("SEKISHO__MAIL__HOST", "127.0.0.1");
    wanted.with("SEKISHO__MAIL__FROM", "noreply@issuer.example")
}

/// She presses the button on the page; the path that she is led to.
async fn objects(deployment: &Deployment, member: &TestMember) -> String {
    let page = deployment.send(member.get("/my/sharing")).await;
    let form = page.field("action=\"/my/sharing/object\"", "form");
    let led = deployment.send(member.post("/my/sharing/object", &[("form", form.as_str())])).await;
    let again = deployment.send(member.post("/my/sharing/object", &[("form", form.as_str())])).await;
    assert_eq!(led.header("location"), again.header("location"), "{}", again.text);
    led.header("location").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_disclosure_is_told_in_plain_words() {
    on_every_database(Wanted::provider(), async |deployment| {
        let member = deployment.member().await;
        let empty = deployment.send(member.get("/my/sharing")).await;
        assert!(empty.text.contains("Nothing was ever given."), "{}", empty.text);
        deployment.buys(&member.card, &json!({})).await;
        let page = deployment.send(member.get("/my/sharing")).await;
        for text in [
            "Data may be given",
            "It was given",
            "To tell fraud from your own purchase",
            "E-mail address (",
            "Amount (as it is)",
            "/privacy?language=en",
        ] {
            assert!(page.text.contains(text), "{text}: {}", page.text);
        }
        for hidden in ["hanako.yamada", "disc_", "policy", "digest"] {
            assert!(!page.text.contains(hidden), "{hidden}");
        }
        // What is told about her is not told to another.
        let other = deployment.member().await;
        assert!(deployment.send(other.get("/my/sharing")).await.text.contains("Nothing was ever given."));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn she_objects_right_here_and_is_given_a_receipt() {
    on_every_database(with_mail(), async |deployment| {
        let member = deployment.member().await;
        deployment.buys(&member.card, &json!({})).await;
        let asked = deployment.provider().calls().len();
        let path = objects(deployment, &member).await;
        let receipt = deployment.send(member.get(&path)).await;
        assert!(receipt.status == 200 && receipt.text.contains("rcpt_"), "{}", receipt.text);
        let (_, holder) = deployment.ids(&member.card).await;
        assert_eq!(deployment.app.store.consent_state(holder).await.unwrap(), ConsentState::OptedOut);
        let id: ConsentEventId = path.rsplit('/').next().unwrap().parse().unwrap();
        let event = deployment.app.store.consent_event(id).await.unwrap().unwrap();
        assert_eq!((event.channel, event.pending), (Channel::Web, false));
        assert_eq!(event.identity.map(|identity| identity.method), Some(IdentityMethod::MemberSession));
        assert_eq!(event.actor, member.member.actor());
        let mailed = "SELECT COUNT(*) FROM outbox WHERE kind = 'receipt_mail'";
        assert_eq!(deployment.tables.value::<i64>(mailed, Vec::new()).await, 1);
        deployment.buys(&member.card, &json!({})).await;
        assert_eq!(deployment.provider().calls().len(), asked, "nothing leaves after her objection");
        let other = deployment.member().await;
        assert_eq!(deployment.send(other.get(&path)).await.status, 404);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_not_offered_she_is_told_to_call() {
    let wanted = Wanted::default().with("SEKISHO__MEMBER__OBJECTING", "false");
    on_every_database(wanted, async |deployment| {
        let member = deployment.member().await;
        let page = deployment.send(member.get("/my/sharing")).await;
        assert!(!page.text.contains("/my/sharing/object") && page.text.contains("By telephone:"), "{}", page.text);
        let id = ConsentEventId::new(deployment.app.now(), deployment.app.randomness.as_ref()).to_string();
        let refused = deployment.send(member.post("/my/sharing/object", &[("form", id.as_str())])).await;
        assert_eq!(refused.status, 404);
        let (_, holder) = deployment.ids(&member.card).await;
        assert_eq!(deployment.app.store.consent_state(holder).await.unwrap(), ConsentState::Permitted);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn resuming_files_a_request_and_changes_nothing() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        objects(deployment, &member).await;
        let asked = deployment.send(member.post("/my/sharing/resume", &[])).await;
        assert_eq!(asked.header("location"), "/my/sharing?done=asked", "{}", asked.text);
        let again = deployment.send(member.post("/my/sharing/resume", &[])).await;
        assert_eq!(again.header("location"), "/my/sharing?done=waiting", "{}", again.text);
        let (_, holder) = deployment.ids(&member.card).await;
        assert_eq!(deployment.app.store.consent_state(holder).await.unwrap(), ConsentState::OptedOut);
        let waiting = "SELECT requested_by FROM approvals WHERE state = 'waiting'";
        assert_eq!(deployment.tables.column::<String>(waiting, Vec::new()).await, [member.member.actor()]);
        let page = deployment.send(member.get("/my/sharing")).await;
        assert!(!page.text.contains("/my/sharing/resume"), "{}", page.text);
    })
    .await;
}
