//! The pages that need no staff person's session, held against WCAG 2.2 AA.

use fantoccini::key::Key;
use sekisho::domain::staff::Role;
use serde_json::json;

use crate::support::browser::{Browser, Setup, in_browser};
use crate::support::deployment::{Deployment, Wanted};
use crate::support::served::served;
use crate::support::staff::{PASSWORD, created, signed_in};

const NARROW: Setup = Setup { without_scripts: false, without_third_party_cookies: false, window: Some((500, 900)) };

#[tokio::test]
async fn a_page_that_breaks_rules_is_caught_with_the_rule_and_the_place() {
    in_browser(Setup::default(), |browser| async move {
        let page = "data:text/html,<html><body><img src=x><input><a href=x style='color:%23eee'>more</a></body></html>";
        browser.client.goto(page).await.unwrap();
        let told = browser.violations().await.join("\n");
        for rule in ["image-alt", "label", "html-has-lang", "document-title", "color-contrast"] {
            assert!(told.contains(rule), "{rule} is not in {told}");
        }
        assert!(told.contains("https://dequeuniversity.com/") && told.contains("img"), "{told}");
    })
    .await;
}

/// Opens a page of a challenge or of device data as a browser tab.
async fn challenge_pages(deployment: &Deployment, browser: &Browser, size: &str) {
    let card = deployment.enrolled().await;
    let asked = deployment.buys(&card, &json!({"challenge": {"wish": "challenge"}})).await;
    let url = asked["challenge"]["url"].as_str().unwrap();
    browser.looks_at(url, &format!("challenge-{size}")).await;
    browser.click("main form button[type=submit], main form button").await;
    browser.wait("#password").await;
    browser.shows(&format!("challenge-asking-{size}")).await;
    browser.wait("#password").await.send_keys(&format!("wrong{}", char::from(Key::Enter))).await.unwrap();
    browser.wait("#notice").await;
    browser.shows(&format!("challenge-wrong-{size}")).await;
    let unknown = format!("{}/challenge/AAAA", deployment.app.config.server.public_url.as_str().trim_end_matches('/'));
    browser.looks_at(&unknown, &format!("challenge-unknown-{size}")).await;
}

async fn sign_in_pages(deployment: &Deployment, url: &str, browser: &Browser, size: &str) {
    browser.looks_at(&format!("{url}/staff/sign-in"), &format!("sign-in-{size}")).await;
    browser.looks_at(&format!("{url}/staff/sign-in?over=1&language=ja"), &format!("sign-in-over-{size}")).await;
    let code = created(&deployment.app, "shiori", &[Role::Agent]).await;
    browser.looks_at(&format!("{url}/staff/setup"), &format!("setup-{size}")).await;
    let type_into = async |css: &str, text: &str| browser.wait(css).await.send_keys(text).await.unwrap();
    type_into("#setup_code", &code).await;
    type_into("#password", PASSWORD).await;
    type_into("#again", &format!("other{}", char::from(Key::Enter))).await;
    browser.wait("#again-error").await;
    browser.shows(&format!("setup-wrong-{size}")).await;
    type_into("#setup_code", "").await;
    type_into("#password", PASSWORD).await;
    type_into("#again", &format!("{PASSWORD}{}", char::from(Key::Enter))).await;
    let secret = browser.text("#secret").await.replace(' ', "");
    browser.shows(&format!("setup-secret-{size}")).await;
    let totp = totp_rs::Totp::from_url(format!("otpauth://totp/x:x?secret={secret}&issuer=x")).unwrap();
    let now = deployment.app.now().unix_seconds().unsigned_abs();
    type_into("#code", &format!("{}{}", totp.generate(now), char::from(Key::Enter))).await;
    browser.wait(".codes").await;
    browser.shows(&format!("setup-done-{size}")).await;
}

async fn own_pages(deployment: &Deployment, url: &str, browser: &Browser, size: &str) {
    let staff = signed_in(&deployment.app, "aoi", &[Role::Agent, Role::Administrator]).await;
    browser.becomes(deployment, url, &staff).await;
    for (path, name) in [("", "home"), ("/account", "account"), ("/reauthenticate?next=/staff", "reauthenticate")] {
        browser.looks_at(&format!("{url}/staff{path}"), &format!("{name}-{size}")).await;
    }
}

#[tokio::test]
async fn the_pages_of_buyers_and_of_signing_in_break_no_rule() {
    served(Setup::default(), Wanted::default(), async |deployment, url, browser| {
        challenge_pages(deployment, &browser, "1280").await;
        sign_in_pages(deployment, url, &browser, "1280").await;
        own_pages(deployment, url, &browser, "1280").await;
    })
    .await;
}

#[tokio::test]
async fn nor_do_they_in_a_narrow_window() {
    served(NARROW, Wanted::default(), async |deployment, url, browser| {
        challenge_pages(deployment, &browser, "500").await;
        sign_in_pages(deployment, url, &browser, "500").await;
        own_pages(deployment, url, &browser, "500").await;
    })
    .await;
}
