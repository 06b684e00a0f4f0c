//! Strict validation of every rule against its schema.

use cedar_policy::{PolicySet, ValidationMode, Validator};

use super::fault::Fault;
use super::question::Question;
use super::rule::Rule;
use super::schema;
use super::source::BundleSource;

/// Validates every rule strictly; a warning counts as a fault.
pub(super) fn validate(source: &BundleSource, facts_version: u16, rules: &[Rule], faults: &mut Vec<Fault>) {
    for question in [Question::Authenticate, Question::Staff] {
        match schema::parse_for(question, facts_version) {
            Ok(schema) => {
                let of_schema = |rule: &&Rule| (rule.question == Question::Staff) == (question == Question::Staff);
                validate_for(&Validator::new(schema), source, rules.iter().filter(of_schema), faults);
            }
            Err(error) => faults.push(Fault::new(schema::FILE, error.to_string())),
        }
    }
}

fn validate_for<'a>(
    validator: &Validator,
    source: &BundleSource,
    rules: impl Iterator<Item = &'a Rule>,
    faults: &mut Vec<Fault>,
) {
    for rule in rules {
        let set = match PolicySet::from_policies([rule.policy.clone()]) {
            Ok(set) => set,
            Err(error) => {
                faults.push(rule.fault(error));
                continue;
            }
        };
        let result = validator.validate(&set, ValidationMode::Strict);
        let text = source.text(&rule.file).unwrap_or_default();
        for error in result.validation_errors() {
            faults.push(found(rule, error, text, "the rule does not fit the schema: see schema.cedarschema"));
        }
        for warning in result.validation_warnings() {
            faults.push(found(
                rule,
                warning,
                text,
                "a rule that can never match, or hides a look-alike letter, is a mistake",
            ));
        }
    }
}

fn found(rule: &Rule, error: &dyn miette::Diagnostic, text: &str, hint: &str) -> Fault {
    let help = error.help().map_or_else(|| hint.to_owned(), |help| help.to_string());
    let message = error.to_string();
    let message = message
        .split_once(", ")
        .filter(|(head, _)| head.starts_with("for policy"))
        .map_or(message.as_str(), |(_, rest)| rest);
    rule.fault(message).labelled(error, text).hint(help)
}
