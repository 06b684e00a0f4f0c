//! Labels: what a decided purchase turned out to be, told later by people.

use serde::{Deserialize, Serialize};

use super::assessment::words;

words! {
    /// What a purchase turned out to be.
    Label {
        /// It was not the cardholder's.
        Fraud = "fraud",
        /// It was the cardholder's.
        Genuine = "genuine",
    }
}
