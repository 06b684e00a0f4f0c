//! One row per datum: its field, its default mode, and the value that leaves.

use std::collections::BTreeMap;

use super::*;
use crate::analytics::envelope::Prepared;
use crate::analytics::threatmetrix::FIELDS;
use crate::domain::datum::Datum;
use crate::domain::datum::Mode;

const EMAIL_TOKEN: &str = "6fe7e562374f43cb454c030195714f66ca5d32c53d002ae0364854269e177668";
const PHONE_TOKEN: &str = "4ecf38e8f792087f60fb767edecf9ee98446dff7c2d63a14811236c6148a98ba";
const NAME_TOKEN: &str = "90a893501fe234a6091de30f5d9886d46ab7d0700fd903370ae69d8ee381609c";
const LINE1_TOKEN: &str = "1a23f7853f7bbb0611b361fbfebb71c77523d545ff6f8f3929fcb1ca83888db5";

/// A value that leaves, or a token of which only the form is looked at here.
enum Leaves {
    Exactly(&'static str),
    Token,
}

#[tokio::test]
async fn every_datum_has_a_field_and_a_mode() {
    use Leaves::{Exactly, Token};
    use Mode::{Coarse, Keyed, Plain};
    let rows = [
        (Datum::Name, "account_name", Keyed, Exactly(NAME_TOKEN)),
        (Datum::Email, "account_email", Keyed, Exactly(EMAIL_TOKEN)),
        (Datum::Phone, "account_telephone", Keyed, Exactly(PHONE_TOKEN)),
        (Datum::BillingLine1, "account_address_street1", Keyed, Exactly(LINE1_TOKEN)),
        (Datum::BillingLine2, "account_address_street2", Keyed, Token),
        (Datum::BillingCity, "account_address_city", Keyed, Token),
        (Datum::BillingRegion, "account_address_state", Keyed, Token),
        (Datum::BillingPostalCode, "account_address_zip", Keyed, Token),
        (Datum::BillingCountry, "account_address_country", Plain, Exactly("JP")),
        (Datum::ShippingLine1, "shipping_address_street1", Keyed, Exactly(LINE1_TOKEN)),
        (Datum::ShippingLine2, "shipping_address_street2", Keyed, Token),
        (Datum::ShippingCity, "shipping_address_city", Keyed, Token),
        (Datum::ShippingRegion, "shipping_address_state", Keyed, Token),
        (Datum::ShippingPostalCode, "shipping_address_zip", Keyed, Token),
        (Datum::ShippingCountry, "shipping_address_country", Plain, Exactly("JP")),
        (Datum::OsFamily, "local_attrib_1", Plain, Exactly("android")),
        (Datum::Language, "local_attrib_2", Plain, Exactly("ja")),
        (Datum::DeviceId, "local_attrib_3", Keyed, Token),
        (Datum::Ip, "input_ip_address", Coarse, Exactly("203.0.113.0")),
        (Datum::LocationCountry, "local_attrib_4", Plain, Exactly("JP")),
        (Datum::LocationPrefecture, "local_attrib_5", Plain, Exactly("13")),
        (Datum::Amount, "transaction_amount", Plain, Exactly("19.90")),
        (Datum::Currency, "transaction_currency", Plain, Exactly("USD")),
        (Datum::Merchant, "local_attrib_6", Plain, Exactly("mer_00000000000000000000000000000005")),
        (Datum::Transaction, "transaction_id", Plain, Exactly("auth_00000000000000000000000000000006")),
    ];
    let setup = setup(|_| ()).await;
    let prepared = setup.connector.prepare(&everything());
    let items = prepared.items().to_vec();
    let form = form(prepared);
    assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), Datum::ALL, "a row per datum");
    for ((datum, field, mode, leaves), (item, known)) in rows.iter().zip(items.iter().zip(FIELDS)) {
        assert_eq!((item.datum, item.mode), (*datum, *mode));
        assert_eq!((known.datum, known.name), (*datum, *field));
        match leaves {
            Exactly(value) => assert_eq!(form[*field], *value, "{field}"),
            Token => assert!(is_token(&form[*field]), "{field}: {}", form[*field]),
        }
    }
    assert_eq!(form["account_address_zip"], form["shipping_address_zip"], "one address, however it is typed");
    assert_ne!(form["account_address_zip"], form["account_address_city"], "a key per kind of field");
    assert_eq!(form.len(), rows.len() + 6, "nothing else but the provider's own fields: {form:?}");
}

#[tokio::test]
async fn only_permitted_classes_are_in_the_form() {
    let setup = setup(|config| config.session_query = true).await;
    for class in DataClass::ALL {
        let prepared = setup.connector.prepare(&purchase().restricted_to(&BTreeSet::from([*class])));
        assert_eq!(prepared.classes(), BTreeSet::from([*class]));
        let items: Vec<Datum> = prepared.items().iter().map(|item| item.datum).collect();
        let expected: Vec<Datum> = Datum::ALL.iter().copied().filter(|datum| datum.class() == *class).collect();
        assert_eq!(items, expected, "{class:?}");
        let session = usize::from(*class == DataClass::Device);
        assert_eq!(form(prepared).len(), expected.len() + 6 + session, "{class:?}");
    }
    let nothing = setup.connector.prepare(&purchase().restricted_to(&BTreeSet::new()));
    assert!(nothing.items().is_empty() && nothing.classes().is_empty());
}

#[tokio::test]
async fn a_datum_that_cannot_be_normalised_is_left_out_and_named() {
    let setup = setup(|_| ()).await;
    let data = PurchaseData { phone: Some("12".to_owned()), email: Some("nobody".to_owned()), ..purchase() };
    let prepared = setup.connector.prepare(&data.restricted_to(&BTreeSet::from([DataClass::Identity])));
    assert_eq!(prepared.unreadable(), [Datum::Email, Datum::Phone]);
    assert_eq!(prepared.items().len(), 1);
}

#[test]
fn modes_shape_what_leaves() {
    let rows = [
        (Datum::Ip, Mode::Plain, Some("203.0.113.77")),
        (Datum::Ip, Mode::Coarse, Some("203.0.113.0")),
        (Datum::Ip, Mode::Omit, None),
        (Datum::Amount, Mode::Coarse, Some("10.00")),
        (Datum::BillingPostalCode, Mode::Coarse, Some("107")),
        (Datum::Email, Mode::Plain, Some(" Hanako@Example.JP")),
        (Datum::Email, Mode::Keyed, Some(EMAIL_TOKEN)),
    ];
    for (datum, mode, expected) in rows {
        let pseudonyms = Pseudonyms::new(&[7; 32], "k", "tmx", &BTreeMap::from([(datum, mode)]));
        assert_eq!(pseudonyms.value(datum, &everything()).as_deref(), expected, "{datum:?} {mode:?}");
    }
}

#[test]
fn addresses_are_cut_to_their_network() {
    let pseudonyms = Pseudonyms::new(&[7; 32], "k", "tmx", &BTreeMap::new());
    for (ip, network) in [
        ("198.51.100.255", "198.51.100.0"),
        ("::ffff:198.51.100.7", "198.51.100.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
    ] {
        let data = PurchaseData { ip: ip.parse().ok(), ..PurchaseData::default() };
        let data = data.restricted_to(&BTreeSet::from([DataClass::Location]));
        assert_eq!(pseudonyms.value(Datum::Ip, &data).as_deref(), Some(network), "{ip}");
    }
}

#[test]
fn tokens_differ_by_recipient_and_by_secret() {
    let token = |secret: [u8; 32], recipient: &str| {
        Pseudonyms::new(&secret, "k", recipient, &BTreeMap::new()).value(Datum::Email, &everything())
    };
    assert_eq!(token([7; 32], "tmx"), token([7; 32], "tmx"));
    assert_ne!(token([7; 32], "tmx"), token([7; 32], "other"));
    assert_ne!(token([7; 32], "tmx"), token([8; 32], "tmx"));
}

fn form(prepared: Prepared) -> BTreeMap<String, String> {
    let body = Envelope::seal(clearance("tmx", u64::MAX), prepared).unwrap().open().body;
    url::form_urlencoded::parse(&body).into_owned().collect()
}

fn is_token(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}
