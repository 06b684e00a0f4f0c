//! Requests to recipients to erase what they got.

use serde::{Deserialize, Serialize};

use super::assessment::words;
use super::clock::Micros;
use super::id::{CardholderId, DisclosureId, ErasureId};

words! {
    /// How a recipient is asked.
    ErasureWay {
        /// By its own call, naming its request id.
        Call = "call",
        /// By a numbered letter, which a person writes and closes.
        Letter = "letter",
    }
}

words! {
    /// Where a request stands.
    ErasureState {
        /// It waits to be sent.
        Queued = "queued",
        /// The recipient took it.
        Done = "done",
        /// The recipient refused it, or could not be reached in the end.
        Failed = "failed",
    }
}

/// A request to erase what one disclosure sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Its id.
    pub id: ErasureId,
    /// About whom.
    pub cardholder_id: CardholderId,
    /// What is to be erased.
    pub disclosure_id: DisclosureId,
    /// Who is asked.
    pub recipient: String,
    /// The recipient's own id of what it got.
    pub provider_request_id: Option<String>,
    /// How it is asked.
    pub way: ErasureWay,
    /// The number of the letter.
    pub letter: Option<i64>,
    /// Where it stands.
    pub state: ErasureState,
    /// Since when it is asked for.
    pub requested_at: Micros,
    /// When it was settled.
    pub settled_at: Option<Micros>,
    /// Who closed it, where a person did.
    pub settled_by: Option<String>,
}
