//! A JSON body as flat fields: `billing.city`. A name that stands twice is a fault, as is anything but objects and values.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use super::super::query::Fields;

/// The fields of a body; none when it is not such an object.
pub(super) fn fields(body: &[u8]) -> Option<Fields> {
    let mut fields = Fields::new();
    let mut reader = serde_json::Deserializer::from_slice(body);
    Object { fields: &mut fields, at: String::new() }.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    fields.remove("").is_none().then_some(fields)
}

/// What stands at one place.
struct Object<'a> {
    fields: &'a mut Fields,
    at: String,
}

impl Object<'_> {
    fn leaf<E: Error>(self, text: String) -> Result<(), E> {
        match self.fields.insert(self.at, text) {
            None => Ok(()),
            Some(_) => Err(E::custom("a name stands twice")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a value")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.leaf(value.to_owned())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.leaf(value.to_string())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.leaf(value.to_string())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.leaf(value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.leaf(value.to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = std::collections::BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            let at = if self.at.is_empty() { name.clone() } else { format!("{}.{name}", self.at) };
            if !seen.insert(name) {
                return Err(A::Error::custom("a name stands twice"));
            }
            map.next_value_seed(Object { fields: self.fields, at })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_become_flat_and_repeated_names_are_refused() {
        let flat = fields(br#"{"a": {"b": "x", "c": 1.5}, "d": true}"#).unwrap();
        let expected = [("a.b", "x"), ("a.c", "1.5"), ("d", "true")];
        assert!(flat.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(expected));
        for body in
            [r#"{"a": 1, "a": 2}"#, r#"{"a": {"b": 1}, "a": {"c": 1}}"#, "[]", "1", "{", r#"{"a": [1]}"#, "{} {}"]
        {
            assert!(fields(body.as_bytes()).is_none(), "{body}");
        }
    }
}
