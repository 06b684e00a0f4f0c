//! A folder that somebody works on: taken as a whole, when it is sound and nobody is writing in it.

use std::path::PathBuf;
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
fn read_twice(mut read: impl FnMut() -> Result<BundleSource, BundleErrors>) -> Result<Bundle, FolderError> {
    let mut read = || read().map_err(LoadError::from);
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
    let built = tokio::task::spawn_blocking(move || read_twice(|| BundleSource::read(&path)))
        .await
        .map_err(|_| FolderError::Broken)??;
    let snapshot = app.bundle.snapshot();
    if built.digest() == snapshot.live.digest() {
        return Ok(false);
    }
    let loaded = Arc::new(app.bundle.loader.fit(built)?);
    let live = InUse { loaded, mode: BundleMode::Live, share: SHARE_WHOLE, since: app.now(), activation: None };
    app.bundle.swap(Snapshot { live, canary: None, shadow: None });
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "@title(\"t\")\n@reason(\"amount_large\")\n@owner(\"tests\")\nforbid (principal, action == \
                        Action::\"approve\", resource) when { context.vouched };\n";

    /// What somebody sees who reads one state of a folder after the other.
    fn read(states: Vec<BundleSource>) -> Result<Bundle, FolderError> {
        let mut states = states.into_iter();
        read_twice(|| Ok(states.next().unwrap()))
    }

    #[test]
    fn a_file_cut_between_two_rules_and_completed_meanwhile_is_not_taken() {
        let half = format!("@id(\"x\")\n{RULE}");
        let whole = format!("{half}@id(\"x.two\")\n{RULE}");
        let [cut, done] = [half, whole].map(|text| BundleSource::shipped().with("approve/x.cedar", &text));
        assert!(Bundle::build(cut.clone()).is_ok(), "the half is sound in itself");
        assert!(matches!(read(vec![cut.clone(), done.clone()]), Err(FolderError::Changing)));
        assert_eq!(read(vec![done.clone(), done.clone()]).unwrap().digest(), done.digest());
        // What is broken and still written is not told off.
        let broken = BundleSource::shipped().with("approve/x.cedar", "permit (");
        assert!(matches!(read(vec![broken.clone(), done]), Err(FolderError::Changing)));
        assert!(matches!(read(vec![broken.clone(), broken]), Err(FolderError::Unusable(_))));
    }
}
