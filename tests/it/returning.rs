//! The way back to the merchant, in a real browser: frames and dialogs of the helper, sandboxes, foreign frames, and
//! buyers who press twice, reload, go back or have two tabs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::browser::{Browser, Setup};
use crate::support::deployment::{Deployment, PASSWORD, Shop, TestCard, Wanted, open_shop};
use crate::support::exchange::Call;
use crate::support::served::{served, served_once};
use crate::support::site::Site;

const PROOF: &str = "#password";
const SUBMIT: &str = "form.answer button";

/// A merchant with a site, and a card that it asks about.
struct Stage<'a> {
    deployment: &'a Deployment,
    service: &'a str,
    site: Site,
    shop: Shop,
    card: TestCard,
}

impl<'a> Stage<'a> {
    async fn set(deployment: &'a Deployment, service: &'a str) -> Self {
        let site = Site::start();
        site.page("/return", "<h1 id='returned'>Thank you</h1>");
        let shop = open_shop(&deployment.app, "Books", "5942", &site.at("/return")).await;
        Self { deployment, service, site, shop, card: deployment.enrolled().await }
    }

    /// An open challenge: the whole answer.
    async fn challenge(&self) -> Value {
        let changes =
            json!({"challenge": {"wish": "challenge", "return_url": self.site.at("/return"), "language": "en"}});
        let body = self.deployment.purchase(&self.card, &changes);
        let answer = self.deployment.ask_by(&self.shop, &body).await.ok(201);
        assert_eq!(answer["status"], "challenge_required", "{answer}");
        answer
    }

    async fn challenge_url(&self) -> String {
        self.challenge().await["challenge"]["url"].as_str().unwrap().to_owned()
    }

    /// A page of the merchant's that opens the challenge by the helper in this mode, and says how it ended.
    fn with_helper(&self, path: &str, url: &str, mode: &str) {
        let integrity = sekisho::pages::assets::helper_integrity();
        self.site.page(
            path,
            &format!(
                "<button id='before'>Pay</button><div id='place'></div><p id='end'></p>\
                 <script src='{}/v1/js/sekisho.js' integrity='{integrity}' crossorigin='anonymous'></script>\
                 <script>document.getElementById('before').focus(); window.ends = 0;\
                 window.handle = Sekisho.open('{url}', {{ mode: '{mode}', container: document.getElementById('place'),\
                 onEnd: function (end) {{ window.ends += 1; document.getElementById('end').textContent = end.reason; }} }});\
                 </script>",
                self.service
            ),
        );
    }

    /// Whether the challenge's end is known to the service.
    async fn status(&self, answer: &Value) -> String {
        let path = format!("/v1/authentications/{}", answer["id"].as_str().unwrap());
        let read = self.deployment.send(Call::get(path).key(&self.shop.key)).await.ok(200);
        read["status"].as_str().unwrap().to_owned()
    }
}

async fn prove(browser: &Browser) {
    browser.wait(PROOF).await.send_keys(PASSWORD).await.unwrap();
    browser.click(SUBMIT).await;
}

async fn script(browser: &Browser, code: &str) -> Value {
    browser.client.execute(code, Vec::new()).await.unwrap()
}

/// Waits until an element has this text.
async fn says(browser: &Browser, css: &str, text: &str) {
    for _ in 0..300 {
        if browser.text(css).await == text {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("`{css}` says {:?}", browser.text(css).await);
}

/// Waits until the page says that the way back is blocked.
async fn is_stuck(browser: &Browser) {
    for _ in 0..200 {
        if browser.text("#stuck").await.contains("Go back to the shop’s page") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not say that the way is blocked");
}

fn strict() -> Setup {
    Setup { without_third_party_cookies: true, ..Setup::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_of_the_helper_ends_and_goes_where_third_party_cookies_are_blocked() {
    served(strict(), Wanted::default(), async |deployment, service, browser| {
        let stage = Stage::set(deployment, service).await;
        let answer = stage.challenge().await;
        stage.with_helper("/checkout", answer["challenge"]["url"].as_str().unwrap(), "frame");
        browser.client.goto(&stage.site.at("/checkout")).await.unwrap();
        assert!(browser.attribute("#place iframe", "allow").await.contains("publickey-credentials-get 'none'"));
        browser.enter("#place iframe").await;
        prove(&browser).await;
        browser.leave_frames().await;
        says(&browser, "#end", "ended").await;
        assert_eq!(stage.status(&answer).await, "approved");
        assert_eq!(script(&browser, "return document.querySelectorAll('iframe').length").await, 0, "it is taken away");
        assert_eq!(script(&browser, "return window.ends").await, 1);
        browser.no_policy_was_violated().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dialog_keeps_the_focus_and_can_be_closed_by_key() {
    served_once(Setup::default(), Wanted::default(), async |deployment, service, browser| {
        let stage = Stage::set(deployment, service).await;
        let answer = stage.challenge().await;
        stage.with_helper("/checkout", answer["challenge"]["url"].as_str().unwrap(), "dialog");
        browser.client.goto(&stage.site.at("/checkout")).await.unwrap();
        browser.wait("dialog[open] iframe").await;
        assert_eq!(script(&browser, "return document.activeElement.tagName").await, "IFRAME");
        assert_eq!(browser.attribute("dialog", "aria-label").await, "Confirm it’s you");
        browser.enter("dialog iframe").await;
        browser.wait(PROOF).await;
        browser.leave_frames().await;
        browser.picture("helper-dialog").await;
        browser.is_accessible().await;
        script(&browser, "document.querySelector('dialog button').focus()").await;
        browser.wait("dialog button").await.send_keys("\u{e00c}").await.unwrap();
        says(&browser, "#end", "closed").await;
        assert_eq!(script(&browser, "return document.activeElement.id").await, "before", "the focus is where it was");
        assert_eq!(script(&browser, "return document.querySelectorAll('dialog').length").await, 0);
        assert_eq!(stage.status(&answer).await, "challenge_required", "the challenge itself goes on");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_others_do_not_end_a_challenge() {
    served_once(Setup::default(), Wanted::default(), async |deployment, service, browser| {
        let stage = Stage::set(deployment, service).await;
        let answer = stage.challenge().await;
        stage.with_helper("/checkout", answer["challenge"]["url"].as_str().unwrap(), "frame");
        // Another frame of another origin, one of the page's own, and the page itself all say that it is over.
        let cry = "<script>parent.postMessage({type: 'sekisho.ended'}, '*')</script>";
        stage.site.page("/cry", cry);
        browser.client.goto(&stage.site.at("/checkout")).await.unwrap();
        browser.enter("#place iframe").await;
        browser.wait(PROOF).await;
        browser.leave_frames().await;
        for url in [stage.site.at("/cry"), stage.site.elsewhere("/cry")] {
            let add = "var f = document.createElement('iframe'); f.className = 'cry'; f.src = arguments[0];\
                       document.body.append(f);";
            browser.client.execute(add, vec![json!(url)]).await.unwrap();
        }
        script(&browser, "window.postMessage({type: 'sekisho.ended'}, '*')").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(script(&browser, "return window.ends").await, 0);
        script(&browser, "window.handle.close(); window.handle.close();").await;
        assert_eq!(script(&browser, "return window.ends").await, 1, "said once");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_may_not_post_says_that_the_purchase_goes_on_at_the_shop() {
    served_once(Setup::default(), Wanted::default(), async |deployment, service, browser| {
        let stage = Stage::set(deployment, service).await;
        let answer = stage.challenge().await;
        let url = answer["challenge"]["url"].as_str().unwrap();
        let cancel = format!("/v1/authentications/{}/cancel", answer["id"].as_str().unwrap());
        deployment.send(Call::post(cancel).idempotency("cancel").key(&stage.shop.key)).await.ok(200);
        stage.site.page(
            "/checkout",
            &format!(
                "<p id='heard'></p><script>addEventListener('message', function (event) {{\
                 document.getElementById('heard').textContent = event.data.id; }});</script>\
                 <iframe id='frame' sandbox='allow-scripts' width='400' height='500' src='{url}'></iframe>"
            ),
        );
        browser.client.goto(&stage.site.at("/checkout")).await.unwrap();
        says(&browser, "#heard", answer["id"].as_str().unwrap()).await;
        browser.enter("#frame").await;
        is_stuck(&browser).await;
        browser.leave_frames().await;
        browser.picture("return-blocked").await;
        assert!(stage.site.posted().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_without_scripts_is_left_by_the_button() {
    served_once(Setup::default(), Wanted::default(), async |deployment, service, browser| {
        let stage = Stage::set(deployment, service).await;
        let answer = stage.challenge().await;
        let url = answer["challenge"]["url"].as_str().unwrap();
        let frame = format!("<iframe id='frame' sandbox='allow-forms' width='400' height='600' src='{url}'></iframe>");
        stage.site.page("/checkout", &frame);
        browser.client.goto(&stage.site.at("/checkout")).await.unwrap();
        browser.enter("#frame").await;
        prove(&browser).await;
        browser.wait("form[data-return] button").await;
        assert!(stage.site.posted().is_empty(), "nothing runs by itself");
        browser.click("form[data-return] button").await;
        browser.wait("#returned").await;
        assert_eq!(stage.status(&answer).await, "approved");
        let posted = stage.site.posted();
        assert!(posted.len() == 1 && posted[0].starts_with("result=eyJ") && !posted[0].contains('&'), "{posted:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_an_unregistered_or_a_nested_origin_cannot_frame_the_challenge() {
    served_once(Setup::default(), Wanted::default(), async |deployment, service, browser| {
        let stage = Stage::set(deployment, service).await;
        let url = stage.challenge_url().await;
        stage.site.page("/checkout", &format!("<iframe id='inner' width='400' height='500' src='{url}'></iframe>"));
        stage.site.page("/outer", &format!("<iframe id='outer' src='{}'></iframe>", stage.site.at("/checkout")));
        let shown = async |frames: &[&str]| {
            for frame in frames {
                browser.enter(frame).await;
            }
            // What the browser shows in place of a page that it blocked has no field.
            tokio::time::sleep(Duration::from_millis(500)).await;
            browser.client.source().await.unwrap().contains("name=\"password\"")
        };
        browser.client.goto(&stage.site.elsewhere("/checkout")).await.unwrap();
        assert!(!shown(&["#inner"]).await, "another origin around it");
        browser.leave_frames().await;
        browser.client.goto(&stage.site.elsewhere("/outer")).await.unwrap();
        assert!(!shown(&["#outer", "#inner"]).await, "another origin around the merchant's");
        browser.leave_frames().await;
        browser.client.goto(&stage.site.at("/checkout")).await.unwrap();
        assert!(shown(&["#inner"]).await, "the merchant's own");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pressing_twice_reloading_and_going_back_post_the_result_once_each_time_the_buyer_wants_it() {
    served(Setup::default(), Wanted::default(), async |deployment, service, browser| {
        let stage = Stage::set(deployment, service).await;
        let answer = stage.challenge().await;
        let url = answer["challenge"]["url"].as_str().unwrap();
        stage.site.page("/go", &format!("<a id='go' href='{url}'>Pay</a>"));
        browser.client.goto(&stage.site.at("/go")).await.unwrap();
        browser.click("#go").await;
        browser.wait(PROOF).await.send_keys(PASSWORD).await.unwrap();
        script(&browser, "var b = document.querySelector('form.answer button'); b.click(); b.click();").await;
        browser.wait("#returned").await;
        assert_eq!(stage.status(&answer).await, "approved");
        assert_eq!(stage.site.posted().len(), 1);

        // The address once more: it leads back by itself, and going back does not lead there again.
        browser.client.goto(url).await.unwrap();
        browser.wait("#returned").await;
        assert_eq!(stage.site.posted().len(), 2);
        browser.client.back().await.unwrap();
        browser.wait("#returned").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let posted = stage.site.posted();
        assert!(posted.len() == 2 && posted[0] == posted[1], "nobody is caught between two pages: {posted:?}");
        browser.no_policy_was_violated().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_shop_does_not_answer_the_page_stays_and_says_so_and_posts_again_when_asked() {
    served_once(Setup::default(), Wanted::default(), async |deployment, service, browser| {
        let site = Site::start();
        let shop = open_shop(&deployment.app, "Books", "5942", &site.at("/silent")).await;
        let stage = Stage { deployment, service, site, shop, card: deployment.enrolled().await };
        let changes =
            json!({"challenge": {"wish": "challenge", "return_url": stage.site.at("/silent"), "language": "en"}});
        let body = deployment.purchase(&stage.card, &changes);
        let answer = deployment.ask_by(&stage.shop, &body).await.ok(201);
        let cancel = format!("/v1/authentications/{}/cancel", answer["id"].as_str().unwrap());
        deployment.send(Call::post(cancel).idempotency("cancel").key(&stage.shop.key)).await.ok(200);
        browser.client.goto(answer["challenge"]["url"].as_str().unwrap()).await.unwrap();
        is_stuck(&browser).await;
        browser.picture("return-unanswered").await;
        browser.is_accessible().await;
        assert_eq!(stage.site.posted().len(), 1);
        browser.client.refresh().await.unwrap();
        browser.wait("form[data-return] button").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(stage.site.posted().len(), 1, "not by itself once more");
        script(&browser, "var b = document.querySelector('form[data-return] button'); b.click(); b.click();").await;
        is_stuck(&browser).await;
        assert_eq!(stage.site.posted().len(), 2, "pressed twice, posted once");
        browser.click("form[data-return] button").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(stage.site.posted().len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_of_one_challenge_end_alike() {
    served_once(Setup::default(), Wanted::default(), async |deployment, service, browser| {
        let stage = Stage::set(deployment, service).await;
        let answer = stage.challenge().await;
        let url = answer["challenge"]["url"].as_str().unwrap();
        stage.site.page("/go", &format!("<a id='go' href='{url}'>Pay</a>"));
        let first = browser.client.window().await.unwrap();
        browser.client.goto(&stage.site.at("/go")).await.unwrap();
        browser.click("#go").await;
        browser.wait(PROOF).await;
        let second = browser.client.new_window(true).await.unwrap().handle;
        browser.client.switch_to_window(second).await.unwrap();
        browser.client.goto(&stage.site.at("/go")).await.unwrap();
        browser.click("#go").await;
        prove(&browser).await;
        browser.wait("#returned").await;
        browser.client.switch_to_window(first).await.unwrap();
        browser.wait(PROOF).await.send_keys("not her password").await.unwrap();
        browser.click(SUBMIT).await;
        browser.wait("#returned").await;
        assert_eq!(stage.status(&answer).await, "approved");
        let posted = stage.site.posted();
        assert!(posted.len() == 2 && posted[0] == posted[1], "{posted:?}");
    })
    .await;
}
