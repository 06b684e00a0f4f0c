//! The auditors' and administrators' pages: the audit log and its files, the proof, the staff.

use sekisho::domain::staff::Role;

use crate::support::browser::Setup;
use crate::support::consent::object;
use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::served::served;
use crate::support::staff::signed_in;

#[tokio::test]
async fn the_audit_log_is_filtered_paged_and_taken_out_by_who_may() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let auditor = signed_in(&deployment.app, "shiori", &[Role::Auditor]).await;
        let agent = signed_in(&deployment.app, "aoi", &[Role::Agent]).await;
        let reference = deployment.cardholder(&serde_json::json!({})).await;
        object(&deployment.app, &reference).await;
        let page = deployment.send(auditor.get("/staff/audit?action=consent.object")).await;
        assert!(page.status == 200 && page.text.contains("consent.object"), "{}", page.text);
        assert!(!page.text.contains("<bdi>staff.create</bdi>"), "{}", page.text);
        let wrong = deployment.send(auditor.get("/staff/audit?from=yesterday")).await;
        assert!(wrong.text.contains("role=\"alert\""), "{}", wrong.text);
        let later = deployment.send(auditor.get("/staff/audit?from=2026-11-23")).await;
        assert!(!later.text.contains("consent.object</bdi>"), "{}", later.text);
        let csv = deployment.send(auditor.get("/staff/audit/entries.csv?action=consent.object")).await;
        assert_eq!((csv.status.as_u16(), csv.header("content-type")), (200, "text/csv; charset=utf-8"));
        assert!(csv.text.starts_with("id,recorded_at,actor,"), "{}", csv.text);
        assert_eq!(csv.text.lines().count(), 2, "the names and her objection: {}", csv.text);
        let json = deployment.send(auditor.get("/staff/audit/entries.json")).await;
        for line in json.text.lines() {
            assert!(serde_json::from_str::<serde_json::Value>(line).unwrap()["hash"].is_string());
        }
        for path in ["/staff/audit", "/staff/audit/entries.csv", "/staff/proof", "/staff/people"] {
            assert_eq!(deployment.send(agent.get(path)).await.status, 403, "{path}");
        }
        deployment.clock.advance(301);
        let stale = deployment.send(auditor.get("/staff/audit/entries.csv")).await;
        assert!(stale.header("location").starts_with("/staff/reauthenticate"), "{stale:?}");
    })
    .await;
}

#[tokio::test]
async fn the_proof_runs_from_the_page_and_tells_what_is_wrong() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let auditor = signed_in(&deployment.app, "shiori", &[Role::Auditor]).await;
        let reference = deployment.cardholder(&serde_json::json!({})).await;
        object(&deployment.app, &reference).await;
        let page = deployment.send(auditor.get("/staff/proof")).await;
        assert!(page.status == 200 && !page.text.contains("notice good"), "{}", page.text);
        let run = deployment.send(auditor.get("/staff/proof?run=yes")).await;
        assert!(run.text.contains("notice good"), "{}", run.text);
        let wrong = deployment.send(auditor.get("/staff/proof?run=yes&cardholder=x")).await;
        assert!(wrong.text.contains("id=\"cardholder-error\""), "{}", wrong.text);
        deployment.tables.run("UPDATE consent_states SET sequence = sequence + 1", Vec::new()).await.unwrap();
        let broken = deployment.send(auditor.get("/staff/proof?run=yes")).await;
        assert!(broken.text.contains("notice bad"), "{}", broken.text);
    })
    .await;
}

#[tokio::test]
async fn a_setup_code_is_shown_once_and_auditors_change_nothing() {
    on_every_database(Wanted::default(), async |deployment: &Deployment| {
        let administrator = signed_in(&deployment.app, "haru", &[Role::Administrator]).await;
        let auditor = signed_in(&deployment.app, "shiori", &[Role::Auditor, Role::Administrator]).await;
        let fields = [("name", "ren"), ("display_name", "関口 蓮"), ("agent", "yes")];
        assert_eq!(deployment.send(auditor.post("/staff/people/new", &fields)).await.status, 403);
        let shown = deployment.send(administrator.post("/staff/people/new", &fields)).await;
        assert_eq!(shown.status, 200);
        let code = shown.text.split("class=\"figure\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
        let list = deployment.send(administrator.get("/staff/people")).await;
        assert!(list.text.contains("関口 蓮") && !list.text.contains(&code), "{}", list.text);
        let taken = deployment.send(administrator.post("/staff/people/new", &fields)).await;
        assert!(taken.text.contains("id=\"name-error\""), "{}", taken.text);
        let disable = [("name", "ren"), ("decision", "disable")];
        assert_eq!(deployment.send(administrator.post("/staff/people", &disable)).await.status, 303);
        let own = [("name", "haru"), ("decision", "disable")];
        assert_eq!(deployment.send(administrator.post("/staff/people", &own)).await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn the_pages_of_auditors_and_administrators_break_no_rule() {
    let narrow = Setup { window: Some((500, 900)), ..Setup::default() };
    served(narrow, Wanted::default(), async |deployment, url, browser| {
        let auditor = signed_in(&deployment.app, "shiori", &[Role::Auditor]).await;
        browser.becomes(deployment, url, &auditor).await;
        for (path, name) in [
            ("/staff/audit", "audit"),
            ("/staff/audit?from=x", "audit-wrong"),
            ("/staff/proof?run=yes", "proof"),
            ("/staff/people", "people"),
        ] {
            browser.looks_at(&format!("{url}{path}"), &format!("{name}-500")).await;
        }
    })
    .await;
}
