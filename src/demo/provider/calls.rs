//! One call to the stand-in provider, as it is remembered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A call: what came in, without the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The HTTP method.
    pub method: String,
    /// The path.
    pub path: String,
    /// When it came, RFC 3339 in UTC.
    pub received_at: String,
    /// The body's fields, name and value (in JSON with dots: `billing.city`); the value of `api_key` is hidden.
    pub fields: BTreeMap<String, String>,
}

impl Call {
    /// The value of a field; empty when it was not sent.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}
