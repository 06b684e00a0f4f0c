//! Short messages by the operator's gateway: one JSON document by HTTP for each. The contract is in `docs/sms.md`.
//!
//! Knows the gateway's address, key and time limit, and what its status codes mean. It knows nothing of what a text
//! says. What a gateway answers may hold numbers, so only its status is kept.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::destination::Destinations;
use super::{Fault, Outbound, OutboundBuildError, OutboundRequest, OutboundSettings};
use crate::domain::clock::SharedClock;

/// The largest answer that is read, in bytes; nothing in it is used.
const ANSWER_BYTES_MAX: usize = 4_096;

/// The gateway that takes short messages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsSettings {
    /// Where messages are posted to; empty: none is sent.
    pub url: String,
    /// The key that we show.
    pub api_key: SecretString,
    /// The sender that the telephone shows, as agreed with the operator of the gateway.
    pub sender: String,
    /// Time for one message, from connecting to the last byte of the answer, milliseconds.
    pub timeout_ms: u64,
    /// Where the client may connect.
    pub destinations: Destinations,
}

/// One short message.
#[derive(Serialize)]
pub struct ShortMessage<'a> {
    /// The same at each try, so that a repeat can be told.
    pub id: &'a str,
    /// The receiver's number (E.164).
    pub to: &'a str,
    /// The text.
    pub text: &'a str,
}

/// Why a message was not taken. No part of it holds a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SmsFault {
    /// The gateway refused it for good, with this status.
    #[error("refused_{0}")]
    Refused(u16),
    /// The gateway refused it for now, with this status.
    #[error("deferred_{status}")]
    Deferred {
        /// The status.
        status: u16,
        /// For how long the gateway wants to be left alone.
        after: Option<Duration>,
    },
    /// The gateway cannot be reached, or the connection broke.
    #[error("gateway_unreachable")]
    Unreachable,
    /// The gateway is at an address that may not be connected to.
    #[error("gateway_forbidden")]
    Forbidden,
    /// It took longer than it may.
    #[error("timeout")]
    Timeout,
}

/// Why no message can be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum SmsBuildError {
    /// The address is none.
    #[error("`sms.url` is not an address\nhint: write it as `https://host/path`")]
    Url,
    /// The client cannot be built.
    #[error(transparent)]
    Client(#[from] OutboundBuildError),
}

/// The way to the gateway.
pub struct SmsGateway {
    outbound: Outbound,
    clock: SharedClock,
    url: Url,
    authorization: SecretString,
    sender: String,
    timeout_ms: u64,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    message: &'a ShortMessage<'a>,
    sender: &'a str,
}

impl SmsGateway {
    /// A way to this gateway. Nothing is connected yet.
    ///
    /// # Errors
    /// [`SmsBuildError`].
    pub fn new(settings: &SmsSettings, clock: SharedClock) -> Result<Self, SmsBuildError> {
        let url = Url::parse(&settings.url).map_err(|_| SmsBuildError::Url)?;
        let outbound = OutboundSettings {
            connect_timeout_ms: settings.timeout_ms.min(2_000),
            idle_connections: 4,
            destinations: settings.destinations,
            ..OutboundSettings::default()
        };
        Ok(Self {
            outbound: Outbound::new(&outbound, clock.clone())?,
            clock,
            url,
            authorization: format!("Bearer {}", settings.api_key.expose_secret()).into(),
            sender: settings.sender.clone(),
            timeout_ms: settings.timeout_ms,
        })
    }

    /// Hands a message to the gateway, once.
    ///
    /// # Errors
    /// [`SmsFault`]. After a broken connection or a time-out the gateway may have taken it all the same.
    pub async fn send(&self, message: &ShortMessage<'_>) -> Result<(), SmsFault> {
        let body = serde_json::to_vec(&Body { message, sender: &self.sender }).map_err(|_| SmsFault::Unreachable)?;
        let request = OutboundRequest {
            url: self.url.clone(),
            content_type: "application/json",
            headers: vec![
                ("authorization".to_owned(), self.authorization.expose_secret().to_owned()),
                ("idempotency-key".to_owned(), message.id.to_owned()),
            ],
            body,
            send_until_boot_nanos: self.clock.boot_nanos().saturating_add(self.timeout_ms.saturating_mul(1_000_000)),
            send_until: self.clock.now().plus_millis(i64::try_from(self.timeout_ms).unwrap_or(i64::MAX)),
            deadline_ms: self.timeout_ms,
            max_answer_bytes: ANSWER_BYTES_MAX,
        };
        match self.outbound.post(request).await {
            Ok(answer) => verdict(answer.status, answer.retry_after),
            // It has the message and answers more than is read.
            Err(error) if error.fault == Fault::TooLarge => Ok(()),
            Err(error) => Err(fault(error.fault)),
        }
    }
}

impl fmt::Debug for SmsGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmsGateway({})", self.url.origin().ascii_serialization())
    }
}

/// What a status says. A redirect is refused for good: nobody configured where it leads.
fn verdict(status: u16, after: Option<Duration>) -> Result<(), SmsFault> {
    match status {
        200..=299 => Ok(()),
        408 | 429 | 500.. => Err(SmsFault::Deferred { status, after }),
        _ => Err(SmsFault::Refused(status)),
    }
}

fn fault(fault: Fault) -> SmsFault {
    match fault {
        Fault::Timeout | Fault::LimitPassed => SmsFault::Timeout,
        Fault::Forbidden => SmsFault::Forbidden,
        Fault::Connect | Fault::Broken | Fault::TooLarge | Fault::Invalid => SmsFault::Unreachable,
    }
}
