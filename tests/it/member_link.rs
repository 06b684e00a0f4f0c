//! Cards of one person that are shown together after one sign-in.

use sekisho::flow::member::{own_enrolment, own_enrolments};
use serde_json::json;

use crate::support::deployment::{Deployment, PASSWORD, Wanted, on_every_database};
use crate::support::exchange::Answer;
use crate::support::member::{TestMember, signs_in};

/// Two cards of one person, each signed in.
async fn two_cards(deployment: &Deployment) -> (TestMember, TestMember) {
    let holder = deployment.cardholder(&json!({})).await;
    let (one, other) = (deployment.card_of(&holder, &json!({})).await, deployment.card_of(&holder, &json!({})).await);
    deployment.enrol(&one).await;
    deployment.enrol(&other).await;
    (deployment.member_of(&one).await, deployment.member_of(&other).await)
}

async fn links(deployment: &Deployment, member: &TestMember, other: &str, password: &str) -> Answer {
    deployment.send(member.post("/my/link", &[("member_id", other), ("password", password)])).await
}

#[tokio::test]
async fn cards_are_shown_together_and_each_still_wants_its_own_password_in_a_challenge() {
    on_every_database(Wanted::default(), async |deployment| {
        let (one, other) = two_cards(deployment).await;
        assert!(!deployment.send(one.get("/my")).await.text.contains(&other.member_id));
        let linked = links(deployment, &one, &other.member_id, PASSWORD).await;
        assert_eq!((linked.status.as_u16(), linked.header("location")), (303, "/my?linked=1"), "{}", linked.text);
        let home = deployment.send(one.get("/my")).await;
        assert!(home.text.contains(&one.member_id) && home.text.contains(&other.member_id));
        assert_eq!(deployment.send(other.get("/my")).await.status, 303, "the other card's sessions have ended");
        let again = deployment.member_of(&other.card).await;
        assert_eq!(own_enrolments(&deployment.app, &again.member).await.unwrap().len(), 2);
        let hash = "UPDATE credentials SET secret = (SELECT secret FROM credentials WHERE enrolment_id = $1 \
                    AND kind = 'password') WHERE enrolment_id = $2 AND kind = 'password'";
        let stranger = deployment.member().await;
        let ids = vec![stranger.enrolment_id.uuid().into(), one.enrolment_id.uuid().into()];
        deployment.tables.run(hash, ids).await.unwrap();
        deployment.pass(&other.card, &json!({})).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_not_hers_is_not_found_whatever_is_asked() {
    on_every_database(Wanted::default(), async |deployment| {
        let (member, stranger) = (deployment.member().await, deployment.member().await);
        let found = own_enrolment(&deployment.app, &member.member, stranger.enrolment_id).await.unwrap();
        assert!(found.is_none());
        let own = own_enrolment(&deployment.app, &member.member, member.enrolment_id).await.unwrap();
        assert_eq!(own.unwrap().member_id, member.member_id);
        let unlink = member.post("/my/unlink", &[("card", &stranger.enrolment_id.to_string())]);
        assert_eq!(deployment.send(unlink).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn guesses_at_another_card_are_counted_like_sign_ins_and_tell_nothing() {
    on_every_database(Wanted::default(), async |deployment| {
        let (one, other) = two_cards(deployment).await;
        let unknown = links(deployment, &one, "nobody.here", "some password").await;
        let wrong = links(deployment, &one, &other.member_id, "some password").await;
        assert_eq!(wrong.text.replace(&other.member_id, "…"), unknown.text.replace("nobody.here", "…"));
        for _ in 0..9 {
            links(deployment, &one, &other.member_id, "some password").await;
        }
        assert!(signs_in(&deployment.app, &other.member_id, PASSWORD, "").await.is_err(), "it is locked");
        let refused = links(deployment, &one, &other.member_id, PASSWORD).await;
        assert_eq!(refused.status, 200);
        assert_eq!(own_enrolments(&deployment.app, &one.member).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn cards_of_another_person_and_incomplete_registrations_are_not_linked() {
    on_every_database(Wanted::default(), async |deployment| {
        let (one, other) = two_cards(deployment).await;
        let stranger = deployment.member().await;
        let page = links(deployment, &one, &stranger.member_id, PASSWORD).await;
        assert!(page.text.contains("belongs to somebody else"), "{}", page.text);
        let page = links(deployment, &one, &one.member_id, PASSWORD).await;
        assert!(page.text.contains("shown here already"), "{}", page.text);
        let incomplete = "UPDATE enrolments SET state = 'registered' WHERE id = $1";
        deployment.tables.run(incomplete, vec![other.enrolment_id.uuid().into()]).await.unwrap();
        let page = links(deployment, &one, &other.member_id, PASSWORD).await;
        assert!(page.text.contains("is not complete"), "{}", page.text);
    })
    .await;
}

#[tokio::test]
async fn linking_and_unlinking_want_a_proof_of_the_last_minutes() {
    on_every_database(Wanted::default(), async |deployment| {
        let (one, other) = two_cards(deployment).await;
        links(deployment, &one, &other.member_id, PASSWORD).await;
        deployment.clock.advance(301);
        let page = deployment.send(one.get("/my/link")).await;
        assert_eq!(page.header("location"), "/my/prove?next=%2Fmy%2Flink");
        let card = other.enrolment_id.to_string();
        assert_eq!(deployment.send(one.post("/my/unlink", &[("card", &card)])).await.status, 403);
        let fresh = deployment.member_of(&one.card).await;
        assert_eq!(deployment.send(fresh.post("/my/unlink", &[("card", &card)])).await.status, 303);
        assert_eq!(own_enrolments(&deployment.app, &fresh.member).await.unwrap().len(), 1);
        let alone = deployment.member_of(&other.card).await;
        assert_eq!(own_enrolments(&deployment.app, &alone.member).await.unwrap().len(), 1);
        let last = fresh.post("/my/unlink", &[("card", &fresh.enrolment_id.to_string())]);
        assert_eq!(deployment.send(last).await.status, 404, "a card alone is not taken from itself");
    })
    .await;
}
