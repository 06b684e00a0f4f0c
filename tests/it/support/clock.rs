//! A clock that stands still until it is moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use sekisho::domain::clock::{Clock, Micros};

/// Wall-clock and boot time that a test moves.
pub(crate) struct ManualClock {
    now: AtomicI64,
    boot: AtomicU64,
}

impl ManualClock {
    /// A clock at this time (RFC 3339).
    pub(crate) fn at(time: &str) -> Arc<Self> {
        let now = Micros::from(time.parse::<jiff::Timestamp>().unwrap());
        Arc::new(Self { now: AtomicI64::new(now.0), boot: AtomicU64::new(1_000_000_000) })
    }

    /// Moves both times on by seconds.
    pub(crate) fn advance(&self, seconds: u64) {
        self.now.fetch_add(i64::try_from(seconds).unwrap() * Micros::SECOND, Ordering::SeqCst);
        self.boot.fetch_add(seconds * 1_000_000_000, Ordering::SeqCst);
    }

    /// Sets the wall clock alone, as an operator or a time server does; also back.
    pub(crate) fn shift_wall(&self, seconds: i64) {
        self.now.fetch_add(seconds * Micros::SECOND, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Micros {
        Micros(self.now.load(Ordering::SeqCst))
    }

    fn boot_nanos(&self) -> u64 {
        self.boot.load(Ordering::SeqCst)
    }
}
