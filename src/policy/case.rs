//! Cases: facts in, answer out. Runs the very same [`decide`](super::decide()) as live traffic.
//!
//! `cases/base.toml` holds the facts of an ordinary purchase; a case states what differs and what must come out.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::{Table, Value};

use super::bundle::Bundle;
use super::decide::{ShareAnswer, decide_witnessed, share_witnessed};
use super::fault::{BundleErrors, Fault, line_with};
use super::rights;
use crate::domain::consent::DataClass;
use crate::domain::facts::{Facts, Method};
use crate::domain::staff::{Act, Role};
use crate::domain::verdict::{EvaluationError, Outcome, Verdict};

const BASE: &str = "cases/base.toml";

/// What running a bundle's cases showed.
#[derive(Debug)]
pub struct Report {
    /// How many cases were run.
    pub run: usize,
    /// The cases that came out otherwise, in the order of the files.
    pub failures: Vec<Failure>,
    /// Rules that no case makes match, sorted.
    pub uncovered: Vec<String>,
    /// How many rules some case makes match.
    pub covered: usize,
}

/// A case that came out otherwise.
#[derive(Debug)]
pub struct Failure {
    /// Its file.
    pub file: String,
    /// The line of its name.
    pub line: Option<usize>,
    /// Its name.
    pub name: String,
    /// Per differing field: what was expected and what came.
    pub differences: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Base {
    facts: Table,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    case: Vec<Case>,
    #[serde(default)]
    share: Vec<ShareCase>,
}

/// A whole decision. What is not stated is expected to be empty.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    facts: Table,
    #[serde(default)]
    without: Vec<String>,
    outcome: Outcome,
    reasons: Vec<String>,
    #[serde(default)]
    policies: Vec<String>,
    #[serde(default)]
    methods: Vec<Method>,
    #[serde(default)]
    errors: Vec<EvaluationError>,
}

/// One question about sharing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShareCase {
    name: String,
    #[serde(default)]
    facts: Table,
    #[serde(default)]
    without: Vec<String>,
    recipient: String,
    data_class: DataClass,
    allowed: bool,
    #[serde(default)]
    policies: Vec<String>,
    #[serde(default)]
    errors: Vec<EvaluationError>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RightsCases {
    #[serde(default)]
    case: Vec<RightsCase>,
}

/// Everything that somebody with these roles may do.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RightsCase {
    name: String,
    roles: BTreeSet<Role>,
    reauthenticated: bool,
    #[serde(default)]
    own_request: bool,
    allowed: Vec<Act>,
}

/// Runs every case of a bundle. A case that cannot be read is a fault of the bundle.
pub fn run(bundle: &Bundle) -> Result<Report, BundleErrors> {
    let mut faults = Vec::new();
    let source = bundle.source();
    let base: Option<Base> = super::reference::parse(source, BASE, &mut faults);
    let base = base.map(|base| base.facts).unwrap_or_default();
    let mut runner = Runner { bundle, base, matched: BTreeSet::new(), run: 0, failures: Vec::new() };
    for (file, text) in source.files().filter(|(file, _)| file.starts_with("cases/") && *file != BASE) {
        let cases: File = super::reference::parse(source, file, &mut faults).unwrap_or_default();
        for case in &cases.case {
            runner.decide(file, text, case).unwrap_or_else(|fault| faults.push(fault));
        }
        for case in &cases.share {
            runner.share(file, text, case).unwrap_or_else(|fault| faults.push(fault));
        }
    }
    for (file, text) in source.files().filter(|(file, _)| *file == rights::CASES) {
        let cases: RightsCases = super::reference::parse(source, file, &mut faults).unwrap_or_default();
        for case in &cases.case {
            runner.rights(file, text, case);
        }
    }
    BundleErrors::check(faults)?;
    let rules: BTreeSet<_> = bundle.rules().iter().map(|rule| rule.id.clone()).collect();
    let uncovered: Vec<_> = rules.difference(&runner.matched).cloned().collect();
    Ok(Report { run: runner.run, failures: runner.failures, covered: rules.len() - uncovered.len(), uncovered })
}

struct Runner<'a> {
    bundle: &'a Bundle,
    base: Table,
    matched: BTreeSet<String>,
    run: usize,
    failures: Vec<Failure>,
}

impl Runner<'_> {
    fn decide(&mut self, file: &str, text: &str, case: &Case) -> Result<(), Fault> {
        let facts = self.facts(file, text, &case.name, &case.facts, &case.without)?;
        let matched = &mut self.matched;
        let verdict = decide_witnessed(self.bundle, &facts, &mut |_, _, answer| matched.extend(answer.matched()));
        self.judge(file, text, &case.name, compare_verdict(case, &verdict));
        Ok(())
    }

    fn share(&mut self, file: &str, text: &str, case: &ShareCase) -> Result<(), Fault> {
        let facts = self.facts(file, text, &case.name, &case.facts, &case.without)?;
        let matched = &mut self.matched;
        let mut witness = |_, _, answer: &super::index::Answer| matched.extend(answer.matched());
        let answer = share_witnessed(self.bundle, &facts, &case.recipient, case.data_class, &mut witness);
        self.judge(file, text, &case.name, compare_share(case, &answer));
        Ok(())
    }

    /// Asks every act: what is not listed must be denied.
    fn rights(&mut self, file: &str, text: &str, case: &RightsCase) {
        let asker =
            rights::Asker { roles: &case.roles, reauthenticated: case.reauthenticated, own_request: case.own_request };
        let (mut allowed, mut errors) = (BTreeSet::new(), Vec::new());
        for act in Act::ALL.iter().copied() {
            let answer = self.bundle.rights().ask(self.bundle, &asker, act);
            self.matched.extend(answer.policies);
            errors.extend(answer.errors);
            if answer.allowed {
                allowed.insert(act);
            }
        }
        let mut found = Vec::new();
        let expected: BTreeSet<Act> = case.allowed.iter().copied().collect();
        difference(
            &mut found,
            "allowed but not listed",
            &Vec::new(),
            &allowed.difference(&expected).collect::<Vec<_>>(),
        );
        difference(&mut found, "listed but denied", &Vec::new(), &expected.difference(&allowed).collect::<Vec<_>>());
        difference(&mut found, "errors", &Vec::new(), &errors);
        self.judge(file, text, &case.name, found);
    }

    fn judge(&mut self, file: &str, text: &str, name: &str, differences: Vec<String>) {
        self.run += 1;
        if !differences.is_empty() {
            let (file, line) = (file.to_owned(), line_of_case(text, name));
            self.failures.push(Failure { file, line, name: name.to_owned(), differences });
        }
    }

    fn facts(&self, file: &str, text: &str, name: &str, over: &Table, without: &[String]) -> Result<Facts, Fault> {
        let fault =
            |message: String| Fault::new(file, format!("case `{name}`: {message}")).line(line_of_case(text, name));
        let mut facts = self.base.clone();
        overlay(&mut facts, over);
        for path in without {
            if !remove(&mut facts, path) {
                return Err(fault(format!("there is no fact `{path}` to leave out")));
            }
        }
        Value::Table(facts).try_into().map_err(|error: toml::de::Error| {
            fault(error.message().to_owned()).hint("the facts are described in schema.cedarschema and cases/base.toml")
        })
    }
}

fn line_of_case(text: &str, name: &str) -> Option<usize> {
    line_with(text, &format!("name = \"{name}\""))
}

/// Lays stated facts over the base. An assessment is stated as a whole, since its fields hang on its status.
fn overlay(facts: &mut Table, over: &Table) {
    for (key, value) in over {
        match (facts.get_mut(key), value) {
            (Some(Value::Table(under)), Value::Table(over)) if key != "assessment" => overlay(under, over),
            _ => {
                facts.insert(key.clone(), value.clone());
            }
        }
    }
}

fn remove(facts: &mut Table, path: &str) -> bool {
    match path.split_once('.') {
        None => facts.remove(path).is_some(),
        Some((head, rest)) => match facts.get_mut(head) {
            Some(Value::Table(inner)) => remove(inner, rest),
            _ => false,
        },
    }
}

fn difference<T: PartialEq + std::fmt::Debug>(found: &mut Vec<String>, field: &str, expected: &T, came: &T) {
    if expected != came {
        found.push(format!("{field}: expected {expected:?}, came {came:?}"));
    }
}

fn compare_verdict(case: &Case, verdict: &Verdict) -> Vec<String> {
    let mut found = Vec::new();
    difference(&mut found, "outcome", &case.outcome, &verdict.outcome);
    difference(&mut found, "reasons", &case.reasons, &verdict.reasons);
    difference(&mut found, "policies", &case.policies, &verdict.policies);
    difference(&mut found, "methods", &case.methods, &verdict.methods);
    difference(&mut found, "errors", &case.errors, &verdict.errors);
    found
}

fn compare_share(case: &ShareCase, answer: &ShareAnswer) -> Vec<String> {
    let mut found = Vec::new();
    difference(&mut found, "allowed", &case.allowed, &answer.allowed);
    difference(&mut found, "policies", &case.policies, &answer.policies);
    difference(&mut found, "errors", &case.errors, &answer.errors);
    found
}
