//! Staff: who they are, how they sign in, and what they may do.

pub mod account;
pub mod names;
pub mod rights;
pub mod session;
pub mod setup;
pub mod sign_in;
