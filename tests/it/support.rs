//! What tests share: clocks, randomness, and the service with its data.

pub mod challenge_fixture;
pub mod clock;
pub mod randomness;
