//! Sekisho, the checkpoint: an authentication service for card issuers.

pub mod config;
pub mod credential;
pub mod domain;
pub mod keys;
pub mod metrics;
pub mod server;
pub mod system;
pub mod telemetry;
