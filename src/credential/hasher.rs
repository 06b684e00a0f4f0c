//! Hashing of passwords in an orderly queue: each hash takes megabytes and a whole processor,
//! so that only as many run at once as there are processors, and only so many wait.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::password::{self, Comparison, Cost, HashError, Memory, Password};
use crate::domain::randomness::SharedRandomness;
use crate::keys::Keys;

/// The longest wait for a processor.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Why there is no hash or comparison.
#[derive(Debug, thiserror::Error)]
pub enum HasherError {
    /// Too many are waiting, or the wait took too long: to be answered with 503 and Retry-After.
    #[error("too many passwords are being checked")]
    Busy,
    /// The password cannot be hashed or compared.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The task that hashed broke down.
    #[error("hashing broke down")]
    Broken,
}

/// Hashes and compares passwords, a few at once.
pub struct Hasher {
    inner: Arc<Inner>,
    processors: Arc<Semaphore>,
    places: usize,
    queue: Semaphore,
    taken_up: AtomicU64,
    /// The hash of nobody's password, so that unknown users take as long as known ones.
    nobody: String,
}

struct Inner {
    keys: Arc<Keys>,
    randomness: SharedRandomness,
    cost: Cost,
    /// Of hashes that are done: as many as processors at most.
    memories: Mutex<Vec<Memory>>,
}

impl Inner {
    fn with_memory<T>(&self, work: impl FnOnce(&Self, &mut Memory) -> T) -> T {
        let memories = || self.memories.lock().unwrap_or_else(PoisonError::into_inner);
        let mut memory = memories().pop().unwrap_or_default();
        let done = work(self, &mut memory);
        memories().push(memory);
        done
    }
}

impl Hasher {
    /// A hasher that works on `at_once` passwords and lets `queue` more wait. Takes the time of one hash.
    pub fn new(
        keys: Arc<Keys>,
        randomness: SharedRandomness,
        cost: Cost,
        at_once: usize,
        queue: usize,
    ) -> Result<Self, HashError> {
        let places = at_once.max(1);
        let secret = hex::encode(randomness.bytes::<32>());
        let unknown = Password::typed(&secret).map_err(|_| HashError::Cost)?;
        let mut memory = Memory::default();
        let nobody = password::hash(&unknown, cost, &keys, &*randomness, &mut memory)?;
        let inner = Arc::new(Inner { keys, randomness, cost, memories: Mutex::new(vec![memory]) });
        Ok(Self {
            inner,
            processors: Arc::new(Semaphore::new(places)),
            places,
            queue: Semaphore::new(queue),
            taken_up: AtomicU64::new(0),
            nobody,
        })
    }

    /// The hash of a new password.
    pub async fn hash(&self, password: Password) -> Result<String, HasherError> {
        self.run(move |inner, memory| password::hash(&password, inner.cost, &inner.keys, &*inner.randomness, memory))
            .await
    }

    /// Compares a password with the stored hash. Without one (an unknown user) it takes the same
    /// time and never matches.
    pub async fn compare(&self, password: Password, stored: Option<String>) -> Result<Comparison, HasherError> {
        self.reserve().await?.compare(password, stored).await
    }

    /// Waits for a processor and keeps it for one comparison, for whoever must know that a comparison will
    /// follow before it counts one.
    pub async fn reserve(&self) -> Result<Reserved, HasherError> {
        let permit = self.processor().await?;
        self.taken_up.fetch_add(1, Ordering::Relaxed);
        Ok(Reserved { inner: Arc::clone(&self.inner), nobody: self.nobody.clone(), permit })
    }

    /// How many passwords are being worked on.
    pub fn in_flight(&self) -> usize {
        self.places.saturating_sub(self.processors.available_permits())
    }

    /// How many passwords have been taken up since the start: whoever is refused must have cost as many as who is not.
    pub fn taken_up(&self) -> u64 {
        self.taken_up.load(Ordering::Relaxed)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner, &mut Memory) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HasherError> {
        self.reserve().await?.run(work).await
    }

    async fn processor(&self) -> Result<OwnedSemaphorePermit, HasherError> {
        if let Ok(permit) = Arc::clone(&self.processors).try_acquire_owned() {
            return Ok(permit);
        }
        let _place = self.queue.try_acquire().map_err(|_| HasherError::Busy)?;
        let wait = tokio::time::timeout(LONGEST_WAIT, Arc::clone(&self.processors).acquire_owned());
        wait.await.map_err(|_| HasherError::Busy)?.map_err(|_| HasherError::Broken)
    }
}

/// A processor that waits for one password.
pub struct Reserved {
    inner: Arc<Inner>,
    nobody: String,
    permit: OwnedSemaphorePermit,
}

impl Reserved {
    /// Compares a password with the stored hash. Without one (an unknown user) it takes the same time and never
    /// matches.
    pub async fn compare(
        self,
        password: Password,
        stored: impl Into<Option<String>>,
    ) -> Result<Comparison, HasherError> {
        let stored = stored.into();
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.clone());
        let found = self
            .run(move |inner, memory| password::compare(&password, &stored, inner.cost, &inner.keys, memory))
            .await?;
        Ok(if known { found } else { Comparison { matches: false, needs_rehash: false } })
    }

    async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce(&Inner, &mut Memory) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HasherError> {
        // The permit goes along: when the caller is gone the work still occupies the processor.
        let task = tokio::task::spawn_blocking(move || {
            let done = self.inner.with_memory(work);
            drop(self.permit);
            done
        });
        Ok(task.await.map_err(|_| HasherError::Broken)??)
    }
}
