//! What the agents' console refuses, and that nothing typed is lost without a word.

use axum::http::StatusCode;
use sekisho::domain::consent::ConsentState;
use sekisho::domain::id::CardholderId;
use sekisho::domain::staff::Role;
use serde_json::json;

use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::staff::{TestStaff, signed_in};

const USUAL: [(&str, &str); 8] = [
    ("asked_name", "yes"),
    ("asked_birth_date", "yes"),
    ("asked_phone", "yes"),
    ("outcome", "passed"),
    ("method", "known_facts"),
    ("channel", "phone"),
    ("scope", "all"),
    ("language", "ja"),
];

async fn person(deployment: &Deployment) -> CardholderId {
    let card = deployment.card(&json!({})).await;
    deployment.app.store.cardholder_key(&card.cardholder).await.unwrap().unwrap().0
}

async fn form(deployment: &Deployment, staff: &TestStaff, path: &str) -> String {
    deployment.send(staff.get(path)).await.field("<form", "form")
}

/// The page at which a form with this in it is refused; nothing was recorded.
async fn refused(deployment: &Deployment, staff: &TestStaff, id: CardholderId, field: (&str, &str)) -> String {
    let path = format!("/staff/cardholders/{id}/object");
    let own = form(deployment, staff, &path).await;
    let fields: Vec<_> = USUAL.into_iter().chain([("form", own.as_str()), field]).collect();
    let page = deployment.send(staff.post(&path, &fields)).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("role=\"alert\"") && page.text.contains(&format!("{}-error", field.0)), "{}", page.text);
    assert_eq!(deployment.app.store.consent_state(id).await.unwrap(), ConsentState::Permitted);
    page.text
}

#[tokio::test]
async fn what_cannot_be_recorded_is_shown_again_with_its_reason() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let id = person(deployment).await;
        for day in ["2026-11-23", "2031-01-01", "2026-11-21", "1990-01-01", "soon"] {
            let page = refused(deployment, &agent, id, ("said_on", day)).await;
            assert!(page.contains("asked_name\" value=\"yes\" checked"), "the ticks are still there: {page}");
        }
        let long = "x".repeat(10_240);
        for reference in [long.as_str(), "call\u{1b}[31m", "call\u{202e}0815", "call\u{200b}0815"] {
            refused(deployment, &agent, id, ("reference", reference)).await;
        }
        refused(deployment, &agent, id, ("recipient", "nobody")).await;
    })
    .await;
}

#[tokio::test]
async fn nobody_is_a_page_of_its_own_and_rights_are_asked_for_first() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let auditor = signed_in(&deployment.app, "ren", &[Role::Auditor]).await;
        let id = person(deployment).await;
        let nobody = "/staff/cardholders/holder_0194f6a00000700080000000000000ff";
        for path in [nobody, "/staff/cardholders/x", "/staff/consent-events/x", "/staff/unmatched/x"] {
            let page = deployment.send(agent.get(path)).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        }
        assert!(sekisho::flow::consent::canary::check(&deployment.app).await.unwrap());
        let canary = sekisho::flow::consent::canary::REFERENCE;
        let (canary, ..) = deployment.app.store.cardholder_key(canary).await.unwrap().unwrap();
        let page = deployment.send(agent.get(&format!("/staff/cardholders/{canary}"))).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "the canary is nobody");
        let own = form(deployment, &agent, &format!("/staff/cardholders/{id}/object")).await;
        let fields: Vec<_> = USUAL.into_iter().chain([("form", own.as_str())]).collect();
        let unknown = deployment.send(agent.post(&format!("{nobody}/object"), &fields)).await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        let path = format!("/staff/cardholders/{id}/object");
        assert_eq!(deployment.send(auditor.get(&path)).await.status, StatusCode::FORBIDDEN);
        assert_eq!(deployment.send(auditor.post(&path, &fields)).await.status, StatusCode::FORBIDDEN);
        let look = deployment.send(auditor.get(&format!("/staff/cardholders/{id}"))).await;
        assert!(look.status == StatusCode::OK && !look.text.contains("/object\""), "{}", look.text);
        assert_eq!(deployment.app.store.consent_state(id).await.unwrap(), ConsentState::Permitted);
    })
    .await;
}

#[tokio::test]
async fn a_session_that_is_over_says_that_nothing_was_saved() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let id = person(deployment).await;
        let path = format!("/staff/cardholders/{id}/object");
        let own = form(deployment, &agent, &path).await;
        let fields: Vec<_> = USUAL.into_iter().chain([("form", own.as_str())]).collect();
        deployment.clock.advance(16 * 60);
        let page = deployment.send(agent.post(&path, &fields)).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
        assert!(page.text.contains("保存されていません") || page.text.contains("/staff/sign-in"), "{}", page.text);
        assert_eq!(deployment.app.store.consent_state(id).await.unwrap(), ConsentState::Permitted);
    })
    .await;
}

#[tokio::test]
async fn a_correction_points_back_and_is_never_itself_corrected() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let id = person(deployment).await;
        let path = format!("/staff/cardholders/{id}/object");
        let event = form(deployment, &agent, &path).await;
        let fields: Vec<_> = USUAL.into_iter().chain([("form", event.as_str())]).collect();
        deployment.send(agent.post(&path, &fields)).await;
        let path = format!("/staff/consent-events/{event}/correct");
        let own = form(deployment, &agent, &path).await;
        let fields = [("form", own.as_str()), ("channel", "letter"), ("reference", "letter-7"), ("language", "ja")];
        let done = deployment.send(agent.post(&path, &fields)).await;
        let way = format!("/staff/consent-events/{own}");
        assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, way.as_str()), "{}", done.text);
        assert_eq!(deployment.send(agent.post(&path, &fields)).await.header("location"), way, "sent twice");
        assert_eq!(deployment.app.store.consent_state(id).await.unwrap(), ConsentState::OptedOut);
        let page = deployment.send(agent.get(&way)).await;
        assert!(page.text.contains(&format!("/staff/consent-events/{event}\"")) && !page.text.contains("/correct\""));
        let path = format!("{way}/correct");
        let third = form(deployment, &agent, &path).await;
        let fields = [("form", third.as_str()), ("channel", "phone"), ("language", "ja")];
        let refused = deployment.send(agent.post(&path, &fields)).await;
        assert!(refused.status == StatusCode::OK && refused.text.contains("role=\"alert\""), "{}", refused.text);
        assert_eq!(deployment.app.store.consent_events(id, 10).await.unwrap().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn resuming_without_a_check_that_passed_is_refused_and_else_waits_for_a_second_person() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let id = person(deployment).await;
        let path = format!("/staff/cardholders/{id}/object");
        let own = form(deployment, &agent, &path).await;
        let fields: Vec<_> = USUAL.into_iter().chain([("form", own.as_str())]).collect();
        deployment.send(agent.post(&path, &fields)).await;
        let path = format!("/staff/cardholders/{id}/resume");
        let with = |changes: &[(&'static str, &'static str)]| -> Vec<(&str, &str)> {
            let changes = changes.to_vec();
            let usual = USUAL.into_iter().chain([("read_out", "yes")]);
            let kept: Vec<_> = usual.filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name)).collect();
            kept.into_iter().chain(changes).collect()
        };
        for changes in [
            [("outcome", "failed"), ("reference", "")],
            [("outcome", "not_done"), ("reference", "")],
            [("asked_phone", ""), ("reference", "")],
            [("read_out", ""), ("reference", "")],
        ] {
            let page = deployment.send(agent.post(&path, &with(&changes))).await;
            assert!(
                page.status == StatusCode::OK && page.text.contains("role=\"alert\""),
                "{changes:?}: {}",
                page.text
            );
        }
        let subject = id.to_string();
        assert!(deployment.app.store.approvals_about(&subject, 9).await.unwrap().is_empty());
        for _ in 0..2 {
            let done = deployment.send(agent.post(&path, &with(&[("reference", "call-9")]))).await;
            assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
        }
        assert_eq!(deployment.app.store.approvals_about(&subject, 9).await.unwrap().len(), 1);
        assert_eq!(deployment.app.store.consent_state(id).await.unwrap(), ConsentState::OptedOut);
        let page = deployment.send(agent.get(&format!("/staff/cardholders/{id}"))).await;
        assert!(page.text.contains("承認待ち"), "{}", page.text);
    })
    .await;
}
