//! An authentication: its status, and what the status means to others.

use super::assessment::words;
use super::facts::EnrolmentFacts;
use super::verdict::{Outcome, Verdict};
use serde::{Deserialize, Serialize};

words! {
    /// Where an authentication stands. All but `challenge_required` are final.
    Status {
        /// Passed, without friction or by a challenge.
        Approved = "approved",
        /// The page waits for the buyer.
        ChallengeRequired = "challenge_required",
        /// Turned back.
        Rejected = "rejected",
        /// A challenge was called for and the card has no method.
        NotEnrolled = "not_enrolled",
        /// The card is unknown, or its programme cannot use the service.
        NotEligible = "not_eligible",
        /// A technical failure, or no method is usable now.
        Unavailable = "unavailable",
    }
}

impl Status {
    /// Whether the result can no longer change.
    pub fn is_final(self) -> bool {
        self != Self::ChallengeRequired
    }

    /// What a verdict comes to. The outcome is never changed: a challenge for which no method is left
    /// cannot be held, and says whether the card has none or none is usable.
    pub fn of_verdict(verdict: &Verdict, enrolment: &EnrolmentFacts) -> Self {
        match verdict.outcome {
            Outcome::Approve => Self::Approved,
            Outcome::Reject => Self::Rejected,
            Outcome::Challenge if !verdict.methods.is_empty() => Self::ChallengeRequired,
            Outcome::Challenge if enrolment.methods.is_empty() => Self::NotEnrolled,
            Outcome::Challenge => Self::Unavailable,
        }
    }

    /// The electronic commerce indicator (EMV 3DS, `eci`); none while the challenge is open.
    pub fn eci(self) -> Option<&'static str> {
        match self {
            Self::Approved => Some("05"),
            Self::ChallengeRequired => None,
            _ => Some("07"),
        }
    }

    /// The EMV 3DS `transStatus`. A reject is `R` by policy and `N` after a challenge.
    pub fn trans_status(self, ending: Ending) -> &'static str {
        match self {
            Self::Approved => "Y",
            Self::ChallengeRequired => "C",
            Self::Rejected if ending == Ending::Decided => "R",
            Self::Rejected | Self::NotEnrolled => "N",
            Self::NotEligible | Self::Unavailable => "U",
        }
    }
}

words! {
    /// How an authentication came to its status.
    Ending {
        /// By the decision alone.
        Decided = "decided",
        /// By the challenge's result.
        Challenge = "challenge",
        /// Cancelled by the buyer.
        Cancelled = "cancelled",
        /// Cancelled by the merchant.
        MerchantCancelled = "merchant_cancelled",
        /// Nobody answered in time.
        TimedOut = "timed_out",
    }
}
