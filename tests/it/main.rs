//! The service from outside, one module per noun.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod analytics;
mod outbound;
//! The integration tests: a file per noun.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod configuration;
mod credential;
mod keys;
mod metrics;
mod server;
mod support;
mod telemetry;
