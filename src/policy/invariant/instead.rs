//! `@instead`: what is put in the place of facts, as it is written, held against the schema, and choice by choice.

use std::str::FromStr;

use cedar_policy::{PolicySet, ValidationMode, Validator};

use super::{Claim, Invariant};
use crate::policy::fault::Fault;
use crate::policy::question::Question;
use crate::policy::schema;
use crate::policy::vocabulary::words_of;

/// Facts by their path, each with what is put in its place.
pub(in crate::policy) type Replaced = Vec<(String, String)>;

/// How many second requests one `@instead` may speak of.
const ALTERNATIVES_MAX: usize = 32;

/// Every second request that an `@instead` speaks of: one for each choice among the values.
pub(in crate::policy) fn alternatives(facts: &[(String, Vec<String>)]) -> Vec<Replaced> {
    facts.iter().fold(vec![Vec::new()], |found, (path, values)| {
        let with = |before: &Replaced, value: &String| [before.clone(), vec![(path.clone(), value.clone())]].concat();
        found.iter().flat_map(|before| values.iter().map(move |value| with(before, value))).collect()
    })
}

/// Reads `fact = value, …`.
pub(super) fn read(facts: &str) -> Result<Vec<(String, Vec<String>)>, String> {
    let facts: Vec<_> = facts.split(',').map(|fact| replaced(fact.trim())).collect::<Result<_, _>>()?;
    fits(&facts).map(|()| facts)
}

/// `fact = value | value`, where a value is a word that the fact can hold, a truth, `absent`, or `[]` for none of a set.
fn replaced(fact: &str) -> Result<(String, Vec<String>), String> {
    let unreadable = || format!("`@instead` cannot be read at `{fact}`");
    let (path, values) = fact.split_once(" = ").ok_or_else(unreadable)?;
    let words = words_of(&format!("context.{path}")).unwrap_or_default();
    let known = |value: &&str| words.contains(value) || matches!(*value, "true" | "false" | "absent" | "[]");
    let name =
        |part: &str| !part.is_empty() && part.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'_');
    let values: Vec<&str> = values.split('|').map(str::trim).collect();
    let readable = path.split('.').all(name) && values.iter().all(known);
    let (path, values) = (path.to_owned(), values.into_iter().map(str::to_owned).collect());
    if readable { Ok((path, values)) } else { Err(unreadable()) }
}

/// Each fact stands once, and the second requests can be counted.
fn fits(facts: &[(String, Vec<String>)]) -> Result<(), String> {
    let within =
        |path: &str, other: &str| path == other || path.strip_prefix(other).is_some_and(|rest| rest.starts_with('.'));
    for (place, (path, _)) in facts.iter().enumerate() {
        if facts.iter().take(place).any(|(other, _)| within(path, other) || within(other, path)) {
            return Err(format!("`@instead` replaces `{path}` twice"));
        }
    }
    let count = facts.iter().fold(1_usize, |count, (_, values)| count.saturating_mul(values.len()));
    if count > ALTERNATIVES_MAX {
        return Err(format!("`@instead` speaks of {count} requests, and of at most {ALTERNATIVES_MAX} it may"));
    }
    Ok(())
}

/// Holds what `@instead` puts in the place of facts against the schema: a fact that is misspelt, or of another type,
/// would make a claim about nothing.
pub(in crate::policy) fn check(invariants: &[Invariant], facts_version: u16, faults: &mut Vec<Fault>) {
    let Ok(schema) = schema::parse(facts_version) else { return };
    let validator = Validator::new(schema);
    for invariant in invariants {
        let Claim::Instead(facts) = &invariant.claim else { continue };
        let pairs = facts.iter().flat_map(|(path, values)| values.iter().map(move |value| (path, value)));
        for (path, value) in pairs.filter(|(path, value)| !is_fact(&validator, invariant.question, path, value)) {
            let message = format!("`@instead`: the fact `{path}` cannot be `{value}`");
            let hint = "see schema.cedarschema: true and false are for Bool, [] for sets, absent for optional facts, words for String";
            faults.push(Fault::new(&invariant.file, message).line(invariant.rule.line).hint(hint));
        }
    }
}

/// Whether a fact can have a value, by Cedar's own validator.
fn is_fact(validator: &Validator, question: Question, path: &str, value: &str) -> bool {
    let question = if question == Question::Authenticate { Question::Approve } else { question };
    let validates = |condition: &str| {
        let action = question.as_str();
        let text = format!("permit (principal, action == Action::\"{action}\", resource) when {{ {condition} }};");
        PolicySet::from_str(&text).is_ok_and(|set| validator.validate(&set, ValidationMode::Strict).validation_passed())
    };
    let fact = format!("context.{path}");
    match value {
        "true" | "false" => validates(&format!("{fact} == {value}")),
        "[]" => validates(&format!("{fact}.isEmpty()")),
        "absent" => {
            let guarded =
                fact.rsplit_once('.').map(|(before, last)| format!("{before} has {last} && {fact} == {fact}"));
            guarded.is_some_and(|guarded| validates(&guarded)) && !validates(&format!("{fact} == {fact}"))
        }
        word => validates(&format!("{fact} == {word:?}")),
    }
}
