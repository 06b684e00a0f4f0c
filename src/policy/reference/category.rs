//! Merchant category codes (ISO 18245) and their groups.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use serde::Deserialize;

use super::super::fault::Fault;
use super::super::source::BundleSource;

const FILE: &str = "reference/categories.toml";

/// The groups of merchant categories.
#[derive(Clone, Debug, Default)]
pub struct Categories {
    groups: BTreeMap<String, Vec<RangeInclusive<u16>>>,
}

impl Categories {
    /// The groups that a code belongs to.
    pub fn groups_of(&self, code: &str) -> BTreeSet<String> {
        let Some(number) = number(code) else { return BTreeSet::new() };
        let holds = |ranges: &[RangeInclusive<u16>]| ranges.iter().any(|range| range.contains(&number));
        self.groups.iter().filter(|(_, ranges)| holds(ranges)).map(|(group, _)| group.clone()).collect()
    }

    /// The ids of all groups, sorted.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }

    /// Whether there is a group of this name.
    pub fn has_group(&self, group: &str) -> bool {
        self.groups.contains_key(group)
    }
}

/// The number of a code of four digits.
pub(crate) fn number(code: &str) -> Option<u16> {
    (code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit())).then(|| code.parse().ok())?
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    group: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    id: String,
    #[serde(rename = "title")]
    _title: String,
    codes: Vec<String>,
}

pub(super) fn read(source: &BundleSource, faults: &mut Vec<Fault>) -> Option<Categories> {
    let file: File = super::parse(source, FILE, faults)?;
    let mut groups = BTreeMap::new();
    for (id, group) in super::by_id(file.group, FILE, |group| group.id.clone(), faults) {
        let mut ranges = Vec::with_capacity(group.codes.len());
        for text in &group.codes {
            match range(text) {
                Some(range) => ranges.push(range),
                None => faults.push(
                    Fault::new(FILE, format!("`{text}` is no merchant category code"))
                        .line(source.text(FILE).and_then(|file| super::super::fault::line_with(file, text)))
                        .hint("write four digits, or a range such as `3000-3299`"),
                ),
            }
        }
        groups.insert(id, ranges);
    }
    Some(Categories { groups })
}

fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some(first..=last)
}
