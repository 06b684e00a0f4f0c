//! Desks: who holds a copy of the rules, and the stores of entities that it has made.
//!
//! Cedar counts references on every evaluation, so threads that share a set slow each other down; each takes a
//! copy of its own, made when it is first needed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use super::engine::{AskError, Engine, Scene, SharingScene, Texts};
use super::reference::{Recipient, Reference};
use super::rule::Rule;
use crate::domain::facts::Facts;

/// Scenes kept per copy; when there are more, all are dropped and made again as they are needed.
const SCENES_MAX: usize = 1_024;

/// Scenes that were made before, by merchant.
#[derive(Default)]
struct Scenes {
    by_merchant: HashMap<String, Vec<Scene>>,
    by_recipient: HashMap<String, Vec<SharingScene>>,
    kept: usize,
}

impl Scenes {
    fn find(&self, facts: &Facts) -> Option<&Scene> {
        let same = |scene: &&Scene| scene.programme == facts.card.programme && scene.merchant == facts.merchant;
        self.by_merchant.get(&facts.merchant.id)?.iter().find(same)
    }

    fn find_sharing(&self, programme: &str, recipient: &Recipient) -> Option<&SharingScene> {
        self.by_recipient.get(&recipient.id)?.iter().find(|scene| scene.programme == programme)
    }

    fn make_room(&mut self) {
        if self.kept >= SCENES_MAX {
            *self = Self::default();
        }
        self.kept += 1;
    }

    fn keep(&mut self, scene: Scene) {
        self.make_room();
        self.by_merchant.entry(scene.merchant.id.clone()).or_default().push(scene);
    }
}

/// An engine with the scenes it has met; one thread at a time holds it.
pub(super) struct Desk {
    pub(super) engine: Engine,
    scenes: Scenes,
}

impl Desk {
    /// Engine and scene for these facts.
    pub(super) fn open(&mut self, facts: &Facts, reference: &Reference) -> Result<(&Engine, &Scene), AskError> {
        if self.scenes.find(facts).is_none() {
            let scene = self.engine.scene(facts, reference)?;
            self.scenes.keep(scene);
        }
        let scene = self.scenes.find(facts).ok_or_else(no_scene)?;
        Ok((&self.engine, scene))
    }

    /// Engine and scene for sharing with this recipient.
    pub(super) fn open_sharing(
        &mut self,
        programme: &str,
        recipient: &Recipient,
        reference: &Reference,
    ) -> Result<(&Engine, &SharingScene), AskError> {
        if self.scenes.find_sharing(programme, recipient).is_none() {
            let scene = self.engine.sharing_scene(programme, recipient, reference)?;
            self.scenes.make_room();
            self.scenes.by_recipient.entry(recipient.id.clone()).or_default().push(scene);
        }
        let scene = self.scenes.find_sharing(programme, recipient).ok_or_else(no_scene)?;
        Ok((&self.engine, scene))
    }
}

fn no_scene() -> AskError {
    AskError::Request("no scene".to_owned())
}

/// The copies of one bundle: as many as threads ask at the same time, at most [`COPIES_MAX`].
pub(super) struct Desks {
    places: Vec<Mutex<Option<Desk>>>,
}

const COPIES_MAX: usize = 16;

/// Numbers threads, so that each goes back to the copy that is in its processor's cache.
static THREADS: AtomicUsize = AtomicUsize::new(0);
thread_local! {
    static THREAD: usize = THREADS.fetch_add(1, Ordering::Relaxed);
}

impl Desks {
    pub(super) fn new() -> Self {
        Self { places: (0..COPIES_MAX).map(|_| Mutex::new(None)).collect() }
    }

    /// Runs `work` with this thread's copy, or with another that is free.
    pub(super) fn with<T>(
        &self,
        rules: &[Rule],
        texts: &Texts,
        facts_version: u16,
        work: impl FnOnce(&mut Desk) -> Result<T, AskError>,
    ) -> Result<T, AskError> {
        let mut place = self.place().ok_or_else(|| AskError::Copy("no place".to_owned()))?;
        let desk = match &mut *place {
            Some(desk) => desk,
            empty => {
                empty.insert(Desk { engine: Engine::copy(rules, texts, facts_version)?, scenes: Scenes::default() })
            }
        };
        work(desk)
    }

    fn place(&self) -> Option<MutexGuard<'_, Option<Desk>>> {
        let own = THREAD.with(|number| *number) % COPIES_MAX;
        let (before, from_own) = self.places.split_at_checked(own)?;
        let free = from_own.iter().chain(before).find_map(|place| match place.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        free.or_else(|| Some(self.places.get(own)?.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}
