//! Decisions in Cedar: bundles of rules, and the questions they answer about facts.
//!
//! The only module that names Cedar. Pure but for reading a bundle's folder: no clock, no network, no database.
//! Facts become an outcome in [`decide`]; whether data may leave is asked by [`share`].

mod check;
mod desk;
mod engine;
mod evaluation;
mod hierarchy;
mod index;
mod lint;
mod manifest;
mod place;
mod schema;
mod sieve;
mod translate;
mod vocabulary;

pub mod assumption;
pub mod bundle;
pub mod case;
pub mod compare;
pub mod decide;
pub mod difference;
pub mod explanation;
pub mod fault;
pub mod format;
pub mod invariant;
pub mod prove;
pub mod question;
pub mod reason;
pub mod reference;
pub mod rehearsal;
pub mod replay;
pub mod rights;
pub mod rule;
pub mod scrutiny;
pub mod source;
pub mod template;
pub mod yardstick;

pub use bundle::Bundle;
pub use decide::{ShareAnswer, decide, share};
pub use explanation::explain;
pub use fault::{BundleErrors, Fault};
pub use reference::Reference;
pub use rights::{RightsAnswer, may};
pub use source::BundleSource;
