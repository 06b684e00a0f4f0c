//! A staff person unlocks a card's challenges, with a reason: proofs count from nothing again. What is locked for good
//! stays locked until its owner has chosen a new one.

use crate::app::App;
use crate::domain::facts::Method;
use crate::domain::id::{AuditId, CardId};
use crate::domain::note::{Note, NoteError, REASON_CHARS_MAX};
use crate::domain::staff::SignedIn;
use crate::store::StoreError;
use crate::store::audit::Entry;
pub use crate::store::unlock::Unlocked;

/// Why nothing was unlocked.
#[derive(Debug, thiserror::Error)]
pub enum UnlockError {
    /// The reason cannot be kept.
    #[error("the reason {0}")]
    Reason(#[from] NoteError),
    /// There is no such card.
    #[error("there is no card `{0}`\nhint: find the cardholder first")]
    UnknownCard(CardId),
    /// All that is locked is locked for good.
    #[error("locked for good: {}\nhint: the member must choose a new one", words(.0))]
    Closed(Vec<Method>),
    /// Nothing is locked or counted.
    #[error("nothing is locked on this card\nhint: the reason for the refusal is another one")]
    NotLocked,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sets the wrong proofs and locks of a card's methods back, and its failed challenges and opened challenge pages of
/// the last 24 hours. The caller has asked for the right.
///
/// # Errors
/// [`UnlockError`]; then nothing was changed.
pub async fn unlock(app: &App, who: &SignedIn, card_id: CardId, reason: String) -> Result<Unlocked, UnlockError> {
    let reason = Note::parse(&reason, REASON_CHARS_MAX)?;
    if app.store.card_holder(card_id).await?.is_none() {
        return Err(UnlockError::UnknownCard(card_id));
    }
    let now = app.now();
    let entry = Entry {
        id: AuditId::new(now, &*app.randomness),
        recorded_at: now,
        actor: who.actor(),
        action: "challenge.unlock",
        subject: card_id.to_string(),
        result: reason.as_str().to_owned(),
    };
    let unlocked = app.store.unlock_card(card_id, now, entry).await?;
    match unlocked {
        Unlocked { methods: 0, hours: 0, closed } if closed.is_empty() => Err(UnlockError::NotLocked),
        Unlocked { methods: 0, hours: 0, closed } => Err(UnlockError::Closed(closed)),
        unlocked => Ok(unlocked),
    }
}

fn words(methods: &[Method]) -> String {
    methods.iter().map(|method| method.as_str()).collect::<Vec<_>>().join(", ")
}
