//! The parts of the service, wired from the configuration: the only place that builds them.

use crate::config::Config;
use crate::credential::hasher::Hasher;
use crate::domain::clock::{Micros, SharedClock};
use crate::domain::randomness::SharedRandomness;
use crate::keys::Keys;
use crate::store::Store;

/// Everything a flow may use.
pub struct App {
    /// The settings.
    pub config: Config,
    /// The secret keys.
    pub keys: Keys,
    /// The database.
    pub store: Store,
    /// Bounded hashing of passwords.
    pub hasher: Hasher,
    /// The time.
    pub clock: SharedClock,
    /// Unguessable bytes.
    pub randomness: SharedRandomness,
}

impl App {
    /// The time now.
    pub fn now(&self) -> Micros {
        self.clock.now()
    }
}
