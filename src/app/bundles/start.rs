//! What is in use when a process starts: what the database says, or the folder that somebody works on.

use std::sync::Arc;

use super::{Bundles, Degraded, InUse, LoadError, LoadedBundle, Loader, Origin, Snapshot, first};
use crate::config::Config;
use crate::domain::bundle::earlier::earlier;
use crate::domain::bundle::{BundleActivation, BundleMode, SHARE_WHOLE};
use crate::domain::randomness::Randomness;
use crate::policy::{Bundle, BundleSource};

/// So many rows are looked through for a bundle that can stand in.
const HISTORY: i64 = 500;

/// The bundles of a process that starts. Where the live one cannot be loaded, the last one before it that can be stands in,
/// as it would in a process that had been running: the database says so in `degraded`.
///
/// # Errors
/// [`LoadError`]; then nothing can decide.
pub(in crate::app) async fn start(
    origin: Origin,
    loader: Loader,
    config: &Config,
    randomness: &dyn Randomness,
) -> Result<Bundles, LoadError> {
    if let Origin::Folder(path) = &origin {
        let bundle = Bundle::build(BundleSource::read(path)?)?;
        let live = InUse {
            since: loader.clock.now(),
            loaded: Arc::new(loader.fit(bundle)?),
            mode: BundleMode::Live,
            share: SHARE_WHOLE,
            activation: None,
        };
        let snapshot = Snapshot { live, canary: None, shadow: None };
        return Ok(Bundles::new(origin, loader, &snapshot, None));
    }
    let mut known = None;
    let mut current = loader.store.current_bundles().await?;
    if live_of(&current).is_none() {
        known = Some(first::record(&loader, config, randomness).await?);
        current = loader.store.current_bundles().await?;
    }
    let live = live_of(&current).ok_or_else(|| LoadError::Unknown("live".to_owned()))?;
    let (used, degraded) = match ready(&loader, live, known).await {
        Ok(loaded) => (InUse::of(live, Arc::new(loaded)), None),
        Err(error) => stand_in(&loader, live, error).await?,
    };
    let snapshot = Snapshot { live: used, canary: None, shadow: None };
    let bundles = Bundles::new(origin, loader, &snapshot, degraded);
    // Canary and shadow follow in the same way as while it runs.
    super::refresh::follow(&bundles, &current).await;
    Ok(bundles)
}

fn live_of(current: &[BundleActivation]) -> Option<&BundleActivation> {
    current.iter().find(|activation| activation.mode == BundleMode::Live)
}

async fn ready(loader: &Loader, live: &BundleActivation, known: Option<Bundle>) -> Result<LoadedBundle, LoadError> {
    match known.filter(|bundle| bundle.digest() == live.digest) {
        Some(bundle) => loader.fit(bundle),
        None => loader.load(&live.digest).await,
    }
}

async fn stand_in(
    loader: &Loader,
    live: &BundleActivation,
    error: LoadError,
) -> Result<(InUse, Option<Degraded>), LoadError> {
    // The database itself, or a setting that no bundle fits, is no reason to decide by another one.
    if matches!(error, LoadError::Store(_)) {
        return Err(error);
    }
    // Nothing that somebody took back or refused comes back by itself.
    let refused = loader.store.refused_bundles().await?;
    let history = loader.store.bundle_activations(HISTORY).await?;
    for earlier in earlier(history, &live.digest, &refused) {
        let Ok(loaded) = loader.load(&earlier.digest).await else { continue };
        tracing::error!(%error, digest = live.digest, instead = earlier.digest, "the live bundle cannot be loaded");
        let used = InUse { activation: None, ..InUse::of(&earlier, Arc::new(loaded)) };
        let now = loader.clock.now();
        let degraded = Degraded { error: error.to_string(), at: now, tried_at: now, activations: vec![live.id] };
        return Ok((used, Some(degraded)));
    }
    Err(error)
}
