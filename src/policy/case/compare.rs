//! What a case expected beside what came, in words.

use std::collections::BTreeSet;
use std::fmt::Debug;

use super::file::{Case, RightsCase, ShareCase};
use crate::domain::consent::DataClass;
use crate::domain::staff::Act;
use crate::domain::verdict::{EvaluationError, Verdict};
use crate::policy::decide::ShareAnswer;
use crate::policy::explanation::Answered;

fn difference<T: PartialEq + Debug>(found: &mut Vec<String>, field: &str, expected: &T, came: &T) {
    if expected != came {
        found.push(format!("{field}: expected {expected:?}, came {came:?}"));
    }
}

pub(super) fn compare_verdict(case: &Case, verdict: &Verdict) -> Vec<String> {
    let mut found = Vec::new();
    difference(&mut found, "outcome", &case.outcome, &verdict.outcome);
    difference(&mut found, "reasons", &case.reasons, &verdict.reasons);
    difference(&mut found, "policies", &case.policies, &verdict.policies);
    difference(&mut found, "methods", &case.methods, &verdict.methods);
    difference(&mut found, "errors", &case.errors, &verdict.errors);
    found
}

pub(super) fn compare_share(case: &ShareCase, answer: &ShareAnswer) -> Vec<String> {
    let mut found = Vec::new();
    difference(&mut found, "allowed", &case.allowed, &answer.allowed);
    difference(&mut found, "policies", &case.policies, &answer.policies);
    difference(&mut found, "errors", &case.errors, &answer.errors);
    found
}

/// Every data class that a case does not list must not go to the recipient.
pub(super) fn compare_shared(recipient: &str, classes: &BTreeSet<DataClass>, asked: &[Answered]) -> Vec<String> {
    let came: BTreeSet<DataClass> =
        asked.iter().filter(|asked| asked.yes).filter_map(|asked| asked.data_class).collect();
    let mut found = Vec::new();
    difference(&mut found, &format!("shared with {recipient}"), classes, &came);
    found
}

pub(super) fn allowed_acts(case: &RightsCase, allowed: &BTreeSet<Act>, errors: &[EvaluationError]) -> Vec<String> {
    let expected: BTreeSet<Act> = case.allowed.iter().copied().collect();
    let none = Vec::new();
    let mut found = Vec::new();
    difference(&mut found, "allowed but not listed", &none, &allowed.difference(&expected).collect());
    difference(&mut found, "listed but denied", &none, &expected.difference(allowed).collect());
    difference(&mut found, "errors", &Vec::new(), &errors.to_vec());
    found
}
