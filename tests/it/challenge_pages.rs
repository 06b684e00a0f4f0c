//! The challenge's pages as they are seen: every state, in both languages, in every window, light and dark.

use fantoccini::key::Key;
use serde_json::json;

use crate::support::browser::{Browser, SIZES, Setup, Sight};
use crate::support::deployment::{Deployment, PASSWORD, Wanted};
use crate::support::served::served_once;

const ANSWER: &str = "form.answer button[type=submit]";
const CANCEL: &str = "form[action$='/cancel'] button";

/// What is sent away is not followed: the page that would do so by a script is looked at as it is.
const AS_IT_IS: Setup = Setup { without_scripts: false, without_third_party_cookies: true, window: None };

/// A challenge for a new card; its address.
async fn asked(deployment: &Deployment, language: &str) -> String {
    let card = deployment.enrolled().await;
    let wish = json!({"challenge": {"wish": "challenge", "language": language}});
    let answer = deployment.buys(&card, &wish).await;
    answer["challenge"]["url"].as_str().unwrap().to_owned()
}

/// From the neutral page to the question.
async fn goes_on(browser: &Browser, url: &str) {
    browser.client.goto(url).await.unwrap();
    browser.click("main form button").await;
    browser.wait("#password").await;
}

/// Answers the question, and waits until the page that follows is there.
async fn answers(browser: &Browser, css: &str, text: &str) {
    let form = browser.attribute("form.answer input[name='form']", "value").await;
    browser.wait(css).await.send_keys(&format!("{text}{}", char::from(Key::Enter))).await.unwrap();
    browser.wait(&format!("form.answer input[name='form']:not([value='{form}']), input[name='result']")).await;
}

/// The question, and what is said when it was not answered well.
async fn questions(deployment: &Deployment, browser: &Browser, language: &str) {
    let url = asked(deployment, language).await;
    browser.client.goto(&url).await.unwrap();
    browser.is_right(&format!("challenge-neutral-{language}"), &["main form button"]).await;
    goes_on(browser, &url).await;
    browser.is_right(&format!("challenge-password-{language}"), &[".words", "#password", ANSWER, CANCEL]).await;
    for window in SIZES {
        browser.sees(Sight::of(window)).await;
        assert!(browser.shows_at_once("#password").await, "{language} {window:?}: the field is seen without scrolling");
    }
    answers(browser, "#password", "not her password").await;
    browser.wait("#notice").await;
    browser.is_right(&format!("challenge-wrong-{language}"), &["#notice", ".words", "#password", ANSWER]).await;
}

/// How it may end. The last page sends itself away by its script: it is reached without, and then looked at.
async fn endings(deployment: &Deployment, browser: &Browser, language: &str) {
    browser.runs_scripts(false).await;
    let url = asked(deployment, language).await;
    goes_on(browser, &url).await;
    answers(browser, "#password", PASSWORD).await;
    ended(browser, &format!("challenge-passed-{language}")).await;
    let url = asked(deployment, language).await;
    goes_on(browser, &url).await;
    for _ in 0..3 {
        answers(browser, "#password", "not her password").await;
    }
    ended(browser, &format!("challenge-failed-{language}")).await;
    let url = asked(deployment, language).await;
    goes_on(browser, &url).await;
    browser.click(CANCEL).await;
    ended(browser, &format!("challenge-cancelled-{language}")).await;
    let url = asked(deployment, language).await;
    deployment.clock.advance(601);
    browser.client.goto(&url).await.unwrap();
    ended(browser, &format!("challenge-expired-{language}")).await;
    browser.runs_scripts(true).await;
}

async fn ended(browser: &Browser, name: &str) {
    browser.wait("input[name='result']").await;
    browser.runs_scripts(true).await;
    browser.is_right(name, &["main form button"]).await;
    browser.runs_scripts(false).await;
}

#[tokio::test]
async fn every_ending_fits_every_window_in_both_languages() {
    served_once(AS_IT_IS, Wanted::default(), async |deployment, _, browser| {
        for language in ["ja", "en"] {
            endings(deployment, &browser, language).await;
        }
    })
    .await;
}

#[tokio::test]
async fn every_question_fits_every_window_in_both_languages() {
    served_once(AS_IT_IS, Wanted::default(), async |deployment, _, browser| {
        for language in ["ja", "en"] {
            questions(deployment, &browser, language).await;
        }
    })
    .await;
}
