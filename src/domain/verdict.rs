//! The verdict: what the policies answered, and why.

use serde::{Deserialize, Serialize};

use super::assessment::words;
use super::facts::Method;

words! {
    /// The three-way answer.
    Outcome {
        /// It passes without friction.
        Approve = "approve",
        /// It passes with a proof.
        Challenge = "challenge",
        /// It does not pass.
        Reject = "reject",
    }
}

/// What the policies answered about one authentication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// The answer.
    pub outcome: Outcome,
    /// Internal reason codes of the determining policies, sorted, without repeats; never empty.
    pub reasons: Vec<String>,
    /// Ids of the determining policies, sorted.
    pub policies: Vec<String>,
    /// The methods that may be offered, in the order in which they are shown; only with `challenge`.
    #[serde(default)]
    pub methods: Vec<Method>,
    /// The digest of the bundle that was asked, 64 hexadecimal digits.
    pub bundle_digest: String,
    /// Policies that could not be evaluated.
    #[serde(default)]
    pub errors: Vec<EvaluationError>,
}

/// A policy that could not be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationError {
    /// The question that was asked: share, approve, challenge, offer.
    pub question: String,
    /// The policy's id.
    pub policy: String,
    /// What went wrong, without values of the request.
    pub message: String,
}
