//! What the checks said about a bundle, and what it takes away, in the page's language where the sentence is one of ours.

use askama::Template;

use super::bundles::finding_state;
use crate::domain::bundle::told::{Summary, SummaryForm, Weakened};
use crate::domain::bundle::{BundleHead, Finding};
use crate::pages::pieces::{Cell, Tone};
use crate::pages::staff::console::Console;

/// One check with what it said.
#[derive(Template)]
#[template(path = "policies_finding.html")]
pub(super) struct FindingPiece {
    title: String,
    state: String,
    tone: Tone,
    summary: Cell,
    details: Vec<String>,
    more: String,
}

/// What a bundle takes away from the one that was live.
#[derive(Template)]
#[template(path = "policies_weakens.html")]
pub(super) struct Weakens {
    title: String,
    lead: String,
    lines: Vec<Cell>,
}

pub(super) fn findings(console: &Console<'_>, head: &BundleHead) -> Vec<FindingPiece> {
    let findings = &head.findings;
    let named: [(&str, &Finding); 3] = [
        ("policies-h-check", &findings.check),
        ("policies-h-test", &findings.test),
        ("policies-h-proof", &findings.proof),
    ];
    let piece = |(title, finding): (&str, &Finding)| {
        let (state, tone) = finding_state(console, finding);
        FindingPiece {
            title: console.text(title),
            state,
            tone,
            summary: summary(console, &finding.summary),
            details: finding.details.clone(),
            more: console.text("policies-details"),
        }
    };
    named.map(piece).into_iter().collect()
}

/// What a check says in one line, in the page's language where it is one of ours.
fn summary(console: &Console<'_>, text: &str) -> Cell {
    let Some(summary) = Summary::parse(text) else { return Cell::English(text.to_owned()) };
    let word = match summary.form() {
        SummaryForm::Sound => "sound",
        SummaryForm::Rules => "rules",
        SummaryForm::Mend => "mend",
        SummaryForm::Cases => "cases",
        SummaryForm::CasesUnreadable => "cases-unreadable",
        SummaryForm::Claims => "claims",
        SummaryForm::OwnTests => "own-tests",
        SummaryForm::NotRun => "not-run",
    };
    let numbers = summary.numbers().iter().map(usize::to_string);
    let values: Vec<(&'static str, String)> = ["all", "failed", "open"].into_iter().zip(numbers).collect();
    let values: Vec<(&'static str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Cell::Text(console.wording.with_all(&format!("policies-summary-{word}"), &values))
}

/// One safeguard that is taken away, in the page's language where it is told in our form.
fn weakened(console: &Console<'_>, line: &str) -> Cell {
    let Some(weakened) = Weakened::parse(line) else { return Cell::English(line.to_owned()) };
    let kind = weakened.safeguard.as_str().replace(' ', "-");
    let kind = console.text(&format!("policies-kind-{kind}"));
    let how = console.text(&format!("policies-{}", weakened.alteration.as_str()));
    let values = [("kind", kind.as_str()), ("id", weakened.id.as_str()), ("how", how.as_str())];
    Cell::Text(console.wording.with_all("policies-weakened", &values))
}

pub(super) fn weakens(console: &Console<'_>, head: &BundleHead) -> Option<Weakens> {
    (!head.weakens.is_empty()).then(|| Weakens {
        title: console.text("policies-weakens"),
        lead: console.text("policies-weakens-lead"),
        lines: head.weakens.iter().map(|line| weakened(console, line)).collect(),
    })
}
