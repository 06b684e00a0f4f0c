//! How the shop asks the service: over HTTP, with a merchant's key, as anybody's shop would.

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::domain::clock::SharedClock;
use crate::outbound::destination::Destinations;
use crate::outbound::{
    Outbound, OutboundAnswer, OutboundBuildError, OutboundError, OutboundQuery, OutboundRequest, OutboundSettings,
};

/// Time for one question, milliseconds.
const DEADLINE_MS: u64 = 10_000;
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// The shop's connection to the service.
pub(super) struct Client {
    outbound: Outbound,
    base: Url,
    clock: SharedClock,
}

/// Why the service's answer cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientError {
    /// No answer.
    #[error("the service cannot be asked: {0}")]
    Unreachable(#[from] OutboundError),
    /// An answer that says no.
    #[error("the service answered {0}")]
    Refused(u16),
    /// An answer that cannot be read.
    #[error("the service's answer cannot be read")]
    Unreadable,
}

/// What the shop keeps of an authentication.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct AuthenticationAnswer {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) result: Option<String>,
    pub(super) challenge: Option<ChallengeAnswer>,
    pub(super) cardholder_message: Option<MessageAnswer>,
    pub(super) created_at: String,
}

/// Where the challenge is.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ChallengeAnswer {
    pub(super) url: String,
}

/// What to tell the buyer.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct MessageAnswer {
    pub(super) ja: String,
    pub(super) en: String,
}

/// Where the device page is.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct DeviceSessionAnswer {
    pub(super) id: String,
    pub(super) url: String,
}

/// The newest authentications.
#[derive(Debug, Deserialize)]
pub(super) struct ListAnswer {
    pub(super) items: Vec<AuthenticationAnswer>,
}

impl Client {
    pub(super) fn new(base: Url, clock: SharedClock) -> Result<Self, OutboundBuildError> {
        let settings = OutboundSettings {
            connect_timeout_ms: 2_000,
            destinations: Destinations::PublicAndLoopback,
            ..OutboundSettings::default()
        };
        Ok(Self { outbound: Outbound::new(&settings, clock.clone())?, base, clock })
    }

    /// Asks whether the buyer is the cardholder.
    pub(super) async fn authenticate(
        &self,
        api_key: &str,
        idempotency_key: &str,
        body: &Value,
    ) -> Result<AuthenticationAnswer, ClientError> {
        read(&self.post("v1/authentications", api_key, idempotency_key, body).await?)
    }

    /// Reads an authentication.
    pub(super) async fn authentication(&self, api_key: &str, id: &str) -> Result<AuthenticationAnswer, ClientError> {
        read(&self.get(&format!("v1/authentications/{id}"), Some(api_key)).await?)
    }

    /// The newest authentication with this reference.
    pub(super) async fn latest(
        &self,
        api_key: &str,
        reference: &str,
    ) -> Result<Option<AuthenticationAnswer>, ClientError> {
        let path = format!("v1/authentications?limit=1&merchant_reference={reference}");
        let list: ListAnswer = read(&self.get(&path, Some(api_key)).await?)?;
        Ok(list.items.into_iter().next())
    }

    /// Asks for a device page.
    pub(super) async fn device_session(&self, api_key: &str, key: &str) -> Result<DeviceSessionAnswer, ClientError> {
        read(&self.post("v1/device-sessions", api_key, key, &serde_json::json!({})).await?)
    }

    /// The service's public keys, as JSON.
    pub(super) async fn public_keys(&self) -> Result<Vec<u8>, ClientError> {
        self.get(".well-known/jwks.json", None).await
    }

    async fn post(&self, path: &str, api_key: &str, key: &str, body: &Value) -> Result<Vec<u8>, ClientError> {
        let answer = self.outbound.post(OutboundRequest {
            url: self.at(path)?,
            content_type: "application/json",
            headers: vec![bearer(api_key), ("idempotency-key".to_owned(), key.to_owned())],
            body: body.to_string().into_bytes(),
            send_until_boot_nanos: self.clock.boot_nanos().saturating_add(DEADLINE_MS * 1_000_000),
            send_until: self.clock.now().plus_millis(i64::try_from(DEADLINE_MS).unwrap_or(i64::MAX)),
            deadline_ms: DEADLINE_MS,
            max_answer_bytes: ANSWER_BYTES_MAX,
        });
        accepted(answer.await?)
    }

    async fn get(&self, path: &str, api_key: Option<&str>) -> Result<Vec<u8>, ClientError> {
        let headers = api_key.map(bearer).into_iter().collect();
        let url = self.at(path)?;
        let query = OutboundQuery { url, headers, deadline_ms: DEADLINE_MS, max_answer_bytes: ANSWER_BYTES_MAX };
        accepted(self.outbound.get(query).await?)
    }

    fn at(&self, path: &str) -> Result<Url, ClientError> {
        self.base.join(path).map_err(|_| ClientError::Unreadable)
    }
}

fn bearer(api_key: &str) -> (String, String) {
    ("authorization".to_owned(), format!("Bearer {api_key}"))
}

fn accepted(answer: OutboundAnswer) -> Result<Vec<u8>, ClientError> {
    if (200..300).contains(&answer.status) { Ok(answer.body) } else { Err(ClientError::Refused(answer.status)) }
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, ClientError> {
    serde_json::from_slice(body).map_err(|_| ClientError::Unreadable)
}
