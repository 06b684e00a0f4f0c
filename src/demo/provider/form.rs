//! A form as the ThreatMetrix style interface takes it: which fields it knows, and which values it refuses.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

use super::query::Fields;
use super::values::{holds_card_number, is_amount, is_country, is_currency, is_ip};

/// Fields that stand alone.
const KNOWN: [&str; 21] = [
    "account_email",
    "account_first_name",
    "account_last_name",
    "account_login",
    "account_name",
    "account_telephone",
    "action",
    "api_key",
    "event_tag",
    "event_type",
    "input_ip_address",
    "notes",
    "org_id",
    "output_format",
    "policy",
    "request_id",
    "service_type",
    "session_id",
    "transaction_amount",
    "transaction_currency",
    "transaction_id",
];
/// Endings of `account_address_…` and `shipping_address_…`.
const ADDRESS: [&str; 6] = ["city", "country", "state", "street1", "street2", "zip"];
/// The longest value, in bytes.
const VALUE_BYTES_MAX: usize = 255;

/// What came in.
pub(super) struct Form {
    pub(super) fields: Fields,
    repeated: bool,
    well_typed: bool,
}

impl Form {
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Self {
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(body).into_owned().collect();
        let count = pairs.len();
        let fields: Fields = pairs.into_iter().collect();
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let well_typed = content_type.starts_with("application/x-www-form-urlencoded");
        Self { repeated: fields.len() < count, fields, well_typed }
    }
}

/// Why the real provider would refuse these fields, whatever the call.
pub(super) fn refusal(form: &Form) -> Option<&'static str> {
    if !form.well_typed || form.repeated || form.fields.keys().any(|name| !is_known(name)) {
        return Some("fail_invalid_parameter");
    }
    if form.fields.values().any(|text| text.len() > VALUE_BYTES_MAX) {
        return Some("fail_parameter_overlength");
    }
    form.fields.iter().filter(|(_, text)| !text.is_empty()).find_map(|(name, text)| {
        let fits = match name.as_str() {
            "input_ip_address" if !is_ip(text) => return Some("fail_invalid_ip_address_parameter"),
            "transaction_amount" => is_amount(text),
            "transaction_currency" => is_currency(text),
            "account_address_country" | "shipping_address_country" => is_country(text),
            "account_telephone" => true,
            _ => !holds_card_number(text),
        };
        (!fits).then_some("fail_invalid_parameter")
    })
}

fn is_known(name: &str) -> bool {
    let address = name.strip_prefix("account_address_").or_else(|| name.strip_prefix("shipping_address_"));
    let own = name.strip_prefix("local_attrib_").and_then(|number| number.parse::<u8>().ok());
    KNOWN.contains(&name)
        || address.is_some_and(|part| ADDRESS.contains(&part))
        || own.is_some_and(|number| (1..=20).contains(&number))
}
