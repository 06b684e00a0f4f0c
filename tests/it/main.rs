//! The integration tests: a file per noun.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod analytics;
mod configuration;
mod credential;
mod keys;
mod metrics;
mod outbound;
mod server;
mod support;
mod telemetry;
//! Integration tests, one binary: a file per noun.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod bundle;
mod engine;
mod facts;
mod policy_command;
