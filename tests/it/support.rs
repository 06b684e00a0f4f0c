//! What tests share: clocks, randomness, and the service with its data.

pub(crate) mod challenge_fixture;
pub(crate) mod clock;
pub(crate) mod randomness;
