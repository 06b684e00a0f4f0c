//! What tests put in the place of the outside world.

pub mod clock;
pub mod randomness;
