//! Passkeys in a real browser, with a virtual authenticator: registered on the member's pages, used in a challenge, and what
//! of it is refused.

use sekisho::flow::member_card::passkeys;
use serde_json::{Value, json};

use crate::member_card::own;
use crate::support::browser::{Browser, Setup};
use crate::support::deployment::{Deployment, Wanted, on_every_database};
use crate::support::exchange::Call;
use crate::support::member::TestMember;
use crate::support::served::served_by_name;

/// The path of an open challenge of the member's card.
async fn challenged(deployment: &Deployment, member: &TestMember) -> (Value, String) {
    // Without a way back the last page stays.
    let wish = json!({"challenge": {"wish": "challenge", "return_url": null}});
    let answer = deployment.buys(&member.card, &wish).await;
    let url = answer["challenge"]["url"].as_str().unwrap().to_owned();
    let at = url.find("/challenge/").unwrap();
    let path = url[at..].to_owned();
    (answer, path)
}

/// Registers a passkey by clicks alone.
async fn registers(url: &str, browser: &Browser, member: &TestMember, name: &str) {
    browser.client.goto(&format!("{url}/my/cards/{}/passkeys", member.enrolment_id)).await.unwrap();
    browser.wait("#name").await.send_keys(name).await.unwrap();
    browser.click("form.act button").await;
    browser.wait("form[data-ceremony='create']").await;
    browser.shows(&format!("member-passkey-{name}")).await;
    browser.click("button[data-begin]").await;
    browser.wait(".notice.good").await;
}

/// Opens a challenge on the top level and chooses the passkey.
async fn chooses(url: &str, browser: &Browser, path: &str) {
    browser.client.goto(&format!("{url}{path}?language=en")).await.unwrap();
    browser.click("main form button").await;
    browser.click("button[value='passkey']").await;
    browser.wait("form[data-ceremony='get']").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_registered_and_opens_a_challenge_once() {
    served_by_name(Setup::default(), async |deployment: &Deployment, url, browser| {
        let member = deployment.member().await;
        browser.has_authenticator().await;
        browser.signs_in_as(url, &member).await;
        registers(url, &browser, &member, "telephone").await;
        browser.shows("member-passkeys").await;
        let rows = passkeys::list(&deployment.app, &own(&member).await).await.unwrap();
        assert_eq!(rows.len(), 1);
        let (answer, path) = challenged(deployment, &member).await;
        chooses(url, &browser, &path).await;
        browser.no_policy_was_violated().await;
        browser.picture("challenge-passkey").await;
        browser.click("button[data-begin]").await;
        browser.wait("main:not(.asking)").await;
        let status = deployment.read(&answer).await.ok(200)["status"].clone();
        assert_eq!(status, "approved");
        let used = passkeys::list(&deployment.app, &own(&member).await).await.unwrap();
        assert!(used[0].last_used_at.is_some() && used[0].passkey != rows[0].passkey, "the counter is kept");
        // With the last passkey goes the method.
        browser.client.goto(&format!("{url}/my/cards/{}/passkeys", member.enrolment_id)).await.unwrap();
        browser.click("table button.small").await;
        browser.wait(".notice.good").await;
        let (_, path) = challenged(deployment, &member).await;
        let page = deployment.send(Call::get(&path).header("sec-fetch-dest", "iframe")).await;
        assert!(!page.text.contains("value=\"passkey\""), "{}", page.text);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_a_passkey_is_good_for_its_own_challenge_alone() {
    served_by_name(Setup::default(), async |deployment: &Deployment, url, browser| {
        let member = deployment.member().await;
        browser.has_authenticator().await;
        browser.signs_in_as(url, &member).await;
        registers(url, &browser, &member, "key").await;
        let (_, first) = challenged(deployment, &member).await;
        chooses(url, &browser, &first).await;
        // The answer is made, and kept from being sent.
        let script = "const done = arguments[0]; const form = document.querySelector('form[data-ceremony]'); \
                      form.submit = () => done(form.elements.answer.value); form.requestSubmit(\
                      form.querySelector('[data-begin]'));";
        let made = browser.client.execute_async(script, Vec::new()).await.unwrap();
        let made = made.as_str().unwrap();
        let (other, second) = challenged(deployment, &member).await;
        let page = go_on(deployment, &second).await;
        let choose = page.field("name=\"step\" value=\"choose\"", "form");
        let fields = [("step", "choose"), ("form", choose.as_str()), ("way", "passkey")];
        let page = deployment.send(top(Call::post(&second)).form(&fields)).await;
        let form = page.field("name=\"step\" value=\"answer\"", "form");
        let fields = [("step", "answer"), ("form", form.as_str()), ("answer", made)];
        let refused = deployment.send(top(Call::post(&second)).form(&fields)).await;
        assert!(refused.text.contains("role=\"alert\""), "{}", refused.text);
        let counted = "SELECT CAST(SUM(attempts) AS BIGINT) FROM challenges";
        let tries: i64 = deployment.tables.value(counted, Vec::new()).await;
        assert_eq!(tries, 1, "it is counted like every try");
        assert_eq!(deployment.read(&other).await.ok(200)["status"], "challenge_required");
        // In the challenge that it was made for it is right, once: the next form finds no question any more.
        let page = go_on(deployment, &first).await;
        let form = page.field("name=\"step\" value=\"answer\"", "form");
        let fields = [("step", "answer"), ("form", form.as_str()), ("answer", made)];
        let (left, right) = tokio::join!(
            deployment.send(top(Call::post(&first)).form(&fields)),
            deployment.send(top(Call::post(&first)).form(&fields))
        );
        assert!(left.status == 200 && right.status == 200);
        let passed = "SELECT COUNT(*) FROM audit_entries WHERE action = 'challenge.pass'";
        assert_eq!(deployment.tables.value::<i64>(passed, Vec::new()).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_frame_a_passkey_is_neither_offered_nor_taken() {
    served_by_name(Setup::default(), async |deployment: &Deployment, url, browser| {
        let member = deployment.member().await;
        browser.has_authenticator().await;
        browser.signs_in_as(url, &member).await;
        registers(url, &browser, &member, "key").await;
        let (_, path) = challenged(deployment, &member).await;
        let framed = deployment.send(Call::get(&path).header("sec-fetch-dest", "iframe")).await;
        assert!(!framed.text.contains("value=\"passkey\""), "{}", framed.text);
        let page = go_on(deployment, &path).await;
        let choose = page.field("name=\"step\" value=\"choose\"", "form");
        let fields = [("step", "choose"), ("form", choose.as_str()), ("way", "passkey")];
        let call = Call::post(&path).header("origin", "null").header("sec-fetch-dest", "iframe").form(&fields);
        let refused = deployment.send(call).await;
        assert!(!refused.text.contains("data-ceremony"), "{}", refused.text);
        let attempts: i64 = deployment.tables.value("SELECT attempts FROM challenges", Vec::new()).await;
        assert_eq!(attempts, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_address_is_of_numbers_passkeys_are_not_offered() {
    on_every_database(Wanted::default(), async |deployment| {
        let member = deployment.member().await;
        let path = format!("/my/cards/{}/passkeys", member.enrolment_id);
        let page = deployment.send(member.get(&path)).await;
        assert!(page.status == 200 && page.text.contains("cannot be used at this address"), "{}", page.text);
        let refused = deployment.send(member.post(&path, &[("name", "key")])).await;
        assert_eq!(refused.status, 404);
        assert!(!passkeys::are_offered(&member.app));
    })
    .await;
}

fn top(call: Call) -> Call {
    call.header("origin", "null").header("sec-fetch-dest", "document")
}

/// The question itself, on the top level.
async fn go_on(deployment: &Deployment, path: &str) -> crate::support::exchange::Answer {
    let referrer = "https://shop.example/checkout";
    deployment.send(Call::get(path).header("sec-fetch-dest", "document").header("referer", referrer)).await
}
