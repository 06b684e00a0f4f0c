//! What a provider is told afterwards about a purchase that it analysed.
//!
//! Knows the words of the service. How a provider is told lies in its connector, whether it may be told with the gate.

use crate::domain::assessment::NoAnswer;
use crate::domain::clock::Micros;
use crate::domain::feedback::FeedbackEvent;
use crate::domain::id::AuthenticationId;

use super::Settled;

/// What became of a purchase that a provider analysed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// The provider's own id of the request by which it was asked, where it gave one.
    pub provider_request_id: Option<String>,
    /// The authentication that it was asked about.
    pub authentication: AuthenticationId,
    /// The id of the pseudonym key of that disclosure, as its ledger row states it.
    pub key_id: String,
    /// What became of it.
    pub event: FeedbackEvent,
    /// When that became known.
    pub occurred_at: Micros,
}

/// Why there is nothing that a provider could be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeedbackError {
    /// The key of the original disclosure is not there any more.
    #[error(
        "the pseudonym key `{0}` of the disclosure is not in the key file\nhint: keep an older key behind the active one for as long as feedback about its disclosures may come"
    )]
    UnknownKey(String),
    /// The provider could not tell which request is meant.
    #[error(
        "the disclosure holds nothing by which the recipient would know it again\nhint: feedback needs the recipient's own id of the request, or the datum `transaction`"
    )]
    NotNameable,
    /// The register of recipients omits what the feedback consists of.
    #[error("the datum `outcome` is omitted for this recipient\nhint: feedback is that datum; allow it as `plain`")]
    Omitted,
}

/// What came of telling a provider something that needs no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// Whether the provider took it.
    pub accepted: bool,
    /// Whether the same may succeed later: not where the provider understood and refused it.
    pub retry: bool,
    /// Why it was not accepted.
    pub reason: Option<NoAnswer>,
    /// The provider's own id of this request, where it gives one.
    pub request_id: Option<String>,
    /// How the ledger row is settled.
    pub settled: Settled,
}

impl Reported {
    /// The provider took it.
    pub(super) fn accepted(request_id: Option<String>, settled: Settled) -> Self {
        Self { accepted: true, retry: false, reason: None, request_id, settled }
    }

    /// The provider did not take it, or it did not get there.
    pub(super) fn refused(reason: NoAnswer, settled: Settled) -> Self {
        let retry = !matches!(reason, NoAnswer::Http4xx | NoAnswer::Malformed | NoAnswer::OutOfRange);
        Self { accepted: false, retry, reason: Some(reason), request_id: None, settled }
    }
}
