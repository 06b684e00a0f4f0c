//! Fault points: named places on the way of a disclosure, of an objection, of a webhook and of a replay where a test can
//! have the process wait, stop or die.
//!
//! They exist in debug builds only. In a release build [`FaultPoints`] has no content, [`FaultPoints::reach`] does nothing,
//! and nothing reads the environment. What happens where is a plan in `SEKISHO_FAULT_POINTS`, whose chances are drawn from
//! a seed, for each point apart: the n-th passage of a point meets the same fault in every run.

#[cfg(debug_assertions)]
mod armed;
#[cfg(debug_assertions)]
mod plan;

#[cfg(debug_assertions)]
pub use armed::FaultPoints;
#[cfg(debug_assertions)]
pub use plan::PlanError;

use serde::{Deserialize, Serialize};

use crate::domain::assessment::words;

words! {
    /// A place where something can go wrong.
    Point {
        /// Both clocks were read; the gate has not asked the database yet.
        GateStart = "gate.start",
        /// The row `intended` is committed; nothing has left.
        GateCommitted = "gate.committed",
        /// The envelope is sealed; the connector has not been called. The body's own look at the clocks comes after it.
        GateSend = "gate.send",
        /// The connector has answered; nothing of it is written down.
        GateSettle = "gate.settle",
        /// An objection is committed; its time runs.
        ObjectionCommitted = "objection.committed",
        /// The checkpoint of an objection is about to be written.
        CheckpointWrite = "checkpoint.write",
        /// All is waited for; the receipt is not kept yet.
        ObjectionAnswer = "objection.answer",
        /// A merchant's endpoint has answered; nothing of it is written down.
        WebhookPosted = "webhook.posted",
        /// A page of records is on its way to be decided once more; the next one is not asked for yet.
        ReplayPage = "replay.page",
    }
}

/// No faults: a release build has none.
#[cfg(not(debug_assertions))]
#[derive(Debug)]
pub struct FaultPoints;

#[cfg(not(debug_assertions))]
impl FaultPoints {
    /// Nothing.
    ///
    /// # Errors
    /// None.
    pub fn from_environment(_: &dyn crate::domain::randomness::Randomness) -> Result<Self, std::convert::Infallible> {
        Ok(Self)
    }

    /// Does nothing.
    pub async fn reach(&self, _: Point) {}
}

/// Why a plan cannot be read: there is none to read.
#[cfg(not(debug_assertions))]
pub type PlanError = std::convert::Infallible;
