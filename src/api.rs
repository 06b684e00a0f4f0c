//! JSON for merchants and for the issuer's core system. Reads and checks what comes, calls a flow, renders what it
//! answers; decides nothing.

use std::sync::Arc;

use crate::app::App;

pub mod authentications;
mod body;
pub mod caller;
pub mod cardholders;
pub mod cards;
mod check;
pub mod confirmations;
pub mod consent_events;
mod cursor;
pub mod device_sessions;
mod health;
mod once;
pub mod problem;
mod reference;
mod routes;

pub use routes::{openapi, router};

/// What the handlers share.
#[derive(Clone)]
pub struct State {
    /// The service.
    pub app: Arc<App>,
    /// Who called lately.
    pub callers: Arc<caller::Callers>,
}

impl State {
    /// For one application.
    pub fn new(app: Arc<App>) -> Self {
        Self { callers: Arc::new(caller::Callers::new(app.clone())), app }
    }
}
