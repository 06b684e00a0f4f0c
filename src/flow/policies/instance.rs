//! This process says what it decides by, for whoever looks whether all decide by the same.

use crate::app::App;
use crate::domain::bundle::BundleInstance;
use crate::store::StoreError;

/// Processes that were not there for so long are forgotten, seconds.
const KEPT_SECONDS: i64 = 86_400;

/// What this process decides by now.
pub fn of(app: &App) -> BundleInstance {
    let snapshot = app.bundle.snapshot();
    let digest = |used: &Option<crate::app::bundles::InUse>| used.as_ref().map(|used| used.digest().to_owned());
    BundleInstance {
        instance: app.instance.name.clone(),
        program: App::PROGRAM.to_owned(),
        started_at: app.instance.started_at,
        seen_at: app.now(),
        live: snapshot.live.digest().to_owned(),
        canary: digest(&snapshot.canary),
        shadow: digest(&snapshot.shadow),
        loaded_at: snapshot.live.loaded.loaded_at,
        error: app.bundle.degraded().map(|degraded| (degraded.error.clone(), degraded.at)),
    }
}

/// Writes it down.
///
/// # Errors
/// [`StoreError`].
pub async fn write_down(app: &App) -> Result<(), StoreError> {
    app.store.note_bundle_instance(of(app)).await
}

/// Forgets processes that are long gone.
///
/// # Errors
/// [`StoreError`].
pub async fn forget(app: &App) -> Result<(), StoreError> {
    app.store.forget_bundle_instances(app.now().plus_seconds(-KEPT_SECONDS)).await
}
