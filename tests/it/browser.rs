//! The demo's shop, bought from with a real browser: what a buyer sees, at both counters.

use crate::support::browser::{Browser, Setup, in_browser};
use crate::support::demo::{RunningDemo, demo};

const FRAME: &str = "#challenge iframe";
const PASSWORD: &str = "#password";
const SUBMIT: &str = "form.answer button";
const CANCEL: &str = "form[action$='/cancel'] button";
const RESULT: &str = "#result";

/// Goes to the checkout with a card and presses the button.
async fn buy(browser: &Browser, demo: &RunningDemo, counter: &str, item: &str, card: &str) {
    let url = format!("{}/{counter}/items/{item}/checkout?card={card}", demo.shop_url);
    browser.client.goto(&url).await.unwrap();
    browser.click("#pay").await;
}

/// Types a password into the challenge that is in view and sends it.
async fn prove(browser: &Browser, password: &str) {
    browser.wait(PASSWORD).await.send_keys(password).await.unwrap();
    browser.click(SUBMIT).await;
}

async fn status(browser: &Browser) -> String {
    browser.attribute(RESULT, "data-status").await
}

fn password_of(demo: &RunningDemo, card: &str) -> String {
    demo.card(card).password.clone().unwrap()
}

#[tokio::test]
async fn a_small_purchase_is_waved_through_and_nothing_breaks_a_content_policy() {
    let demo = demo();
    in_browser(Setup::default(), |browser| async move {
        browser.client.goto(&demo.shop_url).await.unwrap();
        browser.picture("home-1280").await;
        browser.click("a[href='/zakka/items/tenugui']").await;
        browser.wait("#buy").await;
        browser.picture("item-1280").await;
        browser.click("#buy").await;
        browser.wait("#pay").await;
        browser.picture("checkout-1280").await;
        browser.no_policy_was_violated().await;
        browser.click("#pay").await;
        assert_eq!(status(&browser).await, "approved");
        browser.click("#behind > summary").await;
        assert_eq!(browser.attribute("#analysis", "data-status").await, "answered");
        browser.picture("approved-1280").await;
        browser.no_policy_was_violated().await;
    })
    .await;
}

#[tokio::test]
async fn a_large_purchase_is_made_with_the_password_in_a_frame_of_the_shop() {
    let demo = demo();
    in_browser(Setup::default(), |browser| async move {
        buy(&browser, demo, "zakka", "camera", "hanako-gold").await;
        browser.enter(FRAME).await;
        let message = browser.text(".words").await;
        assert_eq!(Some(message), demo.card("hanako-gold").personal_message);
        browser.leave_frames().await;
        browser.picture("frame-1280").await;
        browser.enter(FRAME).await;
        prove(&browser, &password_of(demo, "hanako-gold")).await;
        browser.leave_frames().await;
        assert_eq!(status(&browser).await, "approved");
        browser.picture("passed-1280").await;
        browser.no_policy_was_violated().await;
    })
    .await;
}

#[tokio::test]
async fn a_gift_card_is_bought_by_a_redirect_to_the_issuers_page_and_back() {
    let demo = demo();
    in_browser(Setup::default(), |browser| async move {
        buy(&browser, demo, "nami", "travel", "emily-premier").await;
        browser.wait(PASSWORD).await;
        assert!(browser.client.current_url().await.unwrap().as_str().starts_with(&demo.service_url));
        browser.picture("challenge-page-1280").await;
        prove(&browser, &password_of(demo, "emily-premier")).await;
        assert_eq!(status(&browser).await, "approved");
        assert!(browser.client.current_url().await.unwrap().as_str().starts_with(&demo.shop_url));
        browser.no_policy_was_violated().await;
    })
    .await;
}

#[tokio::test]
async fn three_wrong_passwords_turn_the_purchase_back() {
    let demo = demo();
    in_browser(Setup::default(), |browser| async move {
        buy(&browser, demo, "zakka", "camera", "aoi-classic").await;
        browser.enter(FRAME).await;
        for (round, tries_left) in ["2", "1"].into_iter().enumerate() {
            prove(&browser, &format!("not-her-password-{round}")).await;
            let notice = format!("//p[@id='notice'][contains(., '{tries_left}')]");
            browser.client.wait().for_element(fantoccini::Locator::XPath(&notice)).await.unwrap();
        }
        prove(&browser, "not-her-password-either").await;
        browser.leave_frames().await;
        assert_eq!(status(&browser).await, "rejected");
        browser.picture("failed-1280").await;
    })
    .await;
}

#[tokio::test]
async fn a_buyer_who_cancels_comes_back_without_having_paid() {
    let demo = demo();
    in_browser(Setup::default(), |browser| async move {
        buy(&browser, demo, "zakka", "camera", "ren-classic").await;
        browser.enter(FRAME).await;
        browser.click(CANCEL).await;
        browser.leave_frames().await;
        assert_eq!(status(&browser).await, "rejected");
    })
    .await;
}

#[tokio::test]
async fn a_purchase_that_looks_bad_is_turned_back_with_a_telephone_number() {
    let demo = demo();
    let small = Setup { window: Some((390, 844)), ..Setup::default() };
    in_browser(small, |browser| async move {
        browser.client.goto(&demo.shop_url).await.unwrap();
        browser.picture("home-phone").await;
        buy(&browser, demo, "zakka", "maki-e", "ryo-premier").await;
        assert_eq!(status(&browser).await, "rejected");
        assert!(browser.text(".issuer-words").await.contains("0120-000-000"));
        browser.picture("rejected-phone").await;
        browser.no_policy_was_violated().await;
    })
    .await;
}

#[tokio::test]
async fn about_an_opted_out_cardholder_the_analysis_company_hears_nothing() {
    let demo = demo();
    in_browser(Setup::default(), |browser| async move {
        let heard_of = |id: &str| demo.provider.calls().iter().any(|call| call.field("transaction_id") == id);
        buy(&browser, demo, "zakka", "tenugui", "taro-classic").await;
        assert_eq!(status(&browser).await, "approved");
        assert!(!heard_of(&browser.attribute(RESULT, "data-authentication").await));
        browser.click("#behind > summary").await;
        assert_eq!(browser.attribute("#analysis", "data-status").await, "not_asked");
        // The log is one in which somebody else's purchase does stand.
        buy(&browser, demo, "zakka", "teapot", "hanako-classic").await;
        assert_eq!(status(&browser).await, "approved");
        assert!(heard_of(&browser.attribute(RESULT, "data-authentication").await));
    })
    .await;
}

#[tokio::test]
async fn without_scripts_the_challenge_works_all_the_same() {
    let demo = demo();
    let plain = Setup { without_scripts: true, window: Some((390, 844)), ..Setup::default() };
    in_browser(plain, |browser| async move {
        buy(&browser, demo, "zakka", "camera", "sora-classic").await;
        browser.picture("frame-phone").await;
        browser.enter(FRAME).await;
        prove(&browser, &password_of(demo, "sora-classic")).await;
        browser.click("form[action$='/zakka/return'] button").await;
        browser.click("#onward").await;
        browser.leave_frames().await;
        assert_eq!(status(&browser).await, "approved");
    })
    .await;
}

#[tokio::test]
async fn blocked_third_party_cookies_are_no_obstacle() {
    let demo = demo();
    let strict = Setup { without_third_party_cookies: true, ..Setup::default() };
    in_browser(strict, |browser| async move {
        buy(&browser, demo, "zakka", "camera", "momoko-student").await;
        browser.enter(FRAME).await;
        prove(&browser, &password_of(demo, "momoko-student")).await;
        browser.leave_frames().await;
        assert_eq!(status(&browser).await, "approved");
    })
    .await;
}
