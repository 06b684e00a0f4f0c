//! The parts of the service, wired from the configuration: the only place that builds them.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::analytics::Provider;
use crate::config::Config;
use crate::credential::hasher::Hasher;
use crate::domain::clock::{Micros, SharedClock};
use crate::domain::randomness::SharedRandomness;
use crate::geo::Geo;
use crate::keys::Keys;
use crate::policy::Bundle;
use crate::store::Store;

/// Everything a flow may use.
pub struct App {
    /// The settings.
    pub config: Config,
    /// The secret keys.
    pub keys: Arc<Keys>,
    /// The database.
    pub store: Store,
    /// The hasher of passwords, a few at once.
    pub hasher: Hasher,
    /// The bundle that decides, swapped as a whole.
    pub bundle: ArcSwap<LoadedBundle>,
    /// The analysis company, where one is configured.
    pub provider: Option<Box<dyn Provider>>,
    /// Where IP addresses are, where a database is configured.
    pub geo: Option<Geo>,
    /// The time.
    pub clock: SharedClock,
    /// Unguessable bytes.
    pub randomness: SharedRandomness,
}

/// A bundle and when it was loaded.
#[derive(Debug)]
pub struct LoadedBundle {
    /// The bundle.
    pub bundle: Bundle,
    /// When it was loaded.
    pub loaded_at: Micros,
}

impl App {
    /// The time now.
    pub fn now(&self) -> Micros {
        self.clock.now()
    }
}
