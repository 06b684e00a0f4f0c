//! From the issuer's letter to the registered card with a real browser and its keyboard alone, in both languages, wide and
//! on a telephone; and what a member sees afterwards.

use fantoccini::key::Key;
use sekisho::credential::sent_code::BoundTo;
use sekisho::domain::id::ContactId;
use serde_json::json;

use crate::support::browser::{Browser, Setup};
use crate::support::deployment::{Deployment, PASSWORD, TestCard, Wanted};
use crate::support::member::{sent_code, signs_in};
use crate::support::served::served;

fn with_mail() -> Wanted {
    Wanted::default()
        .with("SEKISHO__MAIL__HOST", "127.0.0.1")
        .with("SEKISHO__MAIL__TLS", "none")
        .with("SEKISHO__MAIL__FROM", "cards@issuer.example")
}

/// Types into an element once it has the focus, and goes on to the next.
async fn types(browser: &Browser, css: &str, text: &str, then: Key) {
    let focused = browser.wait(&format!("{css}:focus")).await;
    focused.send_keys(&format!("{text}{}", char::from(then))).await.unwrap();
}

/// Presses a key where the focus is.
async fn press(browser: &Browser, keys: &str) {
    browser.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
}

/// The page in view: by the rules of WCAG, within its window, and a picture of it.
async fn seen(browser: &Browser, name: &str) {
    browser.is_accessible().await;
    browser.fits().await;
    browser.picture(name).await;
}

async fn fills(browser: &Browser, card: &TestCard, code: &str, member_id: &str) {
    types(browser, "#number", &card.number, Key::Tab).await;
    types(browser, "#expiry", "11/29", Key::Tab).await;
    types(browser, "#activation_code", code, Key::Tab).await;
    types(browser, "#member_id", member_id, Key::Tab).await;
    types(browser, "#password", PASSWORD, Key::Tab).await;
    types(browser, "#again", PASSWORD, Key::Tab).await;
    types(browser, "[name='channel']", "", Key::Tab).await;
    types(browser, "#contact", "hanako.yamada@example.jp", Key::Enter).await;
}

async fn registers(deployment: &Deployment, url: &str, browser: &Browser, language: &str, mark: &str) {
    let card = deployment.card(&json!({})).await;
    let code = deployment.activation_code(&card).await;
    let member_id = format!("hanako.{}", card.reference);
    browser.client.goto(&format!("{url}/my/sign-in?language={language}")).await.unwrap();
    browser.wait("#member_id:focus").await;
    seen(browser, &format!("my-sign-in-{mark}")).await;
    browser.client.goto(&format!("{url}/my/register?language={language}")).await.unwrap();
    browser.wait("#number:focus").await;
    seen(browser, &format!("my-register-{mark}")).await;
    fills(browser, &card, "00000-00000", &member_id).await;
    browser.wait(".notice.bad").await;
    seen(browser, &format!("my-register-refused-{mark}")).await;
    browser.wait("#number:focus").await.clear().await.unwrap();
    for field in ["#expiry", "#activation_code", "#member_id", "#contact"] {
        browser.wait(field).await.clear().await.unwrap();
    }
    browser.client.execute("document.getElementById('number').focus()", Vec::new()).await.unwrap();
    fills(browser, &card, &code, &member_id).await;
    browser.wait(".notice.good").await;
    seen(browser, &format!("my-registered-{mark}")).await;
    types(browser, "#member_id", &member_id, Key::Tab).await;
    types(browser, "#password", PASSWORD, Key::Enter).await;
    browser.wait("#code:focus").await;
    seen(browser, &format!("my-first-contact-{mark}")).await;
    let sql = "SELECT id FROM contacts ORDER BY created_at DESC LIMIT 1";
    let contact: uuid::Uuid = deployment.tables.value(sql, Vec::new()).await;
    let code = sent_code(&deployment.app, BoundTo::Contact(ContactId::from_uuid(contact))).await;
    types(browser, "#code", &code, Key::Enter).await;
    browser.wait("#accepted").await;
    seen(browser, &format!("my-terms-{mark}")).await;
    accepts(browser).await;
    browser.wait(".own-card").await;
    seen(browser, &format!("my-home-{mark}")).await;
}

/// Walks to the box by the keyboard, ticks it and sends the form.
async fn accepts(browser: &Browser) {
    for _ in 0..20 {
        press(browser, &char::from(Key::Tab).to_string()).await;
        if browser.client.active_element().await.unwrap().attr("id").await.unwrap().as_deref() == Some("accepted") {
            press(browser, " ").await;
            press(browser, &char::from(Key::Enter).to_string()).await;
            return;
        }
    }
    panic!("the keyboard does not reach the box");
}

async fn looks_around(browser: &Browser, url: &str, mark: &str) {
    for (path, name) in [
        ("/my/sign-ins", "my-sign-ins"),
        ("/my/sessions", "my-sessions"),
        ("/my/link", "my-link"),
        ("/my/prove", "my-prove"),
    ] {
        browser.client.goto(&format!("{url}{path}")).await.unwrap();
        browser.wait("main h1").await;
        seen(browser, &format!("{name}-{mark}")).await;
    }
    browser.click("form[action='/my/sign-out'] button").await;
    browser.wait(".notice.good").await;
    browser.no_policy_was_violated().await;
}

async fn forgets(deployment: &Deployment, url: &str, browser: &Browser, language: &str, mark: &str) {
    let card = deployment.enrolled().await;
    let code = deployment.activation_code(&card).await;
    browser.client.goto(&format!("{url}/my/forgotten?language={language}")).await.unwrap();
    browser.wait("#member_id:focus").await;
    seen(browser, &format!("my-forgotten-{mark}")).await;
    types(browser, "#member_id", &format!("member-{}", card.reference), Key::Tab).await;
    types(browser, "#number", &card.number, Key::Tab).await;
    types(browser, "#expiry", "11/29", Key::Tab).await;
    types(browser, "[name='way']", "", Key::Down).await;
    types(browser, "[value='activation']", "", Key::Enter).await;
    browser.wait("#code:focus").await;
    seen(browser, &format!("my-forgotten-choose-{mark}")).await;
    types(browser, "#code", &code, Key::Tab).await;
    types(browser, "#password", "seven swans over the weir", Key::Tab).await;
    types(browser, "#again", "seven swans over the weir", Key::Enter).await;
    browser.wait(".notice.good").await;
    let id = format!("member-{}", card.reference);
    signs_in(&deployment.app, &id, "seven swans over the weir", "").await.unwrap();
    browser.no_policy_was_violated().await;
}

#[tokio::test]
async fn a_card_is_registered_by_the_keyboard_alone_in_english() {
    served(Setup::default(), with_mail(), async |deployment, url, browser| {
        registers(deployment, url, &browser, "en", "en-1280").await;
        looks_around(&browser, url, "en-1280").await;
        forgets(deployment, url, &browser, "en", "en-1280").await;
    })
    .await;
}

#[tokio::test]
async fn a_card_is_registered_on_a_telephone_in_japanese() {
    let narrow = Setup { window: Some((390, 844)), ..Setup::default() };
    served(narrow, with_mail(), async |deployment, url, browser| {
        registers(deployment, url, &browser, "ja", "ja-390").await;
        looks_around(&browser, url, "ja-390").await;
        forgets(deployment, url, &browser, "ja", "ja-390").await;
    })
    .await;
}
