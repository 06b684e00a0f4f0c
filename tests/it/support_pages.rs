//! The support view: why a purchase was turned back, unlocking, and "confirmed with the cardholder".

use sekisho::demo::provider::steering::Control;
use sekisho::domain::staff::Role;
use serde_json::json;

use crate::support::browser::Setup;
use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::served::served;
use crate::support::staff::signed_in;

/// A purchase that the analysis company wants turned back; its page.
async fn turned_back(deployment: &Deployment) -> String {
    let control =
        Control { score: Some("-100".to_owned()), review_status: Some("reject".to_owned()), ..Control::default() };
    deployment.provider().steer(control);
    let card = deployment.enrolled().await;
    let answer = deployment.buys(&card, &json!({})).await;
    assert_eq!(answer["status"], "rejected", "{answer}");
    format!("/staff/authentications/{}", answer["id"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_reads_why_and_records_that_it_was_confirmed() {
    on_every_database(Wanted::provider(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let path = turned_back(deployment).await;
        let id = path.rsplit('/').next().unwrap().to_owned();
        let led = deployment.send(agent.post("/staff/authentications", &[("authentication", &id)])).await;
        assert_eq!(led.header("location"), path);
        let unreadable = deployment.send(agent.post("/staff/authentications", &[("authentication", "42")])).await;
        assert!(unreadable.text.contains("id=\"authentication-error\""), "{}", unreadable.text);
        let page = deployment.send(agent.get(&path)).await;
        assert!(page.status == 200 && page.text.contains("¥12,800"), "{}", page.text);
        assert!(page.text.contains(&format!("{path}/vouch")), "{}", page.text);
        let good = [("method", "call_back"), ("outcome", "passed"), ("call_reference", "C-1"), ("ceiling", "12,800")];
        let with = |name: &'static str, value: &'static str| {
            let mut fields: Vec<(&str, &str)> = good.iter().copied().chain([("minutes", "30")]).collect();
            fields.iter_mut().filter(|(field, _)| *field == name).for_each(|(_, old)| *old = value);
            fields
        };
        let vouch = format!("{path}/vouch");
        for (name, value) in [
            ("outcome", "failed"),
            ("minutes", "31"),
            ("ceiling", "0"),
            ("call_reference", "a\u{202e}"),
            ("method", "x"),
        ] {
            let answer = deployment.send(agent.post(&vouch, &with(name, value))).await;
            let mark = format!("id=\"{name}-error\"");
            assert!(answer.status == 200 && answer.text.contains(&mark), "{name}: {}", answer.text);
        }
        let done = deployment.send(agent.post(&vouch, &with("", ""))).await;
        assert_eq!(done.header("location"), format!("{path}?done=vouched"), "{}", done.text);
        assert_eq!(deployment.send(agent.get("/staff/authentications/auth_1")).await.status, 404);
        let auditor = signed_in(&deployment.app, "shiori", &[Role::Auditor]).await;
        assert_eq!(deployment.send(auditor.post(&vouch, &with("", ""))).await.status, 403);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_unlocked_without_a_reason() {
    on_every_database(Wanted::provider(), async |deployment: &Deployment| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let path = format!("{}/unlock", turned_back(deployment).await);
        for reason in ["", " ", "a\nb", "a\u{2067}b"] {
            let answer = deployment.send(agent.post(&path, &[("reason", reason)])).await;
            assert!(answer.status == 200 && answer.text.contains("id=\"reason-error\""), "{}", answer.text);
        }
        let nothing = deployment.send(agent.post(&path, &[("reason", "asked by telephone")])).await;
        assert!(nothing.text.contains("role=\"alert\""), "{}", nothing.text);
        deployment.clock.advance(301);
        assert_eq!(deployment.send(agent.post(&path, &[("reason", "asked")])).await.status, 403);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_support_view_breaks_no_rule() {
    served(Setup::default(), Wanted::provider(), async |deployment, url, browser| {
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let path = turned_back(deployment).await;
        browser.becomes(deployment, url, &agent).await;
        for (end, name) in [("", "support"), ("/vouch", "support-vouch"), ("/unlock", "support-unlock")] {
            browser.looks_at(&format!("{url}{path}{end}"), &format!("{name}-1280")).await;
        }
    })
    .await;
}
