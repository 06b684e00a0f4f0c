//! Values of facts as people read them: amounts with their unit, times in Japan, known words in the page's language.

use serde_json::Value;

use crate::domain::clock::Micros;
use crate::pages::staff::console::Console;
use crate::policy::explanation::ValueRead;

/// The one fact that is a moment.
const MOMENT: &str = "context.received_at_seconds";
/// The fact whose words are those of the analysis company's panel.
const REASON: &str = "context.assessment.reason";

/// The value of a fact, as it is written for people.
pub(super) fn value_text(console: &Console<'_>, fact: &ValueRead) -> String {
    let Some(value) = &fact.value else { return console.text("policies-absent") };
    if let (MOMENT, Some(seconds)) = (fact.name.as_str(), value.as_i64()) {
        return console.moment(Micros(seconds.saturating_mul(Micros::SECOND)));
    }
    match fact.amount() {
        Some(amount) => amount.of(console.language()).to_owned(),
        None => text(console, fact, value),
    }
}

fn text(console: &Console<'_>, fact: &ValueRead, value: &Value) -> String {
    match value {
        Value::String(word) if word.is_empty() => console.text("policies-nothing"),
        Value::String(word) if fact.has_closed_words() => known(console, &fact.name, word),
        Value::String(text) => match entity(text) {
            Some(("Method", id)) => known(console, &fact.name, id),
            Some((_, id)) => id.to_owned(),
            None => text.clone(),
        },
        Value::Bool(true) => console.text("policies-yes"),
        Value::Bool(false) => console.text("policies-no"),
        Value::Array(values) if values.is_empty() => console.text("policies-nothing"),
        Value::Array(values) => {
            let texts: Vec<String> = values.iter().map(|value| text(console, fact, value)).collect();
            texts.join(&console.text("staff-list-separator"))
        }
        other => other.to_string(),
    }
}

/// Type and id of an entity as rules write it: `Method::"password"`.
fn entity(text: &str) -> Option<(&str, &str)> {
    let (kind, id) = text.split_once("::\"")?;
    let id = id.strip_suffix('"')?;
    kind.bytes().all(|letter| letter.is_ascii_alphabetic()).then_some((kind, id))
}

/// A word of a closed set in the page's language; the word itself where it has no text.
fn known(console: &Console<'_>, path: &str, word: &str) -> String {
    let key = key(path, word);
    let told = console.text(&key);
    if told == key { word.to_owned() } else { told }
}

fn key(path: &str, word: &str) -> String {
    let word = word.replace('_', "-");
    if path == REASON { format!("supervisor-provider-{word}") } else { format!("policies-word-{word}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::assessment::{NoAnswer, NotAsked, Recommendation, Signal};
    use crate::domain::card::CardStatus;
    use crate::domain::challenge::Language;
    use crate::domain::consent::ConsentState;
    use crate::domain::facts::{
        ChallengeWish, DeliveryKind, EnrolmentState, LocationSource, Match, Method, OsFamily, Purpose, RecognisedBy,
    };
    use crate::pages::texts::texts;

    #[test]
    fn entities_are_called_by_their_ids() {
        assert_eq!(entity("Method::\"password\""), Some(("Method", "password")));
        for text in ["password", "a::b", "a b::\"c\"", "Method::\"password"] {
            assert_eq!(entity(text), None, "{text}");
        }
    }

    #[test]
    fn every_word_of_a_fact_about_a_purchase_has_a_text_in_both_languages() {
        let mut keys: Vec<String> = Vec::new();
        let mut of = |path: &str, words: Vec<&str>| keys.extend(words.into_iter().map(|word| key(path, word)));
        of(REASON, NotAsked::ALL.iter().map(|word| word.as_str()).collect());
        of(REASON, NoAnswer::ALL.iter().map(|word| word.as_str()).collect());
        of("", vec!["answered", "not_asked", "no_answer"]);
        of("", Recommendation::ALL.iter().map(|word| word.as_str()).collect());
        of("", Signal::ALL.iter().map(|word| word.as_str()).collect());
        of("", CardStatus::ALL.iter().map(|word| word.as_str()).collect());
        of("", ConsentState::ALL.iter().map(|word| word.as_str()).collect());
        of("", ChallengeWish::ALL.iter().map(|word| word.as_str()).collect());
        of("", DeliveryKind::ALL.iter().map(|word| word.as_str()).collect());
        of("", EnrolmentState::ALL.iter().map(|word| word.as_str()).collect());
        of("", LocationSource::ALL.iter().map(|word| word.as_str()).collect());
        of("", Match::ALL.iter().map(|word| word.as_str()).collect());
        of("", Method::ALL.iter().map(|word| word.as_str()).collect());
        of("", OsFamily::ALL.iter().map(|word| word.as_str()).collect());
        of("", Purpose::ALL.iter().map(|word| word.as_str()).collect());
        of("", RecognisedBy::ALL.iter().map(|word| word.as_str()).collect());
        let texts = texts();
        for key in keys {
            for language in [Language::Ja, Language::En] {
                assert_ne!(texts.in_language(language).text(&key), key);
            }
        }
    }
}
