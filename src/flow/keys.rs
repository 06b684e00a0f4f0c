//! API keys are made and revoked.

use crate::app::App;
use crate::credential::api_key::{ApiKey, KeyHolder};
use crate::domain::id::ApiKeyId;
use crate::flow::register::note;
use crate::store::StoreError;
use crate::store::merchants::{self, KeyOwner};

/// Why nothing was made or revoked.
#[derive(Debug, thiserror::Error)]
pub enum KeyFlowError {
    /// Two keys are live already.
    #[error("two keys are live already\nhint: revoke one first")]
    TwoLive,
    /// There is no such merchant.
    #[error("no merchant has this id\nhint: `sekisho merchant list` shows them")]
    UnknownMerchant,
    /// The owner has no such live key.
    #[error("no live key of this owner has this id\nhint: `key list` shows its keys")]
    UnknownKey,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a key. Only its digest is stored, so it can be shown only now.
///
/// # Errors
/// [`KeyFlowError`].
pub async fn create(app: &App, actor: &str, owner: KeyOwner) -> Result<(ApiKeyId, ApiKey), KeyFlowError> {
    let (holder, subject) = match owner {
        KeyOwner::Issuer => (KeyHolder::Issuer, "issuer".to_owned()),
        KeyOwner::Merchant(id) => {
            let known = app.store.merchant(id, app.config.environment).await?;
            known.ok_or(KeyFlowError::UnknownMerchant)?;
            (KeyHolder::Merchant, id.to_string())
        }
    };
    let key = ApiKey::generate(holder, app.config.environment, app.randomness.as_ref());
    let text = key.expose();
    let stored = merchants::ApiKey {
        id: ApiKeyId::new(app.now(), app.randomness.as_ref()),
        last_four: text.get(text.len().saturating_sub(4)..).unwrap_or_default().to_owned(),
        created_at: app.now(),
        revoked_at: None,
    };
    let id = stored.id;
    let mut note = note(app, actor, "key.create", subject);
    note.result = id.to_string();
    if app.store.add_key(owner, stored, key.digest(), note).await? { Ok((id, key)) } else { Err(KeyFlowError::TwoLive) }
}

/// Revokes a key of this owner for good.
///
/// # Errors
/// [`KeyFlowError`].
pub async fn revoke(app: &App, actor: &str, owner: KeyOwner, id: ApiKeyId) -> Result<(), KeyFlowError> {
    let note = note(app, actor, "key.revoke", id.to_string());
    if app.store.revoke_key(owner, id, app.now(), note).await? { Ok(()) } else { Err(KeyFlowError::UnknownKey) }
}
