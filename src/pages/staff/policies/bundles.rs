//! The list of bundles: what was submitted, what the checks said, what it is in use for.

use axum::extract::Query;
use serde::Deserialize;

use super::{Places, bundle_path, person, short};
use crate::domain::bundle::standing::Standing;
use crate::domain::bundle::{BundleActivation, BundleApproval, BundleHead, Finding, FindingState};
use crate::domain::staff::{Act, ActSubject};
use crate::flow::staff::names::Names;
use crate::pages::pieces::{Cell, Table, Tone};
use crate::pages::staff::answer::{Answer, Refusal};
use crate::pages::staff::console::Console;
use crate::pages::staff::failure::Failure;
use crate::pages::staff::sheet::{Sheet, Ways};
use crate::pages::staff::signed::Signed;

/// So many bundles are listed.
const ROWS: i64 = 100;
/// A message is listed by so many characters; the whole of it stands on the bundle's own page.
const MESSAGE_CHARS: usize = 80;

/// Where in the list one is.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    before: String,
}

/// `GET /staff/policies/bundles`
pub(super) async fn open(signed: Signed, Query(asked): Query<Asked>) -> Answer {
    signed.require(Act::PolicyLook, &ActSubject::none()).await?;
    let store = &signed.app().store;
    let (heads, more) = listed(&signed, &asked.before).await?;
    let digests: Vec<&str> = heads.iter().map(|head| head.digest.as_str()).collect();
    let said = store.approvals_of_bundles(&digests).await.map_err(|error| signed.refuse(error))?;
    let current = store.current_bundles().await.map_err(|error| signed.refuse(error))?;
    let names = signed.names().await?;
    let console = signed.console("policies-bundles");
    let places = Places::at(&console, "/staff/policies/bundles");
    let table = table(&console, &names, &heads, &said, &current);
    let lead = console.text("policies-bundles-lead");
    let older = |digest| (format!("/staff/policies/bundles?before={digest}"), console.text("policies-older-bundles"));
    let ways = Ways { ways: heads.last().filter(|_| more).map(|last| older(&last.digest)).into_iter().collect() };
    Ok(signed.page(&Sheet::new(console).among(&places).lead(lead).add(&table).add(&ways)))
}

/// A page of bundles, and whether there are older ones.
async fn listed(signed: &Signed, before: &str) -> Result<(Vec<BundleHead>, bool), Refusal> {
    let store = &signed.app().store;
    // One more than is shown tells that there are older ones.
    let heads = if before.is_empty() {
        store.bundles(ROWS + 1).await
    } else {
        let newer = store.bundle(before).await.map_err(|error| signed.refuse(error))?;
        let newer = newer.ok_or_else(|| signed.refuse(Failure::NotFound))?;
        store.bundles_before(&newer.head, ROWS + 1).await
    };
    let mut heads = heads.map_err(|error| signed.refuse(error))?;
    let rows = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let more = heads.len() > rows;
    heads.truncate(rows);
    Ok((heads, more))
}

fn table(
    console: &Console<'_>,
    names: &Names,
    heads: &[BundleHead],
    said: &[BundleApproval],
    current: &[BundleActivation],
) -> Table {
    let row = |head: &BundleHead| {
        let findings = &head.findings;
        vec![
            Cell::Link { path: bundle_path(&head.digest), text: short(&head.digest) },
            Cell::Figure(crate::texts::moment::stamp(head.submitted_at)),
            Cell::Text(person(console, names, &head.author)),
            Cell::Text(shortened(&head.message)),
            finding_cell(console, &findings.check),
            finding_cell(console, &findings.test),
            finding_cell(console, &findings.proof),
            standing_cell(console, head, said),
            Cell::Text(uses(console, &head.digest, current)),
        ]
    };
    let headings = ["bundle", "submitted", "author", "message", "check", "test", "proof", "standing", "used"];
    Table {
        caption: console.text("policies-bundles-listed"),
        headings: headings.map(|name| console.text(&format!("policies-h-{name}"))).to_vec(),
        rows: heads.iter().map(row).collect(),
        empty: console.text("policies-bundles-none"),
    }
}

fn shortened(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    if line.chars().count() <= MESSAGE_CHARS && line.len() == message.trim_end().len() {
        return line.to_owned();
    }
    format!("{}…", line.chars().take(MESSAGE_CHARS).collect::<String>())
}

/// How a check came out, and how that is meant.
pub(super) fn finding_state(console: &Console<'_>, finding: &Finding) -> (String, Tone) {
    let tone = if finding.state == FindingState::Passed { Tone::Good } else { Tone::Bad };
    (console.text(&format!("policies-finding-{}", finding.state.as_str().replace('_', "-"))), tone)
}

/// Where a bundle stands, in a word.
fn standing_cell(console: &Console<'_>, head: &BundleHead, said: &[BundleApproval]) -> Cell {
    let about = said.iter().filter(|word| word.digest == head.digest).cloned().collect::<Vec<_>>();
    let (key, tone) = match Standing::of(head, &about) {
        Standing::First => ("policies-stands-first", Tone::Good),
        Standing::Approved => ("policies-stands-approved", Tone::Good),
        Standing::ApprovedInEmergency => ("policies-said-let-through", Tone::Bad),
        Standing::Refused { .. } => ("policies-said-refused", Tone::Bad),
        Standing::Waiting { .. } => ("policies-stands-waiting", Tone::Plain),
    };
    Cell::State(console.text(key), tone)
}

fn finding_cell(console: &Console<'_>, finding: &Finding) -> Cell {
    let (text, tone) = finding_state(console, finding);
    Cell::State(text, tone)
}

/// What a bundle is in use for now, in words.
pub(super) fn uses(console: &Console<'_>, digest: &str, current: &[BundleActivation]) -> String {
    let used = current.iter().filter(|activation| activation.digest == digest);
    let used = used.map(|activation| console.text(&format!("policies-mode-{}", activation.mode.as_str())));
    used.collect::<Vec<_>>().join(&console.text("staff-list-separator"))
}
