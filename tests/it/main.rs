//! The service from outside, one module per noun.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod analytics;
mod challenge;
mod configuration;
mod device;
mod keys;
mod outbound;
mod support;
