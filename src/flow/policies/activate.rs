//! An approved bundle is made live, tried on a share of the cards, or asked beside the live one.

use super::{
    PoliciesError, current, end, entry, head, judging, keeps_programmes, overtaken, standing, still_judged, subject,
};
use crate::app::App;
use crate::domain::bundle::standing::Standing;
use crate::domain::bundle::{Band, BundleActivation, BundleHead, BundleMode, SHARE_WHOLE};
use crate::domain::clock::Micros;
use crate::domain::id::BundleActivationId;
use crate::domain::staff::{Act, SignedIn};
use crate::flow::staff::rights;
use crate::policy;
use crate::store::audit::{self, Entry};
use crate::store::{StoreError, Transaction, bundle_approvals, bundle_checks, bundles};

/// What somebody wants a bundle used for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The whole digest.
    pub digest: String,
    /// What for.
    pub mode: BundleMode,
    /// The share of cards or decisions, in basis points; live is the whole.
    pub share: u16,
    /// What ends a canary by itself.
    pub band: Option<Band>,
    /// When a canary or a shadow ends by itself.
    pub until: Option<Micros>,
    /// What was in this use when she decided: another one by then means that somebody was faster.
    pub instead_of: Option<BundleActivationId>,
}

/// Puts an approved bundle into use.
///
/// # Errors
/// [`PoliciesError`]; then all is as it was.
pub async fn activate(app: &App, who: &SignedIn, wanted: Wanted) -> Result<BundleActivation, PoliciesError> {
    let (live, judge) = judging(app).await?;
    let head = head(app, &wanted.digest).await?;
    rights::require(app, who, Act::PolicyActivate, &subject(&head)).await?;
    check(&wanted, app.now())?;
    usable(standing(app, &head).await?)?;
    still_judged(app, &live, &head).await?;
    let loaded = app.bundle.loader.load(&head.digest).await?;
    keeps_programmes(app, &loaded.bundle).await?;
    if wanted.mode != BundleMode::Shadow
        && !policy::may(&loaded.bundle, who, Act::PolicyActivate, &subject(&head)).allowed
    {
        return Err(PoliciesError::LocksOut);
    }
    let now = current(app, wanted.mode).await?;
    if now.as_ref().map(|now| now.id) != wanted.instead_of {
        return Err(overtaken(app, now).await?);
    }
    if wanted.mode == BundleMode::Live && now.as_ref().is_some_and(|now| now.digest == wanted.digest) {
        return Err(PoliciesError::InUse(wanted.mode));
    }
    let mode = wanted.mode;
    match begin(app, who, Begun { wanted, head, judge: judge.id, before: now }).await {
        Ok(begun) => begun,
        // The transaction is where it is decided who was first.
        Err(StoreError::GivenUp | StoreError::Duplicate { .. }) => {
            Err(overtaken(app, current(app, mode).await?).await?)
        }
        Err(error) => Err(error.into()),
    }
}

fn usable(standing: Standing) -> Result<(), PoliciesError> {
    match standing {
        Standing::Refused { by } => Err(PoliciesError::Refused(by)),
        Standing::Waiting { missing } => Err(PoliciesError::NotApproved(missing)),
        Standing::First | Standing::Approved | Standing::ApprovedInEmergency => Ok(()),
    }
}

fn check(wanted: &Wanted, now: Micros) -> Result<(), PoliciesError> {
    let beside = wanted.mode != BundleMode::Live;
    let rules = [
        (wanted.share == 0 || wanted.share > SHARE_WHOLE, "the share must be more than 0 % and at most 100 %"),
        (!beside && wanted.share != SHARE_WHOLE, "what is live decides about all cards"),
        (!beside && wanted.until.is_some(), "what is live has no end: `--until` is for a canary or a shadow"),
        (wanted.until.is_some_and(|until| until <= now), "`--until` is over already"),
        (wanted.band.is_some() && wanted.mode != BundleMode::Canary, "a band is for a canary"),
        (wanted.band.is_some_and(|band| !is_band(&band)), "a band goes from the least share to the most"),
    ];
    let broken = rules.into_iter().find(|(broken, _)| *broken);
    broken.map_or(Ok(()), |(_, why)| Err(PoliciesError::Senseless(why)))
}

fn is_band(band: &Band) -> bool {
    let fine = |(least, most): (u16, u16)| least <= most && most <= SHARE_WHOLE;
    fine(band.challenge) && fine(band.reject) && band.decisions_min > 0
}

/// A use that is about to begin, and by what it was decided that it may.
struct Begun {
    wanted: Wanted,
    head: BundleHead,
    /// The live use whose bundle judged.
    judge: BundleActivationId,
    /// What is in this use until then.
    before: Option<BundleActivation>,
}

/// Ends what was in this use and begins the new one, as one.
async fn begin(app: &App, who: &SignedIn, begun: Begun) -> Result<Result<BundleActivation, PoliciesError>, StoreError> {
    let Begun { wanted, head, judge, before } = begun;
    let activation = new(&who.actor(), wanted, new_id(app), app.store.bundle_use_begins(app.now()).await?);
    let mut over: Vec<(BundleActivation, Entry, &'static str)> = Vec::new();
    if let Some(before) = before {
        let reason = if before.digest == activation.digest { "share_changed" } else { "replaced" };
        over.push((before.clone(), entry(app, &who.actor(), "policy.end", &before.digest, reason), reason));
    }
    if activation.mode == BundleMode::Live {
        // What was tried is live now: there is nothing left to try.
        let beside = app.store.current_bundles().await?.into_iter();
        let tried = beside.filter(|other| other.mode != BundleMode::Live && other.digest == activation.digest);
        let note = |other: &BundleActivation| entry(app, &who.actor(), "policy.end", &other.digest, "live");
        over.extend(tried.map(|other| (other.clone(), note(&other), "live")));
    }
    let entry = entry(app, &who.actor(), "policy.activate", &activation.digest, activation.mode.as_str());
    app.store
        .write(move |transaction| {
            Box::pin(async move {
                if let Err(error) = still(transaction, &head, judge).await? {
                    return Ok(Err(error));
                }
                for (before, entry, reason) in &over {
                    end(transaction, before, entry, reason).await?;
                }
                bundles::begin(transaction, &activation).await?;
                audit::append(transaction, &entry).await?;
                Ok(Ok(activation))
            })
        })
        .await
}

/// Whether the bundle may be used as it might a moment ago, and the same bundle judges.
async fn still(
    transaction: &Transaction,
    head: &BundleHead,
    judge: BundleActivationId,
) -> Result<Result<(), PoliciesError>, StoreError> {
    bundle_checks::hold(transaction, &head.digest).await?;
    let Some(newest) = bundle_checks::of(transaction, &head.digest).await?.into_iter().next() else {
        return Ok(Err(PoliciesError::Unknown(head.digest.clone())));
    };
    if !bundles::current(transaction).await?.iter().any(|used| used.id == judge) {
        return Err(StoreError::GivenUp);
    }
    if newest.judgement != head.judgement {
        return Ok(Err(PoliciesError::JudgedAnew));
    }
    Ok(usable(Standing::of(&newest, &bundle_approvals::of(transaction, &head.digest).await?)))
}

pub(super) fn new_id(app: &App) -> BundleActivationId {
    BundleActivationId::new(app.now(), app.randomness.as_ref())
}

pub(super) fn new(actor: &str, wanted: Wanted, id: BundleActivationId, started_at: Micros) -> BundleActivation {
    BundleActivation {
        id,
        digest: wanted.digest,
        mode: wanted.mode,
        share: wanted.share,
        band: wanted.band,
        until: wanted.until,
        started_by: actor.to_owned(),
        started_at,
        ended_by: None,
        ended_at: None,
        end_reason: None,
    }
}
