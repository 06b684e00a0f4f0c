//! What an event says, as facts on a page.

use crate::domain::consent::coverage::Coverage;
use crate::domain::consent::line::ConsentEvent;
use crate::flow::staff::names::Names;
use crate::pages::pieces::{Cell, Facts, Table};
use crate::pages::staff::console::Console;

/// The facts of one event: what she said, how she was checked, what she was told.
pub(super) fn facts(console: &Console<'_>, names: &Names, event: &ConsentEvent) -> Facts {
    let about = event.cardholder_id.to_string();
    let text = |key: &str| console.text(key);
    let mut rows = vec![
        (text("supervisor-h-about"), Cell::Link { path: format!("/staff/cardholders/{about}"), text: about }),
        (text("supervisor-h-action"), Cell::Text(text(&format!("supervisor-action-{}", event.action.as_str())))),
        (text("supervisor-h-scope"), Cell::Text(scope(console, &event.coverage))),
        (text("supervisor-h-channel"), Cell::Text(text(&format!("supervisor-channel-{}", event.channel.as_str())))),
        (text("supervisor-h-by"), Cell::Text(names.of(&event.actor))),
        (text("supervisor-h-since"), Cell::Figure(console.moment(event.recorded_at))),
    ];
    if let Some(said) = event.effective_from {
        rows.push((text("supervisor-h-said"), Cell::Figure(console.moment(said))));
    }
    if let Some(reference) = &event.reference {
        rows.push((text("supervisor-call-reference"), Cell::Text(reference.clone())));
    }
    if let Some(identity) = event.identity {
        let method = text(&format!("supervisor-by-{}", identity.method.as_str()));
        let outcome = text(&format!("supervisor-identity-{}", identity.outcome.as_str()));
        rows.push((text("supervisor-h-check"), Cell::Text(format!("{method}: {outcome}"))));
    }
    if let Some(version) = event.notice_version.as_ref().or(event.script_version.as_ref()) {
        let language = event.language.map(|language| text(&format!("supervisor-language-{}", language.as_str())));
        let told = format!("{version} {}", language.unwrap_or_default());
        rows.push((text("supervisor-h-notice"), Cell::Text(told.trim().to_owned())));
    }
    Facts { rows }
}

/// Her history in lines, the newest first.
pub(super) fn history(console: &Console<'_>, names: &Names, events: &[ConsentEvent]) -> Table {
    let row = |event: &ConsentEvent| {
        vec![
            Cell::Figure(console.moment(event.recorded_at)),
            Cell::Text(console.text(&format!("supervisor-action-{}", event.action.as_str()))),
            Cell::Text(scope(console, &event.coverage)),
            Cell::Text(console.text(&format!("supervisor-consent-{}", event.state.as_str()))),
            Cell::Text(names.of(&event.actor)),
        ]
    };
    let headings =
        ["since", "action", "scope", "state", "by"].map(|name| console.text(&format!("supervisor-h-{name}")));
    Table {
        caption: console.text("supervisor-history"),
        headings: headings.to_vec(),
        rows: events.iter().map(row).collect(),
        empty: console.text("supervisor-nothing-waits"),
    }
}

fn scope(console: &Console<'_>, coverage: &Coverage) -> String {
    if coverage.is_everything() {
        return console.text("supervisor-scope-everything");
    }
    let cards =
        coverage.cards.as_ref().map(|cards| console.wording.with("supervisor-scope-cards", "count", cards.len()));
    let purpose = coverage.purpose.map(|purpose| console.text(&format!("supervisor-purpose-{}", purpose.as_str())));
    let parts: Vec<String> = [cards, purpose, coverage.recipient.clone()].into_iter().flatten().collect();
    parts.join(&console.text("staff-list-separator"))
}
