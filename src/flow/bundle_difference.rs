//! What differs between two stored bundles, rule by rule, with both texts.

use std::sync::Arc;

use crate::app::App;
use crate::policy::difference::{ChangedText, Difference};
use crate::policy::{Bundle, BundleSource};
use crate::store::StoreError;

/// Why two bundles are not compared.
#[derive(Debug, thiserror::Error)]
pub enum DifferenceError {
    /// No bundle has this digest.
    #[error("no stored bundle has the digest `{0}`\nhint: `sekisho policy history` lists them")]
    Unknown(String),
    /// This program cannot read one of them, because it was written for another.
    #[error("the bundle `{0}` cannot be read by this program\nhint: compare with one that was submitted later")]
    Unreadable(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What differs from `old` to `new`, by their digests; nothing where they mean the same.
///
/// # Errors
/// [`DifferenceError`].
pub async fn difference(app: &App, old: &str, new: &str) -> Result<Vec<ChangedText>, DifferenceError> {
    let (old, new) = (stored(app, old).await?, stored(app, new).await?);
    Ok(Difference::between(&old, &new).texts(&old, &new))
}

/// A stored bundle, built. Building takes a while: not on a thread on which requests wait.
async fn stored(app: &App, digest: &str) -> Result<Arc<Bundle>, DifferenceError> {
    let bundle = app.store.bundle(digest).await?.ok_or_else(|| DifferenceError::Unknown(digest.to_owned()))?;
    let source = BundleSource::of(bundle.files);
    let built = tokio::task::spawn_blocking(move || Bundle::build(source)).await;
    match built {
        Ok(Ok(bundle)) => Ok(Arc::new(bundle)),
        Ok(Err(_)) | Err(_) => Err(DifferenceError::Unreadable(digest.to_owned())),
    }
}
