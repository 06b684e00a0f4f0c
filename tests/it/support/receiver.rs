//! A merchant's endpoint on a port of its own, which keeps what arrives and answers as it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::process::until;

/// How the endpoint answers.
#[derive(Clone, Debug, Default)]
pub(crate) enum Manner {
    /// 200, with an answer of two bytes.
    #[default]
    Well,
    /// This status with these further headers.
    Status(u16, String),
    /// These bytes, whatever they are; then the connection ends.
    Bytes(Vec<u8>),
    /// 200, and a body of so many bytes.
    Huge(u64),
    /// Nothing, until the other side gives up.
    Hangs,
}

/// What arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    /// The first line: method and path.
    pub(crate) line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// The endpoint. Its thread ends with the test's process.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    manner: Manner,
    arrived: Vec<Arrived>,
    /// How many bytes of huge answers were taken.
    taken: u64,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, state) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(State::default())));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                // A connection that breaks is the other side's business.
                std::thread::spawn(move || drop(serve(connection, &state)));
            }
        });
        Self { address, state }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    pub(crate) fn answers(&self, manner: Manner) {
        self.state.lock().unwrap().manner = manner;
    }

    /// What arrived, oldest first.
    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.state.lock().unwrap().arrived.clone()
    }

    /// What arrived since the last look.
    pub(crate) fn take(&self) -> Vec<Arrived> {
        std::mem::take(&mut self.state.lock().unwrap().arrived)
    }

    /// How many bytes of huge answers were taken.
    pub(crate) fn taken(&self) -> u64 {
        self.state.lock().unwrap().taken
    }

    /// Waits until so much has arrived.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Arrived> {
        until("messages at the endpoint", || {
            let arrived = self.arrived();
            (arrived.len() >= count).then_some(arrived)
        })
    }
}

impl Arrived {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Whether one of its signatures was made with this secret, by the rules of Standard Webhooks.
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut hmac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        hmac.update(format!("{}.{}.", self.header("webhook-id"), self.header("webhook-timestamp")).as_bytes());
        hmac.update(self.body.as_bytes());
        let expected = STANDARD.encode(hmac.finalize().into_bytes());
        let mut signatures = self.header("webhook-signature").split(' ');
        signatures.any(|signature| signature.strip_prefix("v1,") == Some(expected.as_str()))
    }
}

fn serve(mut connection: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut reader = BufReader::new(connection.try_clone()?);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut headers = Vec::new();
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let Some((name, value)) = header.trim_end().split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let length = headers.iter().find(|(name, _)| name == "content-length").map(|(_, value)| value.parse().unwrap());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body)?;
        let body = String::from_utf8(body).unwrap();
        let manner = {
            let mut state = state.lock().unwrap();
            state.arrived.push(Arrived { line: line.trim_end().to_owned(), headers, body });
            state.manner.clone()
        };
        match manner {
            Manner::Well => connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")?,
            Manner::Status(status, headers) => {
                write!(connection, "HTTP/1.1 {status} Said\r\n{headers}content-length: 0\r\n\r\n")?;
            }
            Manner::Bytes(bytes) => return connection.write_all(&bytes),
            Manner::Huge(size) => return pour(&mut connection, size, state),
            Manner::Hangs => {
                connection.set_read_timeout(Some(Duration::from_mins(1)))?;
                let mut rest = [0; 1];
                return connection.read(&mut rest).map(drop);
            }
        }
    }
}

fn pour(connection: &mut TcpStream, size: u64, state: &Mutex<State>) -> std::io::Result<()> {
    write!(connection, "HTTP/1.1 200 OK\r\ncontent-length: {size}\r\n\r\n")?;
    let piece = [b'a'; 16 * 1_024];
    for _ in 0..size / piece.len() as u64 {
        connection.write_all(&piece)?;
        state.lock().unwrap().taken += piece.len() as u64;
    }
    Ok(())
}
