//! The facts of every case, for whoever wants examples of purchases.

use super::file::{CaseFile, Place, parse};
use super::fixtures::{self, Fixtures};
use crate::domain::facts::Facts;
use crate::policy::bundle::Bundle;

/// The facts of every case of a bundle about a purchase or sharing; what cannot be read is left out.
pub(crate) fn facts(bundle: &Bundle) -> Vec<Facts> {
    let Ok(fixtures) = Fixtures::read(bundle) else { return Vec::new() };
    let files = bundle.source().files().filter(|(file, _)| file.starts_with("cases/") && *file != fixtures::FILE);
    let mut found: Vec<Facts> = fixtures.ordinary().into_iter().collect();
    for (file, text) in files {
        let Ok(cases) = parse::<CaseFile>(file, text) else { continue };
        let place = Place::whole(file, text);
        let stated = cases.cases.iter().map(|case| case.value.stated());
        let shared = cases.share.iter().map(|case| case.value.stated());
        found.extend(stated.chain(shared).filter_map(|stated| fixtures.facts(&stated, &place).ok()));
    }
    found
}
