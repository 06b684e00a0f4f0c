//! Members: cardholders on their own pages, where each registered card is an enrolment of its own.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::assessment::words;
use super::challenge::Language;
use super::clock::Micros;
use super::id::{EnrolmentId, MemberSessionId};

words! {
    /// The way that a code takes.
    ContactChannel {
        /// By e-mail.
        Email = "email",
        /// By short message.
        Sms = "sms",
    }
}

words! {
    /// What a sent code is good for. A code for one is no code for another.
    CodePurpose {
        /// It answers one challenge.
        Challenge = "challenge",
        /// It shows that a contact is hers.
        Contact = "contact",
        /// It lets her choose another password.
        Reset = "reset",
    }
}

words! {
    /// What came of a try to sign in on the member's own pages.
    SignInOutcome {
        /// She signed in.
        SignedIn = "signed_in",
        /// She signed in with a recovery code in place of a one-time password.
        RecoveryCode = "recovery_code",
        /// Something of what was stated was wrong.
        Refused = "refused",
        /// Nothing was compared: too many tries went before.
        Locked = "locked",
    }
}

/// A member who has signed in.
#[derive(Clone, Debug)]
pub struct Member {
    /// The session.
    pub session_id: MemberSessionId,
    /// The enrolment that she signed in with.
    pub enrolment_id: EnrolmentId,
    /// The enrolments that she sees together have this group.
    pub login_group: Uuid,
    /// The language that she chose.
    pub language: Option<Language>,
    /// When she last proved who she is in this session.
    pub proved_at: Micros,
    /// Whether that is lately enough for a sensitive act, such as another password.
    pub proved_lately: bool,
}

impl Member {
    /// How she stands in the audit log: `member:<enrolment id>`.
    pub fn actor(&self) -> String {
        format!("member:{}", self.enrolment_id)
    }
}
