//! Counterexamples: what the solver found, asked once more of Cedar's own engine, and told as a purchase.

use cedar_policy::{Authorizer, Decision, PolicySet};
use cedar_policy_symcc::Env;

use super::piece::{Piece, set};
use super::plan::{About, Asked, Spec};
use super::solver;
use super::{Counterexample, Purchase, facts, ordinary};
use crate::domain::facts::Facts;
use crate::policy::bundle::Bundle;
use crate::policy::decide::decide;
use crate::policy::invariant::{Claim, alternatives};
use crate::policy::question::Question;
use crate::policy::yardstick::{Prepared, Query, Yardstick};

pub(super) mod instead;

/// What is to be told of a request on which a claim fails.
pub(super) fn of(live: &Bundle, new: &Bundle, spec: &Spec, asked: &Asked, env: &Env) -> Counterexample {
    let trial = Trial::new(live, new, &spec.about);
    let mut told = tell(new, asked, env, |facts, query| trial.as_ref().is_some_and(|trial| trial.fails(facts, query)));
    if let (Some(purchase), Some(trial)) = (&mut told.purchase, &trial) {
        let second = trial.second(&purchase.facts, &purchase.asked);
        purchase.instead =
            second.map(|facts| (decide(new, &facts), facts)).map(|(verdict, facts)| Box::new((facts, verdict)));
    }
    told
}

/// What is to be told of a request, where `fails` says whether it fails as facts, too.
pub(super) fn tell(new: &Bundle, asked: &Asked, env: &Env, fails: impl Fn(&Facts, &Query) -> bool) -> Counterexample {
    let confirmed = confirm(&asked.query, env);
    let mut remarks = Vec::new();
    if !confirmed {
        remarks.push("Cedar's own engine answers this request otherwise: please report it".to_owned());
    }
    let purchase = purchase(new, asked, env, fails);
    if purchase.is_none() && asked.question != Question::Staff {
        let why = "no facts that the program gathers were found that lead to this request: if it cannot be, say so in \
                   assumptions.cedar";
        remarks.push(why.to_owned());
    }
    Counterexample { question: asked.question, request: env.to_string(), confirmed, purchase, remarks }
}

/// Whether Cedar's own engine says, too, that the query fails on this request.
pub(super) fn confirm(query: &solver::Query, env: &Env) -> bool {
    let respond = |set: &PolicySet| Authorizer::new().is_authorized(&env.request, set, &env.entities);
    let allows = |set: &PolicySet| respond(set).decision() == Decision::Allow;
    match query {
        solver::Query::NeverAllows(set) => allows(set),
        solver::Query::Implies(first, second) => allows(first) && !allows(second),
        solver::Query::NeverErrors(_, policy) | solver::Query::NeverMatches(policy) => {
            let alone = PolicySet::from_policies([policy.as_ref().clone()]);
            alone.is_ok_and(|set| {
                let response = respond(&set);
                let erred = response.diagnostics().errors().next().is_some();
                let matched = response.diagnostics().reason().next().is_some();
                if matches!(query, solver::Query::NeverErrors(..)) { erred } else { matched }
            })
        }
    }
}

/// The same failure as facts, as near to an ordinary purchase as can be.
fn purchase(new: &Bundle, asked: &Asked, env: &Env, fails: impl Fn(&Facts, &Query) -> bool) -> Option<Purchase> {
    let ordinary = ordinary::purchase(new);
    let found = facts::of(env, &ordinary, new.reference());
    let queries = Query::all(new).into_iter().filter(|query| query.question() == asked.question);
    let queries: Vec<Query> = queries.collect();
    let tries = [facts::with_one_amount(&found), found];
    let shown =
        |found: Facts| queries.iter().find(|query| fails(&found, query)).map(|query| (found.clone(), query.clone()));
    let (found, asked) = tries.into_iter().find_map(shown)?;
    let facts = ordinary::nearest(&found, &ordinary, |facts| fails(facts, &asked));
    let one_amount = facts::with_one_amount(&facts);
    let facts = if fails(&one_amount, &asked) { one_amount } else { facts };
    let differs = ordinary::differences(&facts, &ordinary);
    let verdict = decide(new, &facts);
    Some(Purchase { facts, differs, asked, verdict, instead: None })
}

/// A claim, tried on facts with the real engine.
struct Trial<'a> {
    yardstick: Yardstick<'a>,
    what: What,
}

enum What {
    Claim(PolicySet, Claim),
    Errors(PolicySet),
}

impl<'a> Trial<'a> {
    fn new(live: &Bundle, new: &'a Bundle, about: &About) -> Option<Self> {
        let matching = |piece: &Piece| set([&Piece::anything().after(&[piece.condition()])]).ok();
        let what = match about {
            About::Nothing => return None,
            About::Ladder => What::Claim(set([&Piece::anything()]).ok()?, Claim::Then(Question::Challenge)),
            About::Errors(id) => {
                let rule = new.rules().iter().find(|rule| rule.id == *id)?;
                What::Errors(PolicySet::from_policies([rule.policy.clone()]).ok()?)
            }
            About::Invariant { id, of_live } => {
                let judge = if *of_live { live } else { new };
                let invariant = judge.invariants().iter().find(|invariant| invariant.id == *id)?;
                What::Claim(matching(&Piece::of(invariant.policy()).ok()?)?, invariant.claim.clone())
            }
        };
        Some(Self { yardstick: Yardstick::new(new).ok()?, what })
    }

    /// Whether the claim fails on these facts, and the facts are such as can be.
    fn fails(&self, facts: &Facts, query: &Query) -> bool {
        let Some(prepared) = self.yardstick.prepare(facts, query) else { return false };
        self.yardstick.keeps_assumptions(&prepared) && self.fails_on(facts, query, &prepared).unwrap_or(false)
    }

    fn fails_on(&self, facts: &Facts, query: &Query, prepared: &Prepared) -> Option<bool> {
        let respond = |set: &PolicySet| Authorizer::new().is_authorized(&prepared.request, set, &prepared.entities);
        let (matching, claim) = match &self.what {
            What::Errors(rule) => return Some(respond(rule).diagnostics().errors().next().is_some()),
            What::Claim(matching, claim) => (matching, claim),
        };
        let spoken_of = respond(matching).decision() == Decision::Allow;
        if !spoken_of || !self.yardstick.engine_says_yes(prepared) {
            return Some(false);
        }
        match claim {
            Claim::Never => Some(true),
            Claim::Then(Question::Challenge) => self.denied(facts, &Query::Challenge),
            Claim::Then(Question::Approve) => self.denied(facts, &Query::Approve),
            Claim::Then(_) => None,
            Claim::Instead(_) => Some(self.second(facts, query).is_some()),
        }
    }

    /// Whether the engine says no, though the request can be.
    fn denied(&self, facts: &Facts, query: &Query) -> Option<bool> {
        let prepared = self.yardstick.prepare(facts, query)?;
        Some(self.yardstick.keeps_assumptions(&prepared) && !self.yardstick.engine_says_yes(&prepared))
    }

    /// The facts of the second request that is denied; none where the claim speaks of one alone.
    fn second(&self, facts: &Facts, query: &Query) -> Option<Facts> {
        let What::Claim(_, Claim::Instead(changes)) = &self.what else { return None };
        let mut all = alternatives(changes).into_iter().filter_map(|changes| instead::facts(facts, &changes));
        all.find(|second| self.denied(second, query) == Some(true))
    }
}
