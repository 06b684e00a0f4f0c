//! The request: which datum goes into which field.

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use url::form_urlencoded::Serializer;

use super::super::disclosable::Disclosable;
use super::super::envelope::{Contents, Prepared};
use super::super::interface::{Field, Interface};
use super::super::pseudonym::Pseudonyms;
use super::super::settings::AnalyticsConfig;
use super::FORM;
use crate::domain::datum::{Datum, Mode};

/// The interface as data.
pub const INTERFACE: Interface =
    Interface { name: "threatmetrix", version: "2", fields: &FIELDS, published: sha256, shape };

/// Texts of any kind.
const TEXT: &[Mode] = &[Mode::Plain, Mode::ProviderHash, Mode::Coarse, Mode::Keyed];
/// Values that the provider reads.
const READ: &[Mode] = &[Mode::Plain, Mode::Coarse];

const fn text(datum: Datum, name: &'static str) -> Field {
    Field { datum, name, takes: TEXT }
}

const fn read(datum: Datum, name: &'static str) -> Field {
    Field { datum, name, takes: READ }
}

/// Every datum of the service and its field, in the order in which they are sent.
const FIELDS: [Field; 28] = [
    text(Datum::Name, "account_name"),
    text(Datum::Email, "account_email"),
    text(Datum::Phone, "account_telephone"),
    text(Datum::BillingLine1, "account_address_street1"),
    text(Datum::BillingLine2, "account_address_street2"),
    text(Datum::BillingCity, "account_address_city"),
    text(Datum::BillingRegion, "account_address_state"),
    text(Datum::BillingPostalCode, "account_address_zip"),
    read(Datum::BillingCountry, "account_address_country"),
    text(Datum::ShippingLine1, "shipping_address_street1"),
    text(Datum::ShippingLine2, "shipping_address_street2"),
    text(Datum::ShippingCity, "shipping_address_city"),
    text(Datum::ShippingRegion, "shipping_address_state"),
    text(Datum::ShippingPostalCode, "shipping_address_zip"),
    read(Datum::ShippingCountry, "shipping_address_country"),
    text(Datum::OsFamily, "local_attrib_1"),
    text(Datum::Language, "local_attrib_2"),
    text(Datum::DeviceId, "local_attrib_3"),
    read(Datum::Ip, "input_ip_address"),
    text(Datum::LocationCountry, "local_attrib_4"),
    text(Datum::LocationPrefecture, "local_attrib_5"),
    read(Datum::Amount, "transaction_amount"),
    read(Datum::Currency, "transaction_currency"),
    text(Datum::Merchant, "local_attrib_6"),
    text(Datum::Transaction, "transaction_id"),
    read(Datum::ProviderRequest, "request_id"),
    read(Datum::Outcome, "event_tag"),
    read(Datum::OutcomeTime, "notes"),
];

/// The longest value of a field, in bytes.
const VALUE_BYTES_MAX: usize = 255;
const ATTRIBUTE_QUERY: &str = "/api/attribute-query";
const SESSION_QUERY: &str = "/api/session-query";

/// The form, its items and its digest.
pub(super) fn prepare(data: &Disclosable, pseudonyms: &Pseudonyms, settings: &AnalyticsConfig) -> Prepared {
    let session = data.profiling_session().filter(|_| settings.session_query);
    let mut form = Serializer::new(String::new());
    form.append_pair("org_id", &settings.org_id)
        .append_pair("api_key", settings.api_key.expose_secret())
        .append_pair("service_type", "session-policy")
        .append_pair("event_type", "payment")
        .append_pair("policy", &settings.policy)
        .append_pair("output_format", "JSON");
    if let Some(session) = session {
        form.append_pair("session_id", session);
    }
    let filled = INTERFACE.fill(data, pseudonyms);
    for value in &filled.values {
        form.append_pair(value.field.name, &value.text);
    }
    let contents = Contents {
        recipient: settings.recipient.clone(),
        path: if session.is_some() { SESSION_QUERY } else { ATTRIBUTE_QUERY }.into(),
        content_type: FORM,
        items: filled.items,
        unreadable: filled.unreadable,
        transform_version: INTERFACE.transform_version(),
        key_id: pseudonyms.key_id().to_owned(),
    };
    Prepared::new(contents, form.finish().into_bytes())
}

/// SHA-256 of the normal form, as such providers take hashed values.
fn sha256(datum: Datum, data: &Disclosable) -> Option<String> {
    data.normal(datum).map(|normal| hex::encode(Sha256::digest(normal.as_bytes())))
}

/// A value that is too long would have the whole query refused.
fn shape(_datum: Datum, _mode: Mode, value: String) -> Option<String> {
    (value.len() <= VALUE_BYTES_MAX).then_some(value)
}
