//! One bundle: what it takes away first, what the checks said, who said what about it, and what it changes.

use askama::Template;
use axum::extract::{Path, Query};
use serde::Deserialize;

use super::difference::Changed;
use super::{Places, acts, bundle_path, bundles, short, words};
use crate::domain::bundle::{
    ApprovalDecision, BundleActivation, BundleApproval, BundleHead, BundleMode, BundleReview, Finding,
};
use crate::domain::staff::{Act, ActSubject};
use crate::flow::bundle_difference::{DifferenceError, difference};
use crate::flow::staff::names::Names;
use crate::pages::pieces::{Cell, Facts, Field, FieldKind, Notice, Table, Tone, rendered};
use crate::pages::staff::answer::{Answer, Refusal};
use crate::pages::staff::console::Console;
use crate::pages::staff::failure::Failure;
use crate::pages::staff::sheet::{ActForm, Sheet, Ways, Words};
use crate::pages::staff::signed::Signed;
use crate::policy::difference::ChangedText;
use crate::texts::moment::stamp;

/// So many bundles can be chosen for a comparison.
const CHOICES: i64 = 50;
/// So many times in use are looked through for the bundle that was live before.
const LOOKED_BACK: i64 = 100;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    against: String,
    #[serde(default)]
    done: String,
}

/// One check with what it said.
#[derive(Template)]
#[template(path = "policies_finding.html")]
pub(super) struct FindingPiece {
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
pub(super) struct Weakens {
    title: String,
    lead: String,
    lines: Vec<String>,
}

/// `GET /staff/policies/bundles/{digest}`
pub(super) async fn open(signed: Signed, Path(digest): Path<String>, Query(asked): Query<Asked>) -> Answer {
    let head = look(&signed, &digest).await?;
    let store = &signed.app().store;
    let current = store.current_bundles().await.map_err(|error| signed.refuse(error))?;
    let names = signed.names().await?;
    let against = against(&signed, &digest, &asked.against, &current).await?;
    let compared = match &against {
        Some(old) => Some(difference(signed.app(), old, &digest).await),
        None => None,
    };
    let choices = choices(&signed, &digest).await?;
    let said = store.bundle_approvals(&digest).await.map_err(|error| signed.refuse(error))?;
    let review = store.bundle_review(&digest).await.map_err(|error| signed.refuse(error))?;
    let console = signed.console("policies-bundle-title");
    let places = Places::at(&console, "");
    let (facts, findings) = (facts(&console, &names, &head, &current), findings(&console, &head));
    let weakens = weakens(&console, &head);
    let ways = Ways { ways: acts::ways(&signed, &console, &head, &said, review.is_some()) };
    let standing = words::standing(&console, &names, &head, &said);
    let (said, review) =
        (self::said(&console, &names, &said), review.map(|review| reviewed(&console, &names, &review)));
    let done = match asked.done.as_str() {
        "decided" => Some((Tone::Good, "policies-done-decided")),
        "activated" => Some((Tone::Good, "policies-done-activated")),
        "reviewed" => Some((Tone::Good, "policies-done-reviewed")),
        _ => None,
    };
    let form = comparison_form(&console, &digest, against.as_deref(), choices);
    let shown = compared.map(|compared| changes(&signed, &console, compared)).transpose()?;
    let mut sheet = Sheet::new(console).among(&places).maybe_notice(done);
    if let Some(weakens) = weakens {
        sheet = sheet.add(&weakens);
    }
    sheet = sheet.add(&standing).add(&ways).add(&facts);
    for finding in &findings {
        sheet = sheet.add(finding);
    }
    sheet = sheet.add(&said);
    if let Some(review) = review {
        sheet = sheet.add(&review);
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

/// What tells a bundle from others, for pages on which something is done with it.
pub(super) fn short_facts(console: &Console<'_>, names: &Names, head: &BundleHead) -> Facts {
    let link = Cell::Link { path: bundle_path(&head.digest), text: short(&head.digest) };
    Facts {
        rows: vec![
            (console.text("policies-h-bundle"), link),
            (console.text("policies-message"), Cell::Text(head.message.clone())),
            (console.text("policies-author"), Cell::Text(names.of(&head.author))),
            (console.text("policies-submitted"), Cell::Text(console.moment(head.submitted_at))),
        ],
    }
}

/// What others said about it.
pub(super) fn said(console: &Console<'_>, names: &Names, words: &[BundleApproval]) -> Table {
    let row = |word: &BundleApproval| {
        let (key, tone) = match (word.decision, word.emergency) {
            (ApprovalDecision::Refused, _) => ("policies-said-refused", Tone::Bad),
            (ApprovalDecision::Approved, true) => ("policies-said-let-through", Tone::Bad),
            (ApprovalDecision::Approved, false) => ("policies-said-approved", Tone::Good),
        };
        let roles = word.roles.iter().map(|role| console.text(&format!("staff-role-{}", role.as_str())));
        vec![
            Cell::Text(names.of(&word.person)),
            Cell::Text(roles.collect::<Vec<_>>().join(&console.text("staff-list-separator"))),
            Cell::State(console.text(key), tone),
            Cell::Text(word.note.clone()),
            Cell::Figure(stamp(word.decided_at)),
        ]
    };
    let headings = ["by", "roles", "said", "note", "when"].map(|name| console.text(&format!("policies-h-{name}")));
    Table {
        caption: console.text("policies-said"),
        headings: headings.to_vec(),
        rows: words.iter().map(row).collect(),
        empty: console.text("policies-said-nothing"),
    }
}

fn reviewed(console: &Console<'_>, names: &Names, review: &BundleReview) -> Words {
    let by = format!("{}, {}", names.of(&review.person), console.moment(review.reviewed_at));
    Words { title: console.text("policies-reviewed"), sentences: vec![review.note.clone(), by] }
}

pub(super) fn findings(console: &Console<'_>, head: &BundleHead) -> Vec<FindingPiece> {
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

pub(super) fn weakens(console: &Console<'_>, head: &BundleHead) -> Option<Weakens> {
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
