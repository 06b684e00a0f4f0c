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
use std::sync::Arc;

use crate::app::App;
use crate::app::bundles::{self as in_use, LoadError, LoadedBundle, Origin};
use crate::domain::bundle::end_reason::EndReason;
use crate::domain::bundle::standing::Standing;
use crate::domain::bundle::{BundleActivation, BundleHead, BundleMode};
use crate::domain::note::{Note, NoteError, REASON_CHARS_MAX};
use crate::domain::staff::ActSubject;
use crate::flow::register::note;
use crate::flow::staff::names;
use crate::flow::staff::rights::RightsError;
use crate::policy::Bundle;
use crate::policy::difference::Difference;
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
    /// A text that others read later is not one line of plain text.
    #[error("what you wrote {0}")]
    Text(NoteError),
    /// It was judged by what does not judge any more.
    #[error(
        "the live bundle's invariants, assumptions or staff rules changed since this one was judged\nhint: submit it again, and it is judged by those of now"
    )]
    Stale,
    /// Somebody submitted it again meanwhile.
    #[error("the bundle was submitted again meanwhile, and judged anew\nhint: look at it once more")]
    JudgedAnew,
    /// The bundle that judges is not the one that the database says is live.
    #[error(
        "this process cannot follow the bundle that is live, by whose rules about staff this is decided\nhint: `sekisho policy status` says why; only `sekisho policy rollback` works meanwhile"
    )]
    Degraded,
    /// Nobody acts by a folder that somebody works on.
    #[error(
        "this process decides by a folder, and the database's bundles are none of its business\nhint: leave `--policies` out"
    )]
    OfFolder,
    /// Whoever activates it could take nothing back.
    #[error(
        "by this bundle's own rules about staff you may not activate: you could not take it back\nhint: mend its `staff/` rules, or have somebody activate it who may"
    )]
    LocksOut,
    /// What is in use is not refused.
    #[error("the bundle is {} now\nhint: `sekisho policy rollback` first", .0.as_str())]
    StillInUse(BundleMode),
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
    Overtaken(Option<Box<Winner>>),
    /// It is in this use already.
    #[error("the bundle is {} already", .0.as_str())]
    InUse(BundleMode),
    /// It is not in use.
    #[error("the bundle is not in use\nhint: `sekisho policy status` says what is")]
    NotInUse,
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

/// What is in use instead of what somebody wanted, and who did that.
#[derive(Clone, Debug)]
pub struct Winner {
    /// What is in use.
    pub activation: BundleActivation,
    /// The name of whoever began it.
    pub name: String,
}

fn winner(now: Option<&Winner>) -> String {
    let Some(Winner { activation: now, name }) = now else {
        return "what you saw is not in use any more".to_owned();
    };
    let (mode, digest) = (now.mode.as_str(), now.digest.get(..12).unwrap_or_default());
    format!("{name} has made {digest} {mode} at {}", now.started_at.rfc3339())
}

/// The error for whoever lost to what is in use now.
async fn overtaken(app: &App, now: Option<BundleActivation>) -> Result<PoliciesError, StoreError> {
    let Some(activation) = now else { return Ok(PoliciesError::Overtaken(None)) };
    let name = names::Names::read(app).await?.of(&activation.started_by);
    Ok(PoliciesError::Overtaken(Some(Box::new(Winner { activation, name }))))
}

/// A bundle's record without its files.
async fn head(app: &App, digest: &str) -> Result<BundleHead, PoliciesError> {
    app.store.bundle_head(digest).await?.ok_or_else(|| PoliciesError::Unknown(digest.to_owned()))
}

/// The live bundle and the use that it is in: it judges what is done about other bundles. Never one that stands in, nor a
/// folder under development.
async fn judging(app: &App) -> Result<(Arc<LoadedBundle>, BundleActivation), PoliciesError> {
    if app.bundle.origin != Origin::Database {
        return Err(PoliciesError::OfFolder);
    }
    in_use::refresh(app).await?;
    let said = current(app, BundleMode::Live).await?.ok_or(PoliciesError::Degraded)?;
    let live = app.bundle.snapshot().live.clone();
    if live.activation == Some(said.id) { Ok((live.loaded, said)) } else { Err(PoliciesError::Degraded) }
}

/// Refuses a bundle that was judged by invariants, assumptions or staff rules that are not the live bundle's any more.
async fn still_judged(app: &App, live: &LoadedBundle, head: &BundleHead) -> Result<(), PoliciesError> {
    if live.bundle.digest() == head.against {
        return Ok(());
    }
    let against = match app.bundle.recent(&head.against) {
        Some(loaded) => loaded,
        None => match app.bundle.loader.load(&head.against).await {
            Ok(loaded) => Arc::new(loaded),
            Err(LoadError::Store(error)) => return Err(error.into()),
            Err(_) => return Err(PoliciesError::Stale),
        },
    };
    let alike = Difference::between(&against.bundle, &live.bundle).judges_alike();
    if alike { Ok(()) } else { Err(PoliciesError::Stale) }
}

/// One line of plain text that others read later.
fn line(text: &str, missing: &'static str) -> Result<String, PoliciesError> {
    match Note::parse(text, REASON_CHARS_MAX) {
        Ok(note) => Ok(note.to_string()),
        Err(NoteError::Empty) => Err(PoliciesError::NoReason(missing)),
        Err(error) => Err(PoliciesError::Text(error)),
    }
}

/// Where a bundle stands.
///
/// # Errors
/// [`StoreError`].
pub async fn standing(app: &App, head: &BundleHead) -> Result<Standing, StoreError> {
    Ok(Standing::of(head, &app.store.bundle_approvals(&head.digest).await?))
}

/// The bundle as rights see it: with its author, or who submitted what nobody made.
fn subject(head: &BundleHead) -> ActSubject {
    let subject = ActSubject::of(&head.digest);
    let author = names::staff_id(head.proposer());
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
