//! The agents' console with many cardholders, for `scripts/bench console`: fills a database straight by SQL with people
//! from a seed, then asks the console's own routes one after another, without a network between.
//!
//! | command | does |
//! | --- | --- |
//! | `fill DATA URL COUNT` | adds so many cardholders with a card each; the schema must be there |
//! | `ask DATA URL COUNT REQUESTS` | prints `name p50_ms p99_ms` for each kind of search, and for a cardholder's page |
#![allow(missing_docs, clippy::print_stdout, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_methods)]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement, Value};
use sekisho::app::App;
use sekisho::config::Config;
use sekisho::credential::token::Token;
use sekisho::domain::card::CardNumber;
use sekisho::domain::id::{CardId, CardholderId, StaffId, StaffSessionId};
use sekisho::domain::staff::{Role, SignedIn};
use sekisho::flow::arrival::Arrival;
use sekisho::flow::staff::account::{self, NewStaff};
use sekisho::flow::staff::{session, setup};
use sekisho::system::{SystemClock, SystemRandomness};
use tower::ServiceExt;

/// Rows of one statement: SQLite takes 32,766 values.
const ROWS: u64 = 500;
const SURNAMES: [&str; 8] = ["佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村"];
const GIVEN: [&str; 8] = ["花子", "太郎", "結衣", "陽菜", "蓮", "湊", "葵", "凛"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    match arguments.as_slice() {
        ["fill", data, url, count] => runtime.block_on(fill(data, url, number_of(count))),
        ["ask", data, url, count, requests] => {
            runtime.block_on(ask(data, url, number_of(count), number_of(requests)));
        }
        _ => println!("usage: fill | ask, see the head of benches/console.rs"),
    }
}

fn number_of(text: &str) -> u64 {
    text.parse().expect("a number")
}

async fn app(data: &str, url: &str) -> Arc<App> {
    sekisho::outbound::install_tls_provider();
    let variables = [("SEKISHO__DATA_DIR", data), ("SEKISHO__DATABASE__URL", url)];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = Config::load(None, variables).expect("the settings");
    Arc::new(App::build(config, Arc::new(SystemClock), Arc::new(SystemRandomness)).await.expect("the parts"))
}

/// Somebody by her number: always the same person for the same number.
struct Somebody {
    index: u64,
}

impl Somebody {
    /// `SplitMix64` (Steele, Lea, Flood 2014) of the number: spread evenly, the same on every machine.
    fn spread(&self) -> u64 {
        let mut state = self.index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^ (state >> 31)
    }

    fn name(&self) -> String {
        let spread = self.spread() as usize;
        format!("{} {}{}", SURNAMES[spread % 8], GIVEN[spread / 8 % 8], self.index % 997)
    }

    fn birth_date(&self) -> String {
        let spread = self.spread() >> 16;
        format!("{:04}-{:02}-{:02}", 1940 + spread % 65, 1 + spread / 65 % 12, 1 + spread / 780 % 28)
    }

    fn phone(&self) -> String {
        format!("090{:08}", self.index)
    }

    fn number(&self) -> CardNumber {
        let body = format!("3528{:011}", self.index);
        let doubled =
            |(place, digit): (usize, u32)| if place % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit };
        let sum: u32 = body.chars().rev().filter_map(|digit| digit.to_digit(10)).enumerate().map(doubled).sum();
        CardNumber::parse(&format!("{body}{}", (10 - sum % 10) % 10)).expect("a card number")
    }
}

async fn fill(data: &str, url: &str, count: u64) {
    let app = app(data, url).await;
    let database = Database::connect(url).await.expect("the database");
    for first in (0..count).step_by(ROWS as usize) {
        let mut rows: [Vec<Vec<Value>>; 3] = Default::default();
        for index in first..count.min(first + ROWS) {
            let person = rows_of(&app, &Somebody { index });
            for (table, row) in rows.iter_mut().zip(person) {
                table.push(row);
            }
        }
        let [holders, cards, numbers] = rows;
        insert(
            &database,
            "cardholders (id, reference, person_key_id, person_key, name, birth_date, phone, name_kanji_digest, \
             birth_date_digest, phone_digest, created_at, updated_at)",
            holders,
        )
        .await;
        insert(
            &database,
            "cards (id, reference, cardholder_id, programme, status, issued_at, created_at, updated_at)",
            cards,
        )
        .await;
        insert(
            &database,
            "card_numbers (digest, key_id, card_id, issuer_number, last_four, expiry, created_at)",
            numbers,
        )
        .await;
    }
    database.execute_unprepared("ANALYZE").await.expect("statistics");
}

/// Her rows in three tables, sealed and digested as the service does it.
fn rows_of(app: &App, who: &Somebody) -> [Vec<Value>; 3] {
    let (now, random) = (app.now(), app.randomness.as_ref());
    let (holder, card, number) = (CardholderId::new(now, random), CardId::new(now, random), who.number());
    let (key, wrapped) = app.keys.new_person_key(holder, random).expect("a key");
    let seal = |column: &str, text: &str| -> Value {
        key.seal("cardholders", column, holder.uuid(), text.as_bytes(), random).expect("sealed").into()
    };
    let digest = |class: &str, text: &str| -> Value { app.keys.blind_index(class, text).to_vec().into() };
    let (name, phone) = (who.name(), who.phone());
    let names = serde_json::json!({ "kanji": name, "kana": null, "latin": null }).to_string();
    let stored = app.keys.card_digest(&number);
    [
        vec![
            holder.uuid().into(),
            format!("bench-{}", who.index).into(),
            wrapped.key_id.into(),
            wrapped.bytes.into(),
            seal("name", &names),
            seal("birth_date", &who.birth_date()),
            seal("phone", &phone),
            digest("name_kanji", &name.replace(' ', "")),
            digest("birth_date", &who.birth_date()),
            digest("phone", &format!("+81{}", &phone[1..])),
            now.0.into(),
            now.0.into(),
        ],
        vec![
            card.uuid().into(),
            format!("bench-card-{}", who.index).into(),
            holder.uuid().into(),
            "classic".into(),
            "active".into(),
            now.0.into(),
            now.0.into(),
            now.0.into(),
        ],
        vec![
            stored.bytes.to_vec().into(),
            stored.key_id.into(),
            card.uuid().into(),
            number.issuer_number().into(),
            number.last_four().into(),
            "2029-11".into(),
            now.0.into(),
        ],
    ]
}

async fn insert(database: &DatabaseConnection, table: &str, rows: Vec<Vec<Value>>) {
    let mut place = 0;
    let tuples: Vec<String> = rows
        .iter()
        .map(|row| {
            let places: Vec<String> = row
                .iter()
                .map(|_| {
                    place += 1;
                    format!("${place}")
                })
                .collect();
            format!("({})", places.join(", "))
        })
        .collect();
    let sql = format!("INSERT INTO {table} VALUES {}", tuples.join(", "));
    let values: Vec<Value> = rows.into_iter().flatten().collect();
    let statement = Statement::from_sql_and_values(database.get_database_backend(), sql, values);
    database.execute_raw(statement).await.expect("rows");
}

/// An agent who has signed in: her cookie, and what her forms carry.
async fn agent(app: &Arc<App>) -> (String, String) {
    let who = SignedIn {
        staff_id: StaffId::new(app.now(), &*app.randomness),
        name: "bench".to_owned(),
        display_name: "Bench".to_owned(),
        roles: BTreeSet::from([Role::Administrator]),
        session_id: StaffSessionId::new(app.now(), &*app.randomness),
        reauthenticated: true,
    };
    let name = format!("bench{}", app.now().0);
    let new = NewStaff { name, display_name: "Bench".to_owned(), roles: BTreeSet::from([Role::Agent]) };
    let code = account::create(app, Some(&who), new).await.expect("an agent").code.expose().to_owned();
    let shown = setup::begin(app, &code, "gingko leaves in november").await.expect("a secret");
    let totp = totp_rs::Totp::from_url(shown.url.as_str()).expect("a secret");
    let now = totp.generate(app.now().unix_seconds().unsigned_abs()).to_string();
    let arrival = Arrival::browser("127.0.0.1".parse().ok(), "bench");
    let set_up = setup::confirm(app, &code, &now, &arrival).await.expect("a session");
    let token = set_up.begun.token.expose().to_owned();
    let form = session::form_token(app, &Token::parse(&token).expect("a token").digest());
    (format!("__Host-staff={token}"), form)
}

async fn ask(data: &str, url: &str, count: u64, requests: u64) {
    let app = app(data, url).await;
    let (cookie, token) = agent(&app).await;
    let origin = app.config.server.public_url.origin().ascii_serialization();
    let router = sekisho::service::router(Arc::clone(&app));
    let search = |fields: Vec<(&'static str, String)>| {
        let fields = fields.into_iter().chain([("form_token", token.clone())]);
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Request::post("/staff/cardholders")
            .header("cookie", &cookie)
            .header("origin", &origin)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .expect("a request")
    };
    let mut places = Vec::new();
    for kind in ["phone", "last_four", "birth_date", "card_number"] {
        let mut took = Vec::new();
        for turn in 0..requests {
            let who = Somebody { index: Somebody { index: turn }.spread() % count };
            let request = search(match kind {
                "phone" => vec![("text", who.phone())],
                "last_four" => vec![("text", who.number().last_four().to_owned()), ("name", who.name())],
                "birth_date" => vec![("text", who.birth_date()), ("name", who.name())],
                _ => vec![("text", who.number().digits().to_owned())],
            });
            let begun = Instant::now();
            let answer = router.clone().oneshot(request).await.expect("an answer");
            took.push(begun.elapsed().as_secs_f64() * 1_000.0);
            let place = answer.headers().get("location").and_then(|place| place.to_str().ok());
            assert!(place.is_some() || answer.status() == StatusCode::OK, "{kind}: {}", answer.status());
            places.extend(place.map(ToOwned::to_owned));
        }
        print(kind, took);
    }
    let mut took = Vec::new();
    for place in places.iter().take(requests as usize) {
        let request = Request::get(place).header("cookie", &cookie).body(Body::empty()).expect("a request");
        let begun = Instant::now();
        let answer = router.clone().oneshot(request).await.expect("an answer");
        took.push(begun.elapsed().as_secs_f64() * 1_000.0);
        assert_eq!(answer.status(), StatusCode::OK);
    }
    print("page", took);
}

fn print(name: &str, mut took: Vec<f64>) {
    took.sort_by(f64::total_cmp);
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    println!("{name} {:.2} {:.2}", at(0.5), at(0.99));
}
