//! The service from outside, one module per noun.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod analytics;
mod configuration;
mod keys;
mod outbound;
mod support;
//! Integration tests, one binary: a file per noun.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod bundle;
mod engine;
mod facts;
