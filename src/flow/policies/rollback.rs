//! Back to what was before: a trial is ended, or the bundle that was live before is live again.

use super::activate::{Wanted, new};
use super::{PoliciesError, current, end, entry, keeps_programmes};
use crate::app::App;
use crate::domain::bundle::{BundleActivation, BundleMode, SHARE_WHOLE};
use crate::domain::staff::{Act, ActSubject, SignedIn};
use crate::flow::staff::rights;
use crate::store::{StoreError, audit, bundles};

/// Why a live bundle ended that was rolled back: nobody goes back to it by another rollback.
const ROLLED_BACK: &str = "rolled_back";
/// So many rows are looked through for the one before.
const HISTORY: i64 = 500;

/// What a rollback did.
#[derive(Clone, Debug)]
pub enum RolledBack {
    /// These trials were ended; the live bundle stays.
    Ended(Vec<BundleActivation>),
    /// This one is live again.
    Live(Box<BundleActivation>),
}

/// Ends what is tried on cards or beside; where nothing is, or `live` is wanted, the bundle before the live one is live again.
///
/// # Errors
/// [`PoliciesError`]; then all is as it was.
pub async fn rollback(app: &App, who: &SignedIn, reason: &str, live: bool) -> Result<RolledBack, PoliciesError> {
    rights::require(app, who, Act::PolicyActivate, &ActSubject::none()).await?;
    let trials: Vec<_> =
        app.store.current_bundles().await?.into_iter().filter(|used| used.mode != BundleMode::Live).collect();
    if trials.is_empty() || live { back(app, who, reason).await } else { end_trials(app, who, trials, reason).await }
}

async fn end_trials(
    app: &App,
    who: &SignedIn,
    trials: Vec<BundleActivation>,
    reason: &str,
) -> Result<RolledBack, PoliciesError> {
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

async fn back(app: &App, who: &SignedIn, reason: &str) -> Result<RolledBack, PoliciesError> {
    let now = current(app, BundleMode::Live).await?.ok_or(PoliciesError::NothingBefore)?;
    let history = app.store.bundle_activations(HISTORY).await?;
    let earlier = before(history).ok_or(PoliciesError::NothingBefore)?;
    let loaded = app.bundle.loader.load(&earlier.digest).await?;
    keeps_programmes(app, &loaded.bundle).await?;
    let wanted = Wanted {
        digest: earlier.digest,
        mode: BundleMode::Live,
        share: SHARE_WHOLE,
        band: None,
        until: None,
        instead_of: Some(now.id),
    };
    let activation = new(app, &who.actor(), wanted);
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
            Err(PoliciesError::Overtaken(current(app, BundleMode::Live).await?.map(Box::new)))
        }
        Err(error) => Err(error.into()),
    }
}

/// The bundle that was live before the present one. Whoever went back took the later one away: the next time she goes back
/// further, not forward again. `history` begins with the newest.
fn before(history: Vec<BundleActivation>) -> Option<BundleActivation> {
    let mut way: Vec<BundleActivation> = Vec::new();
    let mut went_back = false;
    for used in history.into_iter().rev().filter(|used| used.mode == BundleMode::Live) {
        if went_back {
            way.pop();
        }
        went_back = used.end_reason.as_deref() == Some(ROLLED_BACK);
        if way.last().is_none_or(|last| last.digest != used.digest) {
            way.push(used);
        }
    }
    way.pop();
    way.pop()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::Micros;
    use crate::domain::id::BundleActivationId;

    /// Live bundles, the oldest first; `!` behind one that was rolled back.
    fn found(history: &[&str]) -> Option<String> {
        let one = |(at, text): (usize, &&str)| BundleActivation {
            id: BundleActivationId::from_uuid(uuid::Uuid::from_u128(at as u128)),
            digest: text.trim_end_matches('!').to_owned(),
            mode: BundleMode::Live,
            share: SHARE_WHOLE,
            band: None,
            until: None,
            started_by: String::new(),
            started_at: Micros(0),
            ended_by: None,
            ended_at: None,
            end_reason: text.ends_with('!').then(|| ROLLED_BACK.to_owned()),
        };
        before(history.iter().enumerate().map(one).rev().collect()).map(|used| used.digest)
    }

    #[test]
    fn going_back_never_goes_forward_again() {
        assert_eq!(found(&["a"]), None);
        assert_eq!(found(&["a", "b"]).as_deref(), Some("a"));
        assert_eq!(found(&["a", "b!", "a"]), None);
        assert_eq!(found(&["a", "b", "c!", "b"]).as_deref(), Some("a"));
        assert_eq!(found(&["a", "b", "c!", "b!", "a"]), None);
        assert_eq!(found(&["a", "b!", "a", "c"]).as_deref(), Some("a"));
        assert_eq!(found(&["a", "b!", "a", "b"]).as_deref(), Some("a"));
    }
}
