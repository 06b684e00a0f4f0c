//! A staff person vouches: after a check of the caller she records that a purchase is the cardholder's own. What that
//! may change is the policies' to say; a lost or stolen card stays one.

use iso_currency::Currency;

use crate::app::App;
use crate::domain::card::CardStatus;
use crate::domain::consent::IdentityOutcome;
use crate::domain::consent::line::Identity;
use crate::domain::id::{AuditId, CardId, CardholderId, MerchantId, VouchId};
use crate::domain::money::{AMOUNT_MINOR_MAX, Money};
use crate::domain::note::{CALL_REFERENCE_CHARS_MAX, Note, NoteError};
use crate::domain::staff::SignedIn;
use crate::domain::vouch::{VOUCH_MINUTES_MAX, Vouch};
use crate::store::StoreError;
use crate::store::audit::Entry;

/// What a staff person enters.
#[derive(Clone, Debug)]
pub struct VouchEntry {
    /// For which card.
    pub card_id: CardId,
    /// At which merchant.
    pub merchant_id: MerchantId,
    /// Up to which amount, in minor units.
    pub ceiling_minor: i64,
    /// In which currency; no other counts.
    pub currency: Currency,
    /// For how many minutes, 1 to [`VOUCH_MINUTES_MAX`].
    pub minutes: i64,
    /// The reference of the call, 1 to [`CALL_REFERENCE_CHARS_MAX`] characters.
    pub call_reference: String,
    /// How the caller was identified.
    pub identity: Identity,
}

/// Why nothing was vouched for.
#[derive(Debug, thiserror::Error)]
pub enum VouchError {
    /// The caller did not pass the check.
    #[error("the caller's identity was not confirmed\nhint: check the caller again, or leave the purchase turned back")]
    NotChecked,
    /// The amount is none.
    #[error("the amount must be 1 to {AMOUNT_MINOR_MAX} minor units\nhint: enter the amount of the purchase")]
    Amount,
    /// The time is none, or too long.
    #[error("the time must be 1 to {VOUCH_MINUTES_MAX} minutes\nhint: vouch again when the time is over")]
    Minutes,
    /// The reference of the call cannot be kept.
    #[error("the reference of the call {0}")]
    CallReference(#[from] NoteError),
    /// There is no such card.
    #[error("there is no card `{0}`\nhint: find the cardholder first")]
    UnknownCard(CardId),
    /// There is no such merchant.
    #[error("there is no merchant `{0}`\nhint: take the merchant from the authentication")]
    UnknownMerchant(MerchantId),
    /// The card was reported lost or stolen.
    #[error("the card was reported {}\nhint: nobody can vouch for it; offer a new card", .0.as_str())]
    LostOrStolen(CardStatus),
    /// The card is closed or expired.
    #[error("the card is {}\nhint: nobody can vouch for it; offer a new card", .0.as_str())]
    NotActive(CardStatus),
    /// Its holder has blocked it.
    #[error("the cardholder has blocked the card\nhint: open it first, after a check of the caller")]
    Blocked,
    /// Somebody else vouches for the same card and merchant at this moment.
    #[error("somebody else is vouching for the same card and merchant\nhint: look at the card again, then decide")]
    AtTheSameTime,
    /// The database failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for VouchError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Duplicate { .. } => Self::AtTheSameTime,
            error => Self::Store(error),
        }
    }
}

/// Records a vouch, in the place of an open one for the same card and merchant. The caller has asked for the right.
///
/// # Errors
/// [`VouchError`]; then nothing was recorded.
pub async fn vouch(app: &App, who: &SignedIn, entry: VouchEntry) -> Result<Vouch, VouchError> {
    let call_reference = check(&entry)?;
    let cardholder_id = active_card(app, entry.card_id).await?;
    if app.store.merchant(entry.merchant_id, app.config.environment).await?.is_none() {
        return Err(VouchError::UnknownMerchant(entry.merchant_id));
    }
    let now = app.now();
    let vouch = Vouch {
        id: VouchId::new(now, &*app.randomness),
        card_id: entry.card_id,
        cardholder_id,
        merchant_id: entry.merchant_id,
        ceiling: Money { amount_minor: entry.ceiling_minor, currency: entry.currency },
        staff_id: who.staff_id,
        call_reference,
        identity: entry.identity,
        created_at: now,
        expires_at: now.plus_seconds(entry.minutes * 60),
        ended_at: None,
        used: None,
    };
    if app.store.add_vouch(vouch.clone(), audited(app, who, &vouch)).await? {
        return Ok(vouch);
    }
    // The card was blocked between the two looks.
    active_card(app, vouch.card_id).await?;
    Err(VouchError::AtTheSameTime)
}

fn check(entry: &VouchEntry) -> Result<Note, VouchError> {
    if entry.identity.outcome != IdentityOutcome::Passed {
        return Err(VouchError::NotChecked);
    }
    if !(1..=AMOUNT_MINOR_MAX).contains(&entry.ceiling_minor) {
        return Err(VouchError::Amount);
    }
    if !(1..=VOUCH_MINUTES_MAX).contains(&entry.minutes) {
        return Err(VouchError::Minutes);
    }
    Ok(Note::parse(&entry.call_reference, CALL_REFERENCE_CHARS_MAX)?)
}

async fn active_card(app: &App, id: CardId) -> Result<CardholderId, VouchError> {
    let (cardholder_id, status) = app.store.card_holder(id).await?.ok_or(VouchError::UnknownCard(id))?;
    if app.store.blocked_since(id).await?.is_some() {
        return Err(VouchError::Blocked);
    }
    match status {
        CardStatus::Active => Ok(cardholder_id),
        CardStatus::Lost | CardStatus::Stolen => Err(VouchError::LostOrStolen(status)),
        CardStatus::Closed | CardStatus::Expired => Err(VouchError::NotActive(status)),
    }
}

fn audited(app: &App, who: &SignedIn, vouch: &Vouch) -> Entry {
    Entry {
        id: AuditId::new(vouch.created_at, &*app.randomness),
        recorded_at: vouch.created_at,
        actor: who.actor(),
        action: "authentication.vouch",
        subject: vouch.id.to_string(),
        result: format!("{} {} until {}", vouch.card_id, vouch.merchant_id, vouch.expires_at.rfc3339()),
    }
}
