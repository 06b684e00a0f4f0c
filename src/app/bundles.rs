//! The bundles in use: the one that decides, the one that decides about a share of the cards, the one that is asked beside
//! them. One immutable whole, swapped at once; a request takes it once and keeps it to its end.

mod first;
mod folder;
mod load;
mod refresh;
mod start;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};
use sha2::{Digest, Sha256};

pub use self::folder::{FolderError, take_folder};
pub use self::load::{LoadError, Loader};
pub use self::refresh::refresh;
pub(super) use self::start::start;
use crate::analytics::pseudonym::Pseudonyms;
use crate::domain::bundle::{BundleActivation, BundleMode, SHARE_WHOLE};
use crate::domain::clock::Micros;
use crate::domain::id::{AuthenticationId, BundleActivationId};
use crate::policy::Bundle;

/// So many bundles are kept for what they began and another one finds at its end.
const RECENT_MAX: usize = 8;

/// A bundle, ready, and what of this deployment goes with it.
pub struct LoadedBundle {
    /// The bundle.
    pub bundle: Bundle,
    /// The forms in which the configured analysis company gets data, by this bundle's register; none without a company.
    pub pseudonyms: Option<Pseudonyms>,
    /// When it was loaded.
    pub loaded_at: Micros,
}

impl std::fmt::Debug for LoadedBundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadedBundle").field("bundle", &self.bundle).finish_non_exhaustive()
    }
}

/// A bundle in one use.
#[derive(Clone, Debug)]
pub struct InUse {
    /// The bundle.
    pub loaded: Arc<LoadedBundle>,
    /// What it is used for.
    pub mode: BundleMode,
    /// The share of cards or decisions, in basis points.
    pub share: u16,
    /// Since when, for all instances.
    pub since: Micros,
    /// The row that says so; none for a folder under development, and for a bundle that stands in for one that cannot be
    /// loaded.
    pub activation: Option<BundleActivationId>,
}

impl InUse {
    fn of(activation: &BundleActivation, loaded: Arc<LoadedBundle>) -> Self {
        Self {
            loaded,
            mode: activation.mode,
            share: activation.share,
            since: activation.started_at,
            activation: Some(activation.id),
        }
    }

    /// The bundle's digest.
    pub fn digest(&self) -> &str {
        self.loaded.bundle.digest()
    }
}

/// All that is in use at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The bundle that decides.
    pub live: InUse,
    /// The one that decides about a share of the cards.
    pub canary: Option<InUse>,
    /// The one that is asked beside, and never answered.
    pub shadow: Option<InUse>,
}

impl Snapshot {
    /// The bundle that decides about the card with this keyed digest.
    pub fn deciding(&self, card_digest: &[u8]) -> &InUse {
        match &self.canary {
            Some(canary) if falls_within(canary.digest(), card_digest, canary.share) => canary,
            _ => &self.live,
        }
    }

    /// The bundle that is asked beside the one that decided, if this decision is one of its sample.
    pub fn shadowing(&self, id: AuthenticationId) -> Option<&InUse> {
        self.shadow.as_ref().filter(|shadow| falls_within(shadow.digest(), id.uuid().as_bytes(), shadow.share))
    }

    /// Every bundle in use, the live one first.
    pub fn all(&self) -> impl Iterator<Item = &InUse> {
        [Some(&self.live), self.canary.as_ref(), self.shadow.as_ref()].into_iter().flatten()
    }
}

/// Whether something falls within a share, in basis points. Its place depends on the bundle and on nothing else: the same
/// card stays where it is, and a larger share holds all that a smaller one held.
pub fn falls_within(digest: &str, thing: &[u8], share: u16) -> bool {
    let hash = Sha256::new().chain_update(b"sekisho share\n").chain_update(digest).chain_update(thing).finalize();
    let place = hash.iter().take(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    place % u64::from(SHARE_WHOLE) < u64::from(share)
}

/// Where the bundle that decides comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// The database says.
    #[default]
    Database,
    /// A folder that somebody works on; the database is neither asked nor told.
    Folder(PathBuf),
}

/// What keeps this process from using what the database says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Degraded {
    /// Why.
    pub error: String,
    /// Since when.
    pub at: Micros,
    /// When it was tried last.
    tried_at: Micros,
    /// The rows that could not be followed.
    activations: Vec<BundleActivationId>,
}

/// The bundles in use by this process.
pub struct Bundles {
    /// Where they come from.
    pub origin: Origin,
    /// Makes stored bundles ready.
    pub loader: Loader,
    in_use: ArcSwap<Snapshot>,
    recent: Mutex<VecDeque<Arc<LoadedBundle>>>,
    degraded: ArcSwapOption<Degraded>,
    following: tokio::sync::Mutex<()>,
}

impl Bundles {
    fn new(origin: Origin, loader: Loader, snapshot: &Snapshot, degraded: Option<Degraded>) -> Self {
        let new = Self {
            origin,
            loader,
            in_use: ArcSwap::from_pointee(snapshot.clone()),
            recent: Mutex::default(),
            degraded: ArcSwapOption::from_pointee(degraded),
            following: tokio::sync::Mutex::default(),
        };
        snapshot.all().for_each(|used| new.remember(&used.loaded));
        new
    }

    /// Everything in use now, for a request from its start to its end.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.in_use.load_full()
    }

    /// The bundle that decides, for all that is not about one purchase.
    pub fn load(&self) -> Arc<LoadedBundle> {
        Arc::clone(&self.in_use.load().live.loaded)
    }

    /// Puts another whole into use.
    pub fn swap(&self, snapshot: Snapshot) {
        snapshot.all().for_each(|used| self.remember(&used.loaded));
        self.in_use.store(Arc::new(snapshot));
    }

    /// Why this process does not use what the database says; none while it does.
    pub fn degraded(&self) -> Option<Arc<Degraded>> {
        self.degraded.load_full()
    }

    fn set_degraded(&self, degraded: Option<Degraded>) {
        self.degraded.store(degraded.map(Arc::new));
    }

    /// Notes what is wrong with the folder that somebody works on, or that nothing is.
    fn note_folder(&self, error: Option<String>) {
        let now = self.loader.clock.now();
        self.set_degraded(error.map(|error| Degraded { error, at: now, tried_at: now, activations: Vec::new() }));
    }

    /// A bundle that was in use lately.
    pub fn recent(&self, digest: &str) -> Option<Arc<LoadedBundle>> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.iter().find(|loaded| loaded.bundle.digest() == digest).map(Arc::clone)
    }

    /// The bundle with this digest, from memory or from the database; the one that decides now where it cannot be had.
    pub async fn that_decided(&self, digest: &str) -> Arc<LoadedBundle> {
        if let Some(loaded) = self.recent(digest) {
            return loaded;
        }
        match self.loader.load(digest).await {
            Ok(loaded) => {
                let loaded = Arc::new(loaded);
                self.remember(&loaded);
                loaded
            }
            Err(error) => {
                tracing::warn!(digest, %error, "the bundle that decided cannot be had: the live one stands in");
                self.load()
            }
        }
    }

    fn remember(&self, loaded: &Arc<LoadedBundle>) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|other| other.bundle.digest() != loaded.bundle.digest());
        recent.push_front(Arc::clone(loaded));
        recent.truncate(RECENT_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_share_keeps_every_card_and_a_card_keeps_its_place() {
        let cards: Vec<[u8; 8]> = (0..20_000_u64).map(u64::to_be_bytes).collect();
        let within =
            |digest: &str, share| -> Vec<bool> { cards.iter().map(|card| falls_within(digest, card, share)).collect() };
        let mut before = within("digest", 0);
        assert!(!before.contains(&true), "no share holds no card");
        for share in [1, 100, 500, 2_500, 9_999, SHARE_WHOLE] {
            let now = within("digest", share);
            assert!(before.iter().zip(&now).all(|(before, now)| *now || !before), "a card left at {share}");
            let held = now.iter().filter(|held| **held).count();
            let expected = cards.len() * usize::from(share) / usize::from(SHARE_WHOLE);
            assert!(held.abs_diff(expected) <= 250, "{share}: {held} of {expected}");
            before = now;
        }
        assert!(!before.contains(&false), "the whole holds every card");
        assert_ne!(within("digest", 500), within("another", 500), "another bundle meets other cards");
    }
}
