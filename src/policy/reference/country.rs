//! Countries (ISO 3166-1 alpha-2) and the regions they lie in.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::super::fault::Fault;
use super::super::source::BundleSource;

const FILE: &str = "reference/countries.toml";

/// Countries by region.
#[derive(Clone, Debug, Default)]
pub struct Countries {
    regions: BTreeSet<String>,
    countries: BTreeMap<String, BTreeSet<String>>,
}

static NO_REGION: BTreeSet<String> = BTreeSet::new();

impl Countries {
    /// The regions that a country lies in.
    pub fn regions_of(&self, country: &str) -> &BTreeSet<String> {
        self.countries.get(country).unwrap_or(&NO_REGION)
    }

    /// Whether the country is listed.
    pub fn has_country(&self, country: &str) -> bool {
        self.countries.contains_key(country)
    }

    /// Every region, sorted.
    pub fn regions(&self) -> impl Iterator<Item = &String> {
        self.regions.iter()
    }

    /// The countries of a region, sorted.
    pub fn of_region<'a>(&'a self, region: &'a str) -> impl Iterator<Item = &'a str> {
        let inside = self.countries.iter().filter(move |(_, regions)| regions.contains(region));
        inside.map(|(country, _)| country.as_str())
    }

    /// Whether there is a region of this name.
    pub fn has_region(&self, region: &str) -> bool {
        self.regions.contains(region)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    region: Vec<Region>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Region {
    id: String,
    #[serde(rename = "title")]
    _title: String,
    countries: Vec<String>,
}

pub(super) fn read(source: &BundleSource, faults: &mut Vec<Fault>) -> Option<Countries> {
    let file: File = super::parse(source, FILE, faults)?;
    let mut found = Countries::default();
    for (id, region) in super::by_id(file.region, FILE, |region| region.id.clone(), faults) {
        for country in region.countries {
            if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
                let fault = Fault::new(FILE, format!("`{country}` is no country code"));
                faults.push(fault.hint("write ISO 3166-1 alpha-2, two capital letters such as `JP`"));
            }
            found.countries.entry(country).or_default().insert(id.clone());
        }
        found.regions.insert(id);
    }
    Some(found)
}
