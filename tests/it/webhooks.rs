//! Webhooks: what merchants are told, by whom it is signed, and that nobody is told twice or for somebody else.

use sekisho::app::App;
use sekisho::domain::merchant::Environment;
use sekisho::flow::{outbox, webhook};
use sekisho::store::webhooks::WebhookFilter;
use serde_json::{Value, json};

use crate::support::deployment::{Deployment, PASSWORD, Shop, TestCard, Wanted, card_number, on_every_database};
use crate::support::exchange::Call;
use crate::support::receiver::{Arrived, Manner, Receiver};

/// Endpoints may be on this machine.
pub(crate) fn wanted() -> Wanted {
    Wanted::default().with("SEKISHO__WEBHOOKS__DESTINATIONS", "public_and_loopback")
}

/// The bookshop is told at this endpoint; the secret.
pub(crate) async fn endpoint(deployment: &Deployment, shop: &Shop, url: &str) -> String {
    let (_, secret) = webhook::add(&deployment.app, "staff:x", shop.id, url).await.unwrap();
    secret.expose().to_string()
}

/// Sends what is due, each message once; how many there were.
pub(crate) async fn deliver(app: &App) -> usize {
    let mut sent = 0;
    for lane in outbox::due_lanes(app).await.unwrap() {
        for claimed in outbox::take_from(app, &lane, 100).await.unwrap() {
            outbox::send(app, &claimed).await.unwrap();
            sent += 1;
        }
    }
    sent
}

/// What is said of a message that has not arrived: state, tries and reason.
pub(crate) async fn standing(app: &App) -> Vec<(String, i64, String)> {
    let rows = app.store.webhook_messages(WebhookFilter::default(), None, 100).await.unwrap();
    let said = |row: &sekisho::store::webhooks::WebhookMessage| {
        (row.state.as_str().to_owned(), row.attempts, row.reason.clone().unwrap_or_default())
    };
    rows.iter().map(said).collect()
}

pub(crate) async fn audited(deployment: &Deployment, action: &str) -> Vec<String> {
    let sql = "SELECT actor || ' ' || result FROM audit_entries WHERE action = $1 ORDER BY id";
    deployment.tables.column(sql, vec![action.into()]).await
}

/// The path of an open challenge.
fn path(answer: &Value) -> String {
    answer["challenge"]["url"].as_str().unwrap().strip_prefix("http://127.0.0.1:8480").unwrap().to_owned()
}

async fn asked(deployment: &Deployment, card: &TestCard) -> Value {
    let answer = deployment.buys(card, &json!({"challenge": {"wish": "challenge"}})).await;
    assert_eq!(answer["status"], "challenge_required", "{answer}");
    answer
}

/// The buyer gives up; the signed result on the last page.
async fn give_up(deployment: &Deployment, answer: &Value) -> String {
    let page = deployment.send(Call::get(path(answer)).header("sec-fetch-dest", "iframe")).await;
    let form = page.field("/cancel\">", "form");
    let last = Call::post(format!("{}/cancel", path(answer))).form(&[("form", &form)]);
    deployment.send(last).await.field("<form", "result")
}

/// Every way in which an authentication can end: the answers, and what the last page carries where there is one.
async fn every_ending(deployment: &Deployment) -> Vec<(Value, Option<String>)> {
    let card = deployment.enrolled().await;
    let mut ended = Vec::new();
    let groceries = json!({"purchase": {"amount_minor": 3_000}, "challenge": null});
    let groceries = deployment.ask_by(&deployment.grocer, &deployment.purchase(&card, &groceries)).await.ok(201);
    assert_eq!(groceries["status"], "approved", "without a question");
    ended.push((groceries, None));
    let passed = asked(deployment, &card).await;
    ended.push((passed.clone(), Some(deployment.prove(&passed, PASSWORD).await.field("<form", "result"))));
    let failed = asked(deployment, &card).await;
    for _ in 0..2 {
        deployment.prove(&failed, "wrong wrong").await;
    }
    ended.push((failed.clone(), Some(deployment.prove(&failed, "wrong wrong").await.field("<form", "result"))));
    let cancelled = asked(deployment, &card).await;
    ended.push((cancelled.clone(), Some(give_up(deployment, &cancelled).await)));
    let withdrawn = asked(deployment, &card).await;
    let cancel = format!("/v1/authentications/{}/cancel", withdrawn["id"].as_str().unwrap());
    deployment.send(Call::post(cancel).idempotency("cancel").key(&deployment.shop.key)).await.ok(200);
    ended.push((withdrawn, None));

    let without = deployment.card(&json!({})).await;
    ended.push((deployment.buys(&without, &json!({"challenge": {"wish": "challenge"}})).await, None));
    let unknown = TestCard { number: card_number(999_999), ..without.clone() };
    ended.push((deployment.buys(&unknown, &json!({})).await, None));
    let lost = Call::put(format!("/v1/cards/{}/status", without.reference));
    deployment.issuer(lost, &json!({"status": "lost"})).await.ok(200);
    ended.push((deployment.buys(&without, &json!({})).await, None));

    let late = asked(deployment, &card).await;
    deployment.clock.advance(31);
    assert_eq!(sekisho::flow::challenge::expire_due(&deployment.app, 10).await.unwrap(), 1);
    let page = deployment.send(Call::get(path(&late)).header("sec-fetch-dest", "iframe")).await;
    ended.push((late, Some(page.field("<form", "result"))));
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn api_return_page_and_webhook_say_the_same_of_every_ending() {
    on_every_database(wanted(), async |deployment| {
        let receiver = Receiver::start();
        let secrets = [
            endpoint(deployment, &deployment.shop, &receiver.url()).await,
            endpoint(deployment, &deployment.grocer, &receiver.url()).await,
        ];
        let ended = every_ending(deployment).await;
        assert_eq!(deliver(&deployment.app).await, ended.len(), "one message for each end, and none before it");
        let arrived = receiver.take();
        let mut statuses = Vec::new();
        for (answer, on_page) in &ended {
            let path = format!("/v1/authentications/{}", answer["id"].as_str().unwrap());
            let mut read = deployment.send(Call::get(&path).key(&deployment.shop.key)).await;
            if read.status == 404 {
                read = deployment.send(Call::get(&path).key(&deployment.grocer.key)).await;
            }
            let read = read.ok(200);
            let of_this = |arrived: &&Arrived| arrived.json()["data"]["id"] == read["id"];
            let told: Vec<&Arrived> = arrived.iter().filter(of_this).collect();
            let [told] = told[..] else { panic!("{} messages about {read}", told.len()) };
            assert_eq!(secrets.iter().filter(|secret| told.is_signed_with(secret)).count(), 1, "by its own secret");
            let (event, data) = (told.json(), &told.json()["data"]);
            assert_eq!(
                (&event["type"], &event["timestamp"]),
                (&json!("authentication.completed"), &read["finished_at"])
            );
            for field in ["id", "merchant_reference", "status", "reasons", "result"] {
                assert_eq!(data[field], read[field], "{field}");
            }
            assert_eq!(data.as_object().unwrap().len(), 5, "nothing else is told: {data}");
            if let Some(result) = on_page {
                assert_eq!(data["result"], result.as_str(), "{read}");
            }
            statuses.push(format!("{} {}", read["status"].as_str().unwrap(), read["reasons"]));
        }
        statuses.sort();
        statuses.dedup();
        assert!(statuses.len() >= 8, "{statuses:?}");
        assert_eq!(deliver(&deployment.app).await, 0, "said once");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_hears_of_its_own_authentications_at_each_of_its_endpoints() {
    on_every_database(wanted(), async |deployment| {
        let (first, second, other) = (Receiver::start(), Receiver::start(), Receiver::start());
        endpoint(deployment, &deployment.shop, &first.url()).await;
        endpoint(deployment, &deployment.shop, &second.url()).await;
        endpoint(deployment, &deployment.grocer, &other.url()).await;
        let card = deployment.card(&json!({})).await;
        let answer = deployment.buys(&card, &json!({"challenge": {"wish": "challenge"}})).await;
        assert_eq!(deliver(&deployment.app).await, 2);
        let (first, second) = (first.take(), second.take());
        assert_eq!((first.len(), second.len(), other.take().len()), (1, 1, 0));
        assert_eq!(first[0].json(), second[0].json());
        assert_eq!(first[0].json()["data"]["id"], answer["id"]);
        assert_ne!(first[0].header("webhook-id"), second[0].header("webhook-id"), "a message each");
        assert_eq!(first[0].line, "POST /hooks HTTP/1.1");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_secrets_change_both_sign_and_a_secret_that_leaked_signs_no_more() {
    on_every_database(wanted(), async |deployment| {
        let (app, receiver) = (&deployment.app, Receiver::start());
        let shop = deployment.shop.id;
        let old = endpoint(deployment, &deployment.shop, &receiver.url()).await;
        let card = deployment.card(&json!({})).await;
        let told = async || {
            deployment.buys(&card, &json!({"challenge": {"wish": "challenge"}})).await;
            assert_eq!(deliver(app).await, 1);
            receiver.take().remove(0)
        };
        assert!(told().await.is_signed_with(&old));

        let new = webhook::rotate(app, "staff:x", shop, &receiver.url(), false).await.unwrap().expose().to_string();
        let during = told().await;
        assert!(during.is_signed_with(&old) && during.is_signed_with(&new));
        assert_eq!(during.header("webhook-signature").split(' ').count(), 2);
        deployment.clock.advance(24 * 3_600);
        let after = told().await;
        assert!(after.is_signed_with(&new) && !after.is_signed_with(&old));

        let newest = webhook::rotate(app, "staff:x", shop, &receiver.url(), true).await.unwrap().expose().to_string();
        let after = told().await;
        assert!(after.is_signed_with(&newest) && !after.is_signed_with(&new));
        assert_eq!(after.header("webhook-timestamp"), app.now().unix_seconds().to_string());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_stands_nowhere_in_the_database_as_it_is() {
    on_every_database(wanted(), async |deployment| {
        let secret = endpoint(deployment, &deployment.shop, "https://shop.example/hooks").await;
        let endpoints = deployment.app.store.webhooks(None, Environment::Test).await.unwrap();
        let receiver = deployment.app.store.webhook_receiver(endpoints[0].id, Environment::Test, deployment.app.now());
        let receiver = receiver.await.unwrap().unwrap();
        let opened = webhook::secrets(&deployment.app, &receiver).unwrap();
        assert_eq!(*opened[0].expose(), secret);
        let encoded = secret.strip_prefix("whsec_").unwrap();
        for (table, bytes) in deployment.tables.dump().await {
            let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
            assert!(!holds(opened[0].bytes()) && !holds(encoded.as_bytes()), "{table}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_second_tells_nobody() {
    on_every_database(wanted(), async |deployment| {
        let receiver = Receiver::start();
        endpoint(deployment, &deployment.shop, &receiver.url()).await;
        let card = deployment.enrolled().await;
        let answer = asked(deployment, &card).await;
        deployment.prove(&answer, PASSWORD).await;
        let cancel = format!("/v1/authentications/{}/cancel", answer["id"].as_str().unwrap());
        deployment
            .send(Call::post(cancel).idempotency("cancel").key(&deployment.shop.key))
            .await
            .problem(409, "already-final");
        deployment.clock.advance(700);
        sekisho::flow::challenge::expire_due(&deployment.app, 10).await.unwrap();
        assert_eq!(deliver(&deployment.app).await, 1);
        assert_eq!(receiver.take()[0].json()["data"]["status"], "approved");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_sent_again_as_it_was_whether_it_died_or_arrived() {
    on_every_database(wanted(), async |deployment| {
        let (app, receiver) = (&deployment.app, Receiver::start());
        endpoint(deployment, &deployment.shop, &receiver.url()).await;
        let card = deployment.card(&json!({})).await;
        deployment.buys(&card, &json!({"challenge": {"wish": "challenge"}})).await;
        receiver.answers(Manner::Status(500, String::new()));
        for round in 1..=20 {
            assert_eq!(deliver(app).await, 1, "round {round}");
            deployment.clock.advance(6 * 3_600 + 64);
        }
        assert_eq!(standing(app).await, [("dead".to_owned(), 20, "status_500".to_owned())]);
        assert_eq!(deliver(app).await, 0);
        let first = receiver.take().remove(0);

        receiver.answers(Manner::Well);
        assert_eq!(webhook::replay_dead(app, "staff:x", Some(deployment.grocer.id)).await.unwrap(), []);
        let replayed = webhook::replay_dead(app, "staff:x", Some(deployment.shop.id)).await.unwrap();
        assert_eq!((replayed.len(), deliver(app).await), (1, 1));
        webhook::replay(app, "staff:x", replayed[0]).await.unwrap();
        assert_eq!(deliver(app).await, 1, "one that arrived, too");
        for again in receiver.take() {
            assert_eq!((again.header("webhook-id"), &again.body), (first.header("webhook-id"), &first.body));
        }
        assert_eq!(audited(deployment, "webhook.replay").await, ["staff:x done", "staff:x done"]);
        assert!(standing(app).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_has_at_most_four_endpoints_and_each_address_once() {
    on_every_database(wanted(), async |deployment| {
        let (app, shop) = (&deployment.app, deployment.shop.id);
        for number in 1..=4 {
            endpoint(deployment, &deployment.shop, &format!("https://shop.example/{number}")).await;
        }
        let add = async |url: &str| webhook::add(app, "staff:x", shop, url).await.map(|_| ()).unwrap_err().to_string();
        assert!(add("https://shop.example/5").await.contains("hint: remove one"));
        webhook::remove(app, "staff:x", shop, "https://shop.example/4").await.unwrap();
        assert!(add("https://shop.example/1").await.contains("already"));
        assert!(add("https://user@shop.example/").await.contains("no user name"));
        endpoint(deployment, &deployment.shop, "https://shop.example/4").await;
        let unknown = webhook::remove(app, "staff:x", deployment.grocer.id, "https://shop.example/4").await;
        assert!(unknown.unwrap_err().to_string().contains("hint:"), "another merchant's is unknown");
        assert_eq!(audited(deployment, "webhook.remove").await, ["staff:x done"]);
        assert_eq!(audited(deployment, "webhook.add").await.len(), 5);
    })
    .await;
}
