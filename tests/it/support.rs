//! What tests share: clocks, randomness, databases, and the service with its data.

pub(crate) mod challenge_fixture;
pub(crate) mod clock;
pub(crate) mod crash;
pub(crate) mod database;
pub(crate) mod deployment;
pub(crate) mod exchange;
pub(crate) mod line;
pub(crate) mod randomness;
