//! The schemas: the shape of facts as rules see it, and of staff rights. They belong to the program, so they are compiled
//! in: the one of the facts that it gathers, and the one before, so that a bundle can be ported after the program.

use cedar_policy::{CedarSchemaError, Schema};

use super::fault::Fault;
use super::question::Question;
use crate::domain::facts::{FACTS_VERSION, FACTS_VERSION_OLDEST};

/// The file's name in a bundle.
pub(super) const FILE: &str = "schema.cedarschema";

/// The same for staff rights.
pub(super) const STAFF_FILE: &str = "staff/schema.cedarschema";

/// The schema for [`FACTS_VERSION`].
const PRESENT: &str = include_str!("../../policies/schema.cedarschema");

/// The schema for [`FACTS_VERSION_OLDEST`].
const BEFORE: &str = include_str!("schema/v1.cedarschema");

/// The schema for [`crate::domain::staff`].
const STAFF: &str = include_str!("../../policies/staff/schema.cedarschema");

/// Whether a bundle may be written for this version of facts.
pub(super) fn knows(facts_version: u16) -> bool {
    (FACTS_VERSION_OLDEST..=FACTS_VERSION).contains(&facts_version)
}

fn text(facts_version: u16) -> &'static str {
    if facts_version == FACTS_VERSION_OLDEST { BEFORE } else { PRESENT }
}

/// Parses the compiled-in schema of a version of facts.
pub(super) fn parse(facts_version: u16) -> Result<Schema, Box<CedarSchemaError>> {
    read(text(facts_version))
}

/// Parses the compiled-in schema that the rules of a question are written for.
pub(super) fn parse_for(question: Question, facts_version: u16) -> Result<Schema, Box<CedarSchemaError>> {
    if question == Question::Staff { parse_staff() } else { parse(facts_version) }
}

/// Parses the compiled-in schema of staff rights.
pub(super) fn parse_staff() -> Result<Schema, Box<CedarSchemaError>> {
    read(STAFF)
}

fn read(text: &str) -> Result<Schema, Box<CedarSchemaError>> {
    Schema::from_cedarschema_str(text).map(|(schema, _)| schema).map_err(Box::new)
}

/// Compares a bundle's schemas with the compiled-in ones, that of facts with the version that the bundle names.
pub(super) fn compare(facts: Option<&str>, facts_version: u16, staff: Option<&str>) -> Vec<Fault> {
    let compared = [compare_file(FILE, text(facts_version), facts), compare_file(STAFF_FILE, STAFF, staff)];
    compared.into_iter().filter_map(Result::err).collect()
}

fn compare_file(file: &str, ours: &str, theirs: Option<&str>) -> Result<(), Fault> {
    let hint = "the schema belongs to the program: copy it from the bundle that ships with this version";
    let Some(theirs) = theirs else {
        return Err(Fault::new(file, "the schema is missing").hint(hint));
    };
    let mut theirs = theirs.lines();
    for (number, line) in (1..).zip(ours.lines()) {
        if theirs.next() != Some(line) {
            return Err(Fault::new(file, "the schema was edited").line(number).hint(hint));
        }
    }
    match theirs.next() {
        None => Ok(()),
        Some(_) => Err(Fault::new(file, "the schema was edited").line(ours.lines().count() + 1).hint(hint)),
    }
}
