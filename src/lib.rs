//! Sekisho, the checkpoint: an authentication service for card issuers.

pub mod analytics;
pub mod demo;
pub mod domain;
pub mod outbound;
