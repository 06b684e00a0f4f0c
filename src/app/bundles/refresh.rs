//! Follows what the database says is in use. What cannot be loaded leaves the old one, and says so.

use std::sync::Arc;

use super::{Bundles, Degraded, InUse, LoadError, LoadedBundle, Origin, Snapshot};
use crate::app::App;
use crate::domain::bundle::{BundleActivation, BundleMode};
use crate::domain::clock::Micros;
use crate::domain::id::BundleActivationId;
use crate::store::StoreError;

/// What could not be loaded is tried again after so long, seconds: what was missing may be there by then.
const AGAIN_SECONDS: i64 = 30;

/// Takes what the database says into use, as a whole. Answers whether anything changed.
///
/// # Errors
/// [`StoreError`]; then all stays as it is.
pub async fn refresh(app: &App) -> Result<bool, StoreError> {
    if app.bundle.origin != Origin::Database {
        return Ok(false);
    }
    // One after another: what was read later is not undone by what was read before.
    let _alone = app.bundle.following.lock().await;
    let current = app.store.current_bundles().await?;
    let now = app.now();
    // What is over by its time decides no more, whoever notes its end.
    let current: Vec<_> = current.into_iter().filter(|used| used.until.is_none_or(|until| until > now)).collect();
    Ok(follow(&app.bundle, &current).await)
}

/// Takes these activations into use. Answers whether anything changed.
pub(super) async fn follow(bundles: &Bundles, current: &[BundleActivation]) -> bool {
    let snapshot = bundles.snapshot();
    if is_followed(bundles, &snapshot, current) {
        return false;
    }
    let mut failed = Failed::default();
    let live = of_mode(current, BundleMode::Live);
    let live = match live {
        Some(activation) if snapshot.live.activation != Some(activation.id) => {
            failed.note(activation, one(bundles, activation).await)
        }
        _ => None,
    };
    let mut beside = [None, None];
    for (place, mode) in beside.iter_mut().zip([BundleMode::Canary, BundleMode::Shadow]) {
        if let Some(activation) = of_mode(current, mode) {
            *place = failed.note(activation, one(bundles, activation).await);
        }
    }
    let [canary, shadow] = beside;
    let live = live.unwrap_or_else(|| snapshot.live.clone());
    bundles.swap(Snapshot { live, canary, shadow });
    let degraded = failed.degraded(bundles.loader.clock.now(), bundles.degraded().as_deref());
    bundles.set_degraded(degraded);
    true
}

/// Whether what is in use, or could not be, is what the database says.
fn is_followed(bundles: &Bundles, snapshot: &Snapshot, current: &[BundleActivation]) -> bool {
    let now = bundles.loader.clock.now();
    let degraded = bundles.degraded();
    let tried: &[BundleActivationId] = match degraded.as_deref() {
        Some(degraded) if degraded.tried_at.plus_seconds(AGAIN_SECONDS) > now => &degraded.activations,
        _ => &[],
    };
    let used: Vec<BundleActivationId> = snapshot.all().filter_map(|used| used.activation).collect();
    let wanted = |id: &BundleActivationId| current.iter().any(|activation| activation.id == *id);
    let done = |activation: &BundleActivation| used.contains(&activation.id) || tried.contains(&activation.id);
    // The live one stays when the database says none: something must decide.
    let beside = [&snapshot.canary, &snapshot.shadow].into_iter().flatten().filter_map(|used| used.activation);
    current.iter().all(done) && beside.into_iter().all(|id| wanted(&id)) && tried.iter().all(wanted)
}

fn of_mode(current: &[BundleActivation], mode: BundleMode) -> Option<&BundleActivation> {
    current.iter().find(|activation| activation.mode == mode)
}

async fn one(bundles: &Bundles, activation: &BundleActivation) -> Result<Arc<LoadedBundle>, LoadError> {
    match bundles.recent(&activation.digest) {
        Some(loaded) => Ok(loaded),
        None => bundles.loader.load(&activation.digest).await.map(Arc::new),
    }
}

/// What could not be loaded.
#[derive(Default)]
struct Failed {
    errors: Vec<String>,
    activations: Vec<BundleActivationId>,
}

impl Failed {
    fn note(&mut self, activation: &BundleActivation, loaded: Result<Arc<LoadedBundle>, LoadError>) -> Option<InUse> {
        match loaded {
            Ok(loaded) => Some(InUse::of(activation, loaded)),
            Err(error) => {
                let (mode, digest) = (activation.mode.as_str(), activation.digest.as_str());
                tracing::error!(%error, mode, digest, "a bundle cannot be loaded: the old one stays");
                self.errors.push(format!("{mode} {}: {error}", short(digest)));
                // A database that is back has it: that is tried at once.
                if !matches!(error, LoadError::Store(_)) {
                    self.activations.push(activation.id);
                }
                None
            }
        }
    }

    fn degraded(self, now: Micros, before: Option<&Degraded>) -> Option<Degraded> {
        if self.errors.is_empty() {
            return None;
        }
        let since = before.filter(|before| before.activations == self.activations).map_or(now, |before| before.at);
        Some(Degraded { error: self.errors.join("; "), at: since, tried_at: now, activations: self.activations })
    }
}

/// The digits by which people know a digest.
fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
