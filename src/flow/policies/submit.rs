//! A bundle is submitted: checked, tested, proved, held against the live one, and kept with what came of it.

use std::sync::Arc;

use super::{PoliciesError, entry, keeps_programmes};
use crate::app::App;
use crate::app::bundles::{LoadError, LoadedBundle};
use crate::domain::bundle::told::{Summary, SummaryForm};
use crate::domain::bundle::{BundleHead, Finding, FindingState, Findings, StoredBundle};
use crate::domain::staff::{Act, ActSubject, SignedIn};
use crate::flow::staff::rights;
use crate::policy::prove::{self, Options, Outcome, Proof};
use crate::policy::{Bundle, BundleSource, case};
use crate::store::{audit, bundles};

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
    /// Whether it is new; one that was there stays as it was.
    pub new: bool,
}

/// Keeps a bundle with what check, cases and proofs say, also when cases or proofs fail. One that is not sound, or cannot be
/// used here, is not kept.
///
/// # Errors
/// [`PoliciesError`]; then nothing was kept.
pub async fn submit(app: &App, who: &SignedIn, submission: Submission) -> Result<Submitted, PoliciesError> {
    let Submission { source, message, signature, proofs } = submission;
    let digest = source.digest();
    rights::require(app, who, Act::PolicySubmit, &ActSubject::of(&digest)).await?;
    if let Some(stored) = app.store.bundle(&digest).await? {
        return Ok(Submitted { head: stored.head, new: false });
    }
    if message.trim().is_empty() {
        return Err(PoliciesError::NoReason("what the bundle changes, and what for (`--message TEXT`)"));
    }
    let loader = &app.bundle.loader;
    let verified = signature.map(|text| loader.signing().verify(&digest, &text)).transpose();
    let signature = verified.map_err(LoadError::from)?;
    loader.check_signature(&digest, signature.as_ref()).map_err(LoadError::from)?;
    let files = source.files().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
    let built = tokio::task::spawn_blocking(move || Bundle::build(source)).await;
    let new = Arc::new(loader.fit(built.map_err(|_| PoliciesError::Broken)?.map_err(LoadError::from)?)?);
    keeps_programmes(app, &new.bundle).await?;
    let live = app.bundle.load();
    let head = BundleHead {
        digest,
        facts_version: new.bundle.facts_version(),
        author: who.actor(),
        message,
        submitted_at: app.now(),
        findings: findings(&live, &new, &proofs).await?,
        weakens: prove::weakening(&live.bundle, &new.bundle),
        signature,
    };
    keep(app, StoredBundle { head, files }).await
}

async fn keep(app: &App, stored: StoredBundle) -> Result<Submitted, PoliciesError> {
    let head = stored.head.clone();
    let result = if head.findings.passed() { "passed" } else { "failed" };
    let entry = entry(app, &head.author, "policy.submit", &head.digest, result);
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
        return Ok(Submitted { head, new });
    }
    Ok(Submitted { head: super::head(app, &head.digest).await?, new })
}

async fn findings(
    live: &Arc<LoadedBundle>,
    new: &Arc<LoadedBundle>,
    proofs: &Options,
) -> Result<Findings, PoliciesError> {
    let tested = Arc::clone(new);
    let test = tokio::task::spawn_blocking(move || tested_by_cases(&tested.bundle)).await;
    let rules = new.bundle.rules().len();
    Ok(Findings {
        program: App::PROGRAM.to_owned(),
        check: finding(FindingState::Passed, Summary::new(SummaryForm::Rules, &[rules]).to_string(), Vec::new()),
        test: test.map_err(|_| PoliciesError::Broken)?,
        proof: proved(&prove::prove_between(&live.bundle, &new.bundle, proofs).await),
    })
}

fn finding(state: FindingState, summary: String, mut details: Vec<String>) -> Finding {
    let more = details.len().saturating_sub(DETAILS_MAX);
    details.truncate(DETAILS_MAX);
    details.extend((more > 0).then(|| format!("and {more} more")));
    Finding { state, summary, details }
}

fn tested_by_cases(bundle: &Bundle) -> Finding {
    match case::run(bundle) {
        Err(errors) => {
            let details = errors.0.iter().map(ToString::to_string).collect();
            finding(FindingState::Failed, Summary::new(SummaryForm::CasesUnreadable, &[]).to_string(), details)
        }
        Ok(report) => {
            let details: Vec<String> =
                report.failures.iter().map(|failure| format!("{}: {}", failure.file, failure.name)).collect();
            let state = if details.is_empty() { FindingState::Passed } else { FindingState::Failed };
            let summary = Summary::new(SummaryForm::Cases, &[report.run, details.len()]);
            finding(state, summary.to_string(), details)
        }
    }
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
    finding(state, summary.to_string(), [refuted, open, warned].concat())
}
