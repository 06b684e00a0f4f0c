//! What is kept of members: taken out for them, deleted when its time is over, gone when they are erased.

use sekisho::domain::consent::Channel;
use sekisho::flow::consent::object_by_reference;
use sekisho::flow::erase::erase_cardholder;
use sekisho::flow::retention::run;
use sekisho::flow::{consent, export};

use crate::support::deployment::{Deployment, PASSWORD, Wanted, on_every_database};
use crate::support::member::signs_in;

const TABLES: [&str; 5] = ["member_sessions", "member_sign_ins", "activation_codes", "contacts", "recovery_codes"];

async fn count(deployment: &Deployment, table: &str) -> i64 {
    deployment.tables.value(&format!("SELECT COUNT(*) FROM {table}"), Vec::new()).await
}

#[tokio::test]
async fn nothing_of_an_erased_member_is_left_and_she_cannot_sign_in() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        deployment.activation_code(&member.card).await;
        let (_, holder) = deployment.ids(&member.card).await;
        let statement = consent::Statement::of_system(Channel::Phone);
        object_by_reference(&deployment.app, "agent", &member.card.cardholder, statement).await.unwrap();
        erase_cardholder(&deployment.app, "staff", holder).await.unwrap();
        for table in TABLES {
            assert_eq!(count(deployment, table).await, 0, "{table}");
        }
        for (place, bytes) in deployment.tables.dump().await {
            assert!(!String::from_utf8_lossy(&bytes).contains(&member.member_id), "{place}");
        }
        assert!(signs_in(&deployment.app, &member.member_id, PASSWORD, "").await.is_err());
        assert_eq!(deployment.send(member.get("/my")).await.status, 303);
    })
    .await;
}

#[tokio::test]
async fn what_is_taken_out_about_a_person_tells_of_her_registrations_and_sign_ins() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        deployment.clock.advance(1);
        assert!(signs_in(&deployment.app, &member.member_id, "not her password", "").await.is_err());
        let (_, holder) = deployment.ids(&member.card).await;
        let taken = export::person(&deployment.app, "staff", holder).await.unwrap().json();
        assert_eq!(taken["registrations"][0]["state"], "complete");
        assert_eq!(taken["registrations"][0]["terms"][0]["version"], "2026-04");
        let outcomes: Vec<&str> =
            taken["sign_ins"].as_array().unwrap().iter().map(|entry| entry["outcome"].as_str().unwrap()).collect();
        assert_eq!(outcomes, ["refused", "signed_in"]);
        assert!(!taken.to_string().contains(&member.member_id), "what she is called stays where it is");
    })
    .await;
}

#[tokio::test]
async fn old_sessions_sign_ins_and_activation_codes_go_and_the_registration_stays() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        deployment.activation_code(&member.card).await;
        deployment.clock.advance(366 * 86_400);
        run(&deployment.app, "staff", true).await.unwrap();
        assert_eq!(count(deployment, "member_sessions").await, 1, "a dry run deletes nothing");
        run(&deployment.app, "staff", false).await.unwrap();
        for table in ["member_sessions", "member_sign_ins"] {
            assert_eq!(count(deployment, table).await, 0, "{table}");
        }
        assert_eq!(count(deployment, "activation_codes").await, 1, "it has not been no good for so long yet");
        deployment.clock.advance(31 * 86_400);
        run(&deployment.app, "staff", false).await.unwrap();
        assert_eq!(count(deployment, "activation_codes").await, 0);
        signs_in(&deployment.app, &member.member_id, PASSWORD, "").await.unwrap();
    })
    .await;
}
