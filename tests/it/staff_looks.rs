//! Pages of the staff that others of their tests do not reach, and the device page: held against WCAG 2.2 AA, wide and
//! narrow.

use sekisho::domain::staff::Role;
use sekisho::flow::collect_device;
use serde_json::json;

use crate::support::browser::{Browser, Setup};
use crate::support::deployment::{Deployment, Wanted};
use crate::support::served::served_once;
use crate::support::staff::{TestStaff, signed_in};

const WIDTHS: [u32; 2] = [1280, 390];

/// The page in view, wide and narrow.
async fn shows(browser: &Browser, name: &str) {
    for width in WIDTHS {
        browser.pretend_window(width, 900).await;
        browser.wait("body").await;
        browser.shows(&format!("staff-{name}-{width}")).await;
    }
}

/// Several people have the same telephone number.
async fn matches(deployment: &Deployment, browser: &Browser, url: &str) {
    for _ in 0..3 {
        deployment.card(&json!({})).await;
    }
    browser.client.goto(&format!("{url}/staff/cardholders")).await.unwrap();
    let enter = char::from(fantoccini::key::Key::Enter);
    browser.wait("input[name='text']").await.send_keys(&format!("090-1234-5678{enter}")).await.unwrap();
    browser.wait("a[href^='/staff/cardholders/holder_']").await;
    shows(browser, "matches").await;
}

/// An objection of somebody who is not known.
async fn unmatched(deployment: &Deployment, browser: &Browser, url: &str, agent: &TestStaff) {
    let path = "/staff/unmatched/new";
    let form = deployment.send(agent.get(path)).await.field("<form", "form");
    let fields = [
        ("form", form.as_str()),
        ("words", "情報を止めてほしい"),
        ("outcome", "not_done"),
        ("language", "ja"),
        ("name", "いしい みお"),
        ("phone", "03-9999-0000"),
    ];
    assert_eq!(deployment.send(agent.post(path, &fields)).await.status, 303);
    browser.client.goto(&format!("{url}/staff/unmatched/{form}")).await.unwrap();
    browser.wait("main h1").await;
    shows(browser, "unmatched-one").await;
}

/// A letter to a recipient, about what has to be erased there.
async fn letter(deployment: &Deployment, browser: &Browser, url: &str) {
    let reference = deployment.cardholder(&json!({})).await;
    let (about, ..) = deployment.app.store.cardholder_key(&reference).await.unwrap().unwrap();
    let sql = "INSERT INTO erasures (id, cardholder_id, disclosure_id, recipient, provider_request_id, way, letter, state, \
               requested_at) VALUES ($1, $2, $1, 'tmx', 'their-id', 'letter', 7, 'queued', $3)";
    let values = vec![uuid::Uuid::from_u128(1).into(), about.uuid().into(), deployment.app.now().0.into()];
    deployment.tables.run(sql, values).await.unwrap();
    browser.client.goto(&format!("{url}/staff/queue/letters/7")).await.unwrap();
    browser.wait("main h1").await;
    shows(browser, "letter").await;
}

/// A new staff person, and her code.
async fn people(browser: &Browser, url: &str) {
    browser.client.goto(&format!("{url}/staff/people/new")).await.unwrap();
    browser.wait("#name").await.send_keys("ren").await.unwrap();
    browser.wait("#display_name").await.send_keys("関口 蓮").await.unwrap();
    shows(browser, "new-person").await;
    browser.click("input[name='agent']").await;
    browser.click("main button.primary").await;
    browser.wait("main .figure").await;
    shows(browser, "setup-code").await;
}

#[tokio::test]
async fn the_remaining_pages_of_the_staff_break_no_rule() {
    served_once(Setup::default(), Wanted::default(), async |deployment, url, browser| {
        let roles = [Role::Agent, Role::Supervisor, Role::Administrator];
        let staff = signed_in(&deployment.app, "aoi", &roles).await;
        browser.becomes(deployment, url, &staff).await;
        matches(deployment, &browser, url).await;
        unmatched(deployment, &browser, url, &staff).await;
        letter(deployment, &browser, url).await;
        people(&browser, url).await;
    })
    .await;
}

#[tokio::test]
async fn the_device_page_breaks_no_rule_although_it_shows_nothing() {
    served_once(Setup::default(), Wanted::default(), async |deployment, _, browser| {
        let (_, url) = collect_device::create(&deployment.app, deployment.shop.id, "look".to_owned()).await.unwrap();
        browser.client.goto(&url).await.unwrap();
        shows(&browser, "device").await;
        assert_eq!(browser.text("body").await, "");
    })
    .await;
}
