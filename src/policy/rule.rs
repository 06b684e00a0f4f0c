//! Rules: Cedar policies read from a bundle's files, named by `@id`, with their annotations checked.

use std::collections::BTreeMap;
use std::str::FromStr;

use cedar_policy::{ActionConstraint, Effect, Policy, PolicyId, PolicySet};
use miette::Diagnostic;

use super::assumption;
use super::fault::{Fault, line_with};
use super::invariant;
use super::manifest::Manifest;
use super::place::{Place, annotation_at, conditions_at, find_loosely, head_at, placed};
use super::question::Question;
use super::source::{BundleSource, has_extension};

/// One rule of a bundle.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its id, from `@id`.
    pub id: String,
    /// What it says in a few words, from `@title`.
    pub title: String,
    /// Its internal reason code, from `@reason`; empty for staff rights, which reject no purchase.
    pub reason: String,
    /// Who answers for it, from `@owner`.
    pub owner: String,
    /// The question that it answers.
    pub question: Question,
    /// Whether it forbids; otherwise it permits.
    pub forbids: bool,
    /// Its file inside the bundle.
    pub file: String,
    /// The line of its `@id`.
    pub line: Option<usize>,
    pub(super) policy: Policy,
    pub(super) text: String,
    pub(super) place: Place,
}

impl Rule {
    pub(super) fn fault(&self, message: impl std::fmt::Display) -> Fault {
        Fault::new(&self.file, format!("rule `{}`: {message}", self.id)).line(self.line)
    }

    /// A fault at the first of these marks that stands in the rule, or else at its `@id`.
    pub(super) fn fault_at(&self, marks: &[&str], message: impl std::fmt::Display) -> Fault {
        let fault = self.fault(message);
        let found = marks.iter().find_map(|mark| find_loosely(&self.text, mark));
        found.map_or(fault.clone(), |(at, length)| self.place.put(fault, &self.text, at, length))
    }

    /// A fault at the rule's head, from its action on where it names one.
    fn fault_in_head(&self, message: impl std::fmt::Display) -> Fault {
        let head = head_at(&self.text).unwrap_or(0);
        let action = self.text.get(head..).and_then(|rest| rest.find("action"));
        let (at, length) = action.map_or((head, "forbid".len()), |at| (head + at, "action".len()));
        self.place.put(self.fault(message), &self.text, at, length)
    }

    /// A fault at one of the rule's conditions: at the first of these marks that stands in one, or else at the first.
    pub(super) fn fault_in_condition(&self, marks: &[&str], message: impl std::fmt::Display) -> Fault {
        let fault = self.fault(message);
        let Some(from) = conditions_at(&self.text) else { return fault };
        let conditions = self.text.get(from..).unwrap_or_default();
        let found = marks.iter().find_map(|mark| find_loosely(conditions, mark));
        let (at, length) = found.unwrap_or((0, conditions.len()));
        self.place.put(fault, &self.text, from + at, length)
    }
}

/// Reads every rule of a bundle, sorted by id.
pub(super) fn read(source: &BundleSource, manifest: &Manifest, faults: &mut Vec<Fault>) -> Vec<Rule> {
    let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
    let claims = format!("{}/", invariant::FOLDER);
    let is_rule = |file: &str| has_extension(file, "cedar") && !file.starts_with(&claims) && file != assumption::FILE;
    for (file, text) in source.files().filter(|(file, _)| is_rule(file)) {
        let Some(question) = question_of(file) else {
            let fault = Fault::new(file, "rules live in a folder named after their question");
            faults.push(fault.hint("move it to share/, approve/, challenge/, offer/, authenticate/ or staff/"));
            continue;
        };
        let file = File { path: file, text, question, manifest };
        for rule in file.rules(faults) {
            if let Some(first) = rules.get(&rule.id) {
                let message = format!("the id `{}` stands in `{}` already", rule.id, first.file);
                faults.push(file.fault(message).line(rule.line).hint("ids are unique in a bundle: rename one"));
            }
            rules.insert(rule.id.clone(), rule);
        }
    }
    if rules.values().all(|rule| rule.question == Question::Staff) && faults.is_empty() {
        let fault = Fault::new("approve/", "the bundle holds no rule");
        faults.push(fault.hint("without rules everything is rejected: add at least one permit"));
    }
    rules.into_values().collect()
}

fn question_of(file: &str) -> Option<Question> {
    let (folder, name) = file.split_once('/')?;
    (!name.contains('/')).then(|| Question::parse(folder)).flatten()
}

/// One file being read.
struct File<'a> {
    path: &'a str,
    text: &'a str,
    question: Question,
    manifest: &'a Manifest,
}

impl File<'_> {
    fn fault(&self, message: impl Into<String>) -> Fault {
        Fault::new(self.path, message)
    }

    fn rules(&self, faults: &mut Vec<Fault>) -> Vec<Rule> {
        let set = match PolicySet::from_str(self.text) {
            Ok(set) => set,
            Err(errors) => {
                faults.extend(errors.iter().map(|error| self.syntax(error)));
                return Vec::new();
            }
        };
        for template in set.templates() {
            let mark = template.annotation("id").map(|id| format!("@id(\"{id}\")"));
            let line = mark.and_then(|mark| line_with(self.text, &mark));
            let fault = self.fault("templates (`?principal`, `?resource`) are not accepted").line(line);
            faults.push(fault.hint("write the rule out for the entity that it is about"));
        }
        let policies = placed(&set, self.text);
        let alone = policies.len() == 1;
        policies.into_iter().filter_map(|policy| self.rule(policy, alone, faults)).collect()
    }

    fn syntax(&self, error: &cedar_policy::ParseError) -> Fault {
        let hint = error.help().map(|help| help.to_string());
        let hint = hint.unwrap_or_else(|| "see docs/policies.md for the form of a rule".to_owned());
        self.fault(error.to_string()).labelled(error, self.text).hint(hint)
    }

    fn rule(
        &self,
        (policy, text, place): (&Policy, String, Place),
        alone: bool,
        faults: &mut Vec<Fault>,
    ) -> Option<Rule> {
        let head = head_at(&text).unwrap_or(0);
        let Some(id) = policy.annotation("id").filter(|id| !id.is_empty()) else {
            let fault = place.put(self.fault("a rule has no `@id`"), &text, head, "forbid".len());
            faults.push(fault.hint("begin it with `@id(\"…\")`, the file's name without `.cedar`"));
            return None;
        };
        let line = place.line_of(&text, annotation_at(&text, "id").unwrap_or(head));
        faults.extend(misnamed(self.path, id, alone).map(|fault| fault.line(line)));
        self.check_annotations(policy, id, &text, place, faults);
        let annotation = |word: &str| policy.annotation(word).unwrap_or_default().to_owned();
        let rule = Rule {
            id: id.to_owned(),
            title: annotation("title"),
            reason: annotation("reason"),
            owner: annotation("owner"),
            question: self.question,
            forbids: policy.effect() == Effect::Forbid,
            file: self.path.to_owned(),
            line: Some(line),
            text,
            place,
            policy: policy.new_id(PolicyId::new(id)),
        };
        if !asks(policy, self.question) {
            faults.push(rule.fault_in_head("its action does not fit its folder").hint(scope(self.question)));
        }
        Some(rule)
    }

    fn check_annotations(&self, policy: &Policy, id: &str, text: &str, place: Place, faults: &mut Vec<Fault>) {
        let vocabulary = &self.manifest.annotations;
        let at = |word: &str| place.line_of(text, annotation_at(text, word).unwrap_or(0));
        let line = at("id");
        for (word, value) in policy.annotations() {
            let at = at(word);
            if !vocabulary.contains_key(word) {
                let known: Vec<_> = vocabulary.keys().map(|word| format!("@{word}")).collect();
                let fault = self.fault(format!("rule `{id}`: unknown annotation `@{word}`")).line(at);
                faults.push(fault.hint(format!("one of {}, or declare it in bundle.toml", known.join(", "))));
            } else if value.trim().is_empty() {
                faults.push(self.fault(format!("rule `{id}`: `@{word}` is empty")).line(at).hint("give it a text"));
            }
        }
        for (word, _) in vocabulary.iter().filter(|(_, annotation)| annotation.required) {
            let needless = self.question == Question::Staff && word == "reason";
            if policy.annotation(word).is_none() && !needless {
                let fault = self.fault(format!("rule `{id}`: `@{word}` is missing")).line(line);
                faults.push(fault.hint(format!("add `@{word}(\"…\")` below `@id`")));
            }
        }
    }
}

/// A file of one rule is named like it; in a file of several the ids begin with the file's name and a dot.
fn misnamed(file: &str, id: &str, alone: bool) -> Option<Fault> {
    let path = file.strip_suffix(".cedar").unwrap_or(file);
    let name = path.rsplit('/').next().unwrap_or(path);
    let member = id.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')).is_some_and(|rest| !rest.is_empty());
    if id == path || id == name || (!alone && member) {
        return None;
    }
    let hint = if alone {
        format!("write `@id(\"{name}\")`, or rename the file")
    } else {
        format!("in a file of several rules ids begin with `{name}.`")
    };
    Some(Fault::new(file, format!("the id `{id}` does not fit the file's name")).hint(hint))
}

fn scope(question: Question) -> String {
    let operator = match question {
        Question::Staff => {
            return "name the acts in its head: `action == Action::\"…\"` or `action in [ … ]`".to_owned();
        }
        Question::Authenticate => "in",
        _ => "==",
    };
    format!("write `action {operator} Action::\"{}\"` in its head", question.as_str())
}

fn asks(policy: &Policy, question: Question) -> bool {
    let is = |action: &cedar_policy::EntityUid| action.id().unescaped() == question.as_str();
    match policy.action_constraint() {
        ActionConstraint::Any => false,
        // Which acts there are says the schema of staff rights, against which the rule is validated.
        ActionConstraint::Eq(_) | ActionConstraint::In(_) if question == Question::Staff => true,
        ActionConstraint::Eq(action) => question != Question::Authenticate && is(&action),
        ActionConstraint::In(actions) => {
            question == Question::Authenticate && actions.len() == 1 && actions.iter().all(is)
        }
    }
}
