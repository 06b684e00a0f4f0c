//! `bundle.toml`: the facts version that a bundle is written for, and its vocabulary of annotations.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::fault::{Fault, line_with};
use super::reference;
use super::schema;
use super::source::BundleSource;
use crate::domain::facts::{FACTS_VERSION, FACTS_VERSION_OLDEST};

pub(super) const FILE: &str = "bundle.toml";

/// Annotations that the program itself reads; every rule carries them.
const COMPULSORY: [&str; 4] = ["id", "title", "reason", "owner"];

/// What a bundle says of itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) facts_version: u16,
    pub(super) annotations: BTreeMap<String, Annotation>,
}

/// One word of the annotation vocabulary.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Annotation {
    #[serde(rename = "meaning")]
    pub(super) _meaning: String,
    pub(super) required: bool,
}

impl Manifest {
    pub(super) fn read(source: &BundleSource, faults: &mut Vec<Fault>) -> Option<Self> {
        let manifest: Self = reference::parse(source, FILE, faults)?;
        let line = |mark: &str| source.text(FILE).and_then(|text| line_with(text, mark));
        if !schema::knows(manifest.facts_version) {
            let message = format!("the bundle is written for facts version {}", manifest.facts_version);
            let hint = format!(
                "this program gathers facts version {FACTS_VERSION} and knows {FACTS_VERSION_OLDEST}: port the rules, \
                 then change the number"
            );
            faults.push(Fault::new(FILE, message).line(line("facts_version")).hint(hint));
        }
        for word in COMPULSORY {
            if !manifest.annotations.get(word).is_some_and(|annotation| annotation.required) {
                let fault = Fault::new(FILE, format!("the annotation `{word}` must be declared as required"));
                faults.push(fault.line(line("[annotations")).hint("the program reads it from every rule"));
            }
        }
        Some(manifest)
    }
}
