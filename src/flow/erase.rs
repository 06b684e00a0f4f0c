//! A cardholder is erased. Her objection is recorded first, for good: nobody can be asked about any more. Then her key and
//! everything readable go; her line stays, so that every proof still holds.

use crate::app::App;
use crate::domain::consent::{Channel, ConsentAction};
use crate::domain::id::CardholderId;
use crate::flow::consent::{ConsentError, Objection, Statement, object};
use crate::flow::register::note;
use crate::store::{StoreError, audit, erase};

/// Why nobody was erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// She was erased before.
    #[error("this cardholder was erased before")]
    Erased,
    /// Her last objection cannot be recorded.
    #[error(transparent)]
    Consent(#[from] ConsentError),
    /// Somebody approved that sharing be resumed at the same moment.
    #[error("sharing was resumed at this very moment\nhint: erase her again")]
    Resumed,
    /// The database failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for EraseError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::GivenUp => Self::Resumed,
            error => Self::Store(error),
        }
    }
}

/// Erases a cardholder. Recipients are asked to erase what they got, as after every objection.
///
/// # Errors
/// [`EraseError`]; then nothing was destroyed.
pub async fn erase_cardholder(app: &App, actor: &str, id: CardholderId) -> Result<Objection, EraseError> {
    if app.store.is_erased(id).await? {
        return Err(EraseError::Erased);
    }
    let objection = object(app, actor, id, ConsentAction::Object, Statement::of_system(Channel::System)).await?;
    let (by, now) = (actor.to_owned(), app.now());
    let entry = note(app, actor, "cardholder.erase", id.to_string());
    app.store
        .write(move |transaction| {
            Box::pin(async move {
                erase::erase(transaction, id, &by, now).await?;
                audit::append(transaction, &entry).await
            })
        })
        .await?;
    Ok(objection)
}
