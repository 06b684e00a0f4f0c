//! The questions that rules answer, each a folder of the bundle and an action of the schema.

use serde::{Deserialize, Serialize};

use crate::domain::assessment::words;

words! {
    /// A question, or the group that holds two of them.
    Question {
        /// May this data class go to this recipient?
        Share = "share",
        /// May it pass without friction?
        Approve = "approve",
        /// May it pass with a proof?
        Challenge = "challenge",
        /// May this method be offered?
        Offer = "offer",
        /// The group of `approve` and `challenge`: what is forbidden here is a reject.
        Authenticate = "authenticate",
        /// May this staff person do this? Asked of another schema, with an action for each act.
        Staff = "staff",
    }
}
