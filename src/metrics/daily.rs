//! What was counted since it was last written down: every instance adds it to the day's figures, about once a minute. A
//! process that dies takes at most that minute with it: these are figures for a glance, the proof counts the rows.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Counts by figure and word.
pub type Counted = BTreeMap<(&'static str, &'static str), u64>;

/// Counts that are not written down yet.
#[derive(Debug, Default)]
pub struct Daily(Mutex<Counted>);

impl Daily {
    /// Counts so many more.
    pub fn add(&self, figure: &'static str, word: &'static str, count: u64) {
        if count > 0 {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry((figure, word)).or_default() += count;
        }
    }

    /// Everything counted since the last call.
    pub fn take(&self) -> Counted {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts back what could not be written down.
    pub fn put_back(&self, counted: Counted) {
        for ((figure, word), count) in counted {
            self.add(figure, word, count);
        }
    }
}
