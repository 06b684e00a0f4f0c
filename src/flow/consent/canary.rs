//! The canary: a person who never existed, who objected in every deployment. Whatever is let through about her shows that
//! the promise is broken, and turns sharing off.

use super::{ConsentError, Statement, object};
use crate::app::App;
use crate::app::sharing::SharingState;
use crate::domain::cardholder::CardholderRecord;
use crate::domain::consent::line::{DisclosureState, LineEntry, SettlementState};
use crate::domain::consent::{Channel, ConsentAction, Purpose};
use crate::domain::id::CardholderId;
use crate::flow::register::{CardholderEntry, RegisterError, register_cardholder};
use crate::store::{Store, StoreError, consent};

/// Her reference. No issuer's reference has a colon in this place.
pub const REFERENCE: &str = "sekisho:canary";

/// Why she cannot be looked after.
#[derive(Debug, thiserror::Error)]
pub enum CanaryError {
    /// She cannot be registered.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// Her objection cannot be recorded.
    #[error(transparent)]
    Consent(#[from] ConsentError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether nothing was, and nothing would be, let through about the canary; she is made where she is missing. Otherwise
/// sharing is off in this process until somebody has looked.
///
/// # Errors
/// [`CanaryError`].
pub async fn check(app: &App) -> Result<bool, CanaryError> {
    let id = match app.store.cardholder_key(REFERENCE).await? {
        Some((id, ..)) => id,
        None => register(app).await?,
    };
    let kept = keeps(&app.store, id).await?;
    if !kept {
        tracing::error!("something was let through about the canary: sharing is off");
        app.sharing.set(SharingState::CanaryViolated);
    }
    Ok(kept)
}

/// Whether nothing was, and nothing would be, let through about the canary of a database; none where she is not yet.
/// Changes nothing.
///
/// # Errors
/// [`StoreError`].
pub async fn look(store: &Store) -> Result<Option<bool>, StoreError> {
    match store.cardholder_key(REFERENCE).await? {
        Some((id, ..)) => keeps(store, id).await.map(Some),
        None => Ok(None),
    }
}

async fn keeps(store: &Store, id: CardholderId) -> Result<bool, StoreError> {
    Ok(is_refused(store, id).await? && nothing_left(store, id).await?)
}

async fn register(app: &App) -> Result<CardholderId, CanaryError> {
    let entry = CardholderEntry { reference: REFERENCE.to_owned(), record: CardholderRecord::default(), sharing: None };
    let registered = register_cardholder(app, "system", entry).await;
    let id = match registered {
        Ok((id, _)) => id,
        // Another instance was faster.
        Err(RegisterError::Store(StoreError::Duplicate { .. })) => {
            let holder = app.store.cardholder_key(REFERENCE).await?;
            return holder.map(|(id, ..)| id).ok_or_else(|| StoreError::GivenUp.into());
        }
        Err(error) => return Err(error.into()),
    };
    object(app, "system", id, ConsentAction::Object, Statement::of_system(Channel::System)).await?;
    Ok(id)
}

/// The gate's own statement, in a transaction that is always given up.
async fn is_refused(store: &Store, id: CardholderId) -> Result<bool, StoreError> {
    let taken = store
        .write(move |transaction| {
            Box::pin(async move {
                match consent::take_place(transaction, id).await? {
                    Some(_) => Err(StoreError::GivenUp),
                    None => Ok(()),
                }
            })
        })
        .await;
    match taken {
        Ok(()) => Ok(true),
        Err(StoreError::GivenUp) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn nothing_left(store: &Store, id: CardholderId) -> Result<bool, StoreError> {
    let line = store.line(id).await?;
    Ok(line.iter().all(|row| match &row.entry {
        LineEntry::Event(_) => true,
        LineEntry::Disclosure(disclosure) => {
            disclosure.purpose == Purpose::Erase
                || disclosure.state == DisclosureState::NotSent
                || row.settlement.as_ref().is_some_and(|settlement| settlement.state == SettlementState::NotSent)
        }
    }))
}
