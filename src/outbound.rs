//! The one HTTP client that may leave the house, and beside it the ways to the mail relay and the SMS gateway.
//!
//! Knows limits: where it may connect, until when a body may leave, how long an answer may take and how large it may
//! be. It never follows a redirect, never asks the environment for a proxy and never repeats a request. It knows nothing
//! of consent, of providers or of what a body says.

pub mod destination;
pub mod mail;
pub mod probe;
mod release;
pub mod sms;

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use url::Url;

use crate::domain::clock::{Micros, SharedClock};
use destination::{Destinations, ForbiddenAddress, GuardedResolver};
use release::Release;

/// The longest body that is read of an answer whose status is enough, in bytes.
const ERROR_BYTES_MAX: usize = 4_096;
/// How long such a body is waited for after its status.
const ERROR_WAIT: Duration = Duration::from_millis(50);

/// How one client reaches out.
#[derive(Clone, Debug)]
pub struct OutboundSettings {
    /// Milliseconds for name resolution, TCP and TLS together.
    pub connect_timeout_ms: u64,
    /// How many idle connections per host stay open for the next request.
    pub idle_connections: usize,
    /// Seconds after which an idle connection is closed.
    pub idle_seconds: u64,
    /// Which addresses may be connected to.
    pub destinations: Destinations,
}

impl Default for OutboundSettings {
    fn default() -> Self {
        Self { connect_timeout_ms: 150, idle_connections: 64, idle_seconds: 90, destinations: Destinations::Public }
    }
}

/// One POST.
pub struct OutboundRequest {
    /// Where to; personal data has no place in it.
    pub url: Url,
    /// The media type of the body.
    pub content_type: &'static str,
    /// Further headers, name and value.
    pub headers: Vec<(String, String)>,
    /// The exact bytes to send.
    pub body: Vec<u8>,
    /// The boot-time clock's reading past which the body may not leave any more.
    pub send_until_boot_nanos: u64,
    /// The wall clock's reading past which the body may not leave any more.
    pub send_until: Micros,
    /// Milliseconds for everything, from now to the last byte of the answer.
    pub deadline_ms: u64,
    /// The largest answer that is read, in bytes.
    pub max_answer_bytes: usize,
}

/// One GET.
pub struct OutboundQuery {
    /// Where to.
    pub url: Url,
    /// Further headers, name and value.
    pub headers: Vec<(String, String)>,
    /// Milliseconds for everything, from now to the last byte of the answer.
    pub deadline_ms: u64,
    /// The largest answer that is read, in bytes.
    pub max_answer_bytes: usize,
}

/// What came back.
#[derive(Debug)]
pub struct OutboundAnswer {
    /// The HTTP status code.
    pub status: u16,
    /// The `Content-Type` header; empty when there is none.
    pub content_type: String,
    /// The body of a 2xx answer, and of a 4xx answer where it is short and comes at once; empty for any other status.
    pub body: Vec<u8>,
    /// The `Retry-After` header, where it is given in seconds.
    pub retry_after: Option<Duration>,
    /// Whether the request's body was handed to the connection before the answer came.
    pub body_left: bool,
}

/// Why there is no answer, and whether the body may have left.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{fault}")]
pub struct OutboundError {
    /// What went wrong.
    pub fault: Fault,
    /// Whether the body was handed to the connection. `false` is certain: then nothing of it left, nor will it.
    pub body_left: bool,
}

/// What can go wrong with a request.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Fault {
    /// The deadline passed.
    #[error("no answer within the deadline")]
    Timeout,
    /// No connection: refused, unreachable, unresolvable or not trusted.
    #[error("no connection to the destination")]
    Connect,
    /// The destination's address is one that this client may not connect to.
    #[error("the destination's address is not allowed")]
    Forbidden,
    /// The time until which the body might leave was over.
    #[error("the time limit for sending passed")]
    LimitPassed,
    /// The answer is larger than was asked for.
    #[error("the answer is too large")]
    TooLarge,
    /// The connection broke, or what came back is not HTTP.
    #[error("the connection broke before the answer was complete")]
    Broken,
    /// The request cannot be formed: a header is not valid.
    #[error("the request has an invalid header")]
    Invalid,
}

/// How much of a 2xx answer is wanted.
#[derive(Clone, Copy)]
enum Reading {
    /// All of it, or it is an error.
    Whole,
    /// As much as comes at once, and nothing of it matters.
    StatusAlone,
}

/// Why no client could be built.
#[derive(Debug, thiserror::Error)]
#[error("the outbound HTTP client cannot be built: {0}")]
pub struct OutboundBuildError(#[from] reqwest::Error);

/// Makes ring the process's TLS provider; repeating it does nothing. Call it first thing in `main`: a client alone would
/// come later than the database's connections.
pub fn install_tls_provider() {
    // An error means that a provider is installed already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The client; clones share its connections.
#[derive(Clone)]
pub struct Outbound {
    client: reqwest::Client,
    clock: SharedClock,
    destinations: Destinations,
}

impl Outbound {
    /// A client with these settings; sending limits are compared with `clock`.
    pub fn new(settings: &OutboundSettings, clock: SharedClock) -> Result<Self, OutboundBuildError> {
        install_tls_provider();
        #[expect(clippy::disallowed_methods, reason = "the one place that builds a client, with every limit below")]
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .retry(reqwest::retry::never())
            .referer(false)
            .http1_only()
            .connect_timeout(Duration::from_millis(settings.connect_timeout_ms))
            .pool_max_idle_per_host(settings.idle_connections)
            .pool_idle_timeout(Duration::from_secs(settings.idle_seconds))
            .user_agent(concat!("sekisho/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Arc::new(GuardedResolver::new(settings.destinations)))
            .build()?;
        Ok(Self { client, clock, destinations: settings.destinations })
    }

    /// Sends the body once, or not at all, and reads the answer.
    pub async fn post(&self, request: OutboundRequest) -> Result<OutboundAnswer, OutboundError> {
        self.send(request, Reading::Whole).await
    }

    /// Sends the body once, or not at all. The status is all that counts: of the answer no more is read than lets the
    /// connection be used again, and an answer that is too large or never ends is no error.
    pub async fn notify(&self, request: OutboundRequest) -> Result<OutboundAnswer, OutboundError> {
        self.send(request, Reading::StatusAlone).await
    }

    async fn send(&self, request: OutboundRequest, reading: Reading) -> Result<OutboundAnswer, OutboundError> {
        let release = Release::until(request.send_until_boot_nanos, request.send_until, self.clock.clone());
        let deadline = Duration::from_millis(request.deadline_ms);
        let outcome = match self.check(&request) {
            Ok(headers) => tokio::time::timeout(deadline, self.exchange(request, headers, &release, reading))
                .await
                .unwrap_or(Err(Fault::Timeout)),
            Err(fault) => Err(fault),
        };
        // From here on nothing can leave any more, so that what is said about it stays true.
        let body_left = release.revoke();
        match outcome {
            Ok(answer) => Ok(OutboundAnswer { body_left, ..answer }),
            Err(_) if release.limit_passed() => Err(OutboundError { fault: Fault::LimitPassed, body_left }),
            Err(fault) => Err(OutboundError { fault, body_left }),
        }
    }

    /// What can be told before a connection is opened: the limit, the headers, an address in place of a name.
    fn check(&self, request: &OutboundRequest) -> Result<HeaderMap, Fault> {
        if self.clock.boot_nanos() > request.send_until_boot_nanos || self.clock.now() > request.send_until {
            return Err(Fault::LimitPassed);
        }
        self.check_address(&request.url)?;
        headers(request).ok_or(Fault::Invalid)
    }

    /// The client asks no resolver where the host is an address, so the guard looks at it here.
    fn check_address(&self, url: &Url) -> Result<(), Fault> {
        let address = match url.host() {
            Some(url::Host::Ipv4(address)) => Some(address.into()),
            Some(url::Host::Ipv6(address)) => Some(address.into()),
            _ => None,
        };
        if address.is_some_and(|address| !self.destinations.allow(address)) { Err(Fault::Forbidden) } else { Ok(()) }
    }

    /// Reads what is at an address.
    pub async fn get(&self, query: OutboundQuery) -> Result<OutboundAnswer, OutboundError> {
        let deadline = Duration::from_millis(query.deadline_ms);
        let answer = tokio::time::timeout(deadline, self.look(query)).await.unwrap_or(Err(Fault::Timeout));
        answer.map_err(|fault| OutboundError { fault, body_left: false })
    }

    async fn look(&self, query: OutboundQuery) -> Result<OutboundAnswer, Fault> {
        self.check_address(&query.url)?;
        let headers = named(&query.headers).ok_or(Fault::Invalid)?;
        let response = self.client.get(query.url).headers(headers).send().await.map_err(|error| fault(&error))?;
        answer(response, query.max_answer_bytes, Reading::Whole).await
    }

    async fn exchange(
        &self,
        request: OutboundRequest,
        headers: HeaderMap,
        release: &Release,
        reading: Reading,
    ) -> Result<OutboundAnswer, Fault> {
        let body = reqwest::Body::wrap_stream(release.body(request.body));
        let response =
            self.client.post(request.url).headers(headers).body(body).send().await.map_err(|error| fault(&error))?;
        answer(response, request.max_answer_bytes, reading).await
    }
}

async fn answer(response: reqwest::Response, max_bytes: usize, reading: Reading) -> Result<OutboundAnswer, Fault> {
    let status = response.status();
    let content_type =
        response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let retry_after = retry_after.map(Duration::from_secs);
    let body = if status.is_success() && matches!(reading, Reading::Whole) {
        read(response, max_bytes).await?
    } else if status.is_client_error() || status.is_success() {
        // What is wrong is said in a few words. The status alone is enough, so that nothing is waited for.
        let words = read(response, ERROR_BYTES_MAX.min(max_bytes));
        tokio::time::timeout(ERROR_WAIT, words).await.map_or_else(|_| Vec::new(), Result::unwrap_or_default)
    } else {
        Vec::new()
    };
    Ok(OutboundAnswer { status: status.as_u16(), content_type, body, retry_after, body_left: false })
}

fn headers(request: &OutboundRequest) -> Option<HeaderMap> {
    let mut headers = named(&request.headers)?;
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(request.content_type));
    // A stream has no length of its own; stating it spares the provider a chunked body.
    headers.insert(CONTENT_LENGTH, HeaderValue::from(request.body.len()));
    Some(headers)
}

fn named(given: &[(String, String)]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        headers.insert(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
    }
    Some(headers)
}

/// Reads the body piece by piece and stops at the first byte too many.
async fn read(response: reqwest::Response, max_bytes: usize) -> Result<Vec<u8>, Fault> {
    if response.content_length().is_some_and(|length| length > max_bytes as u64) {
        return Err(Fault::TooLarge);
    }
    let mut body = Vec::new();
    let mut pieces = response.bytes_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| fault(&error))?;
        if body.len() + piece.len() > max_bytes {
            return Err(Fault::TooLarge);
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

fn fault(error: &reqwest::Error) -> Fault {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<ForbiddenAddress>() {
            return Fault::Forbidden;
        }
        source = cause.source();
    }
    if error.is_connect() { Fault::Connect } else { Fault::Broken }
}
