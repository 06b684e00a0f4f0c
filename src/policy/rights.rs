//! Staff rights: may this person do this? The same language and bundle as decisions, another schema.
//!
//! What no rule permits is denied, and so is what a rule forbids that could not be evaluated.

use std::collections::{BTreeSet, HashSet};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, Policy, PolicyId, PolicySet, Request,
    RestrictedExpression as Value, Schema,
};

use super::bundle::Bundle;
use super::evaluation::failure;
use super::fault::{BundleErrors, Fault};
use super::question::Question;
use super::rule::Rule;
use super::schema;
use crate::domain::staff::{Act, ActSubject, Role, SignedIn};
use crate::domain::verdict::EvaluationError;

/// The cases of staff rights in a bundle.
pub(super) const CASES: &str = "staff/cases.yaml";

/// What the rules say about one act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RightsAnswer {
    /// Whether it may be done.
    pub allowed: bool,
    /// The rules that determine it, sorted; none when nothing permits it.
    pub policies: Vec<String>,
    /// The rules that could not be evaluated, sorted.
    pub errors: Vec<EvaluationError>,
}

/// The facts of one question about rights.
pub(super) struct Asker<'a> {
    pub(super) roles: &'a BTreeSet<Role>,
    pub(super) reauthenticated: bool,
    pub(super) own_request: bool,
}

/// Whether this person may do this to that. Never fails: what cannot be asked is denied.
pub fn may(bundle: &Bundle, who: &SignedIn, act: Act, subject: &ActSubject) -> RightsAnswer {
    let asker = Asker {
        roles: &who.roles,
        reauthenticated: who.reauthenticated,
        own_request: subject.author == Some(who.staff_id),
    };
    bundle.rights().ask(bundle, &asker, act)
}

/// The rules about rights, ready to be asked.
pub(super) struct Rights {
    rules: PolicySet,
    schema: Schema,
    base: Entities,
}

fn program_fault(error: impl std::fmt::Display) -> BundleErrors {
    let fault = Fault::new(schema::STAFF_FILE, format!("staff rights cannot be asked: {error}"));
    fault.hint("the program and its schema disagree: this is not the bundle's fault").into()
}

impl Rights {
    pub(super) fn new(rules: &[Rule]) -> Result<Self, BundleErrors> {
        let mut set = PolicySet::new();
        for rule in rules.iter().filter(|rule| rule.question == Question::Staff) {
            let policy = Policy::parse(Some(PolicyId::new(&rule.id)), &rule.text).map_err(program_fault)?;
            set.add(policy).map_err(program_fault)?;
        }
        let schema = schema::parse_staff().map_err(program_fault)?;
        // INVARIANT: made with the schema, so that its action entities are there; without them a rule on a group
        // would be silently false.
        let base = Entities::from_entities([plain("Record", "record").map_err(program_fault)?], Some(&schema));
        Ok(Self { rules: set, base: base.map_err(program_fault)?, schema })
    }

    /// The answer, with every error of the rules.
    pub(super) fn ask(&self, bundle: &Bundle, asker: &Asker<'_>, act: Act) -> RightsAnswer {
        let error =
            |policy: String, message: String| EvaluationError { question: act.as_str().to_owned(), policy, message };
        let (request, entities) = match self.request(asker, act) {
            Ok(asked) => asked,
            Err(message) => {
                let errors = vec![error(String::new(), message)];
                return RightsAnswer { allowed: false, policies: Vec::new(), errors };
            }
        };
        let response = Authorizer::new().is_authorized(&request, &self.rules, &entities);
        let mut policies: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
        policies.sort();
        let mut errors: Vec<EvaluationError> =
            response.diagnostics().errors().map(failure).map(|(policy, message)| error(policy, message)).collect();
        errors.sort();
        let forbid_erred = errors.iter().any(|error| bundle.forbids(&error.policy));
        let allowed = response.decision() == Decision::Allow && !forbid_erred;
        RightsAnswer { allowed, policies, errors }
    }

    fn request(&self, asker: &Asker<'_>, act: Act) -> Result<(Request, Entities), String> {
        let roles: HashSet<EntityUid> =
            asker.roles.iter().map(|role| uid("Role", role.as_str())).collect::<Result<_, _>>()?;
        let principal = uid("Staff", "person")?;
        let person = Entity::new_no_attrs(principal.clone(), roles);
        let entities = self.base.clone().add_entities([person], Some(&self.schema)).map_err(|e| e.to_string())?;
        let role_count = i64::try_from(asker.roles.len()).unwrap_or(i64::MAX);
        let context = Context::from_pairs([
            ("reauthenticated".to_owned(), Value::new_bool(asker.reauthenticated)),
            ("own_request".to_owned(), Value::new_bool(asker.own_request)),
            ("role_count".to_owned(), Value::new_long(role_count)),
        ]);
        let context = context.map_err(|error| error.to_string())?;
        let (action, resource) = (uid("Action", act.as_str())?, uid("Record", "record")?);
        let request = Request::new(principal, action, resource, context, Some(&self.schema));
        Ok((request.map_err(|error| error.to_string())?, entities))
    }
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, String> {
    format!("{kind}::\"{id}\"").parse().map_err(|error: cedar_policy::ParseErrors| error.to_string())
}

fn plain(kind: &str, id: &str) -> Result<Entity, String> {
    Ok(Entity::new_no_attrs(uid(kind, id)?, HashSet::new()))
}

/// Asks every act once for somebody with every role: no rule may fail to be evaluated.
pub(super) fn rehearse(bundle: &Bundle) -> Result<(), BundleErrors> {
    let roles: BTreeSet<Role> = Role::ALL.iter().copied().collect();
    let mut faults = Vec::new();
    for (act, flag) in Act::ALL.iter().flat_map(|act| [(*act, false), (*act, true)]) {
        let asker = Asker { roles: &roles, reauthenticated: flag, own_request: flag };
        for error in bundle.rights().ask(bundle, &asker, act).errors {
            let rule = bundle.rules().iter().find(|rule| rule.id == error.policy);
            let fault = match rule {
                Some(rule) => rule.fault(format!("cannot be evaluated: {}", error.message)),
                None => Fault::new(schema::STAFF_FILE, error.message),
            };
            faults.push(fault);
        }
    }
    BundleErrors::check(faults)
}
