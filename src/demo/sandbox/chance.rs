//! Chance by a seed: every stream of numbers has a name, so that what one part draws changes nothing for another.

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use rand_distr::{Distribution, Normal, Poisson};
use sha2::{Digest, Sha256};

use crate::domain::clock::Micros;
use crate::domain::id::{Id, Kind};

/// One stream.
pub(super) struct Chance(StdRng);

impl Chance {
    /// The stream of this name under a seed.
    pub(super) fn of(seed: u64, stream: &str, of: [u64; 2]) -> Self {
        Self(StdRng::from_seed(digest(seed, stream, of)))
    }

    /// Whether something happens that does so with this probability.
    pub(super) fn is(&mut self, probability: f64) -> bool {
        self.0.random::<f64>() < probability
    }

    /// A number between two.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.random::<f64>()
    }

    /// A whole number between two, both included.
    pub(super) fn whole(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high.max(low))
    }

    /// A number around a mean.
    pub(super) fn normal(&mut self, mean: f64, spread: f64) -> f64 {
        Normal::new(mean, spread).map_or(mean, |normal| normal.sample(&mut self.0))
    }

    /// A number of events with this mean.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    pub(super) fn count(&mut self, mean: f64) -> u64 {
        Poisson::new(mean).map_or(0, |poisson| poisson.sample(&mut self.0).clamp(0.0, 10_000.0) as u64)
    }

    /// A place in a list of this length; 0 for an empty one.
    pub(super) fn place(&mut self, length: usize) -> usize {
        if length == 0 { 0 } else { self.0.random_range(0..length) }
    }

    /// One of a list.
    pub(super) fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        let at = self.place(list.len());
        list.get(at)
    }

    /// One of a list whose members have weights.
    pub(super) fn weighted<'a, T>(&mut self, list: &'a [T], weight: impl Fn(&T) -> f64) -> Option<&'a T> {
        let all: f64 = list.iter().map(&weight).sum();
        let mut left = self.between(0.0, all);
        let found = list.iter().find(|one| {
            left -= weight(one);
            left <= 0.0
        });
        found.or_else(|| list.last())
    }

    /// Random bytes.
    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// An identifier of something that comes to be at `at`.
    pub(super) fn id<K: Kind>(&mut self, at: Micros) -> Id<K> {
        let millis = u64::try_from(at.0.div_euclid(1_000)).unwrap_or(0);
        Id::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes::<10>()).into_uuid())
    }
}

/// A digest that stands for something of the sandbox: a device, an address. No key makes it, and so none can be guessed.
pub(super) fn digest(seed: u64, what: &str, of: [u64; 2]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"sekisho sandbox\0");
    hash.update(seed.to_be_bytes());
    hash.update(what.as_bytes());
    hash.update([0]);
    for number in of {
        hash.update(number.to_be_bytes());
    }
    hash.finalize().into()
}

/// A number as a whole one, within what amounts can be.
#[expect(clippy::cast_possible_truncation, reason = "clamped before")]
pub(super) fn rounded(value: f64) -> i64 {
    value.clamp(0.0, 1e12).round() as i64
}
