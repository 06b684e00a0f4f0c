//! Proofs of who somebody is: passwords, API keys, unguessable tokens. Small functions that are given
//! time and randomness; knows nothing of counters, challenges and the database.

pub mod api_key;
pub mod hasher;
pub mod one_time;
pub mod password;
pub mod token;
pub mod webhook_secret;
