//! The demo's telephone: a stand-in for the SMS gateway that keeps what arrived and shows it on a page. Tests let it
//! refuse, fail and hang.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use askama::Template;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::domain::clock::SharedClock;

/// Where the service posts messages.
pub const MESSAGES: &str = "/telephone/messages";
/// Where people look at them.
pub const PAGE: &str = "/telephone";
/// The page may do nothing but show itself.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";
/// So many messages are kept.
const MESSAGES_MAX: usize = 1_000;
/// The page asks for itself again after so many seconds.
const REFRESH: HeaderValue = HeaderValue::from_static("3");

/// A message that arrived.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    /// The service's id of it, the same at each try.
    pub id: String,
    /// The receiver's number.
    pub to: String,
    /// The text.
    pub text: String,
    /// The sender.
    pub sender: String,
    /// When it arrived.
    #[serde(default, skip_deserializing)]
    pub received_at: String,
}

/// How the gateway answers from now on.
#[derive(Clone, Copy, Debug)]
pub struct Behaviour {
    /// The status; messages are kept with 202 alone.
    pub status: StatusCode,
    /// The value of `Retry-After`, seconds.
    pub retry_after: Option<u64>,
    /// How long it thinks before it answers.
    pub pause: Duration,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self { status: StatusCode::ACCEPTED, retry_after: None, pause: Duration::ZERO }
    }
}

/// The stand-in; clones share what arrived.
#[derive(Clone)]
pub struct Telephone {
    inner: Arc<Inner>,
}

struct Inner {
    key: String,
    clock: SharedClock,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    messages: VecDeque<Message>,
    behaviour: Behaviour,
    posts: u64,
}

#[derive(Template)]
#[template(path = "telephone.html")]
struct Page {
    messages: Vec<Message>,
}

impl Telephone {
    /// A telephone whose gateway takes messages from whoever shows this key.
    pub fn new(key: &str, clock: SharedClock) -> Self {
        Self { inner: Arc::new(Inner { key: format!("Bearer {key}"), clock, memory: Mutex::default() }) }
    }

    /// What arrived, oldest first.
    pub fn messages(&self) -> Vec<Message> {
        self.memory().messages.iter().cloned().collect()
    }

    /// Forgets what arrived, and behaves again.
    pub fn forget(&self) {
        *self.memory() = Memory::default();
    }

    /// How often the service posted, whatever came of it.
    pub fn posts(&self) -> u64 {
        self.memory().posts
    }

    /// Answers like this from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        self.memory().behaviour = behaviour;
    }

    /// The gateway and the page.
    pub fn router(&self) -> Router {
        Router::new()
            .route(MESSAGES, post(take).get(list))
            .route(PAGE, get(page))
            .layer(DefaultBodyLimit::max(16 * 1024))
            .with_state(self.clone())
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.inner.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a message unless it is here already.
    fn keep(&self, message: Message) {
        let mut memory = self.memory();
        if memory.messages.iter().any(|known| known.id == message.id) {
            return;
        }
        if memory.messages.len() >= MESSAGES_MAX {
            memory.messages.pop_front();
        }
        memory.messages.push_back(message);
    }
}

async fn take(State(telephone): State<Telephone>, headers: HeaderMap, Json(message): Json<Message>) -> Response {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let behaviour = {
        let mut memory = telephone.memory();
        memory.posts += 1;
        memory.behaviour
    };
    tokio::time::sleep(behaviour.pause).await;
    if shown != Some(telephone.inner.key.as_str()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if behaviour.status == StatusCode::ACCEPTED {
        let received_at = telephone.inner.clock.now().rfc3339();
        telephone.keep(Message { received_at, ..message });
    }
    let mut response = behaviour.status.into_response();
    if let Some(seconds) = behaviour.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

async fn list(State(telephone): State<Telephone>) -> Json<Vec<Message>> {
    Json(telephone.messages())
}

async fn page(State(telephone): State<Telephone>) -> Response {
    let page = Page { messages: telephone.messages().into_iter().rev().collect() };
    let headers = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (HeaderName::from_static("refresh"), REFRESH),
    ];
    match page.render() {
        Ok(html) => (headers, Html(html)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
