//! The supervisors' pages: requests that need a second person, objections without a passed check, letters, activity.

use sekisho::domain::consent::{Basis, ConsentAction, ConsentState, IdentityOutcome};
use sekisho::domain::id::CardholderId;
use sekisho::domain::staff::Role;
use sekisho::flow::activity;
use sekisho::flow::consent::{Statement, object, resume};
use sekisho::store::outbox::OutboxFilter;
use serde_json::json;

use crate::support::browser::Setup;
use crate::support::consent::statement;
use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::served::served;
use crate::support::staff::{TestStaff, signed_in};

async fn person(deployment: &Deployment) -> CardholderId {
    let reference = deployment.cardholder(&json!({})).await;
    deployment.app.store.cardholder_key(&reference).await.unwrap().unwrap().0
}

/// An objection that stands, and a request by `agent` to take it back; the request's page.
async fn requested(deployment: &Deployment, agent: &TestStaff, about: CardholderId) -> String {
    let actor = agent.who.actor();
    object(&deployment.app, &actor, about, ConsentAction::Object, statement()).await.unwrap();
    let filed = resume::request(&deployment.app, &actor, about, Basis::Notice, statement()).await.unwrap();
    format!("/staff/queue/requests/{}", filed.id)
}

fn unchecked() -> Statement {
    let mut said = statement();
    said.identity.outcome = IdentityOutcome::Failed;
    said
}

async fn state(deployment: &Deployment, about: CardholderId) -> ConsentState {
    deployment.app.store.consent_state(about).await.unwrap()
}

#[tokio::test]
async fn a_second_person_approves_once_and_nobody_her_own() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent, Role::Supervisor]).await;
        let supervisor = signed_in(&deployment.app, "ren", &[Role::Supervisor]).await;
        let about = person(deployment).await;
        let path = requested(deployment, &agent, about).await;
        let queue = deployment.send(supervisor.get("/staff/queue")).await;
        assert!(queue.text.contains(&path), "{}", queue.text);
        let own = deployment.send(agent.get(&path)).await;
        assert!(!own.text.contains("value=\"approve\""), "{}", own.text);
        let approve = [("decision", "approve"), ("note", "確認済み")];
        assert_eq!(deployment.send(agent.post(&path, &approve)).await.status, 403);
        assert_eq!(state(deployment, about).await, ConsentState::OptedOut);
        let page = deployment.send(supervisor.get(&path)).await;
        assert!(page.text.contains("CALL-2026-11-22-0001") && page.text.contains("value=\"approve\""), "{}", page.text);
        let done = deployment.send(supervisor.post(&path, &approve)).await;
        assert_eq!((done.status.as_u16(), done.header("location")), (303, "/staff/queue?done=approved"));
        assert_eq!(state(deployment, about).await, ConsentState::Permitted);
        assert_eq!(deployment.send(supervisor.post(&path, &approve)).await.status, 409);
        assert!(!deployment.send(supervisor.get("/staff/queue")).await.text.contains(&path));
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_a_decision_changes_nothing() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let supervisor = signed_in(&deployment.app, "ren", &[Role::Supervisor]).await;
        let about = person(deployment).await;
        let path = requested(deployment, &agent, about).await;
        for note in ["a\u{7}b", "a\u{202e}b", "\u{200b}", &"x".repeat(10_240)] {
            let answer = deployment.send(supervisor.post(&path, &[("decision", "approve"), ("note", note)])).await;
            assert!(answer.status == 200 && answer.text.contains("id=\"note-error\""), "{note:?}: {}", answer.text);
        }
        assert_eq!(deployment.send(supervisor.post(&path, &[("decision", "perhaps")])).await.status, 400);
        assert_eq!(deployment.send(agent.post(&path, &[("decision", "approve")])).await.status, 403);
        assert_eq!(deployment.send(agent.get("/staff/queue")).await.status, 403);
        assert_eq!(deployment.send(supervisor.get("/staff/queue/requests/approval_x")).await.status, 404);
        deployment.clock.advance(301);
        let late = deployment.send(supervisor.post(&path, &[("decision", "approve")])).await;
        assert_eq!(late.status, 403, "the one-time password is too old");
        let led = deployment.send(supervisor.get(&path)).await;
        assert!(led.header("location").starts_with("/staff/reauthenticate?next="), "{led:?}");
        deployment.clock.advance(16 * 60);
        assert_eq!(deployment.send(supervisor.post(&path, &[("decision", "approve")])).await.status, 401);
        assert_eq!(state(deployment, about).await, ConsentState::OptedOut);
    })
    .await;
}

#[tokio::test]
async fn an_objection_without_a_check_waits_until_it_is_confirmed() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let supervisor = signed_in(&deployment.app, "ren", &[Role::Supervisor]).await;
        let about = person(deployment).await;
        let actor = supervisor.who.actor();
        let event = object(&deployment.app, &actor, about, ConsentAction::Object, unchecked()).await.unwrap().event;
        assert_eq!(state(deployment, about).await, ConsentState::Pending);
        let path = format!("/staff/queue/objections/{}", event.id);
        let supervisor_sees = async || deployment.send(supervisor.get("/staff/queue")).await.text;
        assert!(supervisor_sees().await.contains(&path));
        let nothing_chosen = deployment.send(supervisor.post(&path, &[("decision", "confirm")])).await;
        assert!(nothing_chosen.text.contains("id=\"method-error\""), "{}", nothing_chosen.text);
        let unread = [("decision", "dismiss"), ("method", "call_back")];
        let unread = deployment.send(supervisor.post(&path, &unread)).await;
        assert!(unread.text.contains("id=\"read_out-error\""), "{}", unread.text);
        let confirm = [("decision", "confirm"), ("method", "call_back"), ("reference", "CALL-9")];
        let done = deployment.send(supervisor.post(&path, &confirm)).await;
        assert_eq!(done.header("location"), "/staff/queue?done=confirmed", "{}", done.text);
        assert_eq!(state(deployment, about).await, ConsentState::OptedOut);
        assert!(!supervisor_sees().await.contains(&path));
        assert_eq!(deployment.send(supervisor.post(&path, &confirm)).await.status, 409);
    })
    .await;
}

#[tokio::test]
async fn a_dismissed_objection_protects_until_a_second_person_agrees() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let supervisor = signed_in(&deployment.app, "ren", &[Role::Supervisor]).await;
        let about = person(deployment).await;
        let event = object(&deployment.app, "agent", about, ConsentAction::Object, unchecked()).await.unwrap().event;
        let path = format!("/staff/queue/objections/{}", event.id);
        let dismiss = [("decision", "dismiss"), ("method", "call_back"), ("read_out", "yes"), ("reference", "C-1")];
        let done = deployment.send(supervisor.post(&path, &dismiss)).await;
        assert_eq!(done.header("location"), "/staff/queue?done=filed", "{}", done.text);
        assert_eq!(state(deployment, about).await, ConsentState::Pending);
        let again = deployment.send(supervisor.post(&path, &dismiss)).await;
        assert!(again.status == 200 && again.text.contains("role=\"alert\""), "{}", again.text);
    })
    .await;
}

#[tokio::test]
async fn what_waits_for_days_is_marked_and_what_was_done_is_counted() {
    let wanted = Wanted::default().with("SEKISHO__STAFF__PENDING_DAYS", "1");
    on_every_database(wanted, async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let about = person(deployment).await;
        requested(deployment, &agent, about).await;
        deployment.app.metrics.daily.add("disclosure", "sent", 41);
        activity::write_down(&deployment.app).await.unwrap();
        deployment.app.metrics.daily.add("disclosure", "sent", 1);
        activity::write_down(&deployment.app).await.unwrap();
        deployment.clock.advance(86_400);
        let supervisor = signed_in(&deployment.app, "ren", &[Role::Supervisor]).await;
        let queue = deployment.send(supervisor.get("/staff/queue")).await;
        assert!(queue.text.contains("class=\"state bad\""), "{}", queue.text);
        let page = deployment.send(supervisor.get("/staff/activity?days=7")).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("<span class=\"figure\">42</span>"), "{}", page.text);
        assert!(page.text.contains("aoi 関口"), "{}", page.text);
        assert_eq!(deployment.send(agent.get("/staff/activity")).await.status, 303, "her session is over");
    })
    .await;
}

#[tokio::test]
async fn the_queue_is_worked_by_keyboard_and_breaks_no_rule() {
    served(Setup::default(), Wanted::default(), async |deployment, url, browser| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let supervisor = signed_in(&deployment.app, "ren", &[Role::Supervisor]).await;
        let about = person(deployment).await;
        let path = requested(deployment, &agent, about).await;
        let other = person(deployment).await;
        object(&deployment.app, &agent.who.actor(), other, ConsentAction::Object, unchecked()).await.unwrap();
        browser.becomes(deployment, url, &supervisor).await;
        for (path, name) in [
            ("/staff/queue", "queue"),
            ("/staff/activity", "activity"),
            ("/staff/authentications", "authentications"),
            ("/staff/outbox", "outbox"),
        ] {
            browser.looks_at(&format!("{url}{path}"), &format!("{name}-1280")).await;
        }
        browser.looks_at(&format!("{url}{path}"), "request-1280").await;
        let enter = char::from(fantoccini::key::Key::Enter);
        browser.wait("#note").await.send_keys(&format!("確認しました{enter}")).await.unwrap();
        browser.wait(".notice.good").await;
        browser.shows("approved-1280").await;
        assert_eq!(state(deployment, about).await, ConsentState::Permitted);
    })
    .await;
}

#[tokio::test]
async fn a_letter_is_printed_and_closed_once() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let supervisor = signed_in(&deployment.app, "ren", &[Role::Supervisor]).await;
        let about = person(deployment).await;
        for serial in 1..=2_u128 {
            let sql = "INSERT INTO erasures (id, cardholder_id, disclosure_id, recipient, provider_request_id, way, letter, \
                       state, requested_at) VALUES ($1, $2, $1, 'tmx', 'their-id', 'letter', 7, 'queued', $3)";
            let id = uuid::Uuid::from_u128(serial);
            let values = vec![id.into(), about.uuid().into(), deployment.app.now().0.into()];
            deployment.tables.run(sql, values).await.unwrap();
        }
        let queue = deployment.send(supervisor.get("/staff/queue")).await;
        assert_eq!(queue.text.matches("/staff/queue/letters/7").count(), 1, "{}", queue.text);
        let letter = deployment.send(supervisor.get("/staff/queue/letters/7")).await;
        assert_eq!(letter.text.matches("their-id").count(), 2, "{}", letter.text);
        let close = || supervisor.post("/staff/queue/letters/7/close", &[]);
        assert_eq!(deployment.send(close()).await.header("location"), "/staff/queue?done=closed");
        assert_eq!(deployment.send(close()).await.status, 409);
        assert_eq!(deployment.audited("erasure.close").await.len(), 1);
        for path in ["/staff/queue/letters/8", "/staff/queue/letters/x"] {
            assert_eq!(deployment.send(supervisor.get(path)).await.status, 404, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_dead_message_is_sent_again_by_an_administrator_alone() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let administrator = signed_in(&deployment.app, "haru", &[Role::Administrator]).await;
        let supervisor = signed_in(&deployment.app, "ren", &[Role::Supervisor]).await;
        let about = person(deployment).await;
        object(&deployment.app, "agent", about, ConsentAction::Object, statement()).await.unwrap();
        let id = deployment.app.store.outbox(OutboxFilter::default(), None, 1).await.unwrap()[0].id;
        let fields = [("message", id.to_string())];
        let fields = fields.each_ref().map(|(name, id)| (*name, id.as_str()));
        let replay = |staff: &TestStaff| staff.post("/staff/outbox/replay", &fields);
        assert_eq!(deployment.send(replay(&administrator)).await.status, 409, "it is not dead");
        deployment.tables.run("UPDATE outbox SET state = 'dead'", Vec::new()).await.unwrap();
        assert_eq!(deployment.send(replay(&supervisor)).await.status, 403);
        let seen = deployment.send(supervisor.get("/staff/outbox?state=dead")).await;
        assert!(seen.status == 200 && !seen.text.contains("/staff/outbox/replay"), "{}", seen.text);
        let page = deployment.send(administrator.get("/staff/outbox?state=dead")).await;
        assert!(page.text.contains(&id.to_string()), "{}", page.text);
        let done = deployment.send(replay(&administrator)).await;
        assert_eq!(done.header("location"), "/staff/outbox?done=replayed");
    })
    .await;
}
