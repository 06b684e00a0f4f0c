//! Sekisho, the checkpoint: an authentication service for card issuers.

pub mod analytics;
pub mod app;
pub mod config;
pub mod credential;
pub mod domain;
pub mod flow;
pub mod keys;
pub mod outbound;
pub mod pages;
pub mod policy;
pub mod store;
pub mod metrics;
pub mod server;
pub mod system;
pub mod telemetry;
