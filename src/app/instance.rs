//! This process among those on the same database.

use crate::domain::clock::Micros;
use crate::domain::randomness::Randomness;

/// One process among those on the same database.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The machine, the process, and some digits of its own.
    pub name: String,
    /// When it started.
    pub started_at: Micros,
}

impl Instance {
    pub(super) fn of_this_process(now: Micros, randomness: &dyn Randomness) -> Self {
        let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let own = hex::encode(randomness.bytes::<4>());
        Self { name: format!("{machine}-{}-{own}", std::process::id()), started_at: now }
    }
}
