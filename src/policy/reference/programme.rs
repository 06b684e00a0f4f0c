//! Card programmes and their eligibilities.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::fault::Fault;
use super::super::source::BundleSource;

const FILE: &str = "reference/programmes.toml";

/// A card product of the issuer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Programme {
    /// Its id: `gold`.
    pub id: String,
    /// Its name in Japanese.
    pub name_ja: String,
    /// Its name in English.
    pub name_en: String,
    /// Whether its cards can be registered on the member site.
    pub registration_eligible: bool,
    /// Whether its cards can use this authentication.
    pub authentication_eligible: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    programme: Vec<Programme>,
}

pub(super) fn read(source: &BundleSource, faults: &mut Vec<Fault>) -> Option<BTreeMap<String, Programme>> {
    let file: File = super::parse(source, FILE, faults)?;
    Some(super::by_id(file.programme, FILE, |programme| programme.id.clone(), faults))
}
