//! The schemas: the shape of facts as rules see it. They belong to the program, so they are compiled in: the one of
//! the facts that it gathers, and the one before, so that a bundle can be ported after the program.

use cedar_policy::{CedarSchemaError, Schema};

use super::fault::Fault;
use crate::domain::facts::{FACTS_VERSION, FACTS_VERSION_OLDEST};

/// The file's name in a bundle.
pub(super) const FILE: &str = "schema.cedarschema";

/// The schema for [`FACTS_VERSION`].
const PRESENT: &str = include_str!("../../policies/schema.cedarschema");

/// The schema for [`FACTS_VERSION_OLDEST`].
const BEFORE: &str = include_str!("schema/v1.cedarschema");

/// Whether a bundle may be written for this version of facts.
pub(super) fn knows(facts_version: u16) -> bool {
    (FACTS_VERSION_OLDEST..=FACTS_VERSION).contains(&facts_version)
}

fn text(facts_version: u16) -> &'static str {
    if facts_version == FACTS_VERSION_OLDEST { BEFORE } else { PRESENT }
}

/// Parses the compiled-in schema of a version of facts.
pub(super) fn parse(facts_version: u16) -> Result<Schema, Box<CedarSchemaError>> {
    Schema::from_cedarschema_str(text(facts_version)).map(|(schema, _)| schema).map_err(Box::new)
}

/// Compares a bundle's schema with the compiled-in one of the version that the bundle names.
pub(super) fn compare(bundled: Option<&str>, facts_version: u16) -> Result<(), Fault> {
    let hint = "the schema belongs to the program: copy it from the bundle that ships with this version";
    let Some(bundled) = bundled else {
        return Err(Fault::new(FILE, "the schema is missing").hint(hint));
    };
    let own = text(facts_version);
    let mut theirs = bundled.lines();
    for (number, ours) in (1..).zip(own.lines()) {
        if theirs.next() != Some(ours) {
            return Err(Fault::new(FILE, "the schema was edited").line(number).hint(hint));
        }
    }
    match theirs.next() {
        None => Ok(()),
        Some(_) => Err(Fault::new(FILE, "the schema was edited").line(own.lines().count() + 1).hint(hint)),
    }
}
