//! What tests share: clocks, randomness, and the service with its data.

pub(crate) mod card_file;
pub(crate) mod challenge_fixture;
pub(crate) mod clock;
pub(crate) mod process;
pub(crate) mod randomness;
