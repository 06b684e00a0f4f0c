//! What a member is told of changes to her registration, so that she learns of one that is not hers.

use serde::{Deserialize, Serialize};

use super::assessment::words;
use super::challenge::Language;
use super::id::ContactId;

words! {
    /// What happened to a card's registration.
    MemberEvent {
        /// A forgotten password was replaced.
        PasswordReset = "password_reset",
        /// Another password was chosen.
        PasswordChanged = "password_changed",
        /// An address or number for codes was added.
        ContactAdded = "contact_added",
        /// An address or number for codes was removed.
        ContactRemoved = "contact_removed",
        /// One-time passwords were switched on, or their secret was replaced.
        OneTimePasswordAdded = "one_time_password_added",
        /// One-time passwords were switched off.
        OneTimePasswordRemoved = "one_time_password_removed",
        /// A passkey was added.
        PasskeyAdded = "passkey_added",
        /// A passkey was removed.
        PasskeyRemoved = "passkey_removed",
        /// The card was blocked because a purchase was not hers.
        CardBlocked = "card_blocked",
        /// The card is shown together with others after one sign-in.
        Linked = "linked",
    }
}

/// One notice, as its message carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberNotice {
    /// What happened.
    pub event: MemberEvent,
    /// The language of the notice.
    pub language: Language,
    /// The contact that it goes to; none: the e-mail address on the cardholder's record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
}
