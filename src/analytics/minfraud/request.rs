//! The request: which datum goes into which field of the JSON body.

use serde_json::{Map, Number, Value, json};

use super::super::disclosable::Disclosable;
use super::super::envelope::{Contents, Prepared};
use super::super::interface::{Field, Interface};
use super::super::pseudonym::Pseudonyms;
use super::super::settings::{AnalyticsConfig, MinfraudService};
use super::email;
use crate::domain::cardholder::country_code_and_national;
use crate::domain::datum::{Datum, Mode};

/// The interface as data.
pub const INTERFACE: Interface = Interface { name: "minfraud", version: "1", fields: &FIELDS, published, shape };

/// The media type of requests.
pub(super) const JSON: &str = "application/json";

const PLAIN: &[Mode] = &[Mode::Plain];
const COARSE: &[Mode] = &[Mode::Plain, Mode::Coarse];
const TOKEN: &[Mode] = &[Mode::Plain, Mode::Keyed];
const HASH: &[Mode] = &[Mode::Plain, Mode::ProviderHash];

const fn field(datum: Datum, name: &'static str, takes: &'static [Mode]) -> Field {
    Field { datum, name, takes }
}

/// Every datum that minFraud has a field for. There are none for the system's family and for the stated place. Nothing about
/// the card is among the data of the service, so that `credit_card` is never sent.
const FIELDS: [Field; 25] = [
    field(Datum::Transaction, "event.transaction_id", TOKEN),
    field(Datum::Merchant, "event.shop_id", TOKEN),
    field(Datum::Email, "email.address", HASH),
    field(Datum::Name, "billing.last_name", PLAIN),
    field(Datum::BillingLine1, "billing.address", PLAIN),
    field(Datum::BillingLine2, "billing.address_2", PLAIN),
    field(Datum::BillingCity, "billing.city", PLAIN),
    field(Datum::BillingRegion, "billing.region", PLAIN),
    field(Datum::BillingPostalCode, "billing.postal", COARSE),
    field(Datum::BillingCountry, "billing.country", PLAIN),
    field(Datum::Phone, "billing.phone_number", PLAIN),
    field(Datum::ShippingLine1, "shipping.address", PLAIN),
    field(Datum::ShippingLine2, "shipping.address_2", PLAIN),
    field(Datum::ShippingCity, "shipping.city", PLAIN),
    field(Datum::ShippingRegion, "shipping.region", PLAIN),
    field(Datum::ShippingPostalCode, "shipping.postal", COARSE),
    field(Datum::ShippingCountry, "shipping.country", PLAIN),
    field(Datum::Amount, "order.amount", COARSE),
    field(Datum::Currency, "order.currency", PLAIN),
    field(Datum::Ip, "device.ip_address", COARSE),
    field(Datum::Language, "device.accept_language", PLAIN),
    field(Datum::DeviceId, "device.session_id", TOKEN),
    field(Datum::ProviderRequest, "minfraud_id", PLAIN),
    field(Datum::Outcome, "tag", PLAIN),
    field(Datum::OutcomeTime, "notes", COARSE),
];

/// The longest text in a field, in characters.
const TEXT_CHARS_MAX: usize = 255;

/// The body, its items and its digest.
pub(super) fn prepare(data: &Disclosable, pseudonyms: &Pseudonyms, settings: &AnalyticsConfig) -> Prepared {
    let filled = INTERFACE.fill(data, pseudonyms);
    let mut body = Map::from_iter([("event".to_owned(), json!({ "type": "purchase" }))]);
    for value in filled.values {
        match value.field.datum {
            Datum::Phone => {
                let (code, national) = country_code_and_national(&value.text).unwrap_or_default();
                put(&mut body, "billing.phone_country_code", code.into());
                put(&mut body, value.field.name, national.into());
            }
            Datum::Email => {
                if let Some((_, domain)) = data.given(Datum::Email).as_deref().and_then(email::normal) {
                    put(&mut body, "email.domain", domain.into());
                }
                put(&mut body, value.field.name, value.text.into());
            }
            Datum::Amount => put(&mut body, value.field.name, number(&value.text)),
            _ => put(&mut body, value.field.name, value.text.into()),
        }
    }
    let contents = Contents {
        recipient: settings.recipient.clone(),
        path: path(settings.service).into(),
        content_type: JSON,
        items: filled.items,
        unreadable: filled.unreadable,
        transform_version: INTERFACE.transform_version(),
        key_id: pseudonyms.key_id().to_owned(),
    };
    Prepared::new(contents, Value::Object(body).to_string().into_bytes())
}

fn path(service: MinfraudService) -> &'static str {
    match service {
        MinfraudService::Score => "/minfraud/v2.0/score",
        MinfraudService::Insights => "/minfraud/v2.0/insights",
        MinfraudService::Factors => "/minfraud/v2.0/factors",
    }
}

/// Puts a value at a dotted place.
fn put(body: &mut Map<String, Value>, name: &str, value: Value) {
    match name.split_once('.') {
        None => drop(body.insert(name.to_owned(), value)),
        Some((head, rest)) => {
            let inner = body.entry(head).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

fn number(text: &str) -> Value {
    text.parse().ok().and_then(Number::from_f64).map_or(Value::Null, Value::Number)
}

/// The published hash is one of e-mail addresses alone.
fn published(datum: Datum, data: &Disclosable) -> Option<String> {
    (datum == Datum::Email).then(|| data.given(Datum::Email)).flatten().as_deref().and_then(email::hash)
}

/// What the published specification says of each field. What it refuses would have the whole request refused.
fn shape(datum: Datum, _mode: Mode, value: String) -> Option<String> {
    let fits = match datum {
        Datum::BillingCountry | Datum::ShippingCountry => {
            value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_uppercase())
        }
        Datum::BillingRegion | Datum::ShippingRegion => {
            (1..=4).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
        }
        Datum::Amount => value.parse::<f64>().is_ok_and(|amount| amount > 0.0),
        _ => value.chars().count() <= TEXT_CHARS_MAX && !value.chars().any(char::is_control),
    };
    fits.then_some(value)
}
