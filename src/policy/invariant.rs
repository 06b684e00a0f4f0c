//! Invariants: what must hold of every possible request, whatever the rules say, written in Cedar.
//!
//! They decide nothing. Here they are read and held against the schema, the reference data and the closed words; that
//! the rules keep them is shown by tests and by proof.

use std::str::FromStr;

use cedar_policy::{ActionConstraint, Effect, Policy, PolicyId, PolicySet, ValidationMode, Validator};

use super::fault::{Fault, line_with};
use super::question::Question;
use super::rule::Rule;
use super::schema;
use super::source::BundleSource;
use super::vocabulary::words_of;

/// The folder in a bundle.
pub(super) const FOLDER: &str = "invariants";

/// The annotations that an invariant may carry.
const ANNOTATIONS: [&str; 4] = ["id", "title", "then", "instead"];

/// One invariant of a bundle.
#[derive(Clone, Debug)]
pub struct Invariant {
    /// Its id, from `@id`.
    pub id: String,
    /// What it says in one sentence, from `@title`.
    pub title: String,
    /// The question that it is about.
    pub question: Question,
    /// What it claims.
    pub claim: Claim,
    /// Its file inside the bundle.
    pub file: String,
    /// Its text.
    pub text: String,
    rule: Rule,
}

impl Invariant {
    /// Its head and conditions, as Cedar reads them.
    pub(super) fn policy(&self) -> &Policy {
        &self.rule.policy
    }
}

/// What an invariant claims of the requests that its head and conditions match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// A forbid: none of them is ever allowed.
    Never,
    /// A permit with `@then`: whichever is allowed is allowed as this question too, on the same facts.
    Then(Question),
    /// A permit with `@instead`: whichever is allowed is allowed too when these facts are put in the place of its own,
    /// whichever of its values each of them has.
    Instead(Vec<(String, Vec<String>)>),
}

/// Facts by their path, each with what is put in its place.
pub(super) type Replaced = Vec<(String, String)>;

/// How many second requests one `@instead` may speak of.
const ALTERNATIVES_MAX: usize = 32;

/// Every second request that an `@instead` speaks of: one for each choice among the values.
pub(super) fn alternatives(facts: &[(String, Vec<String>)]) -> Vec<Replaced> {
    facts.iter().fold(vec![Vec::new()], |found, (path, values)| {
        let with = |before: &Replaced, value: &String| [before.clone(), vec![(path.clone(), value.clone())]].concat();
        found.iter().flat_map(|before| values.iter().map(move |value| with(before, value))).collect()
    })
}

/// Reads every invariant, sorted by id.
pub(super) fn read(source: &BundleSource, faults: &mut Vec<Fault>) -> Vec<Invariant> {
    let is_one = |file: &str| file.strip_prefix(FOLDER).is_some_and(|rest| rest.starts_with('/'));
    let mut found = Vec::new();
    for (file, text) in source.files().filter(|(file, _)| is_one(file)) {
        match one(file, text) {
            Ok(invariant) => found.push(invariant),
            Err(fault) => faults.push(fault),
        }
    }
    found
}

/// The invariants as what Cedar checks: policies of their questions.
pub(super) fn rules(invariants: &[Invariant]) -> Vec<Rule> {
    invariants.iter().map(|invariant| invariant.rule.clone()).collect()
}

fn one(file: &str, text: &str) -> Result<Invariant, Fault> {
    let fault = |message: String, hint: &str| Fault::new(file, message).hint(hint);
    let set = PolicySet::from_str(text).map_err(|errors| {
        let fault = fault(errors.to_string(), "see docs/policies.md for the form of an invariant");
        errors.iter().next().map_or(fault.clone(), |error| fault.labelled(error, text))
    })?;
    let mut policies = set.policies();
    let (Some(policy), None, None) = (policies.next(), policies.next(), set.templates().next()) else {
        return Err(fault("holds not exactly one invariant".to_owned(), "write each into a file of its own"));
    };
    let name = file.trim_start_matches(FOLDER).trim_start_matches('/').trim_end_matches(".cedar");
    let annotation = |word: &str| policy.annotation(word).map(str::trim).filter(|value| !value.is_empty());
    if annotation("id") != Some(name) {
        return Err(fault("the id does not fit the file's name".to_owned(), "write `@id(\"…\")` as the file is named"));
    }
    let title = annotation("title").ok_or_else(|| fault("`@title` is missing".to_owned(), "say it in one sentence"))?;
    if let Some((word, _)) = policy.annotations().find(|(word, _)| !ANNOTATIONS.contains(word)) {
        return Err(fault(format!("unknown annotation `@{word}`"), "one of @id, @title, @then, @instead"));
    }
    let question = question(policy)
        .ok_or_else(|| fault("is about no question, or about several".to_owned(), "name one action in its head: for several write one invariant each, or `action in Action::\"authenticate\"` for approve and challenge"))?;
    let claim = claim(policy).map_err(|message| {
        fault(
            message,
            "a forbid must never be allowed; a permit says `@then(\"…\")` or `@instead(\"fact = value, …\")`",
        )
    })?;
    let rule = Rule {
        id: name.to_owned(),
        title: title.to_owned(),
        reason: String::new(),
        owner: String::new(),
        question,
        forbids: policy.effect() == Effect::Forbid,
        file: file.to_owned(),
        line: line_with(text, "@id"),
        policy: policy.new_id(PolicyId::new(name)),
        text: text.to_owned(),
    };
    let (id, title) = (name.to_owned(), title.to_owned());
    Ok(Invariant { id, title, question, claim, file: file.to_owned(), text: text.to_owned(), rule })
}

fn question(policy: &Policy) -> Option<Question> {
    let action = match policy.action_constraint() {
        ActionConstraint::Any => return None,
        ActionConstraint::Eq(action) => action,
        ActionConstraint::In(actions) => <[_; 1]>::try_from(actions).ok().map(|[action]| action)?,
    };
    Question::parse(action.id().unescaped()).filter(|question| *question != Question::Staff)
}

fn claim(policy: &Policy) -> Result<Claim, String> {
    let permits = policy.effect() == Effect::Permit;
    match (permits, policy.annotation("then"), policy.annotation("instead")) {
        (false, None, None) => Ok(Claim::Never),
        (true, Some(then), None) => {
            Question::parse(then).map(Claim::Then).ok_or_else(|| format!("`@then` names no question: `{then}`"))
        }
        (true, None, Some(facts)) => {
            let facts: Vec<_> = facts.split(',').map(|fact| replaced(fact.trim())).collect::<Result<_, _>>()?;
            fits(&facts).map(|()| Claim::Instead(facts))
        }
        _ => Err("claims nothing, or two things".to_owned()),
    }
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
        let earlier = facts.iter().take(place);
        if earlier.into_iter().any(|(other, _)| within(path, other) || within(other, path)) {
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
pub(super) fn check_replaced(invariants: &[Invariant], facts_version: u16, faults: &mut Vec<Fault>) {
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
