//! Scrutiny: what a bundle fails for when somebody checks or submits it, although a server would load it.
//!
//! A server that starts again goes on with the bundle that decided yesterday; whoever writes one is told more.

use super::bundle::Bundle;
use super::case::{self, Report};
use super::fault::Fault;
use super::rehearsal::most;
use super::{assumption, invariant, lint};
use crate::domain::facts::Facts;

/// What was found beyond what [`Bundle::build`] refuses, each list sorted.
#[derive(Debug, Default)]
pub struct Scrutiny {
    /// What must be mended.
    pub faults: Vec<Fault>,
    /// What should be looked at.
    pub warnings: Vec<Fault>,
    /// What the cases showed; none where they cannot be read.
    pub report: Option<Report>,
}

/// Looks at a bundle that could be built: calculations, reference data, and which rules have no case.
pub fn scrutinise(bundle: &Bundle) -> Scrutiny {
    let mut claims = invariant::rules(bundle.invariants());
    claims.extend(assumption::rules(bundle.assumptions()));
    let mut found =
        Scrutiny { faults: lint::calculations(bundle.rules().iter().chain(&claims)), ..Scrutiny::default() };
    found.faults.extend(reference(bundle));
    match case::run(bundle) {
        Ok(report) => {
            found.warnings = without_case(bundle, &report);
            found.report = Some(report);
        }
        Err(errors) => found.faults.extend(errors.0),
    }
    found.faults.sort();
    found.warnings.sort();
    found
}

/// Makes the entities of every programme and every group of categories, held against the schema.
fn reference(bundle: &Bundle) -> Vec<Fault> {
    let reference = bundle.reference();
    let groups = reference.categories().groups().map(|group| {
        let mut facts = most();
        facts.merchant.category_groups = [group.to_owned()].into();
        ("reference/categories.toml", group, facts)
    });
    let programmes = reference.programmes().map(|programme| {
        let mut facts = most();
        facts.card.programme.clone_from(&programme.id);
        ("reference/programmes.toml", programme.id.as_str(), facts)
    });
    groups.chain(programmes).filter_map(|(file, id, facts)| unfit(bundle, file, id, &facts)).collect()
}

/// What is wrong with an id of the reference data: rules could not name it, or its entity does not fit the schema.
fn unfit(bundle: &Bundle, file: &str, id: &str, facts: &Facts) -> Option<Fault> {
    let word = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    let message = if id.is_empty() || !id.chars().all(word) {
        format!("`{id}` is no id")
    } else {
        let error = super::decide::validate_requests(bundle, facts).err()?;
        format!("`{id}` does not fit the schema: {error}")
    };
    let line = bundle.source().text(file).and_then(|text| super::fault::line_with(text, &format!("id = \"{id}\"")));
    Some(Fault::new(file, message).line(line).hint("ids are written in small letters, digits and `_`"))
}

fn without_case(bundle: &Bundle, report: &Report) -> Vec<Fault> {
    let lonely = bundle.rules().iter().filter(|rule| report.uncovered.binary_search(&rule.id).is_ok());
    let hint = "write one in cases/ that it decides: `sekisho policy test` shows how each case comes out";
    lonely.map(|rule| rule.fault("no case makes it match").hint(hint)).collect()
}
