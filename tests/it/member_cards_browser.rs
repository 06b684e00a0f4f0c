//! A member manages a card with the keyboard alone, in both languages, wide and narrow; each page is looked at.

use fantoccini::key::Key;
use sekisho::credential::one_time::password_at;

use crate::member_card::{own, secret_of_text};
use crate::support::browser::{Browser, Setup};
use crate::support::deployment::{Deployment, Wanted};
use crate::support::member::TestMember;
use crate::support::served::served_once;

fn wanted() -> Wanted {
    let wanted = Wanted::provider().with("SEKISHO__MAIL__HOST", "127.0.0.1");
    wanted.with("SEKISHO__MAIL__FROM", "noreply@issuer.example")
}

const OTHER: &str = "lantern gingko november";

/// Types into an element once it has the focus, and goes on.
async fn types(browser: &Browser, css: &str, text: &str, then: Key) {
    let focused = browser.wait(&format!("{css}:focus")).await;
    focused.send_keys(&format!("{text}{}", char::from(then))).await.unwrap();
}

/// Presses what has the focus after so many steps of the keyboard.
async fn presses_after(browser: &Browser, steps: usize) {
    for _ in 0..steps {
        let focused = browser.client.active_element().await.unwrap();
        focused.send_keys(&char::from(Key::Tab).to_string()).await.unwrap();
    }
    let focused = browser.client.active_element().await.unwrap();
    focused.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
}

/// The page in view: by the rules of WCAG where scripts run, and a picture of it.
async fn seen(browser: &Browser, name: &str) {
    if !name.ends_with("unscripted") {
        browser.is_accessible().await;
    }
    browser.no_policy_was_violated().await;
    browser.picture(name).await;
}

async fn changes_message(url: &str, browser: &Browser, member: &TestMember, size: &str) {
    browser.client.goto(&format!("{url}/my/cards/{}/message", member.enrolment_id)).await.unwrap();
    types(browser, "#message", "a\u{202e}b", Key::Enter).await;
    browser.wait("#message-error").await;
    seen(browser, &format!("my-message-wrong-{size}")).await;
    browser.wait("#message:focus").await.clear().await.unwrap();
    browser.client.goto(&format!("{url}/my/cards/{}/message", member.enrolment_id)).await.unwrap();
    types(browser, "#message", "祖母の <b>庭</b> שלום", Key::Enter).await;
    browser.wait("input[type='hidden'][name='message']").await;
    assert!(browser.text(".message .words").await.contains("<b>庭</b>"));
    seen(browser, &format!("my-message-look-{size}")).await;
    browser.wait("button[value='save']").await.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
    browser.wait(".notice.good").await;
    seen(browser, &format!("my-card-{size}")).await;
}

async fn changes_password(url: &str, browser: &Browser, member: &TestMember, size: &str) {
    browser.client.goto(&format!("{url}/my/cards/{}/password", member.enrolment_id)).await.unwrap();
    types(browser, "#password", "qwerty2024", Key::Tab).await;
    types(browser, "#again", "", Key::Tab).await;
    presses_after(browser, 1).await;
    browser.wait(".strength").await;
    seen(browser, &format!("my-password-weak-{size}")).await;
    types(browser, "#password", OTHER, Key::Tab).await;
    types(browser, "#again", OTHER, Key::Enter).await;
    browser.wait(".notice.good").await;
}

async fn sets_up_one_time(deployment: &Deployment, url: &str, browser: &Browser, member: &TestMember, size: &str) {
    browser.client.goto(&format!("{url}/my/cards/{}/one-time", member.enrolment_id)).await.unwrap();
    seen(browser, &format!("my-one-time-{size}")).await;
    let apply = browser.wait("main form.act button").await;
    apply.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
    let secret = browser.text("#secret").await.replace(' ', "");
    types(browser, "#code", "000000", Key::Enter).await;
    browser.wait("#code-error").await;
    seen(browser, &format!("my-one-time-confirm-{size}")).await;
    let code = password_at(&secret_of_text(&secret), deployment.app.now()).unwrap();
    types(browser, "#code", &code, Key::Enter).await;
    browser.wait(".codes").await;
    seen(browser, &format!("my-recovery-codes-{size}")).await;
    browser.client.goto(&format!("{url}/my/cards/{}/one-time", member.enrolment_id)).await.unwrap();
    browser.wait(".facts").await;
    seen(browser, &format!("my-one-time-in-use-{size}")).await;
}

/// Every page as it is then, in both languages.
async fn looks_around(url: &str, browser: &Browser, member: &TestMember, size: &str) {
    for language in ["ja", "en"] {
        browser.client.goto(&format!("{url}/my")).await.unwrap();
        if browser.attribute("html", "lang").await != language {
            browser.click("button[name='language']").await;
            browser.wait(&format!("html[lang='{language}']")).await;
        }
        for page in ["", "/message", "/password", "/contacts", "/passkeys", "/purchases"] {
            let path = format!("{url}/my/cards/{}{page}", member.enrolment_id);
            let name = format!("my-{language}{}-{size}", page.replace('/', "-"));
            browser.client.goto(&path).await.unwrap();
            browser.wait("main").await;
            seen(browser, &name).await;
        }
        browser.client.goto(&format!("{url}/my/sharing")).await.unwrap();
        browser.wait("main").await;
        seen(browser, &format!("my-{language}-sharing-{size}")).await;
    }
}

async fn manages(deployment: &Deployment, url: &str, browser: &Browser, size: &str) {
    let member = deployment.member().await;
    deployment.buys(&member.card, &serde_json::json!({})).await;
    browser.signs_in_as(url, &member).await;
    changes_message(url, browser, &member, size).await;
    changes_password(url, browser, &member, size).await;
    looks_around(url, browser, &member, size).await;
    sets_up_one_time(deployment, url, browser, &member, size).await;
    browser.client.goto(&format!("{url}/my/cards/{}/purchases", member.enrolment_id)).await.unwrap();
    let link = browser.wait("td a[href$='/not-me']").await;
    link.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
    browser.wait("form[action$='/not-me']").await;
    seen(browser, &format!("my-not-me-{size}")).await;
    let block = browser.wait("main form.act button").await;
    block.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
    browser.wait(".notice.bad").await;
    seen(browser, &format!("my-blocked-{size}")).await;
    assert!(own(&member).await.card.blocked_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_managed_with_the_keyboard_alone() {
    served_once(Setup::default(), wanted(), async |deployment, url, browser| {
        manages(deployment, url, &browser, "1280").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_fits_a_telephone() {
    let narrow = Setup { window: Some((390, 844)), ..Setup::default() };
    served_once(narrow, wanted(), async |deployment, url, browser| {
        manages(deployment, url, &browser, "390").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_needs_no_scripts() {
    let unscripted = Setup { without_scripts: true, ..Setup::default() };
    served_once(unscripted, wanted(), async |deployment, url, browser| {
        manages(deployment, url, &browser, "unscripted").await;
    })
    .await;
}
