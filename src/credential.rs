//! Proofs of who somebody is: passwords, passkeys, API keys, codes, unguessable tokens. Small functions that are given
//! time and randomness; knows nothing of counters, challenges and the database.

pub mod api_key;
pub mod bundle_signature;
pub mod hasher;
pub mod memorable;
pub mod one_time;
pub mod passkey;
pub mod password;
pub mod sent_code;
pub mod strength;
pub mod token;
pub mod webhook_secret;
