//! The schema: the shape of facts as rules see it. It belongs to the program, so it is compiled in.

use cedar_policy::{CedarSchemaError, Schema};

use super::fault::Fault;

/// The file's name in a bundle.
pub(super) const FILE: &str = "schema.cedarschema";

/// The schema for [`crate::domain::facts::FACTS_VERSION`].
pub(super) const TEXT: &str = include_str!("../../policies/schema.cedarschema");

/// Parses the compiled-in schema.
pub(super) fn parse() -> Result<Schema, Box<CedarSchemaError>> {
    Schema::from_cedarschema_str(TEXT).map(|(schema, _)| schema).map_err(Box::new)
}

/// Compares a bundle's schema with the compiled-in one.
pub(super) fn compare(text: Option<&str>) -> Result<(), Fault> {
    let hint = "the schema belongs to the program: copy it from the bundle that ships with this version";
    let Some(text) = text else {
        return Err(Fault::new(FILE, "the schema is missing").hint(hint));
    };
    let mut theirs = text.lines();
    for (number, ours) in (1..).zip(TEXT.lines()) {
        if theirs.next() != Some(ours) {
            return Err(Fault::new(FILE, "the schema was edited").line(number).hint(hint));
        }
    }
    match theirs.next() {
        None => Ok(()),
        Some(_) => Err(Fault::new(FILE, "the schema was edited").line(TEXT.lines().count() + 1).hint(hint)),
    }
}
