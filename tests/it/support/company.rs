//! An analysis company that writes down, by the test's own monotonic clock, when each request began to arrive.
//!
//! Threads that block, one for each connection: nothing but the machine stands between the arrival and the note.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::process::now;

/// One request, as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    /// When its first byte was there.
    pub(crate) began: Instant,
    /// Its path.
    pub(crate) path: String,
    /// The authentication that it is about; empty when it names none.
    pub(crate) about: String,
}

/// How it answers: at random, from a seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// Most answers come within so many milliseconds.
    pub(crate) quick_ms: u64,
    /// The share of answers that come too late for the caller.
    pub(crate) late_share: f64,
    /// How late these are, in milliseconds.
    pub(crate) late_ms: u64,
    /// The share of connections that break in place of an answer.
    pub(crate) broken_share: f64,
}

/// The company; its threads end with the test's process.
pub(crate) struct Company {
    pub(crate) address: SocketAddr,
    arrivals: Arc<Mutex<Vec<Arrival>>>,
}

impl Company {
    pub(crate) fn open(manner: Manner, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let arrivals = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&arrivals);
        std::thread::spawn(move || {
            for (number, stream) in (0..).zip(listener.incoming().map_while(Result::ok)) {
                let (notes, chances) = (Arc::clone(&notes), StdRng::seed_from_u64(seed.wrapping_add(number)));
                std::thread::spawn(move || converse(stream, manner, chances, &notes));
            }
        });
        Self { address, arrivals }
    }

    /// Every request so far, in the order of their arrival.
    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        let mut arrivals = self.arrivals.lock().unwrap().clone();
        arrivals.sort_by_key(|arrival| arrival.began);
        arrivals
    }
}

/// Answers on one connection until it is closed.
fn converse(mut stream: TcpStream, manner: Manner, mut chances: StdRng, notes: &Mutex<Vec<Arrival>>) {
    while let Some((began, head, body)) = receive(&mut stream) {
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let field = |name: &str| {
            let mut fields = url::form_urlencoded::parse(body.as_bytes());
            fields.find(|(field, _)| field == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        // Feedback names the query by the id that this company gave it.
        let about = match field("transaction_id") {
            none if none.is_empty() => field("request_id").trim_start_matches("query-").replace('-', "_"),
            named => named,
        };
        notes.lock().unwrap().push(Arrival { began, path, about: about.clone() });
        if chances.random_bool(manner.broken_share) {
            return;
        }
        let late = chances.random_bool(manner.late_share);
        let wait = if late { manner.late_ms } else { chances.random_range(0..=manner.quick_ms) };
        std::thread::sleep(Duration::from_millis(wait));
        let answer = serde_json::json!({
            "request_result": "success", "review_status": "pass", "policy_score": "60",
            "request_id": format!("query-{}", about.replace('_', "-"))
        })
        .to_string();
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", answer.len());
        if stream.write_all(format!("{head}{answer}").as_bytes()).is_err() {
            return;
        }
    }
}

/// One whole request: when it began, its head and its body; none when the connection ends. A request whose body never
/// comes is one without a body: it tells nothing about anybody.
fn receive(stream: &mut TcpStream) -> Option<(Instant, String, String)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let first = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
    let began = now();
    bytes.extend_from_slice(&buffer[..first]);
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            let body = &bytes[end + 4..];
            if body.len() >= length.unwrap_or(0) {
                return Some((began, head, String::from_utf8_lossy(body).into_owned()));
            }
        }
        let more = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&buffer[..more]);
    }
}
