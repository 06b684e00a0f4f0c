//! What tests put in the place of the outside world.

pub(crate) mod challenge_fixture;
pub(crate) mod clock;
pub(crate) mod randomness;
