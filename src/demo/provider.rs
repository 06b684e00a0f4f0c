//! The stand-in provider: a ThreatMetrix style and a minFraud style interface that can be steered and remember every call.
//!
//! It refuses what the real one would refuse and echoes personal data as the real one does. Knows nothing of the service:
//! only forms and answers. Calls are remembered in memory, as a test tool does; it is no place for a real person's data.

pub mod calls;
mod form;
mod minfraud;
mod query;
mod respond;
pub mod steering;
mod values;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};

use crate::domain::clock::SharedClock;
use calls::Call;
use steering::{Control, Steering};

/// How many calls are remembered; the oldest are forgotten first.
const CALLS_MAX: usize = 100_000;

/// What the stand-in provider knows: whom it lets in, how it is steered, who called.
#[derive(Clone)]
pub struct ProviderState {
    shared: Arc<Shared>,
}

struct Shared {
    org_id: String,
    api_key: String,
    clock: SharedClock,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    calls: std::collections::VecDeque<Call>,
    /// The ids of the queries that were answered: only of them something can be reported.
    issued: std::collections::BTreeSet<String>,
    steering: Steering,
}

impl ProviderState {
    /// A provider that lets in this organisation (minFraud: this account) with this key.
    pub fn new(org_id: impl Into<String>, api_key: impl Into<String>, clock: SharedClock) -> Self {
        let (org_id, api_key) = (org_id.into(), api_key.into());
        Self { shared: Arc::new(Shared { org_id, api_key, clock, memory: Mutex::default() }) }
    }

    /// Every call to the interface since the start or the last [`Self::forget`], oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.memory().calls.iter().cloned().collect()
    }

    /// Forgets the calls.
    pub fn forget(&self) {
        self.memory().calls.clear();
    }

    /// Steers the answers; a rule for the same calls is replaced.
    pub fn steer(&self, control: Control) {
        self.memory().steering.add(control);
    }

    fn remember(&self, path: &str, fields: query::Fields) -> Call {
        let received_at = self.shared.clock.now().rfc3339();
        let call = Call { method: "POST".to_owned(), path: path.to_owned(), received_at, fields };
        let mut memory = self.memory();
        if memory.calls.len() >= CALLS_MAX {
            memory.calls.pop_front();
        }
        memory.calls.push_back(call.clone());
        call
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.shared.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The interface, its control and its call log.
pub fn router(state: ProviderState) -> Router {
    Router::new()
        .route("/api/attribute-query", post(query::attribute))
        .route("/api/session-query", post(query::session))
        .route("/api/update", post(query::update))
        .route(query::ERASE, post(query::erase))
        .route("/minfraud/v2.0/{service}", post(minfraud::evaluate))
        .route("/minfraud/v2.0/transactions/report", post(minfraud::report))
        .route("/control", get(steered).post(steer).delete(unsteer))
        .route("/calls", get(calls).delete(forget))
        .layer(DefaultBodyLimit::max(64 * 1024))
        .with_state(state)
}

/// Answers on this socket until the task is dropped.
pub async fn serve(listener: tokio::net::TcpListener, state: ProviderState) -> std::io::Result<()> {
    axum::serve(listener, router(state)).await
}

async fn steered(State(state): State<ProviderState>) -> Json<Vec<Control>> {
    Json(state.memory().steering.controls().to_vec())
}

async fn steer(State(state): State<ProviderState>, Json(control): Json<Control>) -> StatusCode {
    state.steer(control);
    StatusCode::NO_CONTENT
}

async fn unsteer(State(state): State<ProviderState>) -> StatusCode {
    state.memory().steering = Steering::default();
    StatusCode::NO_CONTENT
}

async fn calls(State(state): State<ProviderState>) -> Json<Vec<Call>> {
    Json(state.calls())
}

async fn forget(State(state): State<ProviderState>) -> StatusCode {
    state.forget();
    StatusCode::NO_CONTENT
}
