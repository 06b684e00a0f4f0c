//! The slip that lets a body leave once, before its time limit, or never.
//!
//! Knows whether the bytes were handed to the connection. What the connection does with them it cannot know.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use futures_util::Stream;
use futures_util::stream;

use crate::domain::clock::{Micros, SharedClock};

const WAITING: u8 = 0;
const LEFT: u8 = 1;
const REVOKED: u8 = 2;
const PAST_LIMIT: u8 = 3;

/// Whether a body may leave, has left, or never will. Every state but the first is final.
pub(super) struct Release {
    state: Arc<AtomicU8>,
    until_boot_nanos: u64,
    until: Micros,
    clock: SharedClock,
}

impl Release {
    /// A slip that is good until the boot-time clock reads more than `until_boot_nanos` or the wall clock more than
    /// `until`, whichever comes first: a paused virtual machine shows on the second one only.
    pub(super) fn until(until_boot_nanos: u64, until: Micros, clock: SharedClock) -> Self {
        Self { state: Arc::new(AtomicU8::new(WAITING)), until_boot_nanos, until, clock }
    }

    /// The body as a stream of one frame. It looks at both clocks when the connection asks for the frame, which is the last
    /// moment before the write, and is an error past the limit.
    pub(super) fn body(&self, bytes: Vec<u8>) -> impl Stream<Item = io::Result<Vec<u8>>> + Send + 'static {
        let (state, clock) = (self.state.clone(), self.clock.clone());
        let (until_boot_nanos, until) = (self.until_boot_nanos, self.until);
        stream::once(async move {
            let passed = clock.boot_nanos() > until_boot_nanos || clock.now() > until;
            let next = if passed { PAST_LIMIT } else { LEFT };
            match state.compare_exchange(WAITING, next, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) if next == LEFT => Ok(bytes),
                _ => Err(io::Error::other("the body may not leave any more")),
            }
        })
    }

    /// Forbids leaving from now on; says whether the body has left already.
    pub(super) fn revoke(&self) -> bool {
        self.state.compare_exchange(WAITING, REVOKED, Ordering::SeqCst, Ordering::SeqCst) == Err(LEFT)
    }

    /// Whether the body wanted to leave when its time was over.
    pub(super) fn limit_passed(&self) -> bool {
        self.state.load(Ordering::SeqCst) == PAST_LIMIT
    }
}
