//! Assumptions: what a bundle says is true of every real request, because of how facts are gathered.
//!
//! Proofs begin from them, and the [`Guard`] holds every request that is evaluated against them, so that a proof is about
//! real traffic. They permit nothing and give no reason: a request that breaks one is an error, and so never approved.

use std::collections::BTreeMap;
use std::str::FromStr;

use cedar_policy::pst::{self, Clause};
use cedar_policy::{
    ActionConstraint, Authorizer, Decision, Effect, Entities, Policy, PolicyId, PolicySet, PrincipalConstraint,
    Request, ResourceConstraint,
};

use serde_json::Value;

use super::fault::Fault;
use super::place::{self, Place};
use super::question::Question;
use super::rule::Rule;
use super::sieve::{Facts, Sieve};
use super::source::BundleSource;

/// The file in a bundle; a bundle without it assumes nothing.
pub(super) const FILE: &str = "assumptions.cedar";

/// What stands before an assumption's id where rules are named by theirs.
pub const PREFIX: &str = "assumption:";

/// One assumption of a bundle.
#[derive(Clone, Debug)]
pub struct Assumption {
    /// Its id, from `@id`.
    pub id: String,
    /// What it says in one sentence, from `@title`.
    pub title: String,
    /// Its text.
    pub text: String,
    /// Whether it speaks of `approve`, `challenge` and `offer`, which see the same facts.
    pub(super) of_purchases: bool,
    /// Whether it speaks of `share`.
    pub(super) of_sharing: bool,
    pub(super) rule: Rule,
}

impl Assumption {
    /// Whether it speaks of a question's requests.
    pub fn is_about(&self, question: Question) -> bool {
        match question {
            Question::Share => self.of_sharing,
            Question::Approve | Question::Challenge | Question::Offer | Question::Authenticate => self.of_purchases,
            Question::Staff => false,
        }
    }

    /// What must be true: the expressions of its `unless` clauses.
    pub(super) fn claims(&self) -> Result<Vec<Clause>, pst::PstConstructionError> {
        let policy = self.rule.policy.to_pst()?;
        let claims = policy.body().clauses().iter().map(|clause| match clause {
            Clause::When(claim) | Clause::Unless(claim) => Clause::When(claim.clone()),
        });
        Ok(claims.collect())
    }
}

/// The assumptions as what Cedar checks: policies of their questions.
pub(super) fn rules(assumptions: &[Assumption]) -> Vec<Rule> {
    assumptions.iter().map(|assumption| assumption.rule.clone()).collect()
}

/// Reads every assumption, sorted by id.
pub(super) fn read(source: &BundleSource, faults: &mut Vec<Fault>) -> Vec<Assumption> {
    let Some(text) = source.text(FILE) else { return Vec::new() };
    let set = match PolicySet::from_str(text) {
        Ok(set) => set,
        Err(errors) => {
            let hint = "each reads `@id(\"…\") @title(\"…\") forbid (principal, action …, resource) unless { … };`";
            faults.extend(
                errors.iter().map(|error| Fault::new(FILE, error.to_string()).labelled(error, text).hint(hint)),
            );
            return Vec::new();
        }
    };
    let mut found: BTreeMap<String, Assumption> = BTreeMap::new();
    for policy in place::placed(&set, text) {
        match one(policy) {
            Ok(one) if found.contains_key(&one.id) => {
                faults.push(one.rule.fault("stands twice").hint("ids are unique: rename or remove one"));
            }
            Ok(one) => drop(found.insert(one.id.clone(), one)),
            Err(fault) => faults.push(fault),
        }
    }
    found.into_values().collect()
}

fn one((policy, text, place): (&Policy, String, Place)) -> Result<Assumption, Fault> {
    let annotation = |word: &str| policy.annotation(word).map(str::trim).filter(|value| !value.is_empty());
    let Some(id) = annotation("id") else {
        let fault = Fault::new(FILE, "an assumption has no `@id`").hint("begin it with `@id(\"…\")`");
        return Err(place.put(fault, &text, place::head_at(&text).unwrap_or(0), "forbid".len()));
    };
    let line = place.line_of(&text, place::annotation_at(&text, "id").unwrap_or(0));
    let fault =
        |message: &str, hint: &str| Fault::new(FILE, format!("assumption `{id}`: {message}")).line(line).hint(hint);
    let title = annotation("title").ok_or_else(|| fault("`@title` is missing", "say it in one sentence"))?;
    if let Some((word, _)) = policy.annotations().find(|(word, _)| !["id", "title"].contains(word)) {
        return Err(fault(&format!("unknown annotation `@{word}`"), "one of @id, @title"));
    }
    let form = "write `forbid (principal, action …, resource) unless { what is true of every request };`";
    let (of_purchases, of_sharing) = scope(policy).ok_or_else(|| {
        fault("its head names neither all purchases nor sharing", "write `action`, `action in [Action::\"authenticate\", Action::\"offer\"]` or `action == Action::\"share\"`; principal and resource stay open")
    })?;
    let body = policy.to_pst().map_err(|error| fault(&error.to_string(), form))?;
    let only_unless = body.body().clauses().iter().all(|clause| matches!(clause, Clause::Unless(_)));
    if policy.effect() != Effect::Forbid || body.body().clauses().is_empty() || !only_unless {
        return Err(fault("is no `forbid … unless { … }`", form));
    }
    if let Some(word) = ["resource", "action"].into_iter().find(|word| of_purchases && reads(policy, word)) {
        let message = format!("reads `{word}`, which is another in each question about a purchase");
        return Err(fault(
            &message,
            "speak of `context` and `principal` alone; only what is about sharing may read `resource`",
        ));
    }
    let rule = Rule {
        id: format!("{PREFIX}{id}"),
        title: title.to_owned(),
        reason: String::new(),
        owner: String::new(),
        question: if of_purchases { Question::Authenticate } else { Question::Share },
        forbids: true,
        file: FILE.to_owned(),
        line: Some(line),
        policy: policy.new_id(PolicyId::new(format!("{PREFIX}{id}"))),
        text,
        place,
    };
    let (id, title) = (id.to_owned(), title.to_owned());
    Ok(Assumption { id, title, text: rule.text.clone(), of_purchases, of_sharing, rule })
}

/// Whether the body reads this variable. An assumption about purchases is asked once, of the approve request, and so must
/// not hang on what is another in the requests of `challenge` and `offer`.
fn reads(policy: &Policy, var: &str) -> bool {
    fn inside(value: &Value, var: &str) -> bool {
        match value {
            Value::Object(fields) => {
                fields.iter().any(|(name, field)| (name == "Var" && field == var) || inside(field, var))
            }
            Value::Array(items) => items.iter().any(|item| inside(item, var)),
            _ => false,
        }
    }
    // What cannot be looked into is taken to read it.
    policy.to_json().map_or(true, |policy| policy.get("conditions").is_none_or(|body| inside(body, var)))
}

/// Whether it is about purchases and about sharing; none for a head that names less than all of either.
fn scope(policy: &Policy) -> Option<(bool, bool)> {
    let open = policy.principal_constraint() == PrincipalConstraint::Any
        && policy.resource_constraint() == ResourceConstraint::Any;
    let names: Vec<String> = match policy.action_constraint() {
        ActionConstraint::Any => return open.then_some((true, true)),
        ActionConstraint::Eq(action) => vec![action.id().unescaped().to_owned()],
        ActionConstraint::In(actions) => {
            let mut names: Vec<_> = actions.iter().map(|action| action.id().unescaped().to_owned()).collect();
            names.sort();
            names
        }
    };
    match names.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["authenticate", "offer"] => open.then_some((true, false)),
        ["share"] => open.then_some((false, true)),
        _ => None,
    }
}

/// One copy of the assumptions about purchases or about sharing, ready to be asked.
///
/// All of them joined are one sieve and one policy, so that a request costs a look at its facts, or a single evaluation; which
/// one is broken is asked only when one is.
pub(super) struct Guard {
    sieve: Option<Sieve>,
    facts: Facts,
    joined: PolicySet,
    alone: Vec<(String, PolicySet)>,
}

/// The texts of a [`Guard`], from which each copy is made.
#[derive(Clone, Debug, Default)]
pub(super) struct GuardText {
    joined: Option<String>,
    alone: Vec<(String, String)>,
}

impl GuardText {
    /// The text for one question's assumptions.
    pub(super) fn new(assumptions: &[Assumption], question: Question) -> Result<Self, pst::PstConstructionError> {
        let (mut all, mut alone) = (Vec::new(), Vec::new());
        for assumption in assumptions.iter().filter(|assumption| assumption.is_about(question)) {
            let claims = assumption.claims()?;
            alone.push((assumption.rule.id.clone(), permit(claims.clone())?));
            all.extend(claims);
        }
        let joined = if all.is_empty() { None } else { Some(permit(all)?) };
        Ok(Self { joined, alone })
    }
}

/// A permit of whatever keeps the claims: a claim that fails to be evaluated permits nothing.
fn permit(claims: Vec<Clause>) -> Result<String, pst::PstConstructionError> {
    let (principal, resource) = (pst::PrincipalConstraint::Any, pst::ResourceConstraint::Any);
    let id = pst::PolicyID("assumptions".into());
    let template = pst::Template::new(id, pst::Effect::Permit, principal, pst::ActionConstraint::Any, resource);
    let body = pst::StaticPolicy::try_from(template.try_with_clauses(claims)?)?;
    Ok(Policy::from_pst(pst::Policy::Static(body))?.to_string())
}

fn parse(text: &str) -> Result<PolicySet, Box<cedar_policy::ParseErrors>> {
    PolicySet::from_str(text).map_err(Box::new)
}

impl Guard {
    /// A copy that shares nothing with another: the texts are parsed again.
    pub(super) fn copy(text: &GuardText) -> Result<Self, Box<cedar_policy::ParseErrors>> {
        let alone = text.alone.iter().map(|(id, text)| Ok((id.clone(), parse(text)?)));
        let joined = text.joined.as_deref().map_or_else(|| Ok(PolicySet::new()), parse)?;
        let mut facts = Facts::default();
        let policy = joined.policies().next().cloned();
        Ok(Self {
            sieve: policy.and_then(|policy| Sieve::of(&policy, &mut facts).unwrap_or(None)),
            facts,
            joined,
            alone: alone.collect::<Result<_, Box<cedar_policy::ParseErrors>>>()?,
        })
    }

    /// The assumptions that a request breaks, by the ids that errors carry; none as a rule.
    pub(super) fn broken(
        &self,
        authorizer: &Authorizer,
        request: &Request,
        entities: &Entities,
    ) -> Vec<(String, String)> {
        let keeps = |set: &PolicySet| authorizer.is_authorized(request, set, entities).decision() == Decision::Allow;
        let kept = |sieve: &Sieve| sieve.answer(&self.facts.of(request)) == Some(true);
        if self.alone.is_empty() || self.sieve.as_ref().is_some_and(kept) || keeps(&self.joined) {
            return Vec::new();
        }
        let broken = self.alone.iter().filter(|(_, set)| !keeps(set));
        broken.map(|(id, _)| (id.clone(), "the request breaks an assumption".to_owned())).collect()
    }
}
