//! Sekisho, the checkpoint: an authentication service for card issuers.

pub mod analytics;
pub mod config;
pub mod domain;
pub mod keys;
pub mod outbound;
pub mod policy;
pub mod store;
pub mod system;
