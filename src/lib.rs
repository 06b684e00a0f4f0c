//! Sekisho, the checkpoint: an authentication service for card issuers.

pub mod config;
pub mod domain;
pub mod keys;
pub mod store;
pub mod system;
pub mod analytics;
pub mod domain;
pub mod outbound;
