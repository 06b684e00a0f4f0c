//! A bundle is submitted: checked, tested, proved, held against the live one, and kept with what came of it.

use std::sync::Arc;

use super::{PoliciesError, entry, judging, keeps_programmes, line};
use crate::app::App;
use crate::app::bundles::{LoadError, LoadedBundle};
use crate::domain::bundle::standing::Standing;
use crate::domain::bundle::told::{Summary, SummaryForm};
use crate::domain::bundle::{BundleHead, BundleSignature, Finding, FindingState, Findings, StoredBundle};
use crate::domain::staff::{Act, ActSubject, SignedIn};
use crate::flow::staff::rights;
use crate::policy::case::{Failure, Report};
use crate::policy::prove::{self, Options, Outcome, Proof};
use crate::policy::scrutiny::{Scrutiny, scrutinise};
use crate::policy::{Bundle, BundleSource};
use crate::store::audit::{self, Entry};
use crate::store::{StoreError, bundle_checks, bundles};

/// So many lines of details are kept of one finding.
const DETAILS_MAX: usize = 100;

/// A bundle about to be submitted.
#[derive(Debug)]
pub struct Submission {
    /// Its files.
    pub source: BundleSource,
    /// What changes, and why.
    pub message: String,
    /// A detached signature, as `sekisho policy sign` writes it.
    pub signature: Option<String>,
    /// How proofs are made.
    pub proofs: Options,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// The bundle's record.
    pub head: BundleHead,
    /// Whether it is new; one that was there keeps its author and its message.
    pub new: bool,
    /// Whether it was judged otherwise than before. What was said of an earlier judgement does not count for this one.
    pub judged: bool,
}

/// Keeps a bundle with what check, cases and proofs say, also when they fail. One that cannot be loaded here is not kept. The
/// same bundle submitted again is judged again: by what is live now, with the solver and the signature of now.
///
/// # Errors
/// [`PoliciesError`]; then nothing was kept.
pub async fn submit(app: &App, who: &SignedIn, submission: Submission) -> Result<Submitted, PoliciesError> {
    let Submission { source, message, signature, proofs } = submission;
    let digest = source.digest();
    let (live, _) = judging(app).await?;
    rights::require(app, who, Act::PolicySubmit, &ActSubject::of(&digest)).await?;
    let known = known(app, &digest).await?;
    let message = line(&message, "what the bundle changes, and what for (`--message TEXT`)")?;
    let signature = signed(app, &digest, signature, known.as_ref())?;
    let files = source.files().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
    let built = tokio::task::spawn_blocking(move || Bundle::build(source)).await;
    let built = built.map_err(|_| PoliciesError::Broken)?.map_err(LoadError::from)?;
    let new = Arc::new(app.bundle.loader.fit(built)?);
    keeps_programmes(app, &new.bundle).await?;
    let now = app.now();
    let before = known.as_ref();
    let head = BundleHead {
        digest,
        facts_version: new.bundle.facts_version(),
        author: before.map_or_else(|| who.actor(), |known| known.author.clone()),
        message: before.map_or(message, |known| known.message.clone()),
        submitted_at: before.map_or(now, |known| known.submitted_at),
        judgement: before.map_or(1, |known| known.judgement + 1),
        judged_by: who.actor(),
        judged_at: now,
        against: live.bundle.digest().to_owned(),
        findings: findings(&live, &new, &proofs).await?,
        weakens: prove::weakening(&live.bundle, &new.bundle),
        signature,
    };
    match known {
        Some(known) if says_the_same(&known, &head) => Ok(Submitted { head: known, new: false, judged: false }),
        Some(_) => judge_anew(app, head).await,
        None => keep(app, StoredBundle { head, files }).await,
    }
}

/// The bundle as it was judged last, if it is kept; one that was refused is refused for good.
async fn known(app: &App, digest: &str) -> Result<Option<BundleHead>, PoliciesError> {
    let Some(known) = app.store.bundle_head(digest).await? else { return Ok(None) };
    match super::standing(app, &known).await? {
        Standing::Refused { by } => Err(PoliciesError::Refused(by)),
        _ => Ok(Some(known)),
    }
}

/// The signature that the bundle has from now on: the one that comes with it, or the one that it had.
fn signed(
    app: &App,
    digest: &str,
    given: Option<String>,
    known: Option<&BundleHead>,
) -> Result<Option<BundleSignature>, PoliciesError> {
    let loader = &app.bundle.loader;
    let given = given.map(|text| loader.signing().verify(digest, &text)).transpose().map_err(LoadError::from)?;
    let signature = given.or_else(|| known.and_then(|known| known.signature.clone()));
    loader.check_signature(digest, signature.as_ref()).map_err(LoadError::from)?;
    Ok(signature)
}

/// Whether a judgement brings nothing new: then what was said of the one before stands.
fn says_the_same(before: &BundleHead, now: &BundleHead) -> bool {
    let said =
        |head: &BundleHead| (head.against.clone(), head.findings.clone(), head.weakens.clone(), head.signature.clone());
    said(before) == said(now)
}

async fn keep(app: &App, stored: StoredBundle) -> Result<Submitted, PoliciesError> {
    let head = stored.head.clone();
    let entry = note(app, &head);
    let new = app
        .store
        .write(move |transaction| {
            Box::pin(async move {
                let new = bundles::insert(transaction, &stored).await?;
                if new {
                    audit::append(transaction, &entry).await?;
                }
                Ok(new)
            })
        })
        .await?;
    if new {
        return Ok(Submitted { head, new, judged: true });
    }
    Ok(Submitted { head: super::head(app, &head.digest).await?, new, judged: false })
}

/// Keeps another judgement of the same content.
async fn judge_anew(app: &App, head: BundleHead) -> Result<Submitted, PoliciesError> {
    let (kept, entry) = (head.clone(), note(app, &head));
    let written = app
        .store
        .write(move |transaction| {
            Box::pin(async move {
                bundle_checks::hold(transaction, &kept.digest).await?;
                bundle_checks::insert(transaction, &kept).await?;
                audit::append(transaction, &entry).await
            })
        })
        .await;
    match written {
        Err(StoreError::Duplicate { .. }) => Err(PoliciesError::JudgedAnew),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(Submitted { head, new: false, judged: true }),
    }
}

fn note(app: &App, head: &BundleHead) -> Entry {
    let result = if head.findings.passed() { "passed" } else { "failed" };
    entry(app, &head.judged_by, "policy.submit", &head.digest, result)
}

async fn findings(
    live: &Arc<LoadedBundle>,
    new: &Arc<LoadedBundle>,
    proofs: &Options,
) -> Result<Findings, PoliciesError> {
    let looked_at = Arc::clone(new);
    let found = tokio::task::spawn_blocking(move || scrutinise(&looked_at.bundle)).await;
    let found = found.map_err(|_| PoliciesError::Broken)?;
    Ok(Findings {
        program: App::PROGRAM.to_owned(),
        check: checked(&found, new.bundle.rules().len()),
        test: tested(found.report.as_ref()),
        proof: proved(&prove::prove_between(&live.bundle, &new.bundle, proofs).await),
    })
}

/// What must be mended, and what should be looked at.
fn checked(found: &Scrutiny, rules: usize) -> Finding {
    let warnings = found.warnings.iter().map(|warning| format!("warning: {warning}"));
    let details = found.faults.iter().map(ToString::to_string).chain(warnings).collect();
    match found.faults.len() {
        0 => finding(FindingState::Passed, &Summary::new(SummaryForm::Rules, &[rules]), details),
        faults => finding(FindingState::Failed, &Summary::new(SummaryForm::Mend, &[faults]), details),
    }
}

fn finding(state: FindingState, summary: &Summary, mut details: Vec<String>) -> Finding {
    let more = details.len().saturating_sub(DETAILS_MAX);
    details.truncate(DETAILS_MAX);
    details.extend((more > 0).then(|| format!("and {more} more")));
    Finding { state, summary: summary.to_string(), details }
}

fn tested(report: Option<&Report>) -> Finding {
    let Some(report) = report else {
        return finding(FindingState::Failed, &Summary::new(SummaryForm::CasesUnreadable, &[]), Vec::new());
    };
    let failure = |failure: &Failure| format!("{}: {}", failure.file, failure.name);
    let details: Vec<String> = report.failures.iter().map(failure).collect();
    let state = if details.is_empty() { FindingState::Passed } else { FindingState::Failed };
    finding(state, &Summary::new(SummaryForm::Cases, &[report.run, details.len()]), details)
}

fn proved(proof: &Proof) -> Finding {
    let (mut refuted, mut open, mut warned) = (Vec::new(), Vec::new(), Vec::new());
    for item in &proof.items {
        match &item.outcome {
            Outcome::Proved => {}
            Outcome::Refuted(refutation) => refuted.push(format!("{}: {}", item.id, refutation.why)),
            Outcome::NotProved(why) => open.push(format!("not proved: {}: {why}", item.id)),
            Outcome::Warned(why) => warned.push(format!("warning: {}: {why}", item.id)),
        }
    }
    open.extend(proof.unavailable.clone());
    let state = match (refuted.is_empty(), open.is_empty()) {
        (false, _) => FindingState::Failed,
        (true, false) => FindingState::NotProved,
        (true, true) => FindingState::Passed,
    };
    let (claims, failed) = (proof.items.len(), refuted.len());
    let summary = Summary::new(SummaryForm::Claims, &[claims, failed, open.len()]);
    finding(state, &summary, [refuted, open, warned].concat())
}
