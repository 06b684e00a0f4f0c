//! The integration tests: a file per noun.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod analytics;
mod architecture;
mod browser;
mod bundle;
mod challenge;
mod challenge_attacks;
mod configuration;
mod credential;
mod demo;
mod device;
mod docs;
mod engine;
mod facts;
mod keys;
mod metrics;
mod outbound;
mod policy_command;
mod server;
mod support;
mod telemetry;
