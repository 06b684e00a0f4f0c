//! A staff person opens a card again that its holder blocked, with a reason: the caller said that the purchases were hers
//! after all, or it was settled otherwise.

use crate::app::App;
use crate::domain::id::{AuditId, CardId};
use crate::domain::note::{Note, NoteError, REASON_CHARS_MAX};
use crate::domain::staff::SignedIn;
use crate::store::StoreError;
use crate::store::audit::Entry;

/// Why a card was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenCardError {
    /// The reason cannot be kept.
    #[error("the reason {0}")]
    Reason(#[from] NoteError),
    /// It is not blocked, or there is no such card.
    #[error("the card `{0}` is not blocked by its holder\nhint: the reason for the refusal is another one")]
    NotBlocked(CardId),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens a blocked card. The caller has asked for the right.
///
/// # Errors
/// [`OpenCardError`]; then nothing was changed.
pub async fn open_card(app: &App, who: &SignedIn, card_id: CardId, reason: &str) -> Result<(), OpenCardError> {
    let reason = Note::parse(reason, REASON_CHARS_MAX)?;
    let now = app.now();
    let entry = Entry {
        id: AuditId::new(now, &*app.randomness),
        recorded_at: now,
        actor: who.actor(),
        action: "card.open",
        subject: card_id.to_string(),
        result: reason.as_str().to_owned(),
    };
    if app.store.open_card(card_id, now, entry).await? { Ok(()) } else { Err(OpenCardError::NotBlocked(card_id)) }
}
