//! What needs a second person: a request, and who decided it.

use serde::{Deserialize, Serialize};

use super::assessment::words;
use super::clock::Micros;
use super::id::ApprovalId;

words! {
    /// What is asked for.
    ApprovalKind {
        /// That sharing about a person be resumed, or her agreement recorded.
        ConsentResume = "consent_resume",
    }
}

words! {
    /// Where a request stands.
    ApprovalState {
        /// Nobody has decided yet.
        Waiting = "waiting",
        /// A second person agreed, and it was done.
        Approved = "approved",
        /// A second person refused.
        Refused = "refused",
    }
}

/// A request that waits for a second person, or waited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// What is asked for.
    pub kind: ApprovalKind,
    /// The id of the record that it is about.
    pub subject: String,
    /// What exactly, as JSON.
    pub request: String,
    /// Who asks.
    pub requested_by: String,
    /// Since when.
    pub requested_at: Micros,
    /// Where it stands.
    pub state: ApprovalState,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Micros>,
    /// What that person wrote.
    pub note: Option<String>,
}
