//! A vouch: a staff person's word that a purchase at one merchant is the cardholder's own. Policies see whether
//! there is one; what it may change is said there.

use super::assessment::words;
use super::clock::Micros;
use super::id::{AuthenticationId, CardId, CardholderId, MerchantId, StaffId, VouchId};
use super::money::Money;
use super::note::Note;
use serde::{Deserialize, Serialize};

/// The longest time that a vouch holds, in minutes.
pub const VOUCH_MINUTES_MAX: i64 = 30;

words! {
    /// How a staff person made sure that the caller is the cardholder.
    CheckMethod {
        /// By questions that only she answers.
        Questions = "questions",
        /// By calling back the number on record.
        CallBack = "call_back",
        /// By a code sent to the contact on record.
        SentCode = "sent_code",
        /// By an identity document, at a branch.
        Document = "document",
    }
}

words! {
    /// What the check came to.
    CheckOutcome {
        /// It is she.
        Passed = "passed",
        /// It could not be shown.
        Failed = "failed",
    }
}

/// The check of a caller's identity: method and outcome, never the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallerCheck {
    /// How.
    pub method: CheckMethod,
    /// What it came to.
    pub outcome: CheckOutcome,
}

/// One vouch, as it is recorded.
#[derive(Clone, Debug)]
pub struct Vouch {
    /// Its id.
    pub id: VouchId,
    /// For which card.
    pub card_id: CardId,
    /// Whose card it is.
    pub cardholder_id: CardholderId,
    /// At which merchant.
    pub merchant_id: MerchantId,
    /// Up to which amount, in this currency alone.
    pub ceiling: Money,
    /// Who vouches.
    pub staff_id: StaffId,
    /// Which call it rests on.
    pub call_reference: Note,
    /// How the caller was checked.
    pub check: CallerCheck,
    /// When it was made.
    pub created_at: Micros,
    /// Until when it holds.
    pub expires_at: Micros,
    /// When a newer one took its place.
    pub ended_at: Option<Micros>,
    /// Which approval used it, and when.
    pub used: Option<(AuthenticationId, Micros)>,
}
