//! A challenge: the buyer's proof, its stages and limits.

use super::assessment::words;
use serde::{Deserialize, Serialize};

words! {
    /// Where a challenge stands. All but `open` are final.
    ChallengeState {
        /// It waits for the buyer.
        Open = "open",
        /// A proof was right.
        Passed = "passed",
        /// All tries were wrong.
        Failed = "failed",
        /// The buyer or the merchant gave up.
        Cancelled = "cancelled",
        /// Nobody came, or nobody finished, in time.
        Expired = "expired",
        /// No code could be delivered, and there was no other way.
        Unavailable = "unavailable",
    }
}

words! {
    /// What came of one form that was answered.
    AnswerOutcome {
        /// The proof was right.
        Right = "right",
        /// The proof was wrong.
        Wrong = "wrong",
        /// Nothing was compared: no try was left, or the credential is locked.
        Refused = "refused",
        /// It asked for a code, and one was sent.
        Sent = "sent",
    }
}

words! {
    /// How the buyer gets back to the merchant.
    ReturnBy {
        /// A form on our last page posts the signed result to the return URL.
        FormPost = "form_post",
        /// A 303 to the return URL carries the authentication id and nothing else.
        Redirect = "redirect",
    }
}

words! {
    /// The time in which the challenge page states the date of use.
    TimeBase {
        /// Japan Standard Time.
        Japan = "japan",
        /// Greenwich Mean Time.
        Gmt = "gmt",
    }
}

words! {
    /// The languages that pages are written in.
    Language {
        /// Japanese.
        Ja = "ja",
        /// English.
        En = "en",
    }
}
