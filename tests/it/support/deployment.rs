//! A whole deployment behind its router, with merchants, an issuer, members, and a stand-in provider where it is wanted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use sekisho::app::{App, connect};
use sekisho::config::Config;
use sekisho::demo::provider::{self, ProviderState};
use sekisho::domain::challenge::{ReturnBy, TimeBase};
use sekisho::domain::facts::Facts;
use sekisho::domain::id::MerchantId;
use sekisho::flow::enrol::{EnrolmentEntry, enrol};
use sekisho::flow::keys;
use sekisho::flow::merchant::{MerchantEntry, register_merchant};
use sekisho::store::merchants::KeyOwner;
use serde_json::{Value, json};

use super::clock::ManualClock;
use super::database::{Connection, OwnDatabase, databases};
use super::exchange::{Answer, Call};
use super::randomness::SeededRandomness;

/// The members' password.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// What a test needs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Whether there is an analysis company.
    pub(crate) provider: bool,
    /// Settings beside the defaults, as variables of the environment.
    pub(crate) settings: Vec<(&'static str, &'static str)>,
    /// The file of settings.
    pub(crate) file: String,
}

impl Wanted {
    pub(crate) fn provider() -> Self {
        Self { provider: true, ..Self::default() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.settings.push((name, value));
        self
    }
}

/// A merchant and its key.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) id: MerchantId,
    pub(crate) key: String,
}

/// A member's card as she types it.
#[derive(Clone, Debug)]
pub(crate) struct TestCard {
    pub(crate) reference: String,
    pub(crate) cardholder: String,
    pub(crate) number: String,
}

/// One deployment.
pub(crate) struct Deployment {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) router: Router,
    /// A bookshop.
    pub(crate) shop: Shop,
    /// A grocer's: purchases of up to 5,000 yen need no proof.
    pub(crate) grocer: Shop,
    pub(crate) issuer_key: String,
    pub(crate) database: OwnDatabase,
    /// The test's own way into the database.
    pub(crate) tables: Connection,
    provider: Option<(ProviderState, tokio::task::JoinHandle<()>)>,
    serial: AtomicU64,
}

/// Runs a test on SQLite, and on PostgreSQL where there is a server for tests.
pub(crate) async fn on_every_database(wanted: Wanted, test: impl AsyncFn(&Deployment)) {
    for database in databases().await {
        let deployment = Deployment::start(&wanted, database).await;
        test(&deployment).await;
        deployment.end().await;
    }
}

/// Runs a test on SQLite.
pub(crate) async fn on_sqlite(wanted: Wanted, test: impl AsyncFn(&Deployment)) {
    let deployment = Deployment::start(&wanted, OwnDatabase::on_sqlite()).await;
    test(&deployment).await;
    deployment.end().await;
}

/// A number with Luhn's check digit, the `serial`th of this issuer.
pub(crate) fn card_number(serial: u64) -> String {
    let body = format!("35690000{serial:07}");
    let sum: u64 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| (u64::from(byte - b'0'), at % 2 == 0))
        .map(|(digit, doubled)| if doubled { digit * 2 / 10 + digit * 2 % 10 } else { digit })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// Everything of `changes` goes over `base`; what is null there goes away (RFC 7396).
pub(crate) fn merge(base: &mut Value, changes: &Value) {
    let (Some(fields), Value::Object(changes)) = (base.as_object_mut(), changes) else {
        *base = changes.clone();
        return;
    };
    for (name, change) in changes {
        if change.is_null() {
            fields.remove(name);
        } else if change.is_object() {
            merge(fields.entry(name).or_insert_with(|| json!({})), change);
        } else {
            fields.insert(name.clone(), change.clone());
        }
    }
}

impl Deployment {
    async fn start(wanted: &Wanted, database: OwnDatabase) -> Self {
        sekisho::outbound::install_tls_provider();
        let clock = ManualClock::at("2026-11-22T03:00:00Z");
        let mut variables = vec![
            ("SEKISHO__DATA_DIR".to_owned(), database.folder().display().to_string()),
            ("SEKISHO__DATABASE__URL".to_owned(), database.url.clone()),
        ];
        let provider = if wanted.provider { Some(stand_in(&clock, &mut variables).await) } else { None };
        variables.extend(wanted.settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let file = database.folder().join("sekisho.toml");
        std::fs::write(&file, &wanted.file).unwrap();
        let config = Config::load(Some(&file), variables).unwrap();
        let store = connect(&config).await.unwrap();
        store.migrate().await.unwrap();
        store.close().await;
        let app = Arc::new(App::build(config, clock.clone(), SeededRandomness::new(7)).await.unwrap());
        let shop = open_shop(&app, "みどり書店 Online", "5942", "https://shop.example/return").await;
        let grocer = open_shop(&app, "Aozora Grocery", "5411", "https://grocer.example/return").await;
        let (_, issuer_key) = keys::create(&app, "operator", KeyOwner::Issuer).await.unwrap();
        Self {
            router: sekisho::service::router(app.clone()),
            tables: database.connect().await,
            issuer_key: issuer_key.expose().to_owned(),
            serial: AtomicU64::new(1),
            app,
            clock,
            shop,
            grocer,
            database,
            provider,
        }
    }

    async fn end(self) {
        if let Some((_, task)) = &self.provider {
            task.abort();
        }
        self.app.store.clone().close().await;
        self.database.remove().await;
    }

    /// Another process on the same database and keys, to be started; its random numbers are its own.
    pub(crate) fn process(&self, seed: u64) -> impl Future<Output = (Arc<App>, Router)> + Send + 'static {
        let (config, clock) = (self.app.config.clone(), self.clock.clone());
        async move {
            let app = Arc::new(App::build(config, clock, SeededRandomness::new(seed)).await.unwrap());
            let router = sekisho::service::router(app.clone());
            (app, router)
        }
    }

    /// Another process, started.
    pub(crate) async fn twin(&self, seed: u64) -> (Arc<App>, Router) {
        self.process(seed).await
    }

    /// The stand-in provider.
    pub(crate) fn provider(&self) -> &ProviderState {
        &self.provider.as_ref().expect("a provider was wanted").0
    }

    /// The clock's reading, microseconds since the Unix epoch.
    pub(crate) fn clock_now(&self) -> i64 {
        self.app.now().0
    }

    /// A number that no other caller gets.
    pub(crate) fn next(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::SeqCst)
    }

    pub(crate) async fn send(&self, call: Call) -> Answer {
        call.to(&self.router).await
    }

    /// The issuer's core system registers a cardholder, with sharing by notice unless `changes` say otherwise.
    pub(crate) async fn cardholder(&self, changes: &Value) -> String {
        let reference = format!("holder-{}", self.next());
        let mut record = json!({
            "name_kanji": "山田 花子", "name_kana": "ヤマダ ハナコ", "name_latin": "Hanako Yamada",
            "birth_date": "1990-04-01", "email": "hanako.yamada@example.jp", "phone": "090-1234-5678",
            "address": {"country": "JP", "postal_code": "107-0062", "region": "13", "city": "港区", "line1": "南青山5-1-22"},
            "sharing": {"basis": "notice", "notice_version": "2026-04", "informed_at": "2026-04-01T00:00:00Z"}
        });
        merge(&mut record, changes);
        self.issuer(Call::put(format!("/v1/cardholders/{reference}")), &record).await.ok(200);
        reference
    }

    /// A call of the issuer's core system.
    pub(crate) async fn issuer(&self, call: Call, body: &Value) -> Answer {
        self.send(call.key(&self.issuer_key).json(body)).await
    }

    /// The issuer's core system registers another card of a cardholder.
    pub(crate) async fn card_of(&self, cardholder: &str, changes: &Value) -> TestCard {
        let serial = self.next();
        let (reference, number) = (format!("card-{serial}"), card_number(serial));
        let mut card = json!({
            "cardholder_reference": cardholder, "number": number, "expiry": "2029-11", "programme": "classic",
            "issued_on": "2024-11-01"
        });
        merge(&mut card, changes);
        self.issuer(Call::put(format!("/v1/cards/{reference}")), &card).await.ok(200);
        TestCard { reference, cardholder: cardholder.to_owned(), number }
    }

    /// A cardholder with a card that is not enrolled.
    pub(crate) async fn card(&self, changes: &Value) -> TestCard {
        self.card_of(&self.cardholder(&json!({})).await, changes).await
    }

    /// A cardholder with a card and a password.
    pub(crate) async fn enrolled(&self) -> TestCard {
        let card = self.card(&json!({})).await;
        self.enrol(&card).await;
        card
    }

    /// Registers a card on the member site.
    pub(crate) async fn enrol(&self, card: &TestCard) {
        let entry = EnrolmentEntry {
            card_reference: card.reference.clone(),
            member_id: format!("member-{}", card.reference),
            password: PASSWORD.to_owned(),
            personal_message: "祖母の庭の金木犀".to_owned(),
            provisional: false,
            terms_version: Some("2026-04".to_owned()),
        };
        enrol(&self.app, "member", entry).await.unwrap();
    }

    /// A purchase of 12,800 yen with this card, as the cardholder makes it at home, with changes.
    pub(crate) fn purchase(&self, card: &TestCard, changes: &Value) -> Value {
        let address = json!({"country": "JP", "postal_code": "107-0062", "region": "13", "city": "港区", "line1": "南青山5-1-22"});
        let mut body = json!({
            "merchant_reference": format!("order-{}", self.next()),
            "card": {"number": card.number, "expiry": "2029-11"},
            "purchase": {"amount_minor": 12_800, "currency": "JPY"},
            "cardholder": {
                "name": "山田花子", "email": "hanako.yamada@example.jp", "phone": "09012345678",
                "billing_address": address, "shipping_address": address
            },
            "device": {
                "ip": "203.0.113.7", "user_agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)",
                "language": "ja", "time_zone": "Asia/Tokyo", "screen": "390x844x24"
            },
            "challenge": {"return_url": "https://shop.example/return"}
        });
        merge(&mut body, changes);
        body
    }

    /// The bookshop asks, with an idempotency key of its own.
    pub(crate) async fn ask(&self, body: &Value) -> Answer {
        self.ask_by(&self.shop, body).await
    }

    /// A merchant asks, with an idempotency key of its own.
    pub(crate) async fn ask_by(&self, shop: &Shop, body: &Value) -> Answer {
        self.send(request(shop, &format!("key-{}", self.next()), body)).await
    }

    /// The bookshop asks about a purchase with this card; the answer as it is.
    pub(crate) async fn buys(&self, card: &TestCard, changes: &Value) -> Value {
        self.ask(&self.purchase(card, changes)).await.ok(201)
    }

    /// The facts that were recorded for an answer.
    pub(crate) async fn facts(&self, answer: &Value) -> Facts {
        let id = answer["id"].as_str().unwrap().parse().unwrap();
        let found = self.app.store.any_authentication(id).await.unwrap().unwrap();
        serde_json::from_str(&found.facts.expect("facts")).unwrap()
    }

    /// The bookshop reads an authentication.
    pub(crate) async fn read(&self, answer: &Value) -> Answer {
        let path = format!("/v1/authentications/{}", answer["id"].as_str().unwrap());
        self.send(Call::get(path).key(&self.shop.key)).await
    }

    /// The buyer answers an open challenge once; the page that follows.
    pub(crate) async fn prove(&self, answer: &Value, password: &str) -> Answer {
        let url = answer["challenge"]["url"].as_str().unwrap();
        let path = url.strip_prefix("http://127.0.0.1:8480").unwrap();
        let page = self.send(Call::get(path).header("sec-fetch-dest", "iframe")).await;
        let form = page.field("name=\"step\" value=\"answer\"", "form");
        let fields = [("step", "answer"), ("form", form.as_str()), ("password", password)];
        self.send(Call::post(path).header("origin", "null").form(&fields)).await
    }

    /// A purchase that passes by a proof, so that the card knows device, address and merchant.
    pub(crate) async fn pass(&self, card: &TestCard, changes: &Value) -> Value {
        let answer = self.buys(card, &with_challenge(changes)).await;
        assert_eq!(answer["status"], "challenge_required", "{answer}");
        self.prove(&answer, PASSWORD).await;
        let passed = self.read(&answer).await.ok(200);
        assert_eq!(passed["status"], "approved", "{passed}");
        passed
    }
}

fn with_challenge(changes: &Value) -> Value {
    let mut wished = json!({"challenge": {"wish": "challenge"}});
    merge(&mut wished, changes);
    wished
}

/// A merchant's request for an authentication.
pub(crate) fn request(shop: &Shop, idempotency_key: &str, body: &Value) -> Call {
    Call::post("/v1/authentications").key(&shop.key).idempotency(idempotency_key).json(body)
}

async fn stand_in(
    clock: &Arc<ManualClock>,
    variables: &mut Vec<(String, String)>,
) -> (ProviderState, tokio::task::JoinHandle<()>) {
    let state = ProviderState::new("org", "analytics-key", clock.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = state.clone();
    let task = tokio::spawn(async move { provider::serve(listener, serving).await.unwrap() });
    let settings = [
        ("SEKISHO__ANALYTICS__PROVIDER", "threatmetrix".to_owned()),
        ("SEKISHO__ANALYTICS__RECIPIENT", "tmx".to_owned()),
        ("SEKISHO__ANALYTICS__BASE_URL", format!("http://{address}")),
        ("SEKISHO__ANALYTICS__ORG_ID", "org".to_owned()),
        ("SEKISHO__ANALYTICS__API_KEY__ENV", "ANALYTICS_KEY".to_owned()),
        ("SEKISHO__ANALYTICS__DESTINATIONS", "public_and_loopback".to_owned()),
        ("SEKISHO__ANALYTICS__DEADLINE_MS", "800".to_owned()),
        ("ANALYTICS_KEY", "analytics-key".to_owned()),
    ];
    variables.extend(settings.map(|(name, value)| (name.to_owned(), value)));
    (state, task)
}

/// Registers a merchant with one key.
pub(crate) async fn open_shop(app: &App, name: &str, category_code: &str, return_url: &str) -> Shop {
    let entry = MerchantEntry {
        name: name.to_owned(),
        category_code: category_code.to_owned(),
        country: "JP".to_owned(),
        time_base: TimeBase::Japan,
        return_by: ReturnBy::FormPost,
        return_urls: vec![return_url.to_owned()],
    };
    let id = register_merchant(app, "operator", entry).await.unwrap();
    let (_, key) = keys::create(app, "operator", KeyOwner::Merchant(id)).await.unwrap();
    Shop { id, key: key.expose().to_owned() }
}
