//! The server and its limits.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Path;
use axum::routing::{get, post};
use axum::{Extension, Router};
use prometheus_client::registry::Registry;
use sekisho::config::{Config, ServerSettings};
use sekisho::domain::id::RequestId;
use sekisho::metrics::Metrics;
use sekisho::server::{ClientAddress, CurrentRequest, Parts, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use crate::support::clock::ManualClock;
use crate::support::randomness::SeededRandomness;

/// Far longer than anything here takes; only a broken server reaches it.
const PATIENCE: Duration = Duration::from_secs(20);

struct Running {
    address: SocketAddr,
    registry: Registry,
    clock: Arc<ManualClock>,
    entered: Arc<Notify>,
    release: Arc<Notify>,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<std::io::Result<()>>,
}

/// Begins a server with settings that this changes.
async fn begin(change: impl FnOnce(&mut ServerSettings)) -> Running {
    let mut settings = Config::load(None, []).unwrap().server;
    change(&mut settings);
    let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let mut registry = Registry::default();
    let clock = ManualClock::at("2026-11-22T09:00:00Z");
    let parts = Parts {
        clock: Arc::<ManualClock>::clone(&clock),
        randomness: SeededRandomness::new(1),
        metrics: Arc::new(Metrics::new(&mut registry)),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = routes(Arc::clone(&entered), Arc::clone(&release));
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(async move {
        serve(listener, router, &settings, parts, async {
            let _ = stopped.await;
        })
        .await
    });
    Running { address, registry, clock, entered, release, stop: Some(stop), served }
}

fn routes(entered: Arc<Notify>, release: Arc<Notify>) -> Router {
    let wait = move || {
        let (entered, release) = (Arc::clone(&entered), Arc::clone(&release));
        async move {
            entered.notify_one();
            release.notified().await;
            "released"
        }
    };
    Router::new()
        .route("/hello/{name}", get(|Path(name): Path<String>| async move { format!("hello {name}") }))
        .route("/address", get(|Extension(client): Extension<ClientAddress>| async move { client.0.to_string() }))
        .route("/id", get(|Extension(id): Extension<CurrentRequest>| async move { id.to_string() }))
        .route("/length", post(|body: Bytes| async move { body.len().to_string() }))
        .route("/wait", get(wait))
        .route("/break", get(break_down))
}

async fn break_down() -> &'static str {
    panic!("on purpose")
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends the bytes on a connection of their own and reads until the server closes it.
    async fn exchange(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        read_all(&mut stream).await
    }

    async fn get(&self, path: &str, headers: &str) -> String {
        self.exchange(&format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n")).await
    }
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the server closes").unwrap();
    String::from_utf8(answer).unwrap()
}

fn assert_problem(answer: &str, status: &str, slug: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    assert!(answer.contains("content-type: application/problem+json"), "{answer}");
    assert!(answer.contains(&format!("\"type\":\"/problems/{slug}\"")), "{answer}");
    assert!(answer.contains("x-request-id: req_"), "{answer}");
}

#[tokio::test]
async fn a_half_sent_header_is_closed_after_its_time() {
    let server = begin(|settings| settings.header_timeout_ms = 40).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /hello/a HTTP/1.1\r\nhost: a\r\nx-slow: ").await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(!answer.contains("200 OK"), "{answer}");
}

#[tokio::test]
async fn no_more_connections_than_allowed_are_served_and_the_next_one_gets_its_turn() {
    let server = begin(|settings| settings.max_connections = 1).await;
    let mut first = server.connect().await;
    first.write_all(b"GET /wait HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    server.entered.notified().await;
    let mut second = server.connect().await;
    second.write_all(b"GET /hello/b HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(60), second.read_u8()).await;
    assert!(early.is_err(), "the second connection was served beside the first");
    server.release.notify_one();
    assert!(read_all(&mut first).await.ends_with("released"));
    assert!(read_all(&mut second).await.ends_with("ello b"));
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whether_or_not_it_says_its_length() {
    let server = begin(|settings| settings.body_limit_bytes = 1024).await;
    let fits = "x".repeat(1024);
    let one_more = "x".repeat(1025);
    let head = "POST /length HTTP/1.1\r\nhost: a\r\nconnection: close\r\n";
    let whole = |body: &str| format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    let chunked =
        |body: &str| format!("{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    assert!(server.exchange(&whole(&fits)).await.ends_with("1024"));
    assert!(server.exchange(&chunked(&fits)).await.ends_with("1024"));
    assert_problem(&server.exchange(&whole(&one_more)).await, "413", "body-too-large");
    assert_problem(&server.exchange(&chunked(&one_more)).await, "413", "body-too-large");
    let boast = format!("{head}content-length: 99999999999\r\n\r\n");
    assert_problem(&server.exchange(&boast).await, "413", "body-too-large");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let server = begin(|settings| settings.request_timeout_ms = 40).await;
    let head = "POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nonly this";
    assert_problem(&server.exchange(head).await, "408", "request-timeout");
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_refused_with_retry_after() {
    let server = begin(|settings| settings.request_timeout_ms = 40).await;
    let answer = server.get("/wait", "").await;
    assert_problem(&answer, "503", "unavailable");
    assert!(answer.contains("retry-after: 1"), "{answer}");
}

#[tokio::test]
async fn a_request_that_breaks_down_is_answered_and_the_server_goes_on() {
    let server = begin(|_| {}).await;
    let answer = server.get("/break", "").await;
    assert_problem(&answer, "500", "internal");
    assert!(!answer.contains("on purpose"), "{answer}");
    assert!(server.get("/hello/again", "").await.ends_with("hello again"));
}

#[tokio::test]
async fn the_request_in_flight_is_finished_at_shutdown_and_no_new_one_is_accepted() {
    let mut server = begin(|_| {}).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    server.entered.notified().await;
    server.stop.take().unwrap().send(()).unwrap();
    while TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!server.served.is_finished());
    server.release.notify_one();
    assert!(read_all(&mut stream).await.ends_with("released"));
    tokio::time::timeout(PATIENCE, server.served).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_hold_up_the_shutdown() {
    let mut server = begin(|settings| settings.drain_timeout_ms = 40).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    server.entered.notified().await;
    server.stop.take().unwrap().send(()).unwrap();
    tokio::time::timeout(PATIENCE, server.served).await.unwrap().unwrap().unwrap();
    assert_eq!(read_all(&mut stream).await, "");
}

#[tokio::test]
async fn a_forged_forwarding_header_changes_nothing_unless_a_trusted_proxy_sends_it() {
    let forged = "x-forwarded-for: 1.2.3.4\r\nforwarded: for=1.2.3.4\r\n";
    let open = begin(|_| {}).await;
    assert!(open.get("/address", forged).await.ends_with("127.0.0.1"));
    let behind = begin(|settings| settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    assert!(behind.get("/address", forged).await.ends_with("1.2.3.4"));
    assert!(behind.get("/address", "x-forwarded-for: 6.6.6.6, 1.2.3.4\r\n").await.ends_with("1.2.3.4"));
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_only_a_trusted_proxy_chooses_it() {
    let given = "req_00000000000000000000000000000007";
    let header = format!("x-request-id: {given}\r\n");
    let open = begin(|_| {}).await;
    for path in ["/id", "/nowhere"] {
        let answer = open.get(path, &header).await;
        let id = answer.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap();
        assert!(id.parse::<RequestId>().is_ok() && id != given, "{answer}");
        assert!(path != "/id" || answer.ends_with(id), "{answer}");
    }
    let behind = begin(|settings| settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()]).await;
    assert!(behind.get("/id", &header).await.ends_with(given));
    let odd = behind.get("/id", "x-request-id: <script>\r\n").await;
    assert!(odd.contains("x-request-id: req_") && !odd.contains("script"), "{odd}");
}

#[tokio::test]
async fn answers_carry_safe_headers_and_are_counted_by_route_never_by_path() {
    let server = begin(|settings| settings.public_url = "https://example.jp".parse().unwrap()).await;
    let answer = server.get("/hello/secret-token", "").await;
    for line in [
        "x-content-type-options: nosniff",
        "referrer-policy: strict-origin",
        "content-security-policy: default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
        "cache-control: no-store",
        "strict-transport-security: max-age=63072000",
    ] {
        assert!(answer.contains(line), "`{line}` is not in: {answer}");
    }
    server.get("/secret-nowhere", "").await;
    let figures = Metrics::encode(&server.registry).unwrap();
    assert!(figures.contains(r#"http_requests_total{route="/hello/{name}",status="200"} 1"#), "{figures}");
    assert!(figures.contains(r#"http_requests_total{route="unmatched",status="404"} 1"#), "{figures}");
    assert!(!figures.contains("secret"), "{figures}");
}

#[tokio::test]
async fn the_time_of_a_request_is_right_though_the_wall_clock_is_set_back_meanwhile() {
    let server = begin(|_| {}).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /wait HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    server.entered.notified().await;
    server.clock.advance(3);
    server.clock.shift_wall(-3600);
    server.release.notify_one();
    read_all(&mut stream).await;
    let figures = Metrics::encode(&server.registry).unwrap();
    assert!(figures.contains("http_request_duration_seconds_sum{route=\"/wait\"} 3.0"), "{figures}");
}
