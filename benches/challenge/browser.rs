//! A browser as far as the challenge needs one: it opens pages in a merchant's frame and sends their forms.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::HeaderMap;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use sekisho::domain::clock::Clock;
use sekisho::system::SystemClock;
use tokio::net::TcpStream;

use super::{Load, PASSWORD};

/// One connection.
pub(super) struct Browser {
    sender: SendRequest<Full<Bytes>>,
}

/// An answer of the service.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Browser {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the service listens");
        stream.set_nodelay(true).expect("a socket");
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("a connection");
        tokio::spawn(connection);
        Self { sender }
    }

    /// Opens the page that asks; any other would be another measurement.
    pub(super) async fn open(&mut self, path: &str) -> String {
        let request = Request::get(path).header("host", "127.0.0.1").header("sec-fetch-dest", "iframe");
        let page = self.send(request.body(Full::default()).expect("a request")).await;
        assert!(page.status == StatusCode::OK && page.text.contains("name=\"password\""), "no question: {}", page.text);
        page.text
    }

    /// Sends the right password with the form of a page.
    pub(super) async fn answer(&mut self, path: &str, form: &str) -> Answer {
        let fields = [("step", "answer"), ("form", form), ("password", PASSWORD)];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path)
            .header("host", "127.0.0.1")
            .header("origin", "null")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::from(body));
        self.send(request.expect("a request")).await
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> Answer {
        self.sender.ready().await.expect("the connection stays open");
        let answer = self.sender.send_request(request).await.expect("an answer");
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.into_body().collect().await.expect("the whole answer").to_bytes();
        Answer { status, headers, text: String::from_utf8_lossy(&body).into_owned() }
    }
}

/// The token of the form that answers.
pub(super) fn form(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"step\" value=\"answer\"").expect("a form");
    let (_, rest) = rest.split_once("name=\"form\" value=\"").expect("its token");
    rest.split_once('"').expect("the token's end").0.to_owned()
}

/// Opens pages at a fixed rate. A latency runs from the time at which the page was due: a server that stalls is not
/// spared the pages that waited (coordinated omission).
pub(super) async fn pages(load: Arc<Load>, connections: u64, seconds: u64, rate: u64) -> String {
    let start = SystemClock.boot_nanos() + 100_000_000;
    let turns = Arc::new(AtomicU64::new(0));
    let workers: Vec<_> = (0..connections)
        .map(|_| {
            let (load, turns) = (Arc::clone(&load), Arc::clone(&turns));
            tokio::spawn(async move {
                let mut browser = Browser::connect(load.address).await;
                let mut latencies = Vec::new();
                loop {
                    let turn = turns.fetch_add(1, Ordering::Relaxed);
                    let due = start + turn * 1_000_000_000 / rate;
                    if due >= start + seconds * 1_000_000_000 {
                        return latencies;
                    }
                    let early = due.saturating_sub(SystemClock.boot_nanos());
                    tokio::time::sleep(Duration::from_nanos(early)).await;
                    browser.open(&load.paths[turn as usize % load.paths.len()]).await;
                    latencies.push(SystemClock.boot_nanos() - due);
                }
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for worker in workers {
        latencies.extend(worker.await.expect("a connection"));
    }
    latencies.sort_unstable();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize] as f64 / 1e6;
    format!("pages {} p50_ms {:.2} p99_ms {:.2} max_ms {:.2}", latencies.len(), at(0.5), at(0.99), at(1.0))
}
