//! What a new bundle takes away from those that judge it: invariants, assumptions, staff rules.

use crate::domain::bundle::told::{Alteration, Safeguard, Weakened};
use crate::policy::bundle::Bundle;
use crate::policy::difference::{Change, Changed, Difference};
use crate::policy::question::Question;

/// What `new` removes or changes of the live bundle's invariants, assumptions and staff rules, a sentence each.
/// Whoever activates such a bundle needs two approvers of different roles. What is *added* weakens too where it is a staff
/// rule, which can permit, or an assumption, which narrows what proofs speak of.
pub fn weakening(live: &Bundle, new: &Bundle) -> Vec<String> {
    let difference = Difference::between(live, new);
    let staff = difference.rules.get(&Question::Staff).into_iter().flatten();
    let told = difference.invariants.iter().filter(|changed| changed.change != Change::Added);
    told.map(|changed| tell(Safeguard::Invariant, changed))
        .chain(difference.assumptions.iter().map(|changed| tell(Safeguard::Assumption, changed)))
        .chain(staff.map(|changed| tell(Safeguard::StaffRule, changed)))
        .collect()
}

fn tell(safeguard: Safeguard, changed: &Changed) -> String {
    let alteration = match changed.change {
        Change::Added => Alteration::Added,
        Change::Removed => Alteration::Removed,
        Change::Changed => Alteration::Changed,
    };
    Weakened { safeguard, id: changed.id.clone(), alteration }.to_string()
}
