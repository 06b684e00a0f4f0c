//! An SMS gateway of a test's own.

use std::sync::Arc;

use axum::http::StatusCode;
use sekisho::demo::telephone::{Behaviour, MESSAGES, Telephone};

use super::clock::ManualClock;
use super::relay::free_port;

/// The key that the gateway wants to be shown.
const KEY: &str = "gateway-key";

/// The gateway, listening on a port of its own until the runtime ends.
pub(crate) struct Gateway {
    pub(crate) telephone: Telephone,
    port: u16,
}

impl Gateway {
    /// A gateway whose port is chosen and does not listen yet.
    pub(crate) fn new() -> Self {
        sekisho::outbound::install_tls_provider();
        let clock: Arc<ManualClock> = ManualClock::at("2026-11-22T03:00:00Z");
        Self { telephone: Telephone::new(KEY, clock), port: free_port() }
    }

    /// Listens from now on.
    pub(crate) async fn listen(&self) {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        let router = self.telephone.router();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    }

    /// The settings of a service that uses it.
    pub(crate) fn settings(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("SEKISHO__SMS__URL", format!("http://127.0.0.1:{}{MESSAGES}", self.port).leak()),
            ("SEKISHO__SMS__API_KEY__ENV", "GATEWAY_KEY"),
            ("GATEWAY_KEY", KEY),
            ("SEKISHO__SMS__SENDER", "Sekisho"),
            ("SEKISHO__SMS__TIMEOUT_MS", "1500"),
            ("SEKISHO__SMS__DESTINATIONS", "public_and_loopback"),
        ]
    }

    /// Answers with this status from now on.
    pub(crate) fn answers(&self, status: u16) {
        self.telephone.behave(Behaviour { status: StatusCode::from_u16(status).unwrap(), ..Behaviour::default() });
    }

    /// The code in the last message that arrived.
    pub(crate) fn code(&self) -> String {
        let messages = self.telephone.messages();
        let text = &messages.last().expect("a message arrived").text;
        let code: String = text.chars().take_while(char::is_ascii_digit).collect();
        assert_eq!(code.len(), 6, "{text}");
        code
    }
}
