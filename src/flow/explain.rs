//! Explains a stored decision to staff: its facts, by the rules of the bundle that decided it. Each look stands in the
//! audit log before anything is shown.

use std::collections::BTreeMap;

use crate::app::App;
use crate::domain::authentication::Authentication;
use crate::domain::facts::Facts;
use crate::domain::id::AuthenticationId;
use crate::domain::staff::SignedIn;
use crate::domain::verdict::Verdict;
use crate::flow::register::note;
use crate::policy::explanation::{Answered, Explanation, ValueRead, Words, explain_sharing, facts_seen};
use crate::policy::reason::Reason;
use crate::policy::{Bundle, BundleErrors, BundleSource, explain};
use crate::store::{StoreError, audit};

/// Why a decision is not explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// There is no such authentication.
    #[error("there is no authentication `{0}`\nhint: take its id from the merchant, the audit log or the console")]
    Unknown(AuthenticationId),
    /// It was never decided by rules.
    #[error("`{0}` was not decided by rules: nothing was gathered about it\nhint: its reasons stand in its answer")]
    NotDecided(AuthenticationId),
    /// What is recorded cannot be read.
    #[error("what is recorded of `{0}` cannot be read: it was written by a program of another version")]
    Unreadable(AuthenticationId),
    /// The bundle that decided is not here.
    #[error(
        "the bundle `{0}` that decided is not here\nhint: name another with `--with`, such as `--with live`; it may say otherwise"
    )]
    NoBundle(String),
    /// The bundle that decided cannot be used by this program.
    #[error("the bundle that decided cannot be used any more\nhint: name another with `--with`\n{0}")]
    Bundle(#[from] BundleErrors),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is recorded of a decision.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The authentication.
    pub authentication: Authentication,
    /// Its facts.
    pub facts: Facts,
    /// What was decided.
    pub verdict: Verdict,
}

/// A decision and what each rule said to it.
#[derive(Clone, Debug)]
pub struct Explained {
    /// What is recorded.
    pub recorded: Recorded,
    /// The digest of the bundle that explains it; [`Verdict::bundle_digest`] of the record names the one that decided.
    pub bundle_digest: String,
    /// The facts as its rules see them, with their names in plain words.
    pub facts: Vec<ValueRead>,
    /// What its rules say to the recorded facts.
    pub explanation: Explanation,
    /// What may be shared with each recipient, where that was asked for.
    pub sharing: Vec<Answered>,
    /// What the bundle that explains it tells staff of its reason codes.
    pub reasons: BTreeMap<String, Words>,
}

impl Explained {
    /// Whether the bundle that decided explains it, and says the same again.
    pub fn is_the_decision(&self) -> bool {
        self.explanation.verdict == self.recorded.verdict
    }
}

/// Reads a stored decision. The look is in the audit log before anything is shown; the caller has asked for the right.
///
/// # Errors
/// [`ExplainError`].
pub async fn recorded(app: &App, who: &SignedIn, id: AuthenticationId) -> Result<Recorded, ExplainError> {
    let found = app.store.any_authentication(id).await?;
    let mut entry = note(app, &who.actor(), "authentication.explain", id.to_string());
    if found.is_some() { "shown" } else { "unknown" }.clone_into(&mut entry.result);
    app.store.write(move |transaction| Box::pin(async move { audit::append(transaction, &entry).await })).await?;
    let authentication = found.ok_or(ExplainError::Unknown(id))?;
    let (facts, verdict) =
        authentication.facts.as_deref().zip(authentication.verdict.as_deref()).ok_or(ExplainError::NotDecided(id))?;
    let unreadable = |_| ExplainError::Unreadable(id);
    let facts = Facts::of_record(facts).map_err(unreadable)?;
    let verdict = serde_json::from_str(verdict).map_err(unreadable)?;
    Ok(Recorded { authentication, facts, verdict })
}

/// Explains a stored decision by the bundle that decided it, or by another one. The look is in the audit log before
/// anything is shown; the caller has asked for the right.
///
/// # Errors
/// [`ExplainError`].
pub async fn decision(
    app: &App,
    who: &SignedIn,
    id: AuthenticationId,
    with: Option<&Bundle>,
    sharing: bool,
) -> Result<Explained, ExplainError> {
    let recorded = recorded(app, who, id).await?;
    if let Some(bundle) = with {
        return Ok(explained(recorded, bundle, sharing));
    }
    let digest = recorded.verdict.bundle_digest.clone();
    if let Some(used) = app.bundle.recent(&digest) {
        return Ok(explained(recorded, &used.bundle, sharing));
    }
    let bundle = decided_by(app, &digest).await?;
    Ok(explained(recorded, &bundle, sharing))
}

/// The bundle of a digest: from the database, or the one that ships.
async fn decided_by(app: &App, digest: &str) -> Result<Bundle, ExplainError> {
    let shipped = BundleSource::shipped();
    let source = match app.store.bundle(digest).await? {
        Some(stored) => BundleSource::of(stored.files),
        None if shipped.digest() == digest => shipped,
        None => return Err(ExplainError::NoBundle(digest.to_owned())),
    };
    Ok(Bundle::build(source)?)
}

fn explained(recorded: Recorded, bundle: &Bundle, sharing: bool) -> Explained {
    let explanation = explain(bundle, &recorded.facts);
    let recipients = bundle.reference().recipients().filter(|_| sharing);
    let sharing = recipients.flat_map(|recipient| explain_sharing(bundle, &recorded.facts, &recipient.id)).collect();
    let words = |(code, reason): (&str, &Reason)| {
        (code.to_owned(), Words { ja: reason.staff_ja.clone(), en: reason.staff_en.clone() })
    };
    let reasons = bundle.reference().reasons().map(words).collect();
    let (bundle_digest, facts) = (bundle.digest().to_owned(), facts_seen(bundle, &recorded.facts));
    Explained { recorded, bundle_digest, facts, explanation, sharing, reasons }
}
