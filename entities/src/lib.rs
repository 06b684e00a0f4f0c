//! The tables as sea-orm entities: columns and keys, no methods, no serde.
//!
//! What a column means stands beside its definition in the migrations.
#![allow(missing_docs, reason = "a column is documented where it is made, in the migrations")]

pub mod api_keys;
pub mod audit_entries;
pub mod authentications;
pub mod card_hours;
pub mod card_numbers;
pub mod cardholders;
pub mod cards;
pub mod challenge_answers;
pub mod challenges;
pub mod consent_events;
pub mod consent_states;
pub mod credentials;
pub mod deployment;
pub mod device_sessions;
pub mod disclosure_settlements;
pub mod disclosures;
pub mod enrolments;
pub mod familiars;
pub mod idempotency_keys;
pub mod merchant_return_urls;
pub mod merchants;
pub mod sightings;
