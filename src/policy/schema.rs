//! The schemas: the shape of facts as rules see it, and of staff rights. They belong to the program, so they are
//! compiled in.

use cedar_policy::{CedarSchemaError, Schema};

use super::fault::Fault;
use super::question::Question;

/// The file's name in a bundle.
pub(super) const FILE: &str = "schema.cedarschema";

/// The same for staff rights.
pub(super) const STAFF_FILE: &str = "staff/schema.cedarschema";

/// The schema for [`crate::domain::facts::FACTS_VERSION`].
pub(super) const TEXT: &str = include_str!("../../policies/schema.cedarschema");

/// The schema for [`crate::domain::staff`].
pub(super) const STAFF_TEXT: &str = include_str!("../../policies/staff/schema.cedarschema");

/// Parses the compiled-in schema of facts.
pub(super) fn parse() -> Result<Schema, Box<CedarSchemaError>> {
    read(TEXT)
}

/// Parses the compiled-in schema that the rules of a question are written for.
pub(super) fn parse_for(question: Question) -> Result<Schema, Box<CedarSchemaError>> {
    read(if question == Question::Staff { STAFF_TEXT } else { TEXT })
}

fn read(text: &str) -> Result<Schema, Box<CedarSchemaError>> {
    Schema::from_cedarschema_str(text).map(|(schema, _)| schema).map_err(Box::new)
}

/// Compares a bundle's schemas with the compiled-in ones.
pub(super) fn compare(facts: Option<&str>, staff: Option<&str>) -> Vec<Fault> {
    let compared = [compare_file(FILE, TEXT, facts), compare_file(STAFF_FILE, STAFF_TEXT, staff)];
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
