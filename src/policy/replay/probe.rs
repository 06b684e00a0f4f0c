//! The rules that differ, in their old and their new form: whether any of them says anything about given facts.
//!
//! When none does, both bundles answer every question of the ladder from the same rules, and so in the same way.

use std::collections::BTreeSet;

use cedar_policy::{Policy, PolicyId};

use super::super::bundle::Bundle;
use super::super::decide::methods_of;
use super::super::desk::{Desk, Desks};
use super::super::difference::Difference;
use super::super::engine::{AskError, Texts};
use super::super::index::Answer;
use super::super::question::Question;
use super::super::rule::Rule;
use super::super::translate;
use crate::domain::facts::Facts;
use crate::domain::verdict::{Outcome, Verdict};

/// With more rules than these, asking everything again is as fast.
const RULES_MAX: usize = 24;

/// The rules that differ, ready to be asked.
pub(super) struct Probe {
    /// Each as a permit, so that Cedar tells every one that matches.
    rules: Vec<Rule>,
    desks: Desks,
    facts_version: u16,
    /// The attributes of the context that the rules name; none when that cannot be told.
    wanted: Option<BTreeSet<String>>,
    questions: BTreeSet<Question>,
}

impl Probe {
    /// None when too many rules differ, one cannot be turned into a probe, or every request is held against other assumptions.
    pub(super) fn new(old: &Bundle, new: &Bundle, difference: &Difference) -> Option<Self> {
        if !difference.assumptions.is_empty() {
            return None;
        }
        let mut rules = Vec::new();
        let mut wanted = Some(BTreeSet::new());
        for (question, changed) in &difference.rules {
            if matches!(question, Question::Share | Question::Staff) {
                continue;
            }
            for one in changed {
                for (side, bundle) in [("old", old), ("new", new)] {
                    let of = |rule: &&Rule| rule.id == one.id && rule.question == *question;
                    let Some(rule) = bundle.rules().iter().find(of) else { continue };
                    rules.push(as_permit(rule, &format!("{side}:{}", rule.id), &mut wanted)?);
                }
            }
        }
        let questions = rules.iter().map(|rule| rule.question).collect();
        let facts_version = new.facts_version();
        (rules.len() <= RULES_MAX).then(|| Self { rules, desks: Desks::new(), facts_version, wanted, questions })
    }

    /// Whether a rule that differs matches, or fails, on a question that the ladder asked about these facts.
    pub(super) fn touches(&self, new: &Bundle, facts: &Facts, recorded: &Verdict) -> Result<bool, AskError> {
        self.desks.with(&self.rules, &Texts::default(), self.facts_version, |desk| self.ask(desk, new, facts, recorded))
    }

    fn ask(&self, desk: &mut Desk, new: &Bundle, facts: &Facts, recorded: &Verdict) -> Result<bool, AskError> {
        let reference = new.reference();
        let is_wanted = |name: &str| self.wanted.as_ref().is_none_or(|wanted| wanted.contains(name));
        let context = translate::part_of_facts(facts, self.facts_version, reference, is_wanted)?;
        let (engine, scene) = desk.open(facts, reference)?;
        let speaks = |answer: &Answer| !answer.permits.is_empty() || !answer.errors.is_empty();

        if self.has(Question::Approve) || self.has(Question::Authenticate) {
            let request = engine.purchase_request(Question::Approve, scene, context.clone())?;
            for question in [Question::Authenticate, Question::Approve] {
                if speaks(&engine.ask(question, &request, &scene.entities)) {
                    return Ok(true);
                }
            }
        }
        if recorded.outcome == Outcome::Approve {
            return Ok(false);
        }
        if self.has(Question::Challenge) {
            let request = engine.purchase_request(Question::Challenge, scene, context.clone())?;
            if speaks(&engine.ask(Question::Challenge, &request, &scene.entities)) {
                return Ok(true);
            }
        }
        if recorded.outcome == Outcome::Challenge && self.has(Question::Offer) {
            for method in methods_of(new).filter(|method| facts.enrolment.usable_methods.contains(method)) {
                let request = engine.offer_request(scene, method, context.clone())?;
                if speaks(&engine.ask(Question::Offer, &request, &scene.entities)) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn has(&self, question: Question) -> bool {
        self.questions.contains(&question)
    }
}

/// The rule under another id, with the same conditions, as a permit; adds the attributes that it names to `wanted`.
fn as_permit(rule: &Rule, id: &str, wanted: &mut Option<BTreeSet<String>>) -> Option<Rule> {
    let mut json = rule.policy.to_json().ok()?;
    if !json.get("conditions").is_some_and(|conditions| wanted.as_mut().is_some_and(|wanted| names(conditions, wanted)))
    {
        *wanted = None;
    }
    json.as_object_mut()?.insert("effect".to_owned(), "permit".into());
    let policy = Policy::from_json(Some(PolicyId::new(id)), json).ok()?;
    Some(Rule { id: id.to_owned(), forbids: false, text: policy.to_cedar()?, policy, ..rule.clone() })
}

/// Collects the attributes of the context that an expression names; false when it uses the context as a whole.
fn names(expression: &serde_json::Value, wanted: &mut BTreeSet<String>) -> bool {
    let context = |of: Option<&serde_json::Value>| {
        of.and_then(|of| of.get("Var")).and_then(serde_json::Value::as_str) == Some("context")
    };
    match expression {
        serde_json::Value::Array(parts) => parts.iter().all(|part| names(part, wanted)),
        serde_json::Value::Object(fields) => {
            if context(Some(expression)) {
                return false;
            }
            fields.iter().all(|(operator, part)| {
                let attribute = part.get("attr").and_then(serde_json::Value::as_str);
                match attribute.filter(|_| matches!(operator.as_str(), "." | "has") && context(part.get("left"))) {
                    Some(attribute) => {
                        wanted.insert(attribute.to_owned());
                        true
                    }
                    None => names(part, wanted),
                }
            })
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(rule: &str) -> Option<Vec<String>> {
        let policy = Policy::parse(None, rule).unwrap();
        let mut wanted = BTreeSet::new();
        let json = policy.to_json().unwrap();
        names(json.get("conditions").unwrap(), &mut wanted).then(|| wanted.into_iter().collect())
    }

    #[test]
    fn the_attributes_of_the_context_that_a_rule_names_are_known() {
        let head = "forbid (principal, action == Action::\"approve\", resource)";
        let of = |condition: &str| named(&format!("{head} when {{ {condition} }};"));
        assert_eq!(of("context.purchase.amount_minor > 3").unwrap(), ["purchase"]);
        assert_eq!(of("context.assessment has risk && context.local_hour < 3").unwrap(), ["assessment", "local_hour"]);
        assert_eq!(of("context has vouched").unwrap(), ["vouched"]);
        assert_eq!(
            of("if context.vouched then true else [context.consent].contains(\"x\")").unwrap(),
            ["consent", "vouched"]
        );
        assert_eq!(of("{a: context} has a"), None);
        assert_eq!(named(&format!("{head};")).unwrap(), Vec::<String>::new());
    }
}
