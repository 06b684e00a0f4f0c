//! Webhooks to a healthy receiver while another hangs, for `scripts/bench webhook`: records authentications that have ended,
//! then lets the service's own courier tell both, and takes the time until the healthy one has everything.
//!
//! | command | does |
//! | --- | --- |
//! | `run DATA URL COUNT` | prints `per_second SECONDS_OF_ALL HANGING`; the schema must be there |
#![allow(missing_docs, clippy::print_stdout, clippy::expect_used, clippy::disallowed_methods)]
#![allow(clippy::cast_precision_loss)]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use iso_currency::Currency;
use sekisho::app::App;
use sekisho::config::Config;
use sekisho::domain::authentication::{Authentication, Ending, ResultCodes, Status};
use sekisho::domain::challenge::{ReturnBy, TimeBase};
use sekisho::domain::facts::Purpose;
use sekisho::domain::id::{AuditId, AuthenticationId, MerchantId};
use sekisho::domain::money::Money;
use sekisho::flow::merchant::{MerchantEntry, register_merchant};
use sekisho::flow::webhook;
use sekisho::store::audit::Entry;
use sekisho::system::{SystemClock, SystemRandomness};
use tokio::net::TcpListener;

/// After so long the rest counts as lost.
const PATIENCE: Duration = Duration::from_mins(10);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    match arguments.as_slice() {
        ["run", data, url, count] => runtime.block_on(run(data, url, count.parse().expect("a number"))),
        _ => println!("usage: run DATA URL COUNT, see the head of benches/webhook.rs"),
    }
}

async fn app(data: &str, url: &str) -> Arc<App> {
    sekisho::outbound::install_tls_provider();
    let variables = [
        ("SEKISHO__DATA_DIR", data),
        ("SEKISHO__DATABASE__URL", url),
        ("SEKISHO__WEBHOOKS__DESTINATIONS", "public_and_loopback"),
        ("SEKISHO__SERVER__DRAIN_TIMEOUT_MS", "100"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = Config::load(None, variables).expect("the settings");
    Arc::new(App::build(config, Arc::new(SystemClock), Arc::new(SystemRandomness)).await.expect("the parts"))
}

/// What arrived at the healthy receiver: different messages.
#[derive(Clone, Default)]
struct Arrived {
    ids: Arc<Mutex<BTreeSet<String>>>,
    tries: Arc<AtomicU64>,
}

async fn receive(State(arrived): State<Arrived>, headers: HeaderMap) -> StatusCode {
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    arrived.ids.lock().expect("the ids").insert(id.to_owned());
    arrived.tries.fetch_add(1, Ordering::Relaxed);
    StatusCode::NO_CONTENT
}

async fn healthy(arrived: Arrived) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().route("/hooks", post(receive)).with_state(arrived);
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/hooks")
}

/// Takes connections and never says anything.
async fn hanging(taken: Arc<AtomicU64>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            taken.fetch_add(1, Ordering::Relaxed);
            kept.push(connection);
        }
    });
    format!("http://{address}/hooks")
}

async fn run(data: &str, url: &str, count: u64) {
    let app = app(data, url).await;
    let entry = MerchantEntry {
        name: "Bench".to_owned(),
        category_code: "5411".to_owned(),
        country: "JP".to_owned(),
        time_base: TimeBase::Japan,
        return_by: ReturnBy::FormPost,
        return_urls: Vec::new(),
    };
    let merchant = register_merchant(&app, "bench", entry).await.expect("a merchant");
    let (arrived, taken) = (Arrived::default(), Arc::new(AtomicU64::new(0)));
    for url in [hanging(taken.clone()).await, healthy(arrived.clone()).await] {
        webhook::add(&app, "bench", merchant, &url).await.expect("an endpoint");
    }
    for _ in 0..count {
        let (authentication, entry) = ended(&app, merchant);
        app.store.open(authentication, entry, None, None).await.expect("an authentication");
    }
    let began = Instant::now();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let all = {
        let arrived = arrived.clone();
        async move {
            while (arrived.ids.lock().expect("the ids").len() as u64) < count && began.elapsed() < PATIENCE {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    };
    sekisho::service::serve(app, listener, all).await.expect("served");
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!(arrived.ids.lock().expect("the ids").len() as u64, count, "not everything arrived");
    println!("{:.0} {seconds:.2} {}", count as f64 / seconds, taken.load(Ordering::Relaxed));
}

/// An authentication that has ended without a question.
fn ended(app: &App, merchant_id: MerchantId) -> (Authentication, Entry) {
    let (now, id) = (app.now(), AuthenticationId::new(app.now(), app.randomness.as_ref()));
    let authentication = Authentication {
        id,
        merchant_id,
        merchant_reference: "bench".to_owned(),
        purpose: Purpose::Payment,
        money: Money { amount_minor: 1_200, currency: Currency::JPY },
        purchased_at: now,
        card_id: None,
        card_last_four: "4242".to_owned(),
        status: Status::NotEligible,
        ending: Ending::Decided,
        reasons: vec!["card_unknown".to_owned()],
        codes: Some(ResultCodes { public_reasons: vec!["not_eligible".to_owned()], emv_reason: None }),
        bundle_digest: String::new(),
        facts: None,
        verdict: None,
        vouch_id: None,
        return_url: None,
        device_digest: None,
        address_digest: None,
        created_at: now,
        finished_at: Some(now),
    };
    let entry = Entry {
        id: AuditId::new(now, app.randomness.as_ref()),
        recorded_at: now,
        actor: "bench".to_owned(),
        action: "authentication.create",
        subject: id.to_string(),
        result: "not_eligible".to_owned(),
    };
    (authentication, entry)
}
