//! A call on the agents' console in a real browser, by keyboard alone; and every page by the rules of WCAG.

use fantoccini::key::Key;
use sekisho::domain::staff::Role;
use serde_json::json;

use crate::support::browser::{Browser, Setup};
use crate::support::deployment::{Deployment, Wanted};
use crate::support::served::served;
use crate::support::staff::{PASSWORD, signed_in};

/// Types into whatever has the focus, and goes on to the next.
async fn types(browser: &Browser, text: &str, then: Key) {
    let focused = browser.client.active_element().await.unwrap();
    focused.send_keys(&format!("{text}{}", char::from(then))).await.unwrap();
}

/// Goes on with the keyboard until the element that fits has the focus.
async fn reaches(browser: &Browser, css: &str) {
    for _ in 0..60 {
        let script = "return document.activeElement !== null && document.activeElement.matches(arguments[0]);";
        if browser.client.execute(script, vec![json!(css)]).await.unwrap() == json!(true) {
            return;
        }
        types(browser, "", Key::Tab).await;
    }
    panic!("the keyboard does not reach `{css}`");
}

/// From the sign-in to the receipt.
async fn takes_a_call(deployment: &Deployment, url: &str, browser: &Browser, size: &str) {
    let agent = signed_in(&deployment.app, &format!("aoi{size}"), &[Role::Agent]).await;
    let card = deployment.card(&json!({})).await;
    deployment.card_of(&card.cardholder, &json!({})).await;
    deployment.clock.advance(60);
    browser.client.goto(&format!("{url}/staff")).await.unwrap();
    browser.wait("#password").await;
    types(browser, &agent.name, Key::Tab).await;
    types(browser, PASSWORD, Key::Tab).await;
    types(browser, &agent.code_in(0), Key::Enter).await;
    browser.wait(".search").await;
    browser.shows(&format!("console-home-{size}")).await;
    types(browser, "0000 山田花子", Key::Enter).await;
    browser.wait("#nobody").await;
    browser.shows(&format!("console-nobody-{size}")).await;
    // What was typed stands there still: all of it is selected, and typed over.
    let all = format!("{}a{}", char::from(Key::Control), char::from(Key::Null));
    types(browser, &format!("{all}{}", card.number), Key::Enter).await;
    browser.wait(".facts").await;
    browser.shows(&format!("console-cardholder-{size}")).await;
    types(browser, "", Key::Enter).await;
    browser.wait(".checks").await;
    browser.shows(&format!("console-object-{size}")).await;
    types(browser, "", Key::Space).await;
    reaches(browser, "[name='asked_birth_date']").await;
    types(browser, "", Key::Space).await;
    reaches(browser, "[name='outcome']").await;
    types(browser, "", Key::Space).await;
    reaches(browser, "#reference").await;
    types(browser, "call-0815", Key::Enter).await;
    browser.wait(".standing.good").await;
    browser.shows(&format!("console-recorded-{size}")).await;
    reaches(browser, "a[href$='/receipt']").await;
    types(browser, "", Key::Enter).await;
    browser.wait(".receipt").await;
    browser.shows(&format!("console-receipt-{size}")).await;
}

/// The other pages, as they are and with a mistake, in both languages.
async fn looks_at_the_rest(deployment: &Deployment, url: &str, browser: &Browser, size: &str) {
    let id = deployment
        .tables
        .column::<String>("SELECT reference FROM cardholders WHERE reference LIKE 'holder-%'", Vec::new())
        .await;
    let (id, ..) = deployment.app.store.cardholder_key(&id[0]).await.unwrap().unwrap();
    let event = deployment.app.store.consent_events(id, 1).await.unwrap().remove(0).id;
    for language in ["en", "ja"] {
        for (path, name) in [
            ("/staff".to_owned(), "home"),
            (format!("/staff/cardholders/{id}"), "stopped"),
            (format!("/staff/cardholders/{id}/object"), "object-again"),
            (format!("/staff/cardholders/{id}/resume"), "resume"),
            (format!("/staff/consent-events/{event}"), "event"),
            (format!("/staff/consent-events/{event}/correct"), "correct"),
            ("/staff/unmatched".to_owned(), "unmatched"),
            ("/staff/unmatched/new".to_owned(), "unmatched-new"),
        ] {
            browser.looks_at(&format!("{url}{path}"), &format!("console-{name}-{language}-{size}")).await;
        }
        browser.client.goto(&format!("{url}/staff/cardholders/{id}/object")).await.unwrap();
        browser
            .client
            .execute(
                "document.querySelectorAll('[required]').forEach((field) => field.removeAttribute('required'))",
                vec![],
            )
            .await
            .unwrap();
        browser.click("main button.primary").await;
        browser.wait(".notice.bad").await;
        browser.shows(&format!("console-mistakes-{language}-{size}")).await;
        browser.click("button[name='language']").await;
        browser.wait("main").await;
    }
}

#[tokio::test]
async fn a_call_needs_nothing_but_the_keyboard() {
    served(Setup::default(), Wanted::default(), async |deployment, url, browser| {
        takes_a_call(deployment, url, &browser, "1280").await;
        looks_at_the_rest(deployment, url, &browser, "1280").await;
    })
    .await;
}

#[tokio::test]
async fn the_console_fits_a_narrow_window() {
    let narrow = Setup { window: Some((390, 844)), ..Setup::default() };
    served(narrow, Wanted::default(), async |deployment, url, browser| {
        takes_a_call(deployment, url, &browser, "390").await;
        looks_at_the_rest(deployment, url, &browser, "390").await;
    })
    .await;
}
