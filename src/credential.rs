//! Credentials.
pub mod hasher;
