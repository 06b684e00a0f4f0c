//! What a case expected beside what came, in the words that a case is written in.

use std::collections::BTreeSet;

use serde::Serialize;

use super::file::{Case, RightsCase, ShareCase};
use super::render::written;
use crate::domain::consent::DataClass;
use crate::domain::staff::Act;
use crate::domain::verdict::{EvaluationError, Verdict};
use crate::policy::decide::ShareAnswer;

fn difference<T: PartialEq + Serialize>(found: &mut Vec<String>, field: &str, expected: &T, came: &T) {
    if expected != came {
        found.push(format!("{field}: expected {}, came {}", written(expected), written(came)));
    }
}

/// Compares the answer; errors of sharing that was asked beside it count, too.
pub(super) fn compare_verdict(case: &Case, verdict: &Verdict, sharing: Vec<EvaluationError>) -> Vec<String> {
    let errors: BTreeSet<EvaluationError> = verdict.errors.iter().cloned().chain(sharing).collect();
    let mut found = Vec::new();
    difference(&mut found, "outcome", &case.outcome, &verdict.outcome);
    difference(&mut found, "reasons", &case.reasons, &verdict.reasons);
    difference(&mut found, "policies", &case.policies, &verdict.policies);
    difference(&mut found, "methods", &case.methods, &verdict.methods);
    difference(&mut found, "errors", &case.errors, &errors.into_iter().collect());
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
pub(super) fn compare_shared(
    recipient: &str,
    expected: &BTreeSet<DataClass>,
    came: &BTreeSet<DataClass>,
) -> Vec<String> {
    let mut found = Vec::new();
    difference(&mut found, &format!("shared with {recipient}"), expected, came);
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
