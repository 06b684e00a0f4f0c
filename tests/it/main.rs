//! The integration tests: a file per noun.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod access;
mod accessibility;
mod analytics;
mod architecture;
mod authentications;
mod bad_input;
mod browser;
mod bundle;
mod card_import;
mod challenge;
mod challenge_attacks;
mod command_line;
mod configuration;
mod credential;
mod database_failure;
mod demo;
mod device;
mod docs;
mod engine;
mod facts;
mod gate;
mod geo;
mod hostile_values;
mod idempotency;
mod keys;
mod mail;
mod metrics;
mod outbound;
mod outbox;
mod policy_command;
mod process;
mod server;
mod support;
mod telemetry;
mod velocity;
