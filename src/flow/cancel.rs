//! A merchant gives an open authentication up.

use crate::app::App;
use crate::domain::authentication::{Authentication, Ending, Status};
use crate::domain::id::{AuthenticationId, MerchantId};
use crate::flow::challenge::{self, ChallengeError};
use crate::store::StoreError;

/// Why nothing was cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// The merchant has no such authentication.
    #[error("no such authentication")]
    Unknown,
    /// It has ended otherwise.
    #[error("the result is final")]
    AlreadyFinal(Status),
    /// Its challenge could not be ended.
    #[error(transparent)]
    Challenge(#[from] ChallengeError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Cancels; a second time answers what the first one did.
///
/// # Errors
/// [`CancelError`].
pub async fn cancel(app: &App, merchant: MerchantId, id: AuthenticationId) -> Result<Authentication, CancelError> {
    let found = app.store.authentication(merchant, id).await?.ok_or(CancelError::Unknown)?;
    if found.status == Status::ChallengeRequired {
        challenge::withdraw(app, id).await?;
    }
    let now = app.store.authentication(merchant, id).await?.ok_or(CancelError::Unknown)?;
    if now.ending == Ending::MerchantCancelled { Ok(now) } else { Err(CancelError::AlreadyFinal(now.status)) }
}
