//! The request: which datum goes into which field.

use secrecy::ExposeSecret;
use url::form_urlencoded::Serializer;

use super::super::disclosable::Disclosable;
use super::super::envelope::{Contents, Item, Prepared};
use super::super::pseudonym::{PSEUDONYM_VERSION, Pseudonyms};
use super::super::settings::AnalyticsConfig;
use super::FORM;
use crate::domain::cardholder::NORMAL_FORM_VERSION;
use crate::domain::datum::{Datum, Mode};

/// Where one datum goes.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The datum.
    pub datum: Datum,
    /// The name of the field in the form.
    pub name: &'static str,
}

const fn field(datum: Datum, name: &'static str) -> Field {
    Field { datum, name }
}

/// Every datum of the service and its field, in the order in which they are sent.
pub const FIELDS: [Field; 25] = [
    field(Datum::Name, "account_name"),
    field(Datum::Email, "account_email"),
    field(Datum::Phone, "account_telephone"),
    field(Datum::BillingLine1, "account_address_street1"),
    field(Datum::BillingLine2, "account_address_street2"),
    field(Datum::BillingCity, "account_address_city"),
    field(Datum::BillingRegion, "account_address_state"),
    field(Datum::BillingPostalCode, "account_address_zip"),
    field(Datum::BillingCountry, "account_address_country"),
    field(Datum::ShippingLine1, "shipping_address_street1"),
    field(Datum::ShippingLine2, "shipping_address_street2"),
    field(Datum::ShippingCity, "shipping_address_city"),
    field(Datum::ShippingRegion, "shipping_address_state"),
    field(Datum::ShippingPostalCode, "shipping_address_zip"),
    field(Datum::ShippingCountry, "shipping_address_country"),
    field(Datum::OsFamily, "local_attrib_1"),
    field(Datum::Language, "local_attrib_2"),
    field(Datum::DeviceId, "local_attrib_3"),
    field(Datum::Ip, "input_ip_address"),
    field(Datum::LocationCountry, "local_attrib_4"),
    field(Datum::LocationPrefecture, "local_attrib_5"),
    field(Datum::Amount, "transaction_amount"),
    field(Datum::Currency, "transaction_currency"),
    field(Datum::Merchant, "local_attrib_6"),
    field(Datum::Transaction, "transaction_id"),
];

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
    let (mut items, mut unreadable) = (Vec::new(), Vec::new());
    for Field { datum, name } in FIELDS {
        let mode = pseudonyms.mode(datum);
        if let Some(value) = pseudonyms.value(datum, data) {
            form.append_pair(name, &value);
            items.push(Item { datum, mode });
        } else if mode != Mode::Omit && data.given(datum).is_some() {
            unreadable.push(datum);
        }
    }
    let contents = Contents {
        recipient: settings.recipient.clone(),
        path: if session.is_some() { SESSION_QUERY } else { ATTRIBUTE_QUERY },
        content_type: FORM,
        items,
        unreadable,
        transform_version: transform_version(),
        key_id: pseudonyms.key_id().to_owned(),
    };
    Prepared::new(contents, form.finish().into_bytes())
}

/// The versions of the rules by which requests are made.
pub(super) fn transform_version() -> String {
    format!("threatmetrix 1, pseudonym {PSEUDONYM_VERSION}, normal form {NORMAL_FORM_VERSION}")
}
