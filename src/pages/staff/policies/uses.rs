//! Times in use: what is in use now, and what was, with why it is over.

use super::panel::percent;
use super::{bundle_path, person, short};
use crate::domain::bundle::end_reason::EndReason;
use crate::domain::bundle::{BundleActivation, BundleMode};
use crate::flow::staff::names::Names;
use crate::pages::pieces::{Cell, Table};
use crate::pages::staff::console::Console;
use crate::texts::moment;

/// Whether this bundle is in this use.
pub(super) fn is_used(mode: BundleMode, digest: &str, current: &[BundleActivation]) -> bool {
    current.iter().any(|used| used.mode == mode && used.digest == digest)
}

/// The key of what putting a bundle into this use is called: a trial that runs is changed.
pub(super) fn activation_title(mode: BundleMode, digest: &str, current: &[BundleActivation]) -> String {
    let verb = if mode != BundleMode::Live && is_used(mode, digest, current) { "change" } else { "activate" };
    format!("policies-{verb}-{}", mode.as_str())
}

/// What is in these uses now; a use in which nothing is says so.
pub(super) fn now(console: &Console<'_>, names: &Names, modes: &[BundleMode], current: &[BundleActivation]) -> Table {
    let row = |mode: &BundleMode| {
        let name = Cell::Text(mode_text(console, *mode));
        let Some(found) = current.iter().find(|used| used.mode == *mode) else {
            let none = [console.text("policies-mode-none"), String::new(), String::new(), String::new()];
            return std::iter::once(name).chain(none.map(Cell::Text)).collect();
        };
        vec![
            name,
            Cell::Link { path: bundle_path(&found.digest), text: short(&found.digest) },
            Cell::Amount(percent(found.share.into())),
            Cell::Figure(moment::stamp(found.started_at)),
            Cell::Text(person(console, names, &found.started_by)),
        ]
    };
    let headings = ["use", "bundle", "share", "since", "by"].map(|name| console.text(&format!("policies-h-{name}")));
    Table {
        caption: console.text("policies-in-use-now"),
        headings: headings.to_vec(),
        rows: modes.iter().map(row).collect(),
        empty: String::new(),
    }
}

/// Times in use, with who ended each and why.
pub(super) fn times(console: &Console<'_>, names: &Names, uses: &[BundleActivation]) -> Table {
    let row = |used: &BundleActivation| {
        let until = used.ended_at.map_or_else(|| console.text("policies-still"), moment::stamp);
        let ended_by = used.ended_by.as_deref().map(|by| person(console, names, by)).unwrap_or_default();
        vec![
            Cell::Text(mode_text(console, used.mode)),
            Cell::Amount(percent(used.share.into())),
            Cell::Figure(moment::stamp(used.started_at)),
            Cell::Text(person(console, names, &used.started_by)),
            Cell::Figure(until),
            Cell::Text(ended_by),
            why(console, used),
        ]
    };
    let headings = ["use", "share", "since", "by", "until", "ended-by", "why"];
    Table {
        caption: console.text("policies-times"),
        headings: headings.map(|name| console.text(&format!("policies-h-{name}"))).to_vec(),
        rows: uses.iter().map(row).collect(),
        empty: console.text("policies-times-none"),
    }
}

/// Why a use is over.
pub(super) fn why(console: &Console<'_>, used: &BundleActivation) -> Cell {
    let stored = used.end_reason.as_deref().unwrap_or_default();
    let Some(reason) = EndReason::parse(stored) else { return Cell::English(stored.to_owned()) };
    let key = format!("policies-ended-{}", reason.word().replace('_', "-"));
    let bounds = |share: i64| percent(u64::try_from(share).unwrap_or(0));
    Cell::Text(match reason {
        EndReason::Erred { count } => console.wording.with(&key, "count", count),
        EndReason::LeftBand { outcome, share, least, most } => {
            let outcome = console.text(&format!("policies-outcome-{}", outcome.as_str()));
            let (share, least, most) = (bounds(share), bounds(least), bounds(most));
            let values = [("outcome", &outcome), ("share", &share), ("least", &least), ("most", &most)];
            console.wording.with_all(&key, &values.map(|(name, value)| (name, value.as_str())))
        }
        _ => console.text(&key),
    })
}

fn mode_text(console: &Console<'_>, mode: BundleMode) -> String {
    console.text(&format!("policies-mode-{}", mode.as_str()))
}
