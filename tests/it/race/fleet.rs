//! Two servers on one database, and what is done to them.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sekisho::domain::id::DisclosureId;
use serde_json::{Value, json};

use super::people::Member;
use crate::support::process::{Deployment, Service};

/// Longer than the margin for a pause between the last look at the clock and the write, 250 ms.
const STOP_MS: std::ops::Range<u64> = 300..900;

/// The settings of every instance.
pub(super) fn configure(deployment: &Deployment, company: SocketAddr, limit_ms: u64) {
    let key = deployment.write("company-key", "key");
    deployment.settings(&format!(
        "[analytics]\nprovider = \"threatmetrix\"\nrecipient = \"tmx\"\nbase_url = \"http://{company}\"\n\
         org_id = \"org\"\napi_key = {{ file = \"{}\" }}\ndestinations = \"public_and_loopback\"\ndeadline_ms = 800\nlimit_ms = {limit_ms}\n\
         [analytics.breaker]\nopen_after = 20\n[rate_limit]\nper_second = 100000\nburst = 100000\n\
         [log]\nfilter = \"error\"\n",
        key.display()
    ));
}

/// The servers.
pub(super) struct Fleet<'a> {
    deployment: &'a Deployment,
    faults: &'static str,
    key: String,
    issuer_key: String,
    servers: [Mutex<Service>; 2],
    addresses: [RwLock<SocketAddr>; 2],
    peace: AtomicBool,
    serial: AtomicU64,
    pub(super) kills: AtomicU64,
    pub(super) stops: AtomicU64,
    pub(super) aborts: AtomicU64,
}

impl<'a> Fleet<'a> {
    pub(super) fn start(deployment: &'a Deployment, faults: &'static str, seed: u64) -> Self {
        let (_, key) = deployment.merchant();
        let servers = [1, 2].map(|number| serve(deployment, faults, seed + number));
        let addresses = [RwLock::new(servers[0].address), RwLock::new(servers[1].address)];
        Self {
            deployment,
            faults,
            key,
            issuer_key: deployment.issuer_key(),
            servers: servers.map(Mutex::new),
            addresses,
            peace: AtomicBool::new(false),
            serial: AtomicU64::new(0),
            kills: AtomicU64::new(0),
            stops: AtomicU64::new(0),
            aborts: AtomicU64::new(0),
        }
    }

    /// A purchase with the member's card at one server; whether it was answered with a decision.
    pub(super) fn buy(&self, member: &Member, server: usize) -> bool {
        let serial = self.serial.fetch_add(1, Ordering::SeqCst);
        let body = json!({
            "merchant_reference": format!("order-{serial}"),
            "card": {"number": member.number, "expiry": "2031-11"},
            "purchase": {"amount_minor": 1_200, "currency": "JPY"},
            "cardholder": {"name": "SHIORI SEKIGUCHI", "email": member.email, "phone": "03-5253-4111"},
            "device": {
                "ip": format!("10.{}.{}.7", member.index >> 8 & 255, member.index & 255),
                "user_agent": format!("Mozilla/5.0 (X11; Linux x86_64) Race/{}", member.index)
            }
        });
        let address = *self.addresses[server].read().unwrap();
        let answer = post(address, "/v1/authentications", &self.key, serial, &body.to_string());
        answer.is_ok_and(|answer| answer.starts_with("HTTP/1.1 201"))
    }

    /// The issuer's call centre records an objection at one server; while there is no answer it asks again, with the same
    /// key, at the other one. What the receipt names as possibly sent, if there is an answer.
    pub(super) fn object(&self, member: &Member, server: usize) -> Option<BTreeSet<DisclosureId>> {
        let serial = self.serial.fetch_add(1, Ordering::SeqCst);
        let path = format!("/issuer/v1/cardholders/{}/consent-events", member.reference);
        let identity = json!({"method": "known_facts", "outcome": "passed"});
        let body =
            json!({"action": "object", "channel": "phone", "reference": "CALL-1", "identity": identity}).to_string();
        (0..6).find_map(|attempt| {
            if attempt > 0 {
                std::thread::sleep(Duration::from_millis(300));
            }
            let address = *self.addresses[(server + attempt) % 2].read().unwrap();
            let answer = post(address, &path, &self.issuer_key, serial, &body).ok()?;
            let (head, body) = answer.split_once("\r\n\r\n")?;
            assert!(!head.starts_with("HTTP/1.1 4") || head.contains(" 409 "), "{answer}");
            let body: Value = serde_json::from_str(body).ok().filter(|_| head.starts_with("HTTP/1.1 200"))?;
            let named = body["receipt"]["maybe_sent"].as_array()?.iter();
            Some(named.map(|id| id.as_str().unwrap().parse().unwrap()).collect())
        })
    }

    /// Kills, stops and starts servers until there is peace.
    pub(super) fn make_trouble(&self, seed: u64) {
        let mut chances = StdRng::seed_from_u64(seed.wrapping_mul(31));
        while !self.peace.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(chances.random_range(200..1_200)));
            let number = chances.random_range(0..2);
            let mut server = self.servers[number].lock().unwrap();
            if !server.is_alive() {
                self.aborts.fetch_add(1, Ordering::SeqCst);
                self.renew(number, &mut server, chances.random());
            } else if chances.random_bool(0.3) {
                self.kills.fetch_add(1, Ordering::SeqCst);
                server.kill_now();
                self.renew(number, &mut server, chances.random());
            } else if chances.random_bool(0.7) {
                self.stops.fetch_add(1, Ordering::SeqCst);
                server.stop();
                std::thread::sleep(Duration::from_millis(chances.random_range(STOP_MS)));
                server.go_on();
            }
        }
        // Both go on to the end, for what is left open is theirs to settle.
        for (number, server) in self.servers.iter().enumerate() {
            let mut server = server.lock().unwrap();
            if !server.is_alive() {
                self.renew(number, &mut server, seed);
            }
        }
    }

    fn renew(&self, number: usize, server: &mut Service, seed: u64) {
        *server = serve(self.deployment, self.faults, seed >> 1);
        *self.addresses[number].write().unwrap() = server.address;
    }

    pub(super) fn peace(&self) {
        self.peace.store(true, Ordering::SeqCst);
    }
}

fn serve(deployment: &Deployment, faults: &str, seed: u64) -> Service {
    deployment.serve_with(&[("SEKISHO_FAULT_POINTS", &format!("seed={seed} {faults}"))])
}

/// One request on a connection of its own. The server may be killed, stopped or not there: all of it is an error.
fn post(address: SocketAddr, path: &str, key: &str, serial: u64, body: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(Duration::from_secs(15)))?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\
         idempotency-key: race-{serial}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
