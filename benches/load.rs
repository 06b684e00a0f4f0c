//! The load of `scripts/bench`: cards to ask about, requests at full speed or at a fixed rate, the stand-in provider
//! with a delay, and the service's own statements as a script for pgbench. Runs on loopback only.
//!
//! | command | does |
//! | --- | --- |
//! | `cards COUNT` | prints a file for `sekisho card import` |
//! | `sign-in DATA_DIR DATABASE_URL` | adds an administrator and prints a session for `SEKISHO_SESSION` |
//! | `ask ADDRESS KEY FIRST CARDS CONNECTIONS SECONDS RATE` | asks about the cards in turn; `RATE` 0 is full speed |
//! | `provider ADDRESS DELAY_MS` | the stand-in provider |
//! | `object ADDRESS KEY ISSUER_KEY FIRST COUNT IN_FLIGHT` | opts out one person after the other; with 1 while a purchase is in flight |
//! | `ledger HEADS COUNT` | prints a psql script of so many disclosures, chained behind the ends of the lines in HEADS |
//! | `swap DATA_DIR DATABASE_URL COUNT EVERY_MS` | has another bundle decide, in turn; `SEKISHO_SESSION` is an administrator's |
//! | `approved DATA_DIR DATABASE_URL` | submits and approves another bundle; prints its digest and a session for putting it into use |
//! | `statements LOG` | makes a pgbench script of what PostgreSQL logged for one request |
#![allow(missing_docs, clippy::print_stdout, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]

#[path = "load/ledger.rs"]
mod ledger;
#[path = "load/objections.rs"]
mod objections;
#[path = "load/swap.rs"]
mod swap;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use sekisho::app::App;
use sekisho::config::Config;
use sekisho::credential::one_time;
use sekisho::demo::provider::steering::Control;
use sekisho::demo::provider::{ProviderState, serve};
use sekisho::domain::clock::Clock;
use sekisho::domain::staff::{Role, SignedIn};
use sekisho::flow::arrival::Arrival;
use sekisho::flow::staff::account::{self, NewStaff};
use sekisho::flow::staff::setup;
use sekisho::flow::staff::sign_in::Begun;
use sekisho::system::{SystemClock, SystemRandomness};
use tokio::net::{TcpListener, TcpStream};

/// Cards of one person.
const CARDS_OF_ONE: u64 = 4;
const EXPIRY: &str = "2029-11";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    match arguments.as_slice() {
        ["cards", count] => print!("{}", cards(number_of(count))),
        ["sign-in", data_dir, database_url] => println!("{}", runtime.block_on(sign_in(data_dir, database_url))),
        ["ask", address, key, first, cards, connections, seconds, rate] => {
            let plan = Plan {
                address: address.parse().expect("an address"),
                key: (*key).to_owned(),
                first: number_of(first),
                cards: number_of(cards),
                nanos: number_of(seconds) * 1_000_000_000,
                rate: number_of(rate),
                run: SystemClock.boot_nanos(),
            };
            println!("{}", runtime.block_on(ask(plan, number_of(connections))));
        }
        ["provider", address, delay_ms] => runtime.block_on(provide(address, number_of(delay_ms))),
        ["object", address, key, issuer_key, first, count, in_flight] => {
            let plan = Plan {
                address: address.parse().expect("an address"),
                key: (*key).to_owned(),
                first: number_of(first),
                cards: u64::MAX,
                nanos: 0,
                rate: 0,
                run: SystemClock.boot_nanos(),
            };
            println!("{}", runtime.block_on(objections::object(plan, issuer_key, number_of(count), *in_flight == "1")));
        }
        ["ledger", heads, count] => {
            let heads = std::fs::read_to_string(heads).expect("the heads");
            ledger::print(&heads, number_of(count), &mut std::io::stdout().lock()).expect("standard output");
        }
        ["swap", data_dir, database_url, count, every_ms] => runtime.block_on(async {
            let app = Arc::new(service(data_dir, database_url).await);
            let token = std::env::var("SEKISHO_SESSION").expect("a session");
            swap::swap(app, &token, number_of(count), Duration::from_millis(number_of(every_ms))).await;
        }),
        ["approved", data_dir, database_url] => runtime.block_on(async {
            let app = service(data_dir, database_url).await;
            let token = std::env::var("SEKISHO_SESSION").expect("a session");
            let (digest, session) = swap::approved(&app, &token).await;
            println!("{digest} {session}");
        }),
        ["statements", log] => print!("{}", statements(&std::fs::read_to_string(log).expect("the log"))),
        _ => println!(
            "usage: cards | sign-in | ask | provider | object | ledger | swap | approved | statements, see the head of benches/load.rs"
        ),
    }
}

fn number_of(text: &str) -> u64 {
    text.parse().expect("a number")
}

/// A card number of ours: 3528, the index, the check digit (ISO/IEC 7812-1, annex B).
fn number(index: u64) -> String {
    let body = format!("3528{index:011}");
    let doubled = |(place, digit): (usize, u32)| if place % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit };
    let sum: u32 = body.chars().rev().filter_map(|digit| digit.to_digit(10)).enumerate().map(doubled).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

fn cards(count: u64) -> String {
    let mut text = String::from(
        "cardholder_reference,name_kanji,name_kana,name_latin,birth_date,email,phone,country,postal_code,region,city,\
         line1,line2,sharing_basis,notice_version,informed_at,card_reference,number,expiry,programme,status,issued_on\n",
    );
    for index in 0..count {
        let holder = index / CARDS_OF_ONE;
        writeln!(
            text,
            "holder-{holder},,,HOLDER {holder},1980-01-01,holder{holder}@example.com,,JP,100-0001,13,Chiyoda,1-1 \
             Chiyoda,,notice,1,2026-01-01T00:00:00Z,card-{index},{},{EXPIRY},classic,active,2024-01-01",
            number(index)
        )
        .expect("memory");
    }
    text
}

/// A session of an administrator, for the commands that need one.
async fn sign_in(data_dir: &str, database_url: &str) -> String {
    let app = service(data_dir, database_url).await;
    person(&app, None, "bench", Role::Administrator).await.token.expose().to_owned()
}

/// The service's parts.
async fn service(data_dir: &str, database_url: &str) -> App {
    sekisho::outbound::install_tls_provider();
    let settings = [("SEKISHO__DATA_DIR", data_dir), ("SEKISHO__DATABASE__URL", database_url)];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = Config::load(None, settings).expect("settings");
    App::build(config, Arc::new(SystemClock), Arc::new(SystemRandomness)).await.expect("the service's parts")
}

/// A staff person who has just signed in; the first one is made by nobody.
async fn person(app: &App, by: Option<&SignedIn>, name: &str, role: Role) -> Begun {
    let new = NewStaff { display_name: name.to_owned(), name: name.to_owned(), roles: [role].into() };
    let issued = account::create(app, by, new).await.expect("a staff person");
    let (code, secret) = (issued.code.expose(), [7; 20]);
    setup::begin_with_secret(app, code, "one thousand purchases", &secret).await.expect("a setup");
    let one_time_password = one_time::password_at(&secret, app.now()).expect("a one-time password");
    setup::confirm(app, code, &one_time_password, &Arrival::command_line()).await.expect("a session").begun
}

/// What is asked for.
struct Plan {
    address: SocketAddr,
    key: String,
    first: u64,
    cards: u64,
    nanos: u64,
    /// Requests in a second; 0 for as many as go.
    rate: u64,
    /// Tells the keys of this run from those of others.
    run: u64,
}

impl Plan {
    /// An everyday purchase that is approved without friction: each card has a browser and an address of its own.
    fn request(&self, turn: u64) -> Request<Full<Bytes>> {
        let card = (self.first + turn) % self.cards;
        let holder = card / CARDS_OF_ONE;
        let address = serde_json::json!({
            "country": "JP", "postal_code": "100-0001", "region": "13", "city": "Chiyoda", "line1": "1-1 Chiyoda"
        });
        let body = serde_json::json!({
            "merchant_reference": format!("order-{turn}"),
            "card": { "number": number(card), "expiry": EXPIRY },
            "purchase": { "amount_minor": 1_200, "currency": "JPY" },
            "cardholder": {
                "name": format!("HOLDER {holder}"), "email": format!("holder{holder}@example.com"),
                "billing_address": address, "shipping_address": address
            },
            "device": {
                "ip": format!("10.{}.{}.{}", card >> 16 & 255, card >> 8 & 255, card & 255),
                "user_agent": format!("Mozilla/5.0 (X11; Linux x86_64) Load/{card}"),
                "language": "ja", "time_zone": "Asia/Tokyo", "screen": "1920x1080x24"
            }
        });
        Request::post("/v1/authentications")
            .header("host", "127.0.0.1")
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/json")
            .header("idempotency-key", format!("{}-{turn}", self.run))
            .body(Full::from(body.to_string()))
            .expect("a request")
    }
}

/// What the connections share.
struct Tally {
    plan: Plan,
    start: u64,
    turns: AtomicU64,
}

async fn ask(plan: Plan, connections: u64) -> String {
    let tally = Arc::new(Tally { plan, start: SystemClock.boot_nanos() + 100_000_000, turns: AtomicU64::new(0) });
    let workers: Vec<_> = (0..connections).map(|_| tokio::spawn(connection(Arc::clone(&tally)))).collect();
    let mut latencies = Vec::new();
    for worker in workers {
        latencies.extend(worker.await.expect("a connection"));
    }
    let seconds = (SystemClock.boot_nanos() - tally.start) as f64 / 1e9;
    latencies.sort_unstable();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize] as f64 / 1e6;
    format!(
        "requests {} per_second {:.1} p50_ms {:.2} p99_ms {:.2} max_ms {:.2}",
        latencies.len(),
        latencies.len() as f64 / seconds,
        at(0.5),
        at(0.99),
        at(1.0)
    )
}

/// Takes the next turn until the time is over. At a fixed rate a turn has a time at which it should begin, and its
/// latency runs from then: a server that stalls is not spared the requests that waited (coordinated omission).
async fn connection(tally: Arc<Tally>) -> Vec<u64> {
    let mut sender = connect(tally.plan.address).await;
    let mut latencies = Vec::new();
    loop {
        let turn = tally.turns.fetch_add(1, Ordering::Relaxed);
        let due = match tally.plan.rate {
            0 => SystemClock.boot_nanos(),
            rate => tally.start + turn * 1_000_000_000 / rate,
        };
        if due >= tally.start + tally.plan.nanos {
            return latencies;
        }
        let early = due.saturating_sub(SystemClock.boot_nanos());
        if early > 0 {
            tokio::time::sleep(Duration::from_nanos(early)).await;
        }
        approved(&mut sender, tally.plan.request(turn)).await;
        latencies.push(SystemClock.boot_nanos() - due);
    }
}

async fn connect(address: SocketAddr) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.expect("the service listens");
    stream.set_nodelay(true).expect("a socket");
    let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("a connection");
    tokio::spawn(connection);
    sender
}

/// Anything else than an approval would be another measurement: the run ends.
async fn approved(sender: &mut SendRequest<Full<Bytes>>, request: Request<Full<Bytes>>) {
    sender.ready().await.expect("the connection stays open");
    let answer = sender.send_request(request).await.expect("an answer");
    let status = answer.status();
    let body = answer.into_body().collect().await.expect("the whole answer").to_bytes();
    let text = String::from_utf8_lossy(&body);
    assert!(status == 201 && text.contains(r#""status":"approved""#), "not approved: {status} {text}");
}

async fn provide(address: &str, delay_ms: u64) {
    let state = ProviderState::new("bench", "bench", Arc::new(SystemClock));
    state.steer(Control { delay_ms, ..Control::default() });
    let listener = TcpListener::bind(address).await.expect("a free port");
    serve(listener, state).await.expect("a socket");
}

/// One statement of the log: its text and what its parameters were.
struct Logged {
    text: String,
    values: Vec<String>,
}

impl Logged {
    /// The last execution of a statement that begins so.
    fn find(log: &str, beginning: &str) -> Self {
        let lines: Vec<&str> = log.lines().collect();
        let is_it = |line: &&str| line.contains("execute ") && line.contains(&format!(": {beginning}"));
        let at = lines.iter().rposition(is_it).expect("the statement is in the log");
        let (_, text) = lines[at].split_once(&format!(": {beginning}")).expect("as found");
        let (_, values) = lines[at + 1].split_once("arameters: ").expect("its parameters follow");
        Self { text: format!("{beginning}{text}"), values: split(values) }
    }

    /// The text with what its parameters were, but for those that change from one request to the next.
    fn with(&self, numbers: &[usize], changing: &[(usize, &str)]) -> String {
        let mut text = self.text.clone();
        for place in (1..=self.values.len()).rev() {
            let logged = &self.values[place - 1];
            let changed = changing.iter().find(|(changing, _)| *changing == place);
            let value = match changed {
                Some((_, value)) => (*value).to_owned(),
                None if numbers.contains(&place) => logged.trim_matches('\'').to_owned(),
                // A colon would begin a variable of pgbench's, within a text too.
                None if logged.contains(':') => format!("E{}", logged.replace('\\', r"\\").replace(':', r"\x3A")),
                None => logged.clone(),
            };
            text = text.replace(&format!("${place}"), &value);
        }
        text
    }
}

/// `$1 = 'a', $2 = NULL` becomes `'a'` and `NULL`.
fn split(values: &str) -> Vec<String> {
    let starts: Vec<usize> = (1..).map_while(|place| values.find(&format!("${place} = "))).collect();
    let ends = starts.iter().skip(1).map(|start| start - 2).chain([values.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| &values[*start..end])
        .map(|part| part.split_once(" = ").map_or_else(String::new, |(_, value)| value.to_owned()))
        .collect()
}

/// Two round trips, as the service makes them: `:cards` cards whose digests are the hashes of their index.
fn statements(log: &str) -> String {
    let receive = Logged::find(log, "WITH reserved AS");
    let open = Logged::find(log, "WITH opened AS");
    let id = |kind: u8| {
        format!(
            "(lpad(to_hex(:start::bigint + :n::bigint), 12, '0') || '7{kind}00' || lpad(to_hex(:client_id::bigint), 16, '8'))::uuid"
        )
    };
    let digest = |salt: u64| format!("sha256(int8send(:card::bigint + {salt}))");
    let (authentication, entry) = (id(1), id(2));
    let (number, device, ip) = (digest(0), digest(1_000_000), digest(2_000_000));
    let key = "('bench-' || :client_id::bigint || '-' || :n::bigint)";
    let first = receive.with(&[6, 7, 9, 10], &[(3, key), (5, &authentication), (8, &number), (11, &device), (12, &ip)]);
    let second = open
        .with(&[5, 7, 19, 20, 22], &[(1, &authentication), (8, ":found_card_id::uuid"), (17, &device), (21, &entry)]);
    format!("\\set n :n + 1\n\\set card random(0, :cards - 1)\n{first} \\gset found_\n{second};\n")
}
