//! A service that runs in a process of its own, and its answers.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};

use serde_json::Value;

use super::{DEADLINE, until};

/// A service that runs; killed when it is dropped.
pub(crate) struct Service {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The line with which it said so.
    pub(crate) said: String,
    log: PathBuf,
}

impl Service {
    /// A process that has not yet said where it listens.
    pub(super) fn starting(child: Child, log: PathBuf) -> Self {
        Self { child, address: ([127, 0, 0, 1], 0).into(), said: String::new(), log }
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Stops it where it is, until [`Self::go_on`].
    pub(crate) fn stop(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Whether it has not ended.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Kills it, as the power going off would.
    pub(crate) fn kill(mut self) {
        self.kill_now();
    }

    /// The same; another one can take its place.
    pub(crate) fn kill_now(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        until("the end of the process", || self.child.try_wait().unwrap())
    }

    /// Opens a page or reads a resource, as nobody in particular.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None)
    }

    /// Reads a resource with a key.
    pub(crate) fn get_with(&self, path: &str, key: &str) -> Answer {
        self.send("GET", path, &[("authorization", &format!("Bearer {key}"))], None)
    }

    /// Sends JSON with a key.
    pub(crate) fn send_json(&self, method: &str, path: &str, key: &str, body: &Value) -> Answer {
        Answer::read(self.begin_json(method, path, key, body))
    }

    /// Sends JSON with a key; the answer is read later.
    pub(crate) fn begin_json(&self, method: &str, path: &str, key: &str, body: &Value) -> TcpStream {
        let idempotency_key = format!("{:016x}", rand::random::<u64>());
        let headers = [
            ("authorization", format!("Bearer {key}")),
            ("content-type", "application/json".to_owned()),
            ("idempotency-key", idempotency_key),
        ];
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.begin(method, path, &headers, Some(&body.to_string()))
    }

    /// Sends a request over a connection of its own.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
        Answer::read(self.begin(method, path, headers, body))
    }

    fn begin(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> TcpStream {
        let mut stream = self.connect().unwrap();
        stream.write_all(self.head(method, path, headers, body.map(str::len)).as_bytes()).unwrap();
        stream.write_all(body.unwrap_or_default().as_bytes()).unwrap();
        stream
    }

    /// A new connection.
    pub(crate) fn connect(&self) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        Ok(stream)
    }

    /// The head of a request (RFC 9112).
    pub(crate) fn head(&self, method: &str, path: &str, headers: &[(&str, &str)], length: Option<usize>) -> String {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.address);
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        if let Some(length) = length {
            write!(head, "content-length: {length}\r\n").unwrap();
        }
        head + "\r\n"
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// Reads an answer up to the end of the connection.
    pub(crate) fn read(mut stream: TcpStream) -> Self {
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: `{text}`"));
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let pairs = lines.filter_map(|line| line.split_once(": "));
        let headers: Vec<_> = pairs.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        assert!(headers.iter().all(|(name, _)| name != "transfer-encoding"), "a body with a length: {head}");
        Self { status, headers, body: body.to_owned() }
    }

    /// The text of a header.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The body as JSON, which it must be.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}
