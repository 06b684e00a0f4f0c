//! What a cardholder says about sharing her data, recorded for good.
//!
//! Opting out is light and takes effect at the commit; resuming is strict and needs a second person
//! ([`resume`]). A correction changes what an event says about itself, never where the person stands.

pub mod canary;
pub mod checkpoint;
pub mod correct;
pub mod erasure;
pub mod object;
pub mod resume;
mod statement;

pub use object::{Objection, find_receipt, object, object_as, object_by_reference};
pub use statement::Statement;

use crate::domain::id::{CardId, ConsentEventId};
use crate::domain::note::NoteError;
use crate::store::StoreError;

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// No cardholder has this reference or id.
    #[error(
        "no cardholder has the reference `{0}`\nhint: it is the issuer's own reference, as the core system registered it"
    )]
    UnknownCardholder(String),
    /// A card is not hers.
    #[error("the card `{0}` is not one of this cardholder's\nhint: choose from her cards, or name none to mean all")]
    UnknownCard(CardId),
    /// A recipient is not in the register.
    #[error("no recipient `{0}`\nhint: recipients stand in the bundle's register; name none to mean all")]
    UnknownRecipient(String),
    /// A purpose that nobody can object to.
    #[error("nobody can object to erasure\nhint: name assess, feedback or reuse, or none to mean all")]
    Purpose,
    /// It is said to have been said later than now.
    #[error("the statement is dated in the future\nhint: give the time at which she said it, or none")]
    FutureDated,
    /// It is said to have been said before she was registered.
    #[error("the statement is dated before her record began\nhint: give the time at which she said it, or none")]
    BeforeRecord,
    /// The reference cannot be kept.
    #[error("the reference {0}")]
    Reference(#[from] NoteError),
    /// The notice is not one of ours.
    #[error("no notice has the version `{0}`\nhint: notices are listed on the privacy page and in the notices folder")]
    UnknownNotice(String),
    /// The evidence is not named by a digest.
    #[error("the evidence digest is not 64 hexadecimal digits\nhint: give SHA-256 of the file that is kept")]
    Evidence,
    /// Too many scopes stand side by side.
    #[error("too many separate objections stand\nhint: record one for everything")]
    TooManyScopes,
    /// There is no such event of hers.
    #[error("no event `{0}` of this cardholder")]
    UnknownEvent(ConsentEventId),
    /// A correction is itself to be corrected.
    #[error("the event `{0}` is itself a correction\nhint: correct the event that it corrects")]
    CorrectionOfCorrection(ConsentEventId),
    /// The checkpoint outside of the database cannot be written, so that nothing may be promised. It is recorded.
    #[error(
        "recorded, but the checkpoint cannot be written: {0}\nhint: sharing is off until it can; look at `sharing.checkpoint`"
    )]
    Checkpoint(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
