//! Witnesses: purchases that show at once that a rule can match, or that some answer hangs on it. The bundle's own cases
//! are the best of them; what none shows is asked of the solver.

use std::collections::BTreeSet;

use cedar_policy::{Authorizer, Decision, PolicySet};

use super::counterexample::instead;
use super::piece::{Piece, Unaskable, set};
use crate::domain::facts::Facts;
use crate::policy::assumption;
use crate::policy::bundle::Bundle;
use crate::policy::case;
use crate::policy::decide::{broken_assumptions, share};
use crate::policy::invariant::{Claim, Invariant, Replaced, alternatives};
use crate::policy::question::Question;
use crate::policy::rehearsal::{least, most};
use crate::policy::yardstick::{Prepared, Query, Yardstick};

/// What is seen of a bundle's rules.
#[derive(Default)]
pub(super) struct Witnesses {
    /// Rules that match some purchase.
    pub(super) match_some: BTreeSet<String>,
    /// Rules without which some answer would be another.
    pub(super) matter: BTreeSet<String>,
    /// Invariants that speak of some purchase: whether it is the live bundle's, and its id.
    pub(super) spoken_of: BTreeSet<(bool, String)>,
}

/// An invariant, ready to be held against purchases.
struct Spoken {
    id: (bool, String),
    /// Permits what it speaks of.
    matching: PolicySet,
    /// What each of its second requests has in the place of the first's.
    second: Vec<Replaced>,
}

fn spoken_of((of_live, bundle): (bool, &Bundle)) -> Vec<Spoken> {
    let spoken = |invariant: &Invariant| {
        let permit = Piece::with_its_acts(invariant.policy()).ok()?.as_permit();
        let second = if let Claim::Instead(facts) = &invariant.claim { alternatives(facts) } else { Vec::new() };
        Some(Spoken { id: (of_live, invariant.id.clone()), matching: set([&permit]).ok()?, second })
    };
    bundle.invariants().iter().filter_map(spoken).collect()
}

impl Witnesses {
    /// Looks at the purchases of every case; sees nothing in a bundle whose rules cannot be asked.
    pub(super) fn of(bundle: &Bundle, live: &Bundle) -> Self {
        let mut seen = Self::default();
        let (Ok(yardstick), Ok(rules)) = (Yardstick::new(bundle), all_as_permits(bundle)) else { return seen };
        let claims: Vec<_> = [(false, bundle), (true, live)].into_iter().flat_map(spoken_of).collect();
        let authorizer = Authorizer::new();
        for facts in case::facts(bundle).into_iter().chain([least(), most()]) {
            if !keeps_assumptions(bundle, &facts) {
                continue;
            }
            for query in Query::all(bundle) {
                let Some(prepared) = yardstick.prepare(&facts, &query) else { continue };
                let response = authorizer.is_authorized(&prepared.request, &rules, &prepared.entities);
                seen.speak(bundle, &claims, &facts, &prepared);
                if response.diagnostics().errors().next().is_none() {
                    seen.add(bundle, response.diagnostics().reason().map(ToString::to_string).collect());
                }
            }
        }
        seen
    }

    /// The invariants that speak of this request, and whose second requests can be.
    fn speak(&mut self, bundle: &Bundle, claims: &[Spoken], facts: &Facts, prepared: &Prepared) {
        let can_be = |changes: &Replaced| {
            instead::facts(facts, changes).is_some_and(|second| keeps_assumptions(bundle, &second))
        };
        for claim in claims.iter().filter(|claim| !self.spoken_of.contains(&claim.id)).collect::<Vec<_>>() {
            let set = &claim.matching;
            let response = Authorizer::new().is_authorized(&prepared.request, set, &prepared.entities);
            if response.decision() == Decision::Allow && claim.second.iter().all(can_be) {
                self.spoken_of.insert(claim.id.clone());
            }
        }
    }

    /// One answer: a forbid decides, or alone gives the reason, when no other matches; a permit when it stands alone.
    fn add(&mut self, bundle: &Bundle, matched: Vec<String>) {
        let (forbids, permits): (Vec<_>, Vec<_>) = matched.iter().partition(|id| bundle.forbids(id));
        match (forbids.as_slice(), permits.as_slice()) {
            ([alone], _) | ([], [alone]) => drop(self.matter.insert((*alone).clone())),
            _ => {}
        }
        self.match_some.extend(matched);
    }
}

pub(super) fn keeps_assumptions(bundle: &Bundle, facts: &Facts) -> bool {
    let of_sharing = bundle.reference().recipients().flat_map(|recipient| {
        crate::domain::consent::DataClass::ALL
            .iter()
            .flat_map(|class| share(bundle, facts, &recipient.id, *class).errors)
    });
    broken_assumptions(bundle, facts).is_ok_and(|broken| broken.is_empty())
        && !of_sharing.into_iter().any(|error| error.policy.starts_with(assumption::PREFIX))
}

/// Every rule under its id as a permit, so that Cedar tells each that matches. Heads keep their actions: the entities of
/// real requests hold the groups.
fn all_as_permits(bundle: &Bundle) -> Result<PolicySet, Unaskable> {
    let rules = bundle.rules().iter().filter(|rule| rule.question != Question::Staff);
    let permits = rules.map(|rule| Piece::with_its_acts(&rule.policy)?.as_permit().policy(&rule.id));
    PolicySet::from_policies(permits.collect::<Result<Vec<_>, _>>()?).map_err(Unaskable::new)
}
