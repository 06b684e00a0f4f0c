//! Codes that are sent: what one is good for, and what its message carries. The code itself is nowhere kept.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::challenge::Language;
use super::id::{ChallengeId, ContactId, EnrolmentId};
use super::member::CodePurpose;

/// What a code is good for: one purpose at one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "purpose", content = "subject", rename_all = "snake_case")]
pub enum CodeSubject {
    /// It answers this challenge.
    Challenge(ChallengeId),
    /// It shows that this contact is hers.
    Contact(ContactId),
    /// It lets her choose another password for this enrolment.
    Reset(EnrolmentId),
}

impl CodeSubject {
    /// The purpose alone.
    pub fn purpose(self) -> CodePurpose {
        match self {
            Self::Challenge(_) => CodePurpose::Challenge,
            Self::Contact(_) => CodePurpose::Contact,
            Self::Reset(_) => CodePurpose::Reset,
        }
    }

    /// The id of the thing.
    pub fn uuid(self) -> Uuid {
        match self {
            Self::Challenge(id) => id.uuid(),
            Self::Contact(id) => id.uuid(),
            Self::Reset(id) => id.uuid(),
        }
    }

    /// How it stands in the audit log and in the outbox.
    pub fn name(self) -> String {
        match self {
            Self::Challenge(id) => id.to_string(),
            Self::Contact(id) => id.to_string(),
            Self::Reset(id) => id.to_string(),
        }
    }
}

/// What the message that brings a code carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeMessage {
    /// What the code is good for.
    #[serde(flatten)]
    pub subject: CodeSubject,
    /// The language of the text.
    pub language: Language,
}
