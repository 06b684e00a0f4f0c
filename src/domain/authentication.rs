//! An authentication: its status, and what the status means to others.

use super::assessment::words;
use super::clock::Micros;
use super::facts::{EnrolmentFacts, Purpose};
use super::id::{AuthenticationId, CardId, MerchantId, VouchId};
use super::money::Money;
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
        /// No code could be delivered, and there was no other way.
        Undeliverable = "undeliverable",
    }
}

/// What others are told of the reasons, by the bundle that was live when the status came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultCodes {
    /// Public reason codes, sorted, without repeats: the only codes that leave the house.
    pub public_reasons: Vec<String>,
    /// EMV 3DS `transStatusReason`; none while open and when approved.
    pub emv_reason: Option<String>,
}

/// One request by a merchant for one purchase, as it is recorded.
#[derive(Clone, Debug)]
pub struct Authentication {
    /// Its id.
    pub id: AuthenticationId,
    /// Who asked.
    pub merchant_id: MerchantId,
    /// The merchant's own reference.
    pub merchant_reference: String,
    /// What for.
    pub purpose: Purpose,
    /// The amount.
    pub money: Money,
    /// When the purchase was made, by the merchant.
    pub purchased_at: Micros,
    /// The card; none when the number is unknown.
    pub card_id: Option<CardId>,
    /// The number's last four digits.
    pub card_last_four: String,
    /// Where it stands.
    pub status: Status,
    /// How it came to its status.
    pub ending: Ending,
    /// Internal reason codes, sorted.
    pub reasons: Vec<String>,
    /// What others are told of the reasons; none in rows of releases that did not keep it.
    pub codes: Option<ResultCodes>,
    /// The bundle that decided, 64 hexadecimal digits.
    pub bundle_digest: String,
    /// The facts as JSON; none when nothing was gathered.
    pub facts: Option<String>,
    /// The verdict as JSON; none when no policy was asked.
    pub verdict: Option<String>,
    /// The vouch that held when it was decided.
    pub vouch_id: Option<VouchId>,
    /// Where the buyer returns to.
    pub return_url: Option<String>,
    /// The keyed digest of the device.
    pub device_digest: Option<Vec<u8>>,
    /// The keyed digest of the shipping address.
    pub address_digest: Option<Vec<u8>>,
    /// When the request came.
    pub created_at: Micros,
    /// When the status became final.
    pub finished_at: Option<Micros>,
}
