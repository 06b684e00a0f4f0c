//! Integration tests, one binary: a file per noun.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod bundle;
mod engine;
mod facts;
mod policy_command;
