//! The figures of a trial as tables, for people who compare.

use crate::charts::Tone as Colour;
use crate::domain::money::grouped;
use crate::domain::policy_figure::FigureKind;
use crate::domain::verdict::Outcome;
use crate::flow::trial::{CanaryTrial, Counts};
use crate::pages::pieces::{Cell, Table};
use crate::pages::staff::console::Console;
use crate::pages::staff::policies::panel::{percent, share};
use crate::store::shadow_differences::ShadowDifference;
use crate::texts::moment;

/// Counts and shares of a canary beside those of the live bundle.
pub(super) fn beside(console: &Console<'_>, trial: &CanaryTrial) -> Table {
    let of = |counts: &Counts, outcome: Outcome| {
        let count = counts.count(FigureKind::Outcome, outcome.as_str());
        [Cell::Amount(grouped(count)), Cell::Amount(counts.share(outcome).map_or_else(|| "–".to_owned(), percent))]
    };
    let row = |outcome: &Outcome| {
        let name = console.text(&format!("policies-outcome-{}", outcome.as_str()));
        let cells = of(&trial.canary, *outcome).into_iter().chain(of(&trial.live, *outcome));
        std::iter::once(Cell::Text(name)).chain(cells).collect()
    };
    let mut rows: Vec<Vec<Cell>> = Outcome::ALL.iter().map(row).collect();
    let passed = |counts: &Counts| {
        let passed = counts.count(FigureKind::Challenge, "passed");
        [Cell::Amount(grouped(passed)), Cell::Amount(share(passed, counts.total(FigureKind::Challenge)))]
    };
    let name = Cell::Text(console.text("policies-challenges-passed"));
    rows.push(std::iter::once(name).chain(passed(&trial.canary)).chain(passed(&trial.live)).collect());
    let headings = ["outcome", "canary", "canary-share", "live", "live-share"];
    Table {
        caption: console.text("policies-shares"),
        headings: headings.map(|name| console.text(&format!("policies-h-{name}"))).to_vec(),
        rows,
        empty: String::new(),
    }
}

/// What a shadow was counted to answer otherwise, the most frequent first: `approve_to_challenge` and how often.
pub(super) fn differing(compared: &Counts) -> Vec<(String, u64)> {
    let words = compared.words(FigureKind::Shadow).filter(|(word, _)| !matches!(*word, "same" | "dropped"));
    let mut words: Vec<(String, u64)> = words.map(|(word, count)| (word.to_owned(), count)).collect();
    words.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    words
}

/// From what to what, in words.
pub(super) fn transition(console: &Console<'_>, word: &str) -> String {
    let name = |word: &str| console.text(&format!("policies-outcome-{word}"));
    match word.split_once("_to_") {
        Some((from, to)) if from == to => console.wording.with("policies-same-outcome", "outcome", name(to)),
        Some((from, to)) => format!("{} → {}", name(from), name(to)),
        None => word.to_owned(),
    }
}

/// The colour of what it would become; of none in particular where the outcome stays.
pub(super) fn colour(word: &str) -> Colour {
    match word.split_once("_to_").filter(|(from, to)| from != to) {
        Some((_, "approve")) => Colour::Good,
        Some((_, "challenge")) => Colour::Effort,
        Some((_, "reject")) => Colour::Bad,
        _ => Colour::Open,
    }
}

pub(super) fn transitions(console: &Console<'_>, differing: &[(String, u64)], asked: u64) -> Table {
    let row = |(word, count): &(String, u64)| {
        vec![Cell::Text(transition(console, word)), Cell::Amount(grouped(*count)), Cell::Amount(share(*count, asked))]
    };
    let headings = ["transition", "count", "share"].map(|name| console.text(&format!("policies-h-{name}")));
    Table {
        caption: console.text("policies-differences"),
        headings: headings.to_vec(),
        rows: differing.iter().map(row).collect(),
        empty: String::new(),
    }
}

/// Decisions that a shadow would have made otherwise, each with the way to its explanation.
pub(super) fn differences(console: &Console<'_>, differences: &[ShadowDifference]) -> Table {
    let row = |difference: &ShadowDifference| {
        let word = format!("{}_to_{}", difference.live_outcome.as_str(), difference.shadow_outcome.as_str());
        let path = format!("/staff/policies/decisions/{}", difference.authentication_id);
        vec![
            Cell::Link { path, text: moment::stamp(difference.recorded_at) },
            Cell::Text(transition(console, &word)),
            Cell::Text(difference.live_policies.join(", ")),
            Cell::Text(difference.shadow_policies.join(", ")),
        ]
    };
    let headings = ["when", "transition", "live-rules", "shadow-rules"];
    Table {
        caption: console.text("policies-differences-newest"),
        headings: headings.map(|name| console.text(&format!("policies-h-{name}"))).to_vec(),
        rows: differences.iter().map(row).collect(),
        empty: console.text("policies-no-difference"),
    }
}
