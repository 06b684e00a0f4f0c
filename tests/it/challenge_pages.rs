//! The challenge's pages as they are seen: every state, in both languages, in every window, light and dark, by keyboard
//! and by name.

use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::support::browser::{Browser, SIZES, Setup, Sight};
use crate::support::challenge_states::{Buyer, ready};
use crate::support::deployment::{Deployment, PASSWORD, Wanted};
use crate::support::gateway::Gateway;
use crate::support::served::served_once;

const ANSWER: &str = "form.answer button[type=submit]";
const CANCEL: &str = "form[action$='/cancel'] button";
const SEND: &str = "form.send button";
const WAYS: &str = "form.ways button:last-child";
const HELP: &str = "footer .help a";

/// Frames block cookies of others, and the pages need none.
const STRICT: Setup = Setup { without_scripts: false, without_third_party_cookies: true, window: None };

/// The question for the password, and what is said when it was not answered well.
async fn passwords(deployment: &Deployment, browser: &Browser, language: &str) {
    let buyer = Buyer::with_password(deployment, language).await;
    browser.client.goto(&buyer.url).await.unwrap();
    browser.is_right(&format!("challenge-neutral-{language}"), &["main form button", HELP]).await;
    buyer.goes_on(browser).await;
    let needed = [".words", "#password", ANSWER, CANCEL, HELP];
    browser.is_right(&format!("challenge-password-{language}"), &needed).await;
    for window in SIZES {
        browser.sees(Sight::of(window)).await;
        assert!(browser.shows_at_once("#password").await, "{language} {window:?}: the field is seen without scrolling");
    }
    buyer.answers(browser, "#password", "not her password").await;
    browser.wait("#notice").await;
    browser.is_right(&format!("challenge-wrong-{language}"), &["#notice", ".words", "#password", ANSWER]).await;
}

/// Codes: the other ways, on its way, sent, wrong, over, no more; and an application's.
async fn codes(deployment: &Deployment, browser: &Browser, gateway: &Gateway, language: &str) {
    gateway.answers(202);
    let buyer = Buyer::with_contacts(deployment, language).await;
    buyer.goes_on(browser).await;
    browser.is_right(&format!("challenge-ways-{language}"), &[".words", "#delivery", SEND, WAYS, CANCEL]).await;
    browser.click(SEND).await;
    browser.wait("#code").await;
    let needed = [".words", "#delivery", "#code", ANSWER, SEND, WAYS, CANCEL];
    browser.is_right(&format!("challenge-code-on-its-way-{language}"), &needed).await;
    buyer.receives().await;
    buyer.goes_on(browser).await;
    browser.is_right(&format!("challenge-code-sent-{language}"), &needed).await;
    buyer.answers(browser, "#code", "12 34").await;
    browser.wait("#notice").await;
    browser.is_right(&format!("challenge-code-wrong-{language}"), &["#notice", "#code", ANSWER]).await;
    deployment.clock.advance(301);
    buyer.goes_on(browser).await;
    browser.is_right(&format!("challenge-code-over-{language}"), &["#delivery", SEND, WAYS]).await;
    for _ in 0..3 {
        buyer.presses(browser, SEND).await;
    }
    browser.is_right(&format!("challenge-code-no-more-{language}"), &["#code", ANSWER, WAYS]).await;
    let buyer = Buyer::with_application(deployment, language).await;
    buyer.goes_on(browser).await;
    browser.is_right(&format!("challenge-totp-{language}"), &[".words", "#code", ANSWER, CANCEL]).await;
}

/// A code as the only way: before it is sent, and when it cannot be delivered.
async fn undelivered(deployment: &Deployment, browser: &Browser, gateway: &Gateway, language: &str) {
    gateway.answers(400);
    let buyer = Buyer::with_contacts(deployment, language).await;
    buyer.goes_on(browser).await;
    browser.click(SEND).await;
    browser.wait("#code").await;
    buyer.receives().await;
    buyer.goes_on(browser).await;
    browser.is_right(&format!("challenge-code-failed-{language}"), &["#delivery", SEND, WAYS]).await;
    let buyer = Buyer::with_a_code_alone(deployment, language).await;
    buyer.goes_on(browser).await;
    browser.is_right(&format!("challenge-code-first-{language}"), &[".words", "#delivery", SEND, CANCEL]).await;
    browser.click(SEND).await;
    browser.wait("#code").await;
    buyer.receives().await;
    browser.runs_scripts(false).await;
    browser.client.goto(&buyer.url).await.unwrap();
    ended(browser, &format!("challenge-unavailable-{language}")).await;
    browser.runs_scripts(true).await;
}

/// What is shown when the page was opened too often, and while an answer is compared.
async fn withheld(deployment: &Deployment, browser: &Browser, language: &str) {
    let buyer = Buyer::with_password(deployment, language).await;
    buyer.has_opened_too_many().await;
    buyer.goes_on(browser).await;
    browser.is_right(&format!("challenge-withheld-{language}"), &[".message", "#password", ANSWER]).await;
    buyer.is_being_compared().await;
    browser.client.goto(&buyer.url).await.unwrap();
    browser.click("main form button").await;
    browser.wait("main:not(:has(.purchase)) form").await;
    browser.is_right(&format!("challenge-comparing-{language}"), &["main form button"]).await;
}

/// How it may end. The last page sends itself away by its script: it is reached without, and then looked at.
async fn endings(deployment: &Deployment, browser: &Browser, language: &str) {
    browser.runs_scripts(false).await;
    let buyer = Buyer::with_password(deployment, language).await;
    buyer.goes_on(browser).await;
    buyer.answers(browser, "#password", PASSWORD).await;
    ended(browser, &format!("challenge-passed-{language}")).await;
    let buyer = Buyer::with_password(deployment, language).await;
    buyer.goes_on(browser).await;
    for _ in 0..3 {
        buyer.answers(browser, "#password", "not her password").await;
    }
    ended(browser, &format!("challenge-failed-{language}")).await;
    let buyer = Buyer::with_password(deployment, language).await;
    buyer.goes_on(browser).await;
    browser.click(CANCEL).await;
    ended(browser, &format!("challenge-cancelled-{language}")).await;
    let buyer = Buyer::with_password(deployment, language).await;
    deployment.clock.advance(601);
    browser.client.goto(&buyer.url).await.unwrap();
    ended(browser, &format!("challenge-expired-{language}")).await;
    browser.runs_scripts(true).await;
    deployment.clock.advance(2 * 3_600);
    browser.speaks(language).await;
    for (url, name) in [(buyer.url.clone(), "gone"), (format!("{}A", buyer.url), "not-found")] {
        browser.client.goto(&url).await.unwrap();
        browser.is_right(&format!("challenge-{name}-{language}"), &["h1", HELP]).await;
    }
}

async fn ended(browser: &Browser, name: &str) {
    browser.wait("input[name='result']").await;
    browser.runs_scripts(true).await;
    browser.is_right(name, &["main form button"]).await;
    browser.runs_scripts(false).await;
}

#[tokio::test]
async fn questions_for_a_password_fit_every_window() {
    served_once(STRICT, Wanted::default(), async |deployment, _, browser| {
        for language in ["ja", "en"] {
            passwords(deployment, &browser, language).await;
            withheld(deployment, &browser, language).await;
        }
    })
    .await;
}

#[tokio::test]
async fn questions_for_a_code_fit_every_window() {
    let gateway = Gateway::new();
    gateway.listen().await;
    served_once(STRICT, ready(&gateway), async |deployment, _, browser| {
        for language in ["ja", "en"] {
            codes(deployment, &browser, &gateway, language).await;
            undelivered(deployment, &browser, &gateway, language).await;
        }
    })
    .await;
}

#[tokio::test]
async fn every_ending_fits_every_window() {
    served_once(STRICT, Wanted::default(), async |deployment, _, browser| {
        for language in ["ja", "en"] {
            endings(deployment, &browser, language).await;
        }
    })
    .await;
}

/// Goes on with the keyboard until the element that fits has the focus; each stop is marked so that it can be seen.
async fn reaches(browser: &Browser, css: &str) {
    const STOP: &str = "
        const at = document.activeElement;
        return [at.matches(arguments[0]), at === document.body || getComputedStyle(at).outlineStyle !== 'none'];";
    for _ in 0..12 {
        let tab = char::from(Key::Tab).to_string();
        browser.client.active_element().await.unwrap().send_keys(&tab).await.unwrap();
        let stop = browser.client.execute(STOP, vec![json!(css)]).await.unwrap();
        assert_eq!(stop[1], json!(true), "the focus on the way to `{css}` is not seen");
        if stop[0] == json!(true) {
            return;
        }
    }
    panic!("the keyboard does not reach `{css}`");
}

async fn enter(browser: &Browser, text: &str) {
    let keys = format!("{text}{}", char::from(Key::Enter));
    browser.client.active_element().await.unwrap().send_keys(&keys).await.unwrap();
}

#[tokio::test]
async fn a_keyboard_is_enough_from_the_first_page_to_the_last() {
    served_once(STRICT, Wanted::default(), async |deployment, _, browser| {
        let buyer = Buyer::with_password(deployment, "ja").await;
        browser.runs_scripts(false).await;
        browser.client.goto(&buyer.url).await.unwrap();
        reaches(&browser, "main form button").await;
        enter(&browser, "").await;
        browser.wait("#password").await;
        for stop in [".switch", "#password", ANSWER, CANCEL, HELP] {
            reaches(&browser, stop).await;
        }
        browser.wait("#password").await.click().await.unwrap();
        enter(&browser, PASSWORD).await;
        browser.wait("input[name='result']").await;
        reaches(&browser, "main form button").await;
    })
    .await;
}

/// What a screen reader tells of the page: roles and names of what can be used and of headings, sorted.
async fn told(browser: &Browser) -> Vec<String> {
    const TOLD: [&str; 5] = ["heading", "button", "link", "textbox", "alert"];
    let tree = browser.devtools("Accessibility.getFullAXTree", json!({})).await;
    let nodes = tree["nodes"].as_array().unwrap().iter().filter(|node| node["ignored"] != json!(true));
    let word = |node: &Value, part: &str| node[part]["value"].as_str().unwrap_or_default().to_owned();
    let told = nodes.filter(|node| TOLD.contains(&word(node, "role").as_str()));
    let mut told: Vec<String> = told.map(|node| format!("{}: {}", word(node, "role"), word(node, "name"))).collect();
    told.sort();
    told
}

#[tokio::test]
async fn a_screen_reader_tells_what_everything_is() {
    served_once(STRICT, Wanted::default(), async |deployment, _, browser| {
        let buyer = Buyer::with_password(deployment, "ja").await;
        buyer.goes_on(&browser).await;
        let names = [
            "button: Switch to English",
            "button: やめてお店に戻る",
            "button: 確認する",
            "heading: ご本人確認",
            "heading: パーソナルメッセージ",
            "link: 本人認証について・お困りのとき （新しい画面で開きます）",
            "textbox: パスワード",
        ];
        assert_eq!(told(&browser).await, names);
        buyer.answers(&browser, "#password", "not her password").await;
        let told = told(&browser).await;
        assert!(told.iter().any(|line| line.starts_with("alert")), "{told:#?}");
        assert!(browser.client.title().await.unwrap().starts_with("エラー："));
    })
    .await;
}
