//! The index: rules by question, by the entity that their head names and by what they ask about facts, and the joining of
//! the slices' answers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cedar_policy::{
    Authorizer, Decision, Entities, EntityUid, Policy, PolicySet, PolicySetError, PrincipalConstraint, Request,
    ResourceConstraint, Response,
};

use super::evaluation::failure;
use super::sieve::{Facts, Sieve};

/// The answer to one question, joined from the slices that could match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// The permits that were satisfied.
    pub(super) permits: BTreeSet<String>,
    /// The forbids that were satisfied.
    pub(super) forbids: BTreeSet<String>,
    /// The policies that could not be evaluated, with what went wrong.
    pub(super) errors: BTreeMap<String, String>,
}

impl Answer {
    /// What Cedar would have decided over the whole set: a permit is satisfied and no forbid is.
    pub(super) fn permitted(&self) -> bool {
        self.forbids.is_empty() && !self.permits.is_empty()
    }

    /// The policies that determine the decision, as Cedar reports them.
    pub(super) fn determining(&self) -> &BTreeSet<String> {
        if self.forbids.is_empty() { &self.permits } else { &self.forbids }
    }

    /// Every rule that was satisfied.
    pub(super) fn matched(&self) -> impl Iterator<Item = String> + '_ {
        self.permits.iter().chain(&self.forbids).cloned()
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.permits.extend(other.permits.iter().cloned());
        self.forbids.extend(other.forbids.iter().cloned());
        self.errors.extend(other.errors.iter().map(|(policy, message)| (policy.clone(), message.clone())));
    }

    pub(super) fn add(&mut self, response: &Response) {
        let reasons = response.diagnostics().reason().map(ToString::to_string);
        match response.decision() {
            Decision::Allow => self.permits.extend(reasons),
            Decision::Deny => self.forbids.extend(reasons),
        }
        for error in response.diagnostics().errors() {
            let (policy, message) = failure(error);
            self.errors.insert(policy, message);
        }
    }
}

/// The rules of one question, sliced by what their heads name, and by what their conditions say of facts alone.
#[derive(Default)]
pub(super) struct Index {
    general: PolicySet,
    sieved: Vec<(Sieve, PolicySet)>,
    facts: Facts,
    by_resource: HashMap<EntityUid, PolicySet>,
    by_principal: HashMap<EntityUid, PolicySet>,
}

impl Index {
    /// Puts a policy into the one slice that is asked whenever it can match.
    pub(super) fn insert(&mut self, policy: Policy) -> Result<(), Box<PolicySetError>> {
        let slice = if let Some(entity) = resource_of(&policy) {
            self.by_resource.entry(entity).or_default()
        } else if let Some(entity) = principal_of(&policy) {
            self.by_principal.entry(entity).or_default()
        } else if let Some(sieve) = Sieve::of(&policy, &mut self.facts).unwrap_or(None) {
            self.sieved.push((sieve, PolicySet::from_policies([policy])?));
            return Ok(());
        } else {
            // What cannot be looked into is always asked.
            &mut self.general
        };
        slice.add(policy).map_err(Box::new)
    }

    /// Asks every slice that can match. Others hold only rules whose head or condition is false, and these say nothing.
    pub(super) fn ask(&self, authorizer: &Authorizer, request: &Request, entities: &Entities) -> Answer {
        let mut answer = Answer::default();
        let general = Some(&self.general).filter(|slice| !slice.is_empty());
        let principal = slices_of(&self.by_principal, request.principal(), entities);
        let resource = slices_of(&self.by_resource, request.resource(), entities);
        let seen = self.facts.of(request);
        let sieved = self.sieved.iter().filter(|(sieve, _)| sieve.answer(&seen) != Some(false)).map(|(_, slice)| slice);
        for slice in general.into_iter().chain(sieved).chain(principal).chain(resource) {
            answer.add(&authorizer.is_authorized(request, slice, entities));
        }
        answer
    }
}

fn slices_of<'a>(
    slices: &'a HashMap<EntityUid, PolicySet>,
    uid: Option<&'a EntityUid>,
    entities: &'a Entities,
) -> impl Iterator<Item = &'a PolicySet> {
    let uid = uid.filter(|_| !slices.is_empty());
    let ancestors = uid.and_then(|uid| entities.ancestors(uid)).into_iter().flatten();
    uid.into_iter().chain(ancestors).filter_map(|uid| slices.get(uid))
}

fn resource_of(policy: &Policy) -> Option<EntityUid> {
    match policy.resource_constraint() {
        ResourceConstraint::Eq(uid) | ResourceConstraint::In(uid) | ResourceConstraint::IsIn(_, uid) => Some(uid),
        ResourceConstraint::Any | ResourceConstraint::Is(_) => None,
    }
}

fn principal_of(policy: &Policy) -> Option<EntityUid> {
    match policy.principal_constraint() {
        PrincipalConstraint::Eq(uid) | PrincipalConstraint::In(uid) | PrincipalConstraint::IsIn(_, uid) => Some(uid),
        PrincipalConstraint::Any | PrincipalConstraint::Is(_) => None,
    }
}
