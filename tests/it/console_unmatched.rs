//! Objections of callers who are not known: kept sealed, tried when somebody is registered, settled by a person.

use axum::http::StatusCode;
use sekisho::domain::consent::ConsentState;
use sekisho::domain::staff::Role;
use serde_json::json;

use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::exchange::Answer;
use crate::support::staff::{TestStaff, signed_in};

const PATH: &str = "/staff/unmatched/new";

/// Takes an objection down with these details; answers the id of its form and the answer.
async fn takes_down(deployment: &Deployment, staff: &TestStaff, details: &[(&str, &str)]) -> (String, Answer) {
    let form = deployment.send(staff.get(PATH)).await.field("<form", "form");
    let usual = [("form", form.as_str()), ("words", "情報を止めてほしい"), ("outcome", "not_done"), ("language", "ja")];
    let fields: Vec<_> = usual.into_iter().chain(details.iter().copied()).collect();
    let answer = deployment.send(staff.post(PATH, &fields)).await;
    (form, answer)
}

async fn state_of(deployment: &Deployment, reference: &str) -> ConsentState {
    let (id, ..) = deployment.app.store.cardholder_key(reference).await.unwrap().unwrap();
    deployment.app.store.consent_state(id).await.unwrap()
}

#[tokio::test]
async fn who_fits_by_two_details_is_protected_in_the_moment_she_is_registered() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let details = [("name", "やまだ はなこ"), ("phone", "０９０-1234-5678")];
        let (form, answer) = takes_down(deployment, &agent, &details).await;
        let way = format!("/staff/unmatched/{form}");
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::SEE_OTHER, way.as_str()),
            "{}",
            answer.text
        );
        let other = deployment.cardholder(&json!({"phone": "03-1234-5678"})).await;
        assert_eq!(state_of(deployment, &other).await, ConsentState::Permitted, "one detail is not enough");
        let hers = deployment.cardholder(&json!({})).await;
        assert_eq!(state_of(deployment, &hers).await, ConsentState::Pending);
        let page = deployment.send(agent.get(&way)).await;
        assert!(page.text.contains("保護") && page.text.contains("情報を止めてほしい"), "{}", page.text);
        let (id, ..) = deployment.app.store.cardholder_key(&hers).await.unwrap().unwrap();
        let id = id.to_string();
        let done = deployment.send(agent.post(&way, &[("holder", id.as_str())])).await;
        assert!(done.header("location").starts_with("/staff/consent-events/"), "{}", done.text);
        let again = deployment.send(agent.post(&way, &[("holder", id.as_str())])).await;
        assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text);
        for (place, bytes) in deployment.tables.dump().await {
            assert!(!String::from_utf8_lossy(&bytes).contains("止めてほしい"), "{place}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_card_that_is_registered_later_is_the_second_detail() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let holder = deployment.cardholder(&json!({})).await;
        let number = crate::support::deployment::card_number(4_321);
        let last_four = &number[number.len() - 4..];
        takes_down(deployment, &agent, &[("name", "山田花子"), ("last_four", last_four)]).await;
        assert_eq!(state_of(deployment, &holder).await, ConsentState::Permitted);
        deployment.card_of(&holder, &json!({"number": number})).await;
        assert_eq!(state_of(deployment, &holder).await, ConsentState::Pending);
    })
    .await;
}

#[tokio::test]
async fn who_is_registered_already_is_protected_at_once_and_a_form_sent_twice_is_kept_once() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let holder = deployment.cardholder(&json!({})).await;
        let details = [("name", "Hanako Yamada"), ("birth_date", "平成2年4月1日")];
        let (form, _) = takes_down(deployment, &agent, &details).await;
        assert_eq!(state_of(deployment, &holder).await, ConsentState::Pending);
        let usual = [("form", form.as_str()), ("words", "again"), ("outcome", "not_done"), ("name", "x")];
        let again = deployment.send(agent.post(PATH, &usual)).await;
        assert_eq!(again.header("location"), format!("/staff/unmatched/{form}"));
        let count: i64 = deployment.tables.value("SELECT COUNT(*) FROM unmatched_objections", Vec::new()).await;
        assert_eq!(count, 1);
    })
    .await;
}

#[tokio::test]
async fn nothing_to_know_her_by_is_refused_and_what_was_typed_stays() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        for details in [
            [("name", ""), ("phone", "")],
            [("last_four", "12a4"), ("name", "山田")],
            [("birth_date", "90-13-1"), ("name", "")],
        ] {
            let (_, page) = takes_down(deployment, &agent, &details).await;
            assert!(
                page.status == StatusCode::OK && page.text.contains("role=\"alert\""),
                "{details:?}: {}",
                page.text
            );
            assert!(page.text.contains("value=\"情報を止めてほしい\""), "{}", page.text);
        }
        let count: i64 = deployment.tables.value("SELECT COUNT(*) FROM unmatched_objections", Vec::new()).await;
        assert_eq!(count, 0);
    })
    .await;
}
