//! The life of a change to the policies: submitted, approved by somebody else, tried beside the live bundle or on a share of
//! the cards, made live, taken back. Every step is one transaction with its audit entry.

pub mod activate;
pub mod approve;
pub mod canary;
pub mod end;
pub mod figures;
pub mod instance;
pub mod review;
pub mod rollback;
pub mod shadow;
pub mod status;
pub mod submit;

use std::collections::BTreeSet;

use crate::app::App;
use crate::app::bundles::LoadError;
use crate::domain::bundle::end_reason::EndReason;
use crate::domain::bundle::standing::Standing;
use crate::domain::bundle::{BundleActivation, BundleHead, BundleMode, StoredBundle};
use crate::domain::staff::ActSubject;
use crate::flow::register::note;
use crate::flow::staff::names;
use crate::flow::staff::rights::RightsError;
use crate::policy::Bundle;
use crate::store::audit::{self, Entry};
use crate::store::{StoreError, Transaction, bundles};

/// Why a step was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PoliciesError {
    /// The staff's rules say no.
    #[error(transparent)]
    Rights(#[from] RightsError),
    /// There is no such bundle.
    #[error("the database has no bundle `{0}`\nhint: `sekisho policy history` lists them")]
    Unknown(String),
    /// Whoever made it has a say in making it, and in nothing else.
    #[error("this is your own bundle\nhint: somebody else has to decide about it")]
    Own,
    /// One person has one word about a bundle.
    #[error("you have decided about this bundle already")]
    Decided,
    /// What failed cannot be approved.
    #[error(
        "the bundle's checks did not pass\nhint: mend it and submit it again; in an emergency two people can let it through with `--emergency --reason TEXT`"
    )]
    NotPassed,
    /// There is nothing to pass over.
    #[error("the bundle's checks passed: there is nothing to let through\nhint: approve it without `--emergency`")]
    NoEmergency,
    /// A text is missing that others read later.
    #[error("say why: {0}")]
    NoReason(&'static str),
    /// It was refused.
    #[error("the bundle was refused\nhint: `sekisho policy show` tells by whom and why; submit another one")]
    Refused(String),
    /// It was not approved.
    #[error("the bundle may not be used: {0}")]
    NotApproved(&'static str),
    /// Cards are of programmes that it does not have.
    #[error("cards are of programmes that the bundle does not have: {}\nhint: keep them in `reference/programmes.toml`", .0.join(", "))]
    DropsProgrammes(Vec<String>),
    /// It cannot be used here.
    #[error(transparent)]
    Unusable(#[from] LoadError),
    /// Somebody else was faster.
    #[error("somebody was faster: {}\nhint: look at `sekisho policy status` and decide again", winner(.0.as_deref()))]
    Overtaken(Option<Box<BundleActivation>>),
    /// It is in this use already.
    #[error("the bundle is {} already", .0.as_str())]
    InUse(BundleMode),
    /// What is asked for makes no sense.
    #[error("{0}")]
    Senseless(&'static str),
    /// There is nothing to go back to.
    #[error("no bundle was live before this one")]
    NothingBefore,
    /// Nothing about it is to be reviewed.
    #[error("nobody let this bundle through in an emergency")]
    NothingToReview,
    /// Somebody reviewed it.
    #[error("the bundle was reviewed already")]
    Reviewed,
    /// Who let it through does not review it.
    #[error("you let this bundle through yourself\nhint: somebody else has to review it")]
    OwnEmergency,
    /// A task broke down.
    #[error("looking at the bundle broke down")]
    Broken,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn winner(now: Option<&BundleActivation>) -> String {
    let Some(now) = now else { return "what you saw is not in use any more".to_owned() };
    let (mode, digest) = (now.mode.as_str(), now.digest.get(..12).unwrap_or_default());
    format!("{} has made {digest} {mode} at {}", now.started_by, now.started_at.rfc3339())
}

/// A bundle's record without its files.
async fn head(app: &App, digest: &str) -> Result<BundleHead, PoliciesError> {
    let unknown = || PoliciesError::Unknown(digest.to_owned());
    app.store.bundle(digest).await?.map(|stored: StoredBundle| stored.head).ok_or_else(unknown)
}

/// Where a bundle stands.
///
/// # Errors
/// [`StoreError`].
pub async fn standing(app: &App, head: &BundleHead) -> Result<Standing, StoreError> {
    Ok(Standing::of(head, &app.store.bundle_approvals(&head.digest).await?))
}

/// The bundle as rights see it: with its author.
fn subject(head: &BundleHead) -> ActSubject {
    let subject = ActSubject::of(&head.digest);
    let author = names::staff_id(&head.author);
    match author {
        Some(author) => subject.by(author),
        None => subject,
    }
}

/// Refuses a bundle that lacks a programme of somebody's card.
async fn keeps_programmes(app: &App, bundle: &Bundle) -> Result<(), PoliciesError> {
    let has: BTreeSet<&str> = bundle.reference().programmes().map(|programme| programme.id.as_str()).collect();
    let used = app.store.programmes_in_use().await?;
    let dropped: Vec<String> = used.into_iter().filter(|programme| !has.contains(programme.as_str())).collect();
    if dropped.is_empty() { Ok(()) } else { Err(PoliciesError::DropsProgrammes(dropped)) }
}

/// What is in one use now.
async fn current(app: &App, mode: BundleMode) -> Result<Option<BundleActivation>, StoreError> {
    Ok(app.store.current_bundles().await?.into_iter().find(|activation| activation.mode == mode))
}

fn entry(app: &App, actor: &str, action: &'static str, digest: &str, result: impl Into<String>) -> Entry {
    Entry { result: result.into(), ..note(app, actor, action, digest.to_owned()) }
}

/// Ends a use within a transaction, and writes it down; given up when it is over already.
async fn end(
    transaction: &Transaction,
    activation: &BundleActivation,
    entry: &Entry,
    reason: &str,
) -> Result<(), StoreError> {
    if !bundles::end(transaction, activation.id, &entry.actor, entry.recorded_at, reason).await? {
        return Err(StoreError::GivenUp);
    }
    audit::append(transaction, entry).await
}

/// Ends a use by itself. Of several instances one does; answers whether it was this one.
async fn end_alone(
    app: &App,
    activation: BundleActivation,
    action: &'static str,
    reason: &EndReason,
) -> Result<bool, StoreError> {
    let entry = entry(app, crate::domain::bundle::SYSTEM, action, &activation.digest, reason.to_string());
    let reason = reason.stored();
    let ended = app
        .store
        .write(move |transaction| Box::pin(async move { end(transaction, &activation, &entry, &reason).await }))
        .await;
    match ended {
        Ok(()) => Ok(true),
        Err(StoreError::GivenUp) => Ok(false),
        Err(error) => Err(error),
    }
}
