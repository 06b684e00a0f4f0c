//! What tests put in the place of the outside world.

pub mod challenge_fixture;
pub mod clock;
pub mod randomness;
