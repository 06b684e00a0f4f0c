//! Decisions that wait for the shadow: off the answer's path, bounded, dropped and counted where there are too many.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use super::bundles::InUse;
use crate::domain::facts::Facts;
use crate::domain::id::AuthenticationId;
use crate::domain::verdict::Verdict;

/// A decision that was answered and recorded.
#[derive(Debug)]
pub struct Waiting {
    /// The shadow that it falls to.
    pub shadow: InUse,
    /// The authentication.
    pub id: AuthenticationId,
    /// What was asked.
    pub facts: Facts,
    /// What was answered.
    pub verdict: Verdict,
}

/// The queue.
#[derive(Debug)]
pub struct ShadowQueue {
    waiting: Mutex<VecDeque<Waiting>>,
    places: usize,
    bell: Notify,
}

impl ShadowQueue {
    /// An empty queue with so many places.
    pub fn new(places: usize) -> Self {
        Self { waiting: Mutex::default(), places, bell: Notify::new() }
    }

    /// Puts a decision in; answers it back when there is no place.
    ///
    /// # Errors
    /// The decision.
    pub fn offer(&self, decision: Waiting) -> Result<(), Box<Waiting>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= self.places {
            return Err(Box::new(decision));
        }
        waiting.push_back(decision);
        drop(waiting);
        self.bell.notify_one();
        Ok(())
    }

    /// Takes out at most so many, the oldest first.
    pub fn take(&self, most: usize) -> Vec<Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len().min(most);
        waiting.drain(..count).collect()
    }

    /// Waits until something is put in.
    pub async fn rung(&self) {
        self.bell.notified().await;
    }
}
