//! Recipients that only cases know: one of the register with something else about it, or a whole one.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::file::Place;
use super::fixtures::lay;
use super::near::closest;
use crate::policy::fault::Fault;
use crate::policy::reference::{Recipient, Reference};

/// Where the recipients stand that data may be sent to.
const REGISTER: &str = "reference/recipients.toml";

/// The key that names the recipient of the register from which one begins.
const LIKE: &str = "like";

pub(super) fn read(
    stated: &BTreeMap<String, Map<String, Value>>,
    reference: &Reference,
    place: &Place<'_>,
) -> Result<Vec<Recipient>, Fault> {
    stated.iter().map(|(id, stated)| one(id, stated.clone(), reference, place)).collect()
}

fn one(id: &str, mut stated: Map<String, Value>, reference: &Reference, place: &Place<'_>) -> Result<Recipient, Fault> {
    if reference.recipient(id).is_some() {
        let message = format!("the recipient `{id}` stands in reference/recipients.toml already");
        return Err(place.fault(&[&format!("{id}:")], message).hint("name it otherwise"));
    }
    let mut whole = match stated.shift_remove(LIKE) {
        None => Map::new(),
        Some(like) => of_register(id, &like, reference, place)?,
    };
    lay(&mut whole, &stated);
    whole.insert("id".to_owned(), id.into());
    let recipient: Recipient = serde_path_to_error::deserialize(Value::Object(whole)).map_err(|error| {
        let fault = place.fault(&[&format!("{id}:")], format!("recipient `{id}`: {}", error.into_inner()));
        fault.hint(format!("begin with `{LIKE}` and one of reference/recipients.toml, or state what each there states"))
    })?;
    if reference.countries().has_country(&recipient.country) {
        return Ok(recipient);
    }
    let message = format!("recipient `{id}` lies in `{}`, which no region holds", recipient.country);
    Err(place.fault(&[&format!("{id}:")], message).hint("name a country of reference/countries.toml"))
}

fn of_register(id: &str, like: &Value, reference: &Reference, place: &Place<'_>) -> Result<Map<String, Value>, Fault> {
    let name = like.as_str().unwrap_or_default();
    let found = reference.recipient(name).and_then(|recipient| serde_json::to_value(recipient).ok());
    let Some(Value::Object(found)) = found else {
        let known = closest(name, reference.recipients().map(|recipient| recipient.id.as_str()));
        let message = format!("recipient `{id}`: there is no recipient `{name}` in the register");
        return Err(place
            .fault(&[&format!("{LIKE}: {name}"), &format!("{id}:")], message)
            .hint(format!("{known} in `{REGISTER}`")));
    };
    Ok(found)
}
