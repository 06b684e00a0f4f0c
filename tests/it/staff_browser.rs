//! A first sign-in with a real browser and its keyboard alone, and what comes after it.

use std::net::TcpListener;
use std::sync::Arc;

use fantoccini::key::Key;
use sekisho::domain::staff::Role;

use crate::support::browser::{Browser, Setup, in_browser};
use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::staff::{PASSWORD, created};

/// Types into an element once it has the focus, and goes on to the next.
async fn types(browser: &Browser, css: &str, text: &str, then: Key) {
    let focused = browser.wait(&format!("{css}:focus")).await;
    focused.send_keys(&format!("{text}{}", char::from(then))).await.unwrap();
}

/// Runs a test against a service on a port of its own that knows its address.
async fn served(setup: Setup, test: impl AsyncFn(&Deployment, &str, Browser)) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url: &'static str = Box::leak(format!("http://{}", listener.local_addr().unwrap()).into_boxed_str());
    let wanted = Wanted::default().with("SEKISHO__SERVER__PUBLIC_URL", url);
    on_every_database(wanted, async |deployment: &Deployment| {
        let socket = tokio::net::TcpListener::from_std(listener.try_clone().unwrap()).unwrap();
        let service =
            tokio::spawn(sekisho::service::serve(Arc::clone(&deployment.app), socket, std::future::pending::<()>()));
        in_browser(setup, |browser| test(deployment, url, browser)).await;
        service.abort();
    })
    .await;
}

/// The first sign-in, by keyboard. Answers the secret that the page showed.
async fn sets_up(deployment: &Deployment, url: &str, browser: &Browser, name: &str, size: &str) -> totp_rs::Totp {
    let code = created(&deployment.app, name, &[Role::Administrator, Role::Agent]).await;
    browser.client.goto(&format!("{url}/staff")).await.unwrap();
    browser.wait("#password").await;
    browser.picture(&format!("staff-sign-in-{size}")).await;
    browser.client.goto(&format!("{url}/staff/setup")).await.unwrap();
    browser.wait("#setup_code").await;
    types(browser, "#setup_code", &code, Key::Tab).await;
    types(browser, "#password", PASSWORD, Key::Tab).await;
    types(browser, "#again", "something else", Key::Enter).await;
    assert!(!browser.text("#again-error").await.is_empty());
    browser.picture(&format!("staff-setup-wrong-{size}")).await;
    types(browser, "#setup_code", "", Key::Tab).await;
    types(browser, "#password", PASSWORD, Key::Tab).await;
    types(browser, "#again", PASSWORD, Key::Enter).await;
    let secret = browser.text("#secret").await.replace(' ', "");
    browser.picture(&format!("staff-setup-secret-{size}")).await;
    let url = format!("otpauth://totp/x:x?secret={secret}&issuer=x");
    let totp = totp_rs::Totp::from_url(&url).unwrap();
    let now = deployment.app.now().unix_seconds().unsigned_abs();
    types(browser, "#code", "000000", Key::Enter).await;
    browser.wait(".notice.bad").await;
    types(browser, "#code", &totp.generate(now).to_string(), Key::Enter).await;
    browser.wait(".codes").await;
    browser.picture(&format!("staff-setup-done-{size}")).await;
    totp
}

async fn looks_around(deployment: &Deployment, browser: &Browser, name: &str, totp: &totp_rs::Totp, size: &str) {
    browser.click("main a.button").await;
    browser.wait(".places").await;
    browser.picture(&format!("staff-home-{size}")).await;
    browser.no_policy_was_violated().await;
    browser.click("nav a[href='/staff/account']").await;
    browser.wait(".facts").await;
    browser.picture(&format!("staff-account-{size}")).await;
    // The skip link is the first stop of the keyboard where no field has the focus.
    browser.wait("body").await.send_keys(&char::from(Key::Tab).to_string()).await.unwrap();
    let first = browser.client.active_element().await.unwrap().attr("class").await.unwrap();
    assert_eq!(first.as_deref(), Some("skip"));
    browser.click("button[name='language']").await;
    browser.wait("html[lang='ja'] .facts").await;
    browser.picture(&format!("staff-account-ja-{size}")).await;
    browser.click("form[action='/staff/sign-out'] button").await;
    browser.wait(".notice.good").await;
    deployment.clock.advance(60);
    let now = deployment.app.now().unix_seconds().unsigned_abs();
    types(browser, "#name", name, Key::Tab).await;
    types(browser, "#password", PASSWORD, Key::Tab).await;
    types(browser, "#code", &totp.generate(now).to_string(), Key::Enter).await;
    browser.wait(".places").await;
    deployment.clock.advance(16 * 60);
    browser.click("nav a[href='/staff/account']").await;
    browser.wait(".notice.bad").await;
    browser.picture(&format!("staff-session-over-{size}")).await;
    browser.no_policy_was_violated().await;
}

#[tokio::test]
async fn a_first_sign_in_needs_nothing_but_the_keyboard() {
    served(Setup::default(), async |deployment, url, browser| {
        let totp = sets_up(deployment, url, &browser, "shiori", "1280").await;
        looks_around(deployment, &browser, "shiori", &totp, "1280").await;
    })
    .await;
}

#[tokio::test]
async fn it_fits_a_narrow_window_and_needs_no_scripts() {
    let narrow = Setup { window: Some((500, 900)), without_scripts: true, ..Setup::default() };
    served(narrow, async |deployment, url, browser| {
        let totp = sets_up(deployment, url, &browser, "tsumugi", "500").await;
        looks_around(deployment, &browser, "tsumugi", &totp, "500").await;
    })
    .await;
}
