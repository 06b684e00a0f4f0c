//! An objection of somebody who is not known here yet: what she said, and by what she may be known later.

use serde::{Deserialize, Serialize};

use super::assessment::words;
use super::challenge::Language;
use super::clock::Micros;
use super::consent::Channel;
use super::consent::line::Identity;
use super::id::{CardholderId, ConsentEventId, UnmatchedId};

words! {
    /// Where such an objection stands.
    UnmatchedState {
        /// Nobody is known whom it could be about.
        Waiting = "waiting",
        /// Somebody was found by two of its details: she is protected until a person has looked.
        Protected = "protected",
        /// A person said whom it is about, and the objection was recorded.
        Settled = "settled",
    }
}

words! {
    /// By what a person may be known later.
    MarkKind {
        /// Her name, in any spelling.
        Name = "name",
        /// Her telephone number.
        Phone = "phone",
        /// Her birth date.
        BirthDate = "birth_date",
        /// The last four digits of a card of hers.
        LastFour = "last_four",
    }
}

/// So many details of different kinds must fit before somebody is protected without a person having looked.
pub const MARKS_TO_PROTECT: usize = 2;

/// What the caller said. Kept sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnmatchedDetails {
    /// What she wants, in her words.
    pub words: String,
    /// The name she gave.
    pub name: Option<String>,
    /// Her telephone number, as she gave it.
    pub phone: Option<String>,
    /// Her birth date, `YYYY-MM-DD`.
    pub birth_date: Option<String>,
    /// The last four digits of her card.
    pub last_four: Option<String>,
    /// The call's reference.
    pub reference: Option<String>,
    /// How she was identified.
    pub identity: Option<Identity>,
    /// The language she speaks.
    pub language: Option<Language>,
}

/// Such an objection, without what is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched {
    /// Its id.
    pub id: UnmatchedId,
    /// How it came.
    pub channel: Channel,
    /// Who recorded it.
    pub actor: String,
    /// When.
    pub recorded_at: Micros,
    /// Where it stands.
    pub state: UnmatchedState,
    /// Whom it is about, once somebody was found.
    pub cardholder_id: Option<CardholderId>,
    /// The event that was recorded for it last.
    pub event_id: Option<ConsentEventId>,
    /// Who settled it.
    pub settled_by: Option<String>,
    /// When.
    pub settled_at: Option<Micros>,
}
