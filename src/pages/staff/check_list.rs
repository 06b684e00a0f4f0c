//! The check of a caller's identity: a list of what can be asked, ticks, and an outcome. What the caller answers is typed
//! nowhere.

use askama::Template;

use super::console::Console;
use super::pieces::{Field, FieldKind};
use super::typed::{Mistakes, Typed, mistake};
use crate::domain::consent::line::Identity;
use crate::domain::consent::{IdentityMethod, IdentityOutcome};
use crate::flow::cardholder::Person;
use crate::texts::Wording;

/// How strictly a caller is checked: stopping is light, resuming is strict.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    Light,
    Strict,
}

impl Strictness {
    /// So many answers must be right, where the record holds so many.
    fn ticks(self) -> usize {
        match self {
            Self::Light => 2,
            Self::Strict => 3,
        }
    }
}

/// One question: its field, its words, and what the record holds.
pub(super) struct Question {
    field: &'static str,
    label: String,
    answer: String,
    ticked: bool,
}

/// The list as it is shown.
#[derive(Template)]
#[template(path = "console_check_list.html")]
pub(super) struct CheckList {
    legend: String,
    hint: String,
    questions: Vec<Question>,
    error: Option<String>,
    outcome: Field,
    method: Field,
}

/// The methods that a call or a visit can use.
const METHODS: [IdentityMethod; 3] = [IdentityMethod::KnownFacts, IdentityMethod::CallBack, IdentityMethod::Document];

/// The list for one person, as it was ticked.
pub(super) fn check_list(
    console: &Console<'_>,
    person: Option<&Person>,
    strictness: Strictness,
    typed: &Typed,
    mistakes: &Mistakes,
) -> CheckList {
    let choice =
        |prefix: &str, word: &str| (word.to_owned(), console.text(&format!("{prefix}-{}", word.replace('_', "-"))));
    let outcomes = IdentityOutcome::ALL.iter().map(|outcome| choice("console-outcome", outcome.as_str())).collect();
    let methods = METHODS.iter().map(|method| choice("console-method", method.as_str())).collect();
    let questions = person.map(|person| questions(console.wording, person)).unwrap_or_default();
    let hint = match strictness {
        Strictness::Light => "console-check-hint-light",
        Strictness::Strict => "console-check-hint-strict",
    };
    CheckList {
        legend: console.text("console-check"),
        hint: console.text(hint),
        questions: questions
            .into_iter()
            .map(|(field, label, answer)| Question { field, label, answer, ticked: typed.is_ticked(field) })
            .collect(),
        error: mistake(mistakes, "check"),
        outcome: Field::new("outcome", console.text("console-outcome"), FieldKind::Radio(outcomes))
            .value(typed.get("outcome"))
            .error(mistake(mistakes, "outcome")),
        method: Field::new("method", console.text("console-method"), FieldKind::Choice(methods))
            .value(typed.get("method")),
    }
}

/// What was ticked, if it can be true; else the mistakes are told.
pub(super) fn read(
    console: &Console<'_>,
    person: Option<&Person>,
    strictness: Strictness,
    typed: &Typed,
    mistakes: &mut Mistakes,
) -> Option<Identity> {
    let Some(outcome) = IdentityOutcome::parse(typed.get("outcome")) else {
        mistakes.push(("outcome", console.text("console-outcome-missing")));
        return None;
    };
    let method = IdentityMethod::parse(typed.get("method")).unwrap_or(IdentityMethod::KnownFacts);
    let questions = person.map(|person| questions(console.wording, person)).unwrap_or_default();
    let right = questions.iter().filter(|(field, ..)| typed.is_ticked(field)).count();
    let wanted = strictness.ticks().min(questions.len());
    if outcome == IdentityOutcome::Passed && method == IdentityMethod::KnownFacts && right < wanted {
        let wanted = i64::try_from(wanted).unwrap_or(i64::MAX);
        mistakes.push(("check", console.wording.with("console-check-too-few", "count", wanted)));
        return None;
    }
    Some(Identity { method, outcome })
}

/// What can be asked: only what her record holds.
fn questions(wording: Wording<'_>, person: &Person) -> Vec<(&'static str, String, String)> {
    let record = person.record.as_ref();
    let names = record.map(|record| {
        let names = [&record.name_kanji, &record.name_kana, &record.name_latin];
        names.into_iter().flatten().cloned().collect::<Vec<_>>().join(" / ")
    });
    let address = record.and_then(|record| record.address.as_ref()).map(|address| {
        let parts = [Some(&address.postal_code), address.city.as_ref(), Some(&address.line1), address.line2.as_ref()];
        parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
    });
    let cards: Vec<String> = person.cards.iter().map(|card| card.number.last_four.clone()).collect();
    let all = [
        ("asked_name", "console-name", names.filter(|names| !names.is_empty())),
        ("asked_birth_date", "console-birth-date", record.and_then(|record| record.birth_date.clone())),
        ("asked_phone", "console-phone", record.and_then(|record| record.phone.clone())),
        ("asked_address", "console-address", address),
        ("asked_card", "console-last-four", Some(cards.join(", ")).filter(|cards| !cards.is_empty())),
    ];
    all.into_iter().filter_map(|(field, key, answer)| Some((field, wording.text(key), answer?))).collect()
}
