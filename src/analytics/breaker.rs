//! The breaker: stops asking a provider that fails, is slow or refuses us, and tries again with one call.
//!
//! Knows results and times. It does not repeat a call, and nobody waits in it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::settings::BreakerConfig;
use crate::domain::clock::SharedClock;

const NANOS_PER_MS: u64 = 1_000_000;

/// How a call went, as far as the breaker cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// The provider answered.
    Good,
    /// The provider failed.
    Failed,
    /// The provider refused our credentials, or the quota is used up: more calls are of no use.
    Refused,
    /// The call says nothing about the provider.
    Neutral,
}

enum State {
    /// Calls go through; of the last ones, which were bad.
    Closed(VecDeque<bool>),
    /// No call goes through until the boot-time clock reads this.
    Open(u64),
    /// One call is under way to try.
    Probing,
}

/// A breaker for one provider.
pub struct Breaker {
    settings: BreakerConfig,
    clock: SharedClock,
    state: Mutex<State>,
}

/// The leave to make one call. Dropped without a grade it counts as a failure.
pub struct Permit<'a> {
    breaker: &'a Breaker,
    probe: bool,
    started_boot_nanos: u64,
    graded: bool,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(settings: BreakerConfig, clock: SharedClock) -> Self {
        Self { settings, clock, state: Mutex::new(State::Closed(VecDeque::new())) }
    }

    /// Leave to make a call, or none while the breaker is open.
    pub fn admit(&self) -> Option<Permit<'_>> {
        let now = self.clock.boot_nanos();
        let mut state = self.lock();
        let probe = match &*state {
            State::Closed(_) => false,
            State::Open(until) if now >= *until => true,
            State::Open(_) | State::Probing => return None,
        };
        if probe {
            *state = State::Probing;
        }
        Some(Permit { breaker: self, probe, started_boot_nanos: now, graded: false })
    }

    /// Whether calls go through, one to try included.
    pub fn is_available(&self) -> bool {
        match &*self.lock() {
            State::Closed(_) => true,
            State::Open(until) => self.clock.boot_nanos() >= *until,
            State::Probing => false,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every write is one assignment: a panic elsewhere leaves no half-written state behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, probe: bool, started_boot_nanos: u64, grade: Grade) {
        let now = self.clock.boot_nanos();
        let open = |ms: u64| State::Open(now.saturating_add(ms.saturating_mul(NANOS_PER_MS)));
        let slow = now.saturating_sub(started_boot_nanos) >= self.settings.slow_ms.saturating_mul(NANOS_PER_MS);
        let bad = grade == Grade::Failed || slow;
        let mut state = self.lock();
        match (&mut *state, grade) {
            (_, Grade::Refused) => *state = open(self.settings.refused_open_ms),
            (_, Grade::Neutral) if probe => *state = State::Open(now),
            (_, _) if probe && bad => *state = open(self.settings.open_ms),
            (_, _) if probe => *state = State::Closed(VecDeque::new()),
            (State::Closed(recent), Grade::Good | Grade::Failed) => {
                recent.push_back(bad);
                if recent.len() > self.settings.window_calls {
                    recent.pop_front();
                }
                if recent.iter().filter(|bad| **bad).count() >= self.settings.open_after {
                    *state = open(self.settings.open_ms);
                }
            }
            // A call from before the breaker opened changes nothing any more.
            _ => {}
        }
    }
}

impl Permit<'_> {
    /// States how the call went.
    pub fn grade(mut self, grade: Grade) {
        self.graded = true;
        self.breaker.record(self.probe, self.started_boot_nanos, grade);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.graded {
            self.breaker.record(self.probe, self.started_boot_nanos, Grade::Failed);
        }
    }
}
