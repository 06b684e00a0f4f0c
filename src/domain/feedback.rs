//! What an analysis company may be told about a purchase that it analysed.

use serde::{Deserialize, Serialize};

use super::assessment::words;

words! {
    /// What became of a purchase.
    FeedbackEvent {
        /// The buyer proved to be the cardholder.
        ChallengePassed = "challenge_passed",
        /// The buyer was asked for a proof and gave none that was right.
        ChallengeFailed = "challenge_failed",
        /// The cardholder or the issuer established that it was fraud.
        ConfirmedFraud = "confirmed_fraud",
        /// The cardholder or the issuer established that it was her own.
        ConfirmedGenuine = "confirmed_genuine",
    }
}
