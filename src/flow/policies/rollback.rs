//! Back to what was before: trials are ended, or the bundle that was live before is live again.
//!
//! Whoever goes back is not held up: neither by what judges other steps, nor by a live bundle that cannot be followed.

use std::collections::BTreeSet;

use super::activate::{Wanted, new, new_id};
use super::{PoliciesError, current, end, entry, keeps_programmes, line, overtaken};
use crate::app::App;
use crate::app::bundles::Origin;
use crate::domain::bundle::earlier::{ROLLED_BACK, earlier};
use crate::domain::bundle::{BundleActivation, BundleHead, BundleMode, SHARE_WHOLE};
use crate::domain::id::BundleActivationId;
use crate::domain::staff::{Act, ActSubject, SignedIn};
use crate::flow::staff::rights;
use crate::store::{StoreError, audit, bundles};

/// So many rows are looked through for the one before.
const HISTORY: i64 = 500;

/// What must go. It is named before somebody is asked whether she is sure: what came into use since then stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// These trials.
    Trials(Vec<BundleActivationId>),
    /// This use of the live bundle.
    Live(BundleActivationId),
}

/// What a rollback did.
#[derive(Clone, Debug)]
pub enum RolledBack {
    /// These trials were ended; the live bundle stays.
    Ended(Vec<BundleActivation>),
    /// This one is live again.
    Live(Box<BundleActivation>),
}

/// What a rollback takes back now: what is tried on cards or beside; where nothing is, or `live` is wanted, the live bundle.
///
/// # Errors
/// [`PoliciesError`].
pub async fn what(app: &App, live: bool) -> Result<What, PoliciesError> {
    let (decides, tried): (Vec<_>, Vec<_>) =
        app.store.current_bundles().await?.into_iter().partition(|used| used.mode == BundleMode::Live);
    if tried.is_empty() || live {
        let now = decides.first().ok_or(PoliciesError::NothingBefore)?;
        return Ok(What::Live(now.id));
    }
    Ok(What::Trials(tried.into_iter().map(|trial| trial.id).collect()))
}

/// The same for every use of one bundle, the live one before trials.
///
/// # Errors
/// [`PoliciesError`].
pub async fn what_of(app: &App, digest: &str) -> Result<What, PoliciesError> {
    let used: Vec<_> = app.store.current_bundles().await?.into_iter().filter(|used| used.digest == digest).collect();
    match used.iter().find(|used| used.mode == BundleMode::Live) {
        Some(live) => Ok(What::Live(live.id)),
        None if used.is_empty() => Err(PoliciesError::NotInUse),
        None => Ok(What::Trials(used.into_iter().map(|trial| trial.id).collect())),
    }
}

/// The bundle that decides again when the live one is rolled back; none where nothing was before.
///
/// # Errors
/// [`PoliciesError`].
pub async fn comes_back(app: &App) -> Result<Option<BundleHead>, PoliciesError> {
    let now = current(app, BundleMode::Live).await?.ok_or(PoliciesError::NothingBefore)?;
    match before(app, &now).await? {
        Some(before) => Ok(app.store.bundle_head(&before.digest).await?),
        None => Ok(None),
    }
}

/// Ends these trials, or has the bundle before the live one decide again.
///
/// # Errors
/// [`PoliciesError`]; then all is as it was.
pub async fn rollback(app: &App, who: &SignedIn, reason: &str, what: What) -> Result<RolledBack, PoliciesError> {
    if app.bundle.origin != Origin::Database {
        return Err(PoliciesError::OfFolder);
    }
    rights::require(app, who, Act::PolicyActivate, &ActSubject::none()).await?;
    let reason = line(reason, "what is wrong with it (`--reason TEXT`)")?;
    match what {
        What::Trials(ids) => end_trials(app, who, &ids, &reason).await,
        What::Live(id) => back(app, who, id, &reason).await,
    }
}

async fn end_trials(
    app: &App,
    who: &SignedIn,
    ids: &[BundleActivationId],
    reason: &str,
) -> Result<RolledBack, PoliciesError> {
    let trials: Vec<_> = app.store.current_bundles().await?.into_iter().filter(|used| ids.contains(&used.id)).collect();
    if trials.len() < ids.len() {
        return Err(PoliciesError::Overtaken(None));
    }
    let note = |trial: &BundleActivation| entry(app, &who.actor(), "policy.rollback", &trial.digest, reason);
    let over: Vec<_> = trials.iter().map(|trial| (trial.clone(), note(trial))).collect();
    let written = app
        .store
        .write(move |transaction| {
            Box::pin(async move {
                for (trial, entry) in &over {
                    end(transaction, trial, entry, ROLLED_BACK).await?;
                }
                Ok(())
            })
        })
        .await;
    match written {
        Err(StoreError::GivenUp) => Err(PoliciesError::Overtaken(None)),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(RolledBack::Ended(trials)),
    }
}

async fn back(app: &App, who: &SignedIn, id: BundleActivationId, reason: &str) -> Result<RolledBack, PoliciesError> {
    let now = current(app, BundleMode::Live).await?.ok_or(PoliciesError::NothingBefore)?;
    if now.id != id {
        return Err(overtaken(app, Some(now)).await?);
    }
    let before = before(app, &now).await?.ok_or(PoliciesError::NothingBefore)?;
    let loaded = app.bundle.loader.load(&before.digest).await?;
    keeps_programmes(app, &loaded.bundle).await?;
    let wanted = Wanted {
        digest: before.digest,
        mode: BundleMode::Live,
        share: SHARE_WHOLE,
        band: None,
        until: None,
        instead_of: Some(now.id),
    };
    let activation = new(&who.actor(), wanted, new_id(app), app.store.bundle_use_begins(app.now()).await?);
    let ended = entry(app, &who.actor(), "policy.rollback", &now.digest, reason);
    let begun = entry(app, &who.actor(), "policy.activate", &activation.digest, "live");
    let written = {
        let activation = activation.clone();
        app.store.write(move |transaction| {
            Box::pin(async move {
                end(transaction, &now, &ended, ROLLED_BACK).await?;
                bundles::begin(transaction, &activation).await?;
                audit::append(transaction, &begun).await
            })
        })
    };
    match written.await {
        Ok(()) => Ok(RolledBack::Live(Box::new(activation))),
        Err(StoreError::GivenUp | StoreError::Duplicate { .. }) => {
            Err(overtaken(app, current(app, BundleMode::Live).await?).await?)
        }
        Err(error) => Err(error.into()),
    }
}

async fn before(app: &App, now: &BundleActivation) -> Result<Option<BundleActivation>, StoreError> {
    let refused: BTreeSet<String> = app.store.refused_bundles().await?;
    let history = app.store.bundle_activations(HISTORY).await?;
    Ok(earlier(history, &now.digest, &refused).next())
}
