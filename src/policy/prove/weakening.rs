//! What a new bundle takes away from those that judge it: invariants, assumptions, staff rules, and what invariants read of
//! the reference data.

use std::collections::BTreeSet;

use crate::domain::bundle::told::{Alteration, Safeguard, Weakened};
use crate::domain::consent::DataClass;
use crate::policy::bundle::Bundle;
use crate::policy::difference::{Change, Changed, Difference};
use crate::policy::question::Question;
use crate::policy::reference::{Countries, Recipient};

/// What `new` removes or changes of the live bundle's invariants, assumptions and staff rules, a sentence each.
/// Whoever activates such a bundle needs two approvers of different roles. What is *added* weakens too where it is a staff
/// rule, which can permit, or an assumption, which narrows what proofs speak of. Reference data weaken where an invariant
/// about sharing would speak of less: what is no longer sensitive, goes elsewhere, on another basis, or less protected.
pub fn weakening(live: &Bundle, new: &Bundle) -> Vec<String> {
    let difference = Difference::between(live, new);
    let staff = difference.rules.get(&Question::Staff).into_iter().flatten();
    let told = difference.invariants.iter().filter(|changed| changed.change != Change::Added);
    told.map(|changed| tell(Safeguard::Invariant, changed))
        .chain(difference.assumptions.iter().map(|changed| tell(Safeguard::Assumption, changed)))
        .chain(staff.map(|changed| tell(Safeguard::StaffRule, changed)))
        .chain(classes(live, new))
        .chain(new.reference().recipients().flat_map(|recipient| terms(live, recipient)))
        .chain(countries(live, new))
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

fn classes(live: &Bundle, new: &Bundle) -> Vec<String> {
    let sensitive = |bundle: &Bundle, class| bundle.reference().data_class(class).is_none_or(|class| class.sensitive);
    let weaker = DataClass::ALL.iter().filter(|class| sensitive(live, **class) && !sensitive(new, **class));
    weaker.map(|class| format!("the data class `{}` is no longer sensitive", class.as_str())).collect()
}

/// What is weaker about a recipient; a new one is told, too, since nobody judged its terms before.
fn terms(live: &Bundle, now: &Recipient) -> Vec<String> {
    let id = &now.id;
    let Some(before) = live.reference().recipient(id) else { return vec![format!("the recipient `{id}` is added")] };
    let mut told = Vec::new();
    if before.basis != now.basis {
        told.push(format!(
            "the recipient `{id}` has the basis `{}`, before `{}`",
            now.basis.as_str(),
            before.basis.as_str()
        ));
    }
    if before.country != now.country {
        told.push(format!("the recipient `{id}` is in `{}`, before in `{}`", now.country, before.country));
    }
    for class in DataClass::ALL.iter().filter(|class| now.mode(**class).is_weaker_than(before.mode(**class))) {
        let (class, mode, before) = (class.as_str(), now.mode(*class).as_str(), before.mode(*class).as_str());
        told.push(format!("the recipient `{id}` gets `{class}` as `{mode}`, before as `{before}`"));
    }
    let modes = before.data_modes();
    for (datum, mode) in now.data_modes() {
        let Some(was) = modes.get(&datum).filter(|was| mode.is_weaker_than(**was)) else { continue };
        let (datum, mode, was) = (datum.as_str(), mode.as_str(), was.as_str());
        told.push(format!("the recipient `{id}` gets the datum `{datum}` as `{mode}`, before as `{was}`"));
    }
    told
}

/// Which countries a region holds.
fn countries(live: &Bundle, new: &Bundle) -> Vec<String> {
    let (live, new) = (live.reference().countries(), new.reference().countries());
    let inside = |countries: &Countries, region: &str| -> Vec<String> {
        countries.of_region(region).map(str::to_owned).collect()
    };
    let regions: BTreeSet<&String> = live.regions().chain(new.regions()).collect();
    let other = regions.into_iter().filter(|region| inside(live, region) != inside(new, region));
    other.map(|region| format!("the region `{region}` holds other countries")).collect()
}
