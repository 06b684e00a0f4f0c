//! One trial is ended by somebody; what is live stays.

use super::{PoliciesError, end, entry};
use crate::app::App;
use crate::domain::bundle::{BundleActivation, BundleMode};
use crate::domain::id::BundleActivationId;
use crate::domain::staff::{Act, ActSubject, SignedIn};
use crate::flow::staff::rights;
use crate::store::StoreError;

/// Why the use is over, as its row says.
const ENDED: &str = "ended";

/// Ends this canary or shadow, and answers what it was.
///
/// # Errors
/// [`PoliciesError`]; then all is as it was.
pub async fn end_trial(
    app: &App,
    who: &SignedIn,
    id: BundleActivationId,
    reason: &str,
) -> Result<BundleActivation, PoliciesError> {
    rights::require(app, who, Act::PolicyActivate, &ActSubject::of(id)).await?;
    let is_it = |used: &BundleActivation| used.id == id && used.mode != BundleMode::Live;
    let trial = app.store.current_bundles().await?.into_iter().find(is_it);
    let trial = trial.ok_or(PoliciesError::Overtaken(None))?;
    if reason.trim().is_empty() {
        return Err(PoliciesError::NoReason("what ends the trial"));
    }
    let (ended, entry) = (trial.clone(), entry(app, &who.actor(), "policy.end", &trial.digest, reason));
    let written = app
        .store
        .write(move |transaction| Box::pin(async move { end(transaction, &ended, &entry, ENDED).await }))
        .await;
    match written {
        Err(StoreError::GivenUp) => Err(PoliciesError::Overtaken(None)),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(trial),
    }
}
