//! The first bundle of a new database: the configured folder's, or the one that ships. Afterwards the database has the word.

use super::LoadError;
use super::load::Loader;
use crate::app::App;
use crate::config::Config;
use crate::domain::bundle::told::{Summary, SummaryForm};
use crate::domain::bundle::{
    BundleActivation, BundleHead, BundleMode, BundleSignature, Finding, FindingState, Findings, SHARE_WHOLE, SYSTEM,
    StoredBundle,
};
use crate::domain::clock::Micros;
use crate::domain::id::{AuditId, BundleActivationId};
use crate::domain::randomness::Randomness;
use crate::policy::{Bundle, BundleSource};
use crate::store::audit::{self, Entry};
use crate::store::{StoreError, bundles};

/// What stands beside the folder of a signed bundle: its name with this behind it.
const SIGNATURE_EXTENSION: &str = "sig";

/// Records the first bundle and has it decide. Of several processes that start at once, one does.
pub(super) async fn record(loader: &Loader, config: &Config, randomness: &dyn Randomness) -> Result<Bundle, LoadError> {
    let source = match config.bundle_folder() {
        Some(folder) => BundleSource::read(folder)?,
        None => BundleSource::shipped(),
    };
    let shipped = source == BundleSource::shipped();
    let files = source.files().map(|(path, text)| (path.to_owned(), text.to_owned())).collect();
    let bundle = Bundle::build(source)?;
    let signature = signature(loader, config, bundle.digest(), shipped)?;
    let now = loader.clock.now();
    let head = BundleHead {
        digest: bundle.digest().to_owned(),
        facts_version: bundle.facts_version(),
        author: SYSTEM.to_owned(),
        message: if shipped { "the bundle that ships with the program" } else { "the configured folder" }.to_owned(),
        submitted_at: now,
        judgement: 1,
        judged_by: SYSTEM.to_owned(),
        judged_at: now,
        against: bundle.digest().to_owned(),
        findings: findings(shipped),
        weakens: Vec::new(),
        signature,
    };
    let activation = activation(&head.digest, now, randomness);
    let entry = Entry {
        id: AuditId::new(now, randomness),
        recorded_at: now,
        actor: SYSTEM.to_owned(),
        action: "policy.first",
        subject: head.digest.clone(),
        result: "live".to_owned(),
    };
    let stored = StoredBundle { head, files };
    let written = loader
        .store
        .write(move |transaction| {
            Box::pin(async move {
                bundles::insert(transaction, &stored).await?;
                bundles::begin(transaction, &activation).await?;
                audit::append(transaction, &entry).await
            })
        })
        .await;
    match written {
        // Another process was faster; what it recorded is read next.
        Err(StoreError::Duplicate { .. }) | Ok(()) => Ok(bundle),
        Err(error) => Err(error.into()),
    }
}

fn signature(
    loader: &Loader,
    config: &Config,
    digest: &str,
    shipped: bool,
) -> Result<Option<BundleSignature>, LoadError> {
    if shipped || loader.signing.is_empty() {
        return Ok(None);
    }
    let beside = config.bundle_folder().map(|folder| folder.with_added_extension(SIGNATURE_EXTENSION));
    let text = beside.and_then(|path| std::fs::read_to_string(path).ok());
    let signature = text.map(|text| loader.signing.verify(digest, &text)).transpose()?;
    loader.signing.check(digest, signature.as_ref())?;
    Ok(signature)
}

fn findings(shipped: bool) -> Findings {
    let (state, summary) = if shipped {
        (FindingState::Passed, SummaryForm::OwnTests)
    } else {
        (FindingState::NotProved, SummaryForm::NotRun)
    };
    let finding = |state, form| Finding { state, summary: Summary::new(form, &[]).to_string(), details: Vec::new() };
    Findings {
        program: App::PROGRAM.to_owned(),
        check: finding(FindingState::Passed, SummaryForm::Sound),
        test: finding(state, summary),
        proof: finding(state, summary),
    }
}

fn activation(digest: &str, now: Micros, randomness: &dyn Randomness) -> BundleActivation {
    BundleActivation {
        id: BundleActivationId::new(now, randomness),
        digest: digest.to_owned(),
        mode: BundleMode::Live,
        share: SHARE_WHOLE,
        band: None,
        until: None,
        started_by: SYSTEM.to_owned(),
        started_at: now,
        ended_by: None,
        ended_at: None,
        end_reason: None,
    }
}
