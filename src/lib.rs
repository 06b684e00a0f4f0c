//! Sekisho, the checkpoint: an authentication service for card issuers.

pub mod cli;
pub mod domain;
pub mod policy;
