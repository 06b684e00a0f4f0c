//! One bundle: what it takes away first, what the checks said, who said what about it, and what it changes.

use askama::Template;
use axum::extract::{Path, Query};
use serde::Deserialize;

use super::difference::Changed;
use super::{Places, bundle_path, bundles, short};
use crate::domain::bundle::{BundleActivation, BundleHead, BundleMode, Finding};
use crate::domain::staff::{Act, ActSubject};
use crate::flow::bundle_difference::{DifferenceError, difference};
use crate::pages::pieces::{Cell, Facts, Field, FieldKind, Notice, Tone, rendered};
use crate::pages::staff::answer::{Answer, Refusal};
use crate::pages::staff::console::Console;
use crate::pages::staff::failure::Failure;
use crate::pages::staff::names::Names;
use crate::pages::staff::sheet::{ActForm, Sheet};
use crate::pages::staff::signed::Signed;
use crate::policy::difference::ChangedText;

/// So many bundles can be chosen for a comparison.
const CHOICES: i64 = 50;
/// So many times in use are looked through for the bundle that was live before.
const LOOKED_BACK: i64 = 100;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    against: String,
}

/// One check with what it said.
#[derive(Template)]
#[template(path = "policies_finding.html")]
struct FindingPiece {
    title: String,
    state: String,
    tone: Tone,
    summary: String,
    details: Vec<String>,
    more: String,
}

/// What a bundle takes away from the one that was live.
#[derive(Template)]
#[template(path = "policies_weakens.html")]
struct Weakens {
    title: String,
    lead: String,
    lines: Vec<String>,
}

/// `GET /staff/policies/bundles/{digest}`
pub(super) async fn open(signed: Signed, Path(digest): Path<String>, Query(asked): Query<Asked>) -> Answer {
    let head = look(&signed, &digest).await?;
    let store = &signed.app().store;
    let current = store.current_bundles().await.map_err(|error| signed.refuse(error))?;
    let names = Names::read(&signed).await?;
    let against = against(&signed, &digest, &asked.against, &current).await?;
    let compared = match &against {
        Some(old) => Some(difference(signed.app(), old, &digest).await),
        None => None,
    };
    let choices = choices(&signed, &digest).await?;
    let console = signed.console("policies-bundle-title");
    let places = Places::at(&console, "");
    let (facts, findings) = (facts(&console, &names, &head, &current), findings(&console, &head));
    let weakens = weakens(&console, &head);
    let form = comparison_form(&console, &digest, against.as_deref(), choices);
    let shown = compared.map(|compared| changes(&signed, &console, compared)).transpose()?;
    let mut sheet = Sheet::new(console).among(&places);
    if let Some(weakens) = weakens {
        sheet = sheet.add(&weakens);
    }
    sheet = sheet.add(&facts);
    for finding in &findings {
        sheet = sheet.add(finding);
    }
    sheet = sheet.add(&form);
    for html in shown.unwrap_or_default() {
        sheet = sheet.add_rendered(html);
    }
    Ok(signed.page(&sheet))
}

/// Reads one for a page.
pub(super) async fn look(signed: &Signed, digest: &str) -> Result<BundleHead, Refusal> {
    signed.require(Act::PolicyLook, &ActSubject::of(digest)).await?;
    let found = signed.app().store.bundle(digest).await.map_err(|error| signed.refuse(error))?;
    Ok(found.ok_or_else(|| signed.refuse(Failure::NotFound))?.head)
}

/// The bundle to compare with: the one that is asked for, else the one that is live, else the one that was live before.
async fn against(
    signed: &Signed,
    digest: &str,
    asked: &str,
    current: &[BundleActivation],
) -> Result<Option<String>, Refusal> {
    if !asked.is_empty() {
        return Ok(Some(asked.to_owned()));
    }
    let live = current.iter().find(|activation| activation.mode == BundleMode::Live && activation.digest != digest);
    if let Some(live) = live {
        return Ok(Some(live.digest.clone()));
    }
    let past = signed.app().store.bundle_activations(LOOKED_BACK).await.map_err(|error| signed.refuse(error))?;
    let before = past.into_iter().find(|activation| activation.mode == BundleMode::Live && activation.digest != digest);
    Ok(before.map(|activation| activation.digest))
}

fn facts(console: &Console<'_>, names: &Names, head: &BundleHead, current: &[BundleActivation]) -> Facts {
    let used = bundles::uses(console, &head.digest, current);
    let used = if used.is_empty() { console.text("policies-mode-none") } else { used };
    let mut rows = vec![
        (console.text("policies-message"), Cell::Text(head.message.clone())),
        (console.text("policies-author"), Cell::Text(names.of(&head.author))),
        (console.text("policies-submitted"), Cell::Text(console.moment(head.submitted_at))),
        (console.text("policies-in-use"), Cell::Text(used)),
        (console.text("policies-digest"), Cell::Text(head.digest.clone())),
        (console.text("policies-facts-version"), Cell::Figure(head.facts_version.to_string())),
        (console.text("policies-program"), Cell::Text(head.findings.program.clone())),
    ];
    if let Some(signature) = &head.signature {
        rows.push((console.text("policies-signed"), Cell::Text(signature.key.clone())));
    }
    Facts { rows }
}

fn findings(console: &Console<'_>, head: &BundleHead) -> Vec<FindingPiece> {
    let findings = &head.findings;
    let named: [(&str, &Finding); 3] = [
        ("policies-h-check", &findings.check),
        ("policies-h-test", &findings.test),
        ("policies-h-proof", &findings.proof),
    ];
    let piece = |(title, finding): (&str, &Finding)| {
        let (state, tone) = bundles::finding_state(console, finding);
        FindingPiece {
            title: console.text(title),
            state,
            tone,
            summary: finding.summary.clone(),
            details: finding.details.clone(),
            more: console.text("policies-details"),
        }
    };
    named.map(piece).into_iter().collect()
}

fn weakens(console: &Console<'_>, head: &BundleHead) -> Option<Weakens> {
    (!head.weakens.is_empty()).then(|| Weakens {
        title: console.text("policies-weakens"),
        lead: console.text("policies-weakens-lead"),
        lines: head.weakens.clone(),
    })
}

/// The bundles that one may compare with: digest, and what is read.
async fn choices(signed: &Signed, digest: &str) -> Result<Vec<(String, String)>, Refusal> {
    let heads = signed.app().store.bundles(CHOICES).await.map_err(|error| signed.refuse(error))?;
    let choice = |head: &BundleHead| {
        let message: String = head.message.chars().take(40).collect();
        (head.digest.clone(), format!("{}  {message}", short(&head.digest)))
    };
    Ok(heads.iter().filter(|head| head.digest != digest).map(choice).collect())
}

fn comparison_form(
    console: &Console<'_>,
    digest: &str,
    against: Option<&str>,
    choices: Vec<(String, String)>,
) -> ActForm {
    let field = Field::new("against", console.text("policies-against"), FieldKind::Choice(choices));
    ActForm::new(console, bundle_path(digest), "policies-compare")
        .title(console.text("policies-changes"))
        .question()
        .field(field.value(against.unwrap_or_default()))
}

/// What differs, piece by piece, or why it cannot be said.
fn changes(
    signed: &Signed,
    console: &Console<'_>,
    compared: Result<Vec<ChangedText>, DifferenceError>,
) -> Result<Vec<String>, Refusal> {
    let told = |key: &str| vec![rendered(&Notice { tone: Tone::Plain, text: console.text(key) })];
    match compared {
        Ok(texts) if texts.is_empty() => Ok(told("policies-changes-none")),
        Ok(texts) => Ok(texts.iter().map(|text| rendered(&Changed::new(console, text))).collect()),
        Err(DifferenceError::Unknown(_)) => Err(signed.refuse(Failure::NotFound)),
        Err(DifferenceError::Unreadable(_)) => Ok(told("policies-changes-unreadable")),
        Err(DifferenceError::Store(error)) => Err(signed.refuse(error)),
    }
}
