//! What tests share: clocks, randomness, and the service with its data.

pub(crate) mod browser;
pub(crate) mod challenge_fixture;
pub(crate) mod clock;
pub(crate) mod demo;
pub(crate) mod randomness;
