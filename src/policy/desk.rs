//! Desks: who holds a copy of the rules, and the stores of entities that it has made.
//!
//! Cedar counts references on every evaluation, so threads that share a set slow each other down; each takes a
//! copy of its own, made when it is first needed.

mod kept;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use self::kept::Kept;
use super::engine::{AskError, Engine, Scene, SharingScene, Surroundings, Texts};
use super::reference::{Recipient, Reference};
use super::rule::Rule;
use crate::domain::facts::Facts;

/// Scenes of one generation: a few kilobytes each, for what merchants have in common is shared.
const SCENES_MAX: usize = 4_096;
/// Surroundings of one generation, and as many scenes of sharing.
const SURROUNDINGS_MAX: usize = 512;

/// An engine with the scenes it has met; one thread at a time holds it.
pub(super) struct Desk {
    pub(super) engine: Engine,
    /// By merchant.
    scenes: Kept<Scene>,
    /// By programme.
    surroundings: Kept<Surroundings>,
    /// By recipient.
    sharing: Kept<SharingScene>,
}

impl Desk {
    fn new(engine: Engine) -> Self {
        let (scenes, surroundings) = (Kept::new(SCENES_MAX), Kept::new(SURROUNDINGS_MAX));
        Self { engine, scenes, surroundings, sharing: Kept::new(SURROUNDINGS_MAX) }
    }

    /// Engine and scene for these facts.
    pub(super) fn open(&mut self, facts: &Facts, reference: &Reference) -> Result<(&Engine, &Scene), AskError> {
        let key = &facts.merchant.id;
        let same = |scene: &Scene| scene.programme == facts.card.programme && scene.merchant == facts.merchant;
        let place = match self.scenes.place(key, same) {
            Some(place) => place,
            None => self.scene(facts, reference)?,
        };
        let scene = self.scenes.at(key, place).ok_or_else(no_scene)?;
        Ok((&self.engine, scene))
    }

    /// Makes the scene for these facts, and answers its place.
    fn scene(&mut self, facts: &Facts, reference: &Reference) -> Result<usize, AskError> {
        let key = &facts.card.programme;
        let place = match self.surroundings.place(key, |surroundings| surroundings.are_of(facts)) {
            Some(place) => place,
            None => self.surroundings.keep(key, self.engine.surroundings(facts, reference)?),
        };
        let surroundings = self.surroundings.at(key, place).ok_or_else(no_scene)?;
        let scene = self.engine.scene_in(surroundings, facts)?;
        Ok(self.scenes.keep(&facts.merchant.id, scene))
    }

    /// Engine and scene for sharing with this recipient.
    pub(super) fn open_sharing(
        &mut self,
        programme: &str,
        recipient: &Recipient,
        reference: &Reference,
    ) -> Result<(&Engine, &SharingScene), AskError> {
        let key = &recipient.id;
        let place = match self.sharing.place(key, |scene| scene.programme == programme) {
            Some(place) => place,
            None => self.sharing.keep(key, self.engine.sharing_scene(programme, recipient, reference)?),
        };
        let scene = self.sharing.at(key, place).ok_or_else(no_scene)?;
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
            empty => empty.insert(Desk::new(Engine::copy(rules, texts, facts_version)?)),
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
