//! Where a person stands and what was recorded about her, in plain words.

use super::console::Console;
use super::pieces::Tone;
use crate::domain::challenge::Language;
use crate::domain::consent::coverage::Coverage;
use crate::domain::consent::line::ConsentEvent;
use crate::domain::consent::standing::Standing;
use crate::domain::consent::{ConsentAction, ConsentState};
use crate::flow::cardholder::Person;

/// The big state at the head of a page.
pub(super) struct StateWords {
    /// The state's word.
    pub(super) title: String,
    /// Since when and for what, a line each.
    pub(super) lines: Vec<String>,
    /// How it is meant: protected is good, shared is plain.
    pub(super) tone: Tone,
}

/// Where a person stands.
pub(super) fn state(console: &Console<'_>, person: &Person, events: &[ConsentEvent]) -> StateWords {
    let general = person.standing.general();
    let (key, tone) = match general {
        ConsentState::Permitted => ("console-state-permitted", Tone::Plain),
        ConsentState::OptedOut => ("console-state-opted-out", Tone::Good),
        ConsentState::Pending => ("console-state-pending", Tone::Bad),
        ConsentState::Unknown => ("console-state-unknown", Tone::Good),
    };
    let mut lines = vec![console.text(&format!("{key}-lead"))];
    lines.extend(standing_lines(console, person, &person.standing, events));
    StateWords { title: console.text(key), lines, tone }
}

fn standing_lines(console: &Console<'_>, person: &Person, standing: &Standing, events: &[ConsentEvent]) -> Vec<String> {
    let since = |id| events.iter().find(|event| event.id == id).map(|event| console.moment(event.recorded_at));
    let mut lines = Vec::new();
    for objection in &standing.objections {
        let key = if objection.pending { "console-since-pending" } else { "console-since-objected" };
        let at = console.wording.with(key, "at", since(objection.event).unwrap_or_else(|| "…".to_owned()));
        lines.push(format!("{at} {}", coverage(console, person, &objection.coverage)));
    }
    if standing.objections.is_empty() {
        for permit in &standing.permits {
            let key = format!("console-since-{}", permit.basis.as_str());
            lines.push(console.wording.with(&key, "at", since(permit.event).unwrap_or_else(|| "…".to_owned())));
        }
    }
    lines
}

/// For which cards, purpose and recipient something holds.
pub(super) fn coverage(console: &Console<'_>, person: &Person, coverage: &Coverage) -> String {
    let mut parts = vec![match &coverage.cards {
        None => console.text("console-all-cards"),
        Some(ids) => {
            let cards = person.cards.iter().filter(|card| ids.contains(&card.id));
            let cards: Vec<String> = cards.map(|card| format!("…{}", card.number.last_four)).collect();
            console.wording.with("console-these-cards", "cards", cards.join(", "))
        }
    }];
    if let Some(purpose) = coverage.purpose {
        parts.push(console.text(&format!("console-purpose-{}", purpose.as_str())));
    }
    if let Some(recipient) = &coverage.recipient {
        parts.push(recipient.clone());
    }
    parts.join(&console.text("staff-list-separator"))
}

/// What an event did.
pub(super) fn action(console: &Console<'_>, event: &ConsentEvent) -> String {
    let pending = event.pending && event.action != ConsentAction::Correct;
    let key = format!("console-action-{}{}", event.action.as_str(), if pending { "-pending" } else { "" });
    console.text(&key)
}

/// Her name as her record has it; her reference where it does not open.
pub(super) fn name(console: &Console<'_>, person: &Person) -> String {
    let record = person.record.as_ref();
    let names: Vec<&String> = record
        .map(|record| [&record.name_kanji, &record.name_kana, &record.name_latin].into_iter().flatten().collect())
        .unwrap_or_default();
    match names.as_slice() {
        [] => console.wording.with("console-nameless", "reference", person.reference.clone()),
        [only] => (*only).clone(),
        [first, second, ..] => match console.wording.language() {
            Language::Ja => format!("{first}（{second}）"),
            Language::En => format!("{first} ({second})"),
        },
    }
}

/// The page's title with her name, so that nobody records something for somebody else.
pub(super) fn titled(console: &Console<'_>, person: &Person) -> String {
    let name = name(console, person);
    match console.wording.language() {
        Language::Ja => format!("{}：{name}", console.title),
        Language::En => format!("{}: {name}", console.title),
    }
}
