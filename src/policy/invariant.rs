//! Invariants: what must hold of every possible request, whatever the rules say, written in Cedar.
//!
//! They decide nothing. Here they are read and held against the schema, the reference data and the closed words; that
//! the rules keep them is shown by tests and by proof.

use std::str::FromStr;

use cedar_policy::{ActionConstraint, Effect, Policy, PolicyId, PolicySet};

use super::fault::{Fault, line_of};
use super::place::{self, Place};
use super::question::Question;
use super::rule::Rule;
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
    /// A permit with `@instead`: whichever is allowed is allowed too when these facts are put in the place of its own.
    Instead(Vec<(String, String)>),
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
        let line = place::placed(&set, text).get(1).map_or(1, |(_, text, place)| place.line_of(text, 0));
        let fault = |message: String, hint: &str| fault(message, hint).line(line);
        return Err(fault("holds not exactly one invariant".to_owned(), "write each into a file of its own"));
    };
    let head = place::head_at(text).unwrap_or(0);
    // Each fault stands at the annotation that it is about, or else at the head.
    let fault = |word: &str, message: String, hint: &str| {
        let found = place::annotation_at(text, word).map(|at| (at, word.len() + 1));
        let (at, length) = found.unwrap_or((head, "forbid".len()));
        fault(message, hint).at(text, at, length)
    };
    let name = file.trim_start_matches(FOLDER).trim_start_matches('/').trim_end_matches(".cedar");
    let annotation = |word: &str| policy.annotation(word).map(str::trim).filter(|value| !value.is_empty());
    if annotation("id") != Some(name) {
        return Err(fault(
            "id",
            "the id does not fit the file's name".to_owned(),
            "write `@id(\"…\")` as the file is named",
        ));
    }
    let title =
        annotation("title").ok_or_else(|| fault("id", "`@title` is missing".to_owned(), "say it in one sentence"))?;
    if let Some((word, _)) = policy.annotations().find(|(word, _)| !ANNOTATIONS.contains(word)) {
        return Err(fault(word, format!("unknown annotation `@{word}`"), "one of @id, @title, @then, @instead"));
    }
    let question = question(policy)
        .ok_or_else(|| fault("", "is about no question".to_owned(), "name one action in its head, as rules do"))?;
    let claim = claim(policy).map_err(|message| {
        let word = ["then", "instead"].into_iter().find(|word| policy.annotation(word).is_some());
        fault(
            word.unwrap_or_default(),
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
        line: place::annotation_at(text, "id").map(|at| line_of(text, at)),
        place: Place::START,
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
        ActionConstraint::In(actions) => actions.into_iter().next()?,
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
            let facts: Result<Vec<_>, _> = facts.split(',').map(|fact| replaced(fact.trim())).collect();
            facts.map(Claim::Instead)
        }
        _ => Err("claims nothing, or two things".to_owned()),
    }
}

/// `fact = value`, where the value is a word that the fact can hold, a truth, `absent`, or `[]` for none of a set.
fn replaced(fact: &str) -> Result<(String, String), String> {
    let unreadable = || format!("`@instead` cannot be read at `{fact}`");
    let (path, value) = fact.split_once(" = ").ok_or_else(unreadable)?;
    let words = words_of(&format!("context.{path}")).unwrap_or_default();
    let known = words.contains(&value) || matches!(value, "true" | "false" | "absent" | "[]");
    if known { Ok((path.to_owned(), value.to_owned())) } else { Err(unreadable()) }
}
