//! Random bytes that are the same in every run.

use std::sync::{Arc, Mutex};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sekisho::domain::randomness::Randomness;

/// A seeded generator.
pub(crate) struct SeededRandomness(Mutex<StdRng>);

impl SeededRandomness {
    /// A generator for this seed.
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(StdRng::seed_from_u64(seed))))
    }
}

impl Randomness for SeededRandomness {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.lock().unwrap().fill_bytes(buffer);
    }
}
