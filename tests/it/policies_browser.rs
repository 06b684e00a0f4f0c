//! The pages of compliance staff in a real browser: light and dark, wide and narrow, in both languages, by WCAG and by keyboard.

use fantoccini::key::Key;
use sekisho::domain::bundle::{BundleMode, FindingState};
use sekisho::domain::staff::Role;
use sekisho::policy::BundleSource;
use serde_json::json;

use crate::support::browser::{Browser, Setup, Sight};
use crate::support::deployment::{Deployment, Wanted};
use crate::support::policies::{changed_bundle, findings};
use crate::support::served::{served, served_once};
use crate::support::staff::{TestStaff, signed_in};

/// What is hostile in a text that somebody else wrote.
const HOSTILE: &str = "</pre><script>alert(1)</script> & \"'\u{202e}";

/// Wide and narrow, light and dark.
fn sights() -> [Sight; 4] {
    [Sight::of((1280, 900)), Sight::of((1280, 900)).dark(), Sight::of((320, 700)), Sight::of((390, 844)).dark()]
}

/// Bundles, trials, figures and decisions; the digests of the live bundle and of the one that is tried, and an id.
async fn filled(deployment: &Deployment) -> (String, String, String) {
    let live = deployment
        .stored_bundle(
            &BundleSource::shipped(),
            "system",
            "the bundle that ships",
            &findings(FindingState::Passed),
            &[],
        )
        .await;
    let weakens = ["the invariant `approve-below-ceiling` is removed", "<i>rights</i> of `agent`: policy_approve"];
    let message = format!("大口の上限を20万円に引き下げ {HOSTILE}");
    let tried = deployment
        .stored_bundle(&changed_bundle(), "staff:nobody", &message, &findings(FindingState::Failed), &weakens)
        .await;
    let band = json!({"challenge": [500, 1_800], "reject": [0, 600], "decisions_min": 200}).to_string();
    deployment.in_use(&live, "live", 10_000, None).await;
    deployment.in_use(&tried, "canary", 1_000, Some(&band)).await;
    deployment.canary_left_its_band().await;
    deployment.in_use(&tried, "canary", 500, Some(&band)).await;
    deployment.in_use(&tried, "shadow", 1_000, None).await;
    deployment.counted(&live, &tried).await;
    let card = deployment.enrolled().await;
    let answer = deployment.buys(&card, &json!({})).await;
    for amount in [900, 4_200, 320_000] {
        let body = deployment.purchase(&card, &at_grocer(amount));
        deployment.ask_by(&deployment.grocer, &body).await;
    }
    let id = answer["id"].as_str().unwrap().to_owned();
    deployment.differs(&tried, id.parse().unwrap()).await;
    (live, tried, id)
}

/// A purchase of so much at the grocer's.
fn at_grocer(amount: i64) -> serde_json::Value {
    json!({"purchase": {"amount_minor": amount}, "challenge": {"return_url": "https://grocer.example/return"}})
}

async fn compliance(deployment: &Deployment, url: &str, browser: &Browser) -> TestStaff {
    let staff = signed_in(&deployment.app, "kaori", &[Role::Compliance]).await;
    browser.becomes(deployment, url, &staff).await;
    staff
}

/// Looks at a page in every sight and language.
async fn looks(browser: &Browser, page: &str, name: &str) {
    for _ in ["ja", "en"] {
        browser.client.goto(page).await.unwrap();
        browser.wait("main").await;
        let language = browser.attribute("html", "lang").await;
        for sight in sights() {
            browser.sees(sight).await;
            browser.fits().await;
            browser.is_accessible().await;
            browser.whole_picture(&format!("policies-{name}-{language}-{}", sight.name())).await;
        }
        browser.no_policy_was_violated().await;
        browser.sees(Sight::of((1280, 900))).await;
        browser.click("button[name='language']").await;
        browser.wait("main").await;
    }
}

#[tokio::test]
async fn every_page_about_policies_can_be_read_by_everybody() {
    served_once(Setup::default(), Wanted::default(), async |deployment, url, browser| {
        let (live, tried, id) = filled(deployment).await;
        compliance(deployment, url, &browser).await;
        let current = deployment.app.store.current_bundles().await.unwrap();
        let shadow = current.iter().find(|used| used.mode == BundleMode::Shadow).unwrap().id;
        let pages = [
            ("/staff/policies".to_owned(), "overview"),
            ("/staff/policies?range=week".to_owned(), "overview-week"),
            ("/staff/policies?range=month".to_owned(), "overview-month"),
            ("/staff/policies/bundles".to_owned(), "bundles"),
            (format!("/staff/policies/bundles/{tried}"), "bundle"),
            (format!("/staff/policies/bundles/{tried}/decide"), "decide"),
            (format!("/staff/policies/bundles/{tried}/review"), "review"),
            (format!("/staff/policies/bundles/{tried}/activate/canary"), "activate"),
            (format!("/staff/policies/bundles/{tried}/activate/live"), "activate-live"),
            (format!("/staff/policies/bundles/{live}/activate/shadow"), "activate-shadow"),
            (format!("/staff/policies/uses/{shadow}/end"), "end"),
            (format!("/staff/policies/decisions/{id}"), "decision"),
            ("/staff/policies/trials".to_owned(), "trials"),
            ("/staff/policies/decisions".to_owned(), "decisions"),
            ("/staff/policies/decisions?merchant=nobody".to_owned(), "decisions-wrong"),
        ];
        for (path, name) in pages {
            looks(&browser, &format!("{url}{path}"), name).await;
        }
    })
    .await;
}

#[tokio::test]
async fn pages_with_nothing_on_them_can_be_read_by_everybody() {
    served_once(Setup::default(), Wanted::default(), async |deployment, url, browser| {
        compliance(deployment, url, &browser).await;
        for (path, name) in [("/staff/policies", "overview-empty"), ("/staff/policies/trials", "trials-empty")] {
            looks(&browser, &format!("{url}{path}"), name).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_hostile_message_stays_text() {
    served_once(Setup::default(), Wanted::default(), async |deployment, url, browser| {
        let (_, tried, _) = filled(deployment).await;
        compliance(deployment, url, &browser).await;
        for path in ["/staff/policies/bundles".to_owned(), format!("/staff/policies/bundles/{tried}")] {
            browser.client.goto(&format!("{url}{path}")).await.unwrap();
            assert!(browser.text("main").await.contains("</pre><script>alert(1)</script>"));
            let scripts = browser.client.execute("return document.scripts.length;", vec![]).await.unwrap();
            assert_eq!(scripts, json!(0));
            browser.no_policy_was_violated().await;
        }
        assert!(browser.text(".standing").await.contains("<i>rights</i>"));
        assert!(browser.text(".finding details").await.contains("<b>refuted</b>"));
    })
    .await;
}

#[tokio::test]
async fn a_bundle_is_refused_by_keyboard_alone() {
    served_once(Setup::default(), Wanted::default(), async |deployment, url, browser| {
        let passed = findings(FindingState::Passed);
        let waiting = deployment.stored_bundle(&changed_bundle(), "staff:nobody", "20万円", &passed, &[]).await;
        compliance(deployment, url, &browser).await;
        browser.client.goto(&format!("{url}/staff/policies/bundles/{waiting}")).await.unwrap();
        browser.reaches_by_keyboard("a[href$='/decide']").await;
        browser.types("", Key::Enter).await;
        browser.wait("#note").await;
        browser.reaches_by_keyboard("#note").await;
        browser.types("上限の根拠がない", Key::Tab).await;
        browser.reaches_by_keyboard("button[value='refuse']").await;
        browser.types("", Key::Enter).await;
        browser.wait(".notice.good").await;
        assert!(browser.text("main").await.contains("上限の根拠がない"));
    })
    .await;
}

impl Browser {
    /// Types into whatever has the focus, and goes on to the next.
    async fn types(&self, text: &str, then: Key) {
        let focused = self.client.active_element().await.unwrap();
        focused.send_keys(&format!("{text}{}", char::from(then))).await.unwrap();
    }

    /// Goes on with the keyboard until the element that fits has the focus.
    async fn reaches_by_keyboard(&self, css: &str) {
        for _ in 0..80 {
            let script = "return document.activeElement !== null && document.activeElement.matches(arguments[0]);";
            if self.client.execute(script, vec![json!(css)]).await.unwrap() == json!(true) {
                return;
            }
            self.types("", Key::Tab).await;
        }
        panic!("the keyboard does not reach `{css}`");
    }
}

#[tokio::test]
async fn a_trial_is_watched_without_reloading_and_without_a_script() {
    served(Setup::default(), Wanted::default(), async |deployment, url, browser| {
        filled(deployment).await;
        compliance(deployment, url, &browser).await;
        browser.client.goto(&format!("{url}/staff/policies/trials")).await.unwrap();
        browser.wait("#refreshed[data-renewed]").await;
        browser.no_policy_was_violated().await;
        browser.click("#pause").await;
        browser.is_accessible().await;
        browser.runs_scripts(false).await;
        browser.client.goto(&format!("{url}/staff/policies/trials")).await.unwrap();
        browser.wait("#pause[hidden]").await;
        browser.click("p.acts a").await;
        browser.wait("#refreshed .picture").await;
    })
    .await;
}
