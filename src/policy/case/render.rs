//! Writes a case: only what differs from base and fixtures, so that it reads like one written by hand.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;

use super::fixtures::{Fixtures, KINDS, flatten, lay};
use crate::domain::consent::DataClass;
use crate::domain::facts::Facts;
use crate::domain::verdict::{EvaluationError, Verdict};
use crate::policy::decide::ShareAnswer;

/// A case file of one case: on these facts this verdict is expected. Read again, it has the same facts.
pub fn render(name: &str, facts: &Facts, verdict: &Verdict, fixtures: &Fixtures) -> String {
    let mut text = String::from("cases:\n");
    head(&mut text, name, facts, fixtures);
    line(&mut text, "outcome", verdict.outcome.as_str());
    line(&mut text, "reasons", &list(&verdict.reasons));
    if !verdict.policies.is_empty() {
        line(&mut text, "policies", &list(&verdict.policies));
    }
    if !verdict.methods.is_empty() {
        let methods: Vec<&str> = verdict.methods.iter().map(|method| method.as_str()).collect();
        line(&mut text, "methods", &list(&methods));
    }
    errors(&mut text, &verdict.errors);
    text
}

/// A case file of one question about sharing.
pub fn render_share(
    name: &str,
    facts: &Facts,
    recipient: &str,
    class: DataClass,
    answer: &ShareAnswer,
    fixtures: &Fixtures,
) -> String {
    let mut text = String::from("share:\n");
    head(&mut text, name, facts, fixtures);
    line(&mut text, "recipient", &scalar(recipient));
    line(&mut text, "data_class", class.as_str());
    line(&mut text, "allowed", if answer.allowed { "true" } else { "false" });
    if !answer.policies.is_empty() {
        line(&mut text, "policies", &list(&answer.policies));
    }
    errors(&mut text, &answer.errors);
    text
}

fn head(text: &mut String, name: &str, facts: &Facts, fixtures: &Fixtures) {
    let said = said(facts, fixtures);
    put(text, format_args!("  - name: {}\n", scalar(name)));
    for (kind, fixture) in &said.fixtures {
        line(text, kind, fixture);
    }
    if !said.facts.is_empty() {
        text.push_str("    facts:\n");
    }
    for (path, value) in &said.facts {
        put(text, format_args!("      {path}: {}\n", flow(value)));
    }
    if !said.without.is_empty() {
        line(text, "without", &list(&said.without));
    }
}

fn errors(text: &mut String, errors: &[EvaluationError]) {
    if !errors.is_empty() {
        let errors = serde_json::to_value(errors).unwrap_or_default();
        line(text, "errors", &flow(&errors));
    }
}

fn line(text: &mut String, key: &str, value: &str) {
    put(text, format_args!("    {key}: {value}\n"));
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a text never fails.
    let _ = text.write_fmt(what);
}

/// What a case has to say.
struct Said {
    fixtures: Vec<(&'static str, String)>,
    facts: BTreeMap<String, Value>,
    without: Vec<String>,
}

impl Said {
    fn length(&self) -> usize {
        self.facts.len() + self.without.len()
    }
}

fn said(facts: &Facts, fixtures: &Fixtures) -> Said {
    let facts = serde_json::to_value(facts).unwrap_or_default();
    let mut under = fixtures.base.clone();
    let mut best = differing(&facts, &Value::Object(under.clone()));
    for kind in KINDS {
        let mut chosen = None;
        for name in fixtures.names(kind) {
            let mut with = under.clone();
            if let Some(fixture) = fixtures.named(kind, name) {
                lay(&mut with, fixture);
            }
            let with = Value::Object(with);
            let left = differing(&facts, &with);
            if left.length() < best.length() {
                let named = best.fixtures.iter().filter(|(other, _)| *other != kind).cloned();
                let named = named.chain([(kind, name.to_owned())]).collect();
                best = Said { fixtures: named, ..left };
                chosen = Some(with);
            }
        }
        if let Some(Value::Object(with)) = chosen {
            under = with;
        }
    }
    best
}

/// What must be stated over `under` and left out of it. An assessment of another status is stated as a whole.
fn differing(facts: &Value, under: &Value) -> Said {
    let (mut wanted, mut there) = (BTreeMap::new(), BTreeMap::new());
    flatten(facts, "", &mut wanted);
    flatten(under, "", &mut there);
    let mut whole = BTreeMap::new();
    if wanted.get("assessment.status") != there.get("assessment.status") {
        whole.extend(facts.get("assessment").map(|stated| ("assessment".to_owned(), stated.clone())));
        for leaves in [&mut wanted, &mut there] {
            leaves.retain(|path, _| !path.starts_with("assessment."));
        }
    }
    let without = there.keys().filter(|path| !wanted.contains_key(*path)).cloned().collect();
    wanted.retain(|path, value| there.get(path) != Some(value));
    wanted.extend(whole);
    Said { fixtures: Vec::new(), facts: wanted, without }
}

/// A value as it is written in a case.
pub(super) fn written(value: &impl Serialize) -> String {
    flow(&serde_json::to_value(value).unwrap_or_default())
}

fn list<T: AsRef<str>>(words: &[T]) -> String {
    let words: Vec<String> = words.iter().map(|word| scalar(word.as_ref())).collect();
    format!("[{}]", words.join(", "))
}

fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Value::Object(fields) => {
            let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{key}: {}", flow(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        other => other.to_string(),
    }
}

/// Words that other readers of YAML take for truth values or nothing.
const NO_PLAIN_WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];

/// A text plainly where every reader of YAML takes it for one, and otherwise in quotes.
fn scalar(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    let word = text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.chars().all(plain);
    if word && !NO_PLAIN_WORDS.contains(&text.to_ascii_lowercase().as_str()) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            // What cannot be printed, line ends of every kind and the mark of byte order.
            _ if letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                put(&mut quoted, format_args!("\\u{:04x}", u32::from(letter)));
            }
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::super::file::{CaseFile, Place, parse};
    use super::*;
    use crate::policy::rehearsal::{least, most};
    use crate::policy::{Bundle, BundleSource, decide};

    fn read(text: &str, fixtures: &Fixtures) -> (String, Facts) {
        let file: CaseFile = parse("cases/x.yaml", text).unwrap_or_else(|fault| panic!("{fault}\n{text}"));
        let case = &file.cases[0];
        let place = Place::of("cases/x.yaml", text, case);
        let facts = fixtures.facts(&case.value.stated(), &place).unwrap_or_else(|fault| panic!("{fault}\n{text}"));
        (case.value.name.clone(), facts)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let bundle = Bundle::build(BundleSource::shipped()).unwrap();
        let fixtures = Fixtures::read(&bundle).unwrap();
        let mut all = vec![least(), most()];
        for (file, text) in
            bundle.source().files().filter(|(file, _)| file.starts_with("cases/") && !file.contains("fix"))
        {
            let cases: CaseFile = parse(file, text).unwrap();
            let place = Place::whole(file, text);
            all.extend(cases.cases.iter().map(|case| fixtures.facts(&case.value.stated(), &place).unwrap()));
        }
        assert!(all.len() > 90);
        for facts in all {
            let name = "odd: \"name\"\\ of\na case #1, ニ\u{2028}\u{1}";
            let text = render(name, &facts, &decide(&bundle, &facts), &fixtures);
            assert_eq!(read(&text, &fixtures), (name.to_owned(), facts), "{text}");
        }
    }

    #[test]
    fn a_case_says_only_what_differs() {
        let bundle = Bundle::build(BundleSource::shipped()).unwrap();
        let fixtures = Fixtures::read(&bundle).unwrap();
        let (_, mut facts) = read("cases:\n  - { name: base, outcome: approve, reasons: [] }\n", &fixtures);
        facts.card.programme = "gold".to_owned();
        facts.enrolment.methods.insert(crate::domain::facts::Method::Totp);
        facts.enrolment.usable_methods = facts.enrolment.methods.clone();
        facts.device.known_to_card = false;
        facts.purchase.amount_base_minor = Some(90_000);
        facts.location.prefecture = None;
        insta::assert_snapshot!(render("dear", &facts, &decide(&bundle, &facts), &fixtures), @r"
        cases:
          - name: dear
            card: gold-with-totp
            device: unknown
            facts:
              purchase.amount_base_minor: 90000
            without: [location.prefecture]
            outcome: challenge
            reasons: [device_unknown]
            policies: [unknown-device]
            methods: [totp]
        ");
    }
}
