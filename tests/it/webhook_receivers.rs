//! Endpoints that redirect, refuse, answer nonsense, hang or are where they must not be; and that none delays another.

use std::net::TcpListener;
use std::time::Duration;

use sekisho::app::App;
use sekisho::domain::merchant::Environment;
use sekisho::domain::outbox::OutboxState;
use sekisho::flow::webhook;
use sekisho::store::webhooks::WebhookFilter;
use serde_json::json;

use super::webhooks::{audited, deliver, endpoint, standing, wanted};
use crate::support::deployment::{Deployment, TestCard, Wanted, card_number, on_every_database};
use crate::support::process;
use crate::support::receiver::{Manner, Receiver};

/// An authentication that ends at once: nobody knows the card.
async fn ends(deployment: &Deployment) {
    let number = card_number(900_000 + deployment.next());
    let card = TestCard { reference: String::new(), cardholder: String::new(), number };
    assert_eq!(deployment.buys(&card, &json!({})).await["status"], "not_eligible");
}

/// One message that waits, for this reason.
fn waits(reason: &str) -> Vec<(String, i64, String)> {
    vec![("waiting".to_owned(), 1, reason.to_owned())]
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_and_refusals_are_failures_and_a_redirect_is_not_followed() {
    on_every_database(wanted(), async |deployment| {
        let elsewhere = Receiver::start();
        for status in [301, 302, 303, 307, 308, 400, 401, 404, 500, 503] {
            let receiver = Receiver::start();
            endpoint(deployment, &deployment.shop, &receiver.url()).await;
            receiver.answers(Manner::Status(status, format!("location: {}\r\n", elsewhere.url())));
            ends(deployment).await;
            assert_eq!(deliver(&deployment.app).await, 1);
            assert_eq!(standing(&deployment.app).await, waits(&format!("status_{status}")));
            webhook::remove(&deployment.app, "staff:x", deployment.shop.id, &receiver.url()).await.unwrap();
            deployment.tables.run("DELETE FROM outbox", Vec::new()).await.unwrap();
        }
        assert!(elsewhere.arrived().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_gone_is_disabled_until_it_is_enabled() {
    on_every_database(wanted(), async |deployment| {
        let (app, shop, receiver) = (&deployment.app, deployment.shop.id, Receiver::start());
        endpoint(deployment, &deployment.shop, &receiver.url()).await;
        receiver.answers(Manner::Status(410, String::new()));
        ends(deployment).await;
        ends(deployment).await;
        let lane = sekisho::flow::outbox::due_lanes(app).await.unwrap().remove(0);
        let one = sekisho::flow::outbox::take_from(app, &lane, 1).await.unwrap().remove(0);
        sekisho::flow::outbox::send(app, &one).await.unwrap();
        let mut said: Vec<String> = standing(app).await.into_iter().map(|(state, _, why)| state + " " + &why).collect();
        said.sort();
        assert_eq!(said, ["dead endpoint_disabled", "dead gone"]);
        assert_eq!(audited(deployment, "webhook.disable").await, ["system gone"]);
        ends(deployment).await;
        assert_eq!(deliver(app).await, 0, "nothing more is put in for it");
        assert_eq!(receiver.take().len(), 1);

        receiver.answers(Manner::Well);
        webhook::enable(app, "staff:x", shop, &receiver.url()).await.unwrap();
        assert!(webhook::enable(app, "staff:x", shop, &receiver.url()).await.is_err());
        assert_eq!(webhook::replay_dead(app, "staff:x", None).await.unwrap().len(), 2);
        ends(deployment).await;
        assert_eq!((deliver(app).await, receiver.take().len()), (3, 3));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_no_http_is_a_failure() {
    on_every_database(wanted(), async |deployment| {
        for bytes in [b"\x00\xff\x13garbage\r\n\r\n".to_vec(), Vec::new(), b"HTTP/1.1 2000 OK\r\n\r\n".to_vec()] {
            let receiver = Receiver::start();
            endpoint(deployment, &deployment.shop, &receiver.url()).await;
            receiver.answers(Manner::Bytes(bytes));
            ends(deployment).await;
            assert_eq!(deliver(&deployment.app).await, 1);
            assert_eq!(standing(&deployment.app).await, waits("broken"));
            assert_eq!(receiver.take().len(), 1, "it is not repeated at once");
            webhook::remove(&deployment.app, "staff:x", deployment.shop.id, &receiver.url()).await.unwrap();
            deployment.tables.run("DELETE FROM outbox", Vec::new()).await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_answer_of_a_hundred_megabytes_next_to_nothing_is_read() {
    on_every_database(wanted(), async |deployment| {
        let receiver = Receiver::start();
        endpoint(deployment, &deployment.shop, &receiver.url()).await;
        receiver.answers(Manner::Huge(100_000_000));
        ends(deployment).await;
        assert_eq!(deliver(&deployment.app).await, 1);
        assert!(standing(&deployment.app).await.is_empty(), "the status is enough");
        // What the machines' buffers hold is taken all the same.
        assert!(receiver.taken() < 20_000_000, "{} bytes", receiver.taken());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_was_down_gets_everything_when_it_is_up_again() {
    on_every_database(wanted().with("SEKISHO__WEBHOOKS__TIMEOUT_MS", "300"), async |deployment| {
        let (app, receiver) = (&deployment.app, Receiver::start());
        endpoint(deployment, &deployment.shop, &receiver.url()).await;
        receiver.answers(Manner::Hangs);
        for _ in 0..5 {
            ends(deployment).await;
        }
        assert_eq!(deliver(app).await, 5);
        assert!(standing(app).await.iter().all(|(_, _, why)| why == "timeout"));
        assert_eq!(deliver(app).await, 0, "it rests");
        deployment.clock.advance(20);
        assert_eq!(deliver(app).await, 1, "one alone tries whether it is up");
        receiver.answers(Manner::Well);
        receiver.take();
        deployment.clock.advance(60);
        assert_eq!(deliver(app).await, 1);
        while !standing(app).await.is_empty() {
            deployment.clock.advance(20);
            deliver(app).await;
        }
        assert_eq!(receiver.take().len(), 5);
        let figures = deployment.send(crate::support::exchange::Call::get("/metrics")).await.text;
        for line in ["webhooks_total{outcome=\"delivered\"} 5", "webhooks_total{outcome=\"timeout\"} 6"] {
            assert!(figures.contains(line), "{line} is not in:\n{figures}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_asks_for_patience_gets_it() {
    on_every_database(wanted(), async |deployment| {
        let receiver = Receiver::start();
        endpoint(deployment, &deployment.shop, &receiver.url()).await;
        receiver.answers(Manner::Status(429, "retry-after: 600\r\n".to_owned()));
        ends(deployment).await;
        assert_eq!(deliver(&deployment.app).await, 1);
        deployment.clock.advance(599);
        assert_eq!(deliver(&deployment.app).await, 0);
        deployment.clock.advance(1);
        assert_eq!(deliver(&deployment.app).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_failed_for_five_days_is_disabled() {
    on_every_database(wanted(), async |deployment| {
        let (app, receiver) = (&deployment.app, Receiver::start());
        endpoint(deployment, &deployment.shop, &receiver.url()).await;
        receiver.answers(Manner::Status(500, String::new()));
        for day in 0..=5 {
            ends(deployment).await;
            deployment.clock.advance(100);
            assert!(audited(deployment, "webhook.disable").await.is_empty(), "day {day}");
            deliver(app).await;
            deployment.clock.advance(86_400);
        }
        assert_eq!(audited(deployment, "webhook.disable").await, ["system failing"]);
        let endpoints = app.store.webhooks(None, Environment::Test).await.unwrap();
        assert_eq!(endpoints[0].disabled.as_ref().map(|(_, why)| why.as_str()), Some("failing"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn internal_addresses_are_refused_by_number_and_by_name() {
    on_every_database(Wanted::default(), async |deployment| {
        let receiver = Receiver::start();
        let port = receiver.address.port();
        for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "0x7f.1"] {
            let url = format!("http://{host}:{port}/hooks");
            endpoint(deployment, &deployment.shop, &url).await;
            ends(deployment).await;
            assert_eq!(deliver(&deployment.app).await, 1, "{host}");
            assert_eq!(standing(&deployment.app).await, waits("address_not_allowed"), "{host}");
            webhook::remove(&deployment.app, "staff:x", deployment.shop.id, &url).await.unwrap();
            deployment.tables.run("DELETE FROM outbox", Vec::new()).await.unwrap();
        }
        assert!(receiver.arrived().is_empty());
    })
    .await;
}

async fn arrived_at(app: &App) -> usize {
    let done = WebhookFilter { state: Some(OutboxState::Done), ..WebhookFilter::default() };
    app.store.webhook_messages(done, None, 1_000).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_hangs_delays_no_other() {
    let wanted = wanted().with("SEKISHO__SERVER__DRAIN_TIMEOUT_MS", "200");
    on_every_database(wanted, async |deployment| {
        let (healthy, hanging) = (Receiver::start(), Receiver::start());
        hanging.answers(Manner::Hangs);
        endpoint(deployment, &deployment.shop, &hanging.url()).await;
        endpoint(deployment, &deployment.shop, &healthy.url()).await;
        for _ in 0..40 {
            ends(deployment).await;
        }
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let twin = deployment.twin(21).await.0;
        let serving = tokio::spawn(sekisho::service::serve(twin, listener, async move {
            let _ = ended.await;
        }));
        // Sooner than a single try at the other one is given up.
        let through = async {
            while arrived_at(&deployment.app).await < 40 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(9), through).await.expect("the healthy one has everything");
        assert!(hanging.arrived().len() <= 16, "{} are under way", hanging.arrived().len());
        end.send(()).unwrap();
        serving.await.unwrap().unwrap();
    })
    .await;
}

/// A card that nobody knows: an authentication that has ended as soon as it is asked for.
fn purchase() -> serde_json::Value {
    json!({
        "merchant_reference": "order-1",
        "card": {"number": card_number(7), "expiry": "2029-11"},
        "purchase": {"amount_minor": 1_200, "currency": "JPY"}
    })
}

#[test]
fn what_was_committed_is_told_after_the_process_was_killed_between_commit_and_send() {
    for deployment in process::Deployment::on_every_database() {
        deployment.settings("[webhooks]\ndestinations = \"public_and_loopback\"\n");
        let (merchant, key) = deployment.merchant();
        // Nobody listens there yet, so that nothing can have left when the process is killed.
        let port = crate::support::relay::free_port();
        deployment.fine(&["merchant", "webhook", "add", &merchant, &format!("http://127.0.0.1:{port}/hooks")]);
        let service = deployment.serve();
        let answer = service.send_json("POST", "/v1/authentications", &key, &purchase());
        assert_eq!(answer.status, 201, "{answer:?}");
        service.kill();
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let _service = deployment.serve();
        let (connection, _) = listener.accept().unwrap();
        drop(connection);
        assert_eq!(deployment.count("SELECT COUNT(*) FROM outbox WHERE kind = 'webhook'"), 1);
    }
}

#[test]
fn a_message_whose_sender_died_after_it_arrived_comes_again_under_the_same_id() {
    for deployment in process::Deployment::on_every_database() {
        deployment.settings("[webhooks]\ndestinations = \"public_and_loopback\"\n");
        let (merchant, key) = deployment.merchant();
        let receiver = Receiver::start();
        deployment.fine(&["merchant", "webhook", "add", &merchant, &receiver.url()]);
        let mut service = deployment.serve_with(&[("SEKISHO_FAULT_POINTS", "webhook.posted=abort")]);
        service.send_json("POST", "/v1/authentications", &key, &purchase());
        assert!(!service.ended().success());
        let first = receiver.take().remove(0);
        // The dead process's lease runs out.
        deployment.sql("UPDATE outbox SET due_at = 1 WHERE state = 'sending'");
        let service = deployment.serve();
        let again = receiver.wait_for(1).remove(0);
        assert_eq!((again.header("webhook-id"), &again.body), (first.header("webhook-id"), &first.body));
        let done = "SELECT COUNT(*) FROM outbox WHERE kind = 'webhook' AND state = 'done'";
        let ended = (0..500).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            deployment.count(done) == 1
        });
        assert!(ended, "{}{}", deployment.fine(&["webhook", "list"]), service.log());
        assert_eq!(deployment.count("SELECT attempts FROM outbox WHERE kind = 'webhook'"), 2);
    }
}
