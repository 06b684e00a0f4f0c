//! A vouch: a staff person's word that a purchase at one merchant is the cardholder's own. Policies see whether
//! there is one; what it may change is said there.

use super::clock::Micros;
use super::consent::line::Identity;
use super::id::{AuthenticationId, CardId, CardholderId, MerchantId, StaffId, VouchId};
use super::money::Money;
use super::note::Note;

/// The longest time that a vouch holds, in minutes.
pub const VOUCH_MINUTES_MAX: i64 = 30;

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
    /// How the caller was identified; it passed.
    pub identity: Identity,
    /// When it was made.
    pub created_at: Micros,
    /// Until when it holds.
    pub expires_at: Micros,
    /// When a newer one took its place.
    pub ended_at: Option<Micros>,
    /// Which approval used it, and when.
    pub used: Option<(AuthenticationId, Micros)>,
}
