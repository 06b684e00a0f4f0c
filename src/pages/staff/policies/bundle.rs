//! One bundle: what it takes away first, what the checks said, who said what about it, and what it changes.

use axum::extract::{Path, Query};
use serde::Deserialize;

use super::changes::{against, changes, choices, comparison_form};
use super::findings::{findings, weakens};
use super::{Places, acts, bundle_path, bundles, person, short, uses, words};
use crate::domain::bundle::{ApprovalDecision, BundleActivation, BundleApproval, BundleHead, BundleReview};
use crate::domain::staff::{Act, ActSubject};
use crate::flow::staff::names::Names;
use crate::pages::pieces::{Cell, Facts, Table, Tone};
use crate::pages::staff::answer::{Answer, Refusal};
use crate::pages::staff::console::Console;
use crate::pages::staff::failure::Failure;
use crate::pages::staff::sheet::{Sheet, Ways, Words};
use crate::pages::staff::signed::Signed;
use crate::texts::moment::stamp;

/// So many times in use are listed.
const TIMES: i64 = 50;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    against: String,
    #[serde(default)]
    done: String,
}

/// `GET /staff/policies/bundles/{digest}`
pub(super) async fn open(signed: Signed, Path(digest): Path<String>, Query(asked): Query<Asked>) -> Answer {
    let head = look(&signed, &digest).await?;
    let store = &signed.app().store;
    let current = store.current_bundles().await.map_err(|error| signed.refuse(error))?;
    let names = signed.names().await?;
    let against = against(&signed, &digest, &asked.against, &current).await?;
    let choices = choices(&signed, &digest, against.as_deref()).await?;
    let said = store.bundle_approvals(&digest).await.map_err(|error| signed.refuse(error))?;
    let review = store.bundle_review(&digest).await.map_err(|error| signed.refuse(error))?;
    let times = store.uses_of_bundle(&digest, TIMES).await.map_err(|error| signed.refuse(error))?;
    let mut console = signed.console("policies-bundle-title");
    console.title = format!("{} {}", console.title, short(&digest));
    let places = Places::at(&console, "");
    let (facts, findings) = (facts(&console, &names, &head, &current), findings(&console, &head));
    let weakens = weakens(&console, &head);
    let ways = Ways { ways: acts::ways(&signed, &console, &head, &said, &current, review.is_some()) };
    let standing = words::standing(&console, &names, &head, &said);
    let (said, review) =
        (self::said(&console, &names, &said), review.map(|review| reviewed(&console, &names, &review)));
    let times = uses::times(&console, &names, &times);
    let done = match asked.done.as_str() {
        "decided" => Some((Tone::Good, "policies-done-decided")),
        "activated" => Some((Tone::Good, "policies-done-activated")),
        "reviewed" => Some((Tone::Good, "policies-done-reviewed")),
        _ => None,
    };
    let form = comparison_form(&console, &digest, against.as_deref(), choices);
    let shown = changes(&signed, &console, against.as_deref(), &digest).await?;
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
    sheet = sheet.add(&times).add(&form);
    for html in shown {
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

fn facts(console: &Console<'_>, names: &Names, head: &BundleHead, current: &[BundleActivation]) -> Facts {
    let used = bundles::uses(console, &head.digest, current);
    let used = if used.is_empty() { console.text("policies-mode-none") } else { used };
    let mut rows = vec![
        (console.text("policies-message"), Cell::Text(head.message.clone())),
        (console.text("policies-author"), Cell::Text(person(console, names, &head.author))),
        (console.text("policies-submitted"), Cell::Text(console.moment(head.submitted_at))),
        (console.text("policies-used-as"), Cell::Text(used)),
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
            (console.text("policies-author"), Cell::Text(person(console, names, &head.author))),
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
            Cell::Text(person(console, names, &word.person)),
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
    let by = format!("{}, {}", person(console, names, &review.person), console.moment(review.reviewed_at));
    Words { title: console.text("policies-reviewed"), sentences: vec![review.note.clone(), by] }
}
