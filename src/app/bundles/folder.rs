//! A folder that somebody works on: taken as a whole, when it is sound and nobody is writing in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{InUse, LoadError, Origin, Snapshot};
use crate::app::App;
use crate::domain::bundle::{BundleMode, SHARE_WHOLE};
use crate::policy::{Bundle, BundleErrors, BundleSource};

/// Why a folder was not taken; what was taken before goes on deciding.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Somebody wrote in it meanwhile; it is looked at again.
    #[error("the folder changed while it was read")]
    Changing,
    /// It cannot be used.
    #[error(transparent)]
    Unusable(#[from] LoadError),
    /// Building it broke down.
    #[error("making the bundle ready broke down")]
    Broken,
}

/// Reads a folder, makes it ready, and reads it again: only what was the same both times is whole.
fn read_twice(folder: &Path) -> Result<Bundle, FolderError> {
    let read = || BundleSource::read(folder).map_err(LoadError::from);
    let before = read()?;
    let digest = before.digest();
    let built: Result<Bundle, BundleErrors> = Bundle::build(before);
    // A folder that somebody is writing is not told off for what is missing yet.
    if read()?.digest() != digest {
        return Err(FolderError::Changing);
    }
    Ok(built.map_err(LoadError::from)?)
}

/// Takes the folder that this process decides by, as it is now. Answers whether it was another one than before.
///
/// # Errors
/// [`FolderError`]; then all stays as it is, and the process says so.
pub async fn take_folder(app: &App) -> Result<bool, FolderError> {
    let Origin::Folder(path) = &app.bundle.origin else { return Ok(false) };
    let taken = take(app, path.clone()).await;
    match &taken {
        Err(FolderError::Changing) => {}
        Err(error) => app.bundle.note_folder(Some(error.to_string())),
        Ok(_) => app.bundle.note_folder(None),
    }
    taken
}

async fn take(app: &App, path: PathBuf) -> Result<bool, FolderError> {
    let built = tokio::task::spawn_blocking(move || read_twice(&path)).await.map_err(|_| FolderError::Broken)??;
    let snapshot = app.bundle.snapshot();
    if built.digest() == snapshot.live.digest() {
        return Ok(false);
    }
    let loaded = Arc::new(app.bundle.loader.fit(built)?);
    let live = InUse { loaded, mode: BundleMode::Live, share: SHARE_WHOLE, since: app.now(), activation: None };
    app.bundle.swap(Snapshot { live, canary: None, shadow: None });
    Ok(true)
}
