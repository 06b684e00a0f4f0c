//! Randomness as a parameter.

use std::sync::Arc;

/// Where unguessable bytes come from. Production asks the operating system; tests seed a generator.
pub trait Randomness: Send + Sync + 'static {
    /// Fills the buffer with random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

impl dyn Randomness {
    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut buffer = [0; N];
        self.fill(&mut buffer);
        buffer
    }
}

/// Randomness shared by the parts of the service.
pub type SharedRandomness = Arc<dyn Randomness>;
