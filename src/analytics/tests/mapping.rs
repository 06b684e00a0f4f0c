//! One row of the document per datum: its field at each provider, its default mode there, and the value that leaves.

use super::*;
use crate::analytics::interface::Interface;
use crate::analytics::{minfraud as minfraud_interface, threatmetrix};

const DOCUMENT: &str = include_str!("../../../docs/sharing.md");

const EMAIL_TOKEN: &str = "6fe7e562374f43cb454c030195714f66ca5d32c53d002ae0364854269e177668";
const PHONE_TOKEN: &str = "4ecf38e8f792087f60fb767edecf9ee98446dff7c2d63a14811236c6148a98ba";
const NAME_TOKEN: &str = "90a893501fe234a6091de30f5d9886d46ab7d0700fd903370ae69d8ee381609c";
const LINE1_TOKEN: &str = "1a23f7853f7bbb0611b361fbfebb71c77523d545ff6f8f3929fcb1ca83888db5";

/// One row of the table in the document.
struct Row {
    datum: Datum,
    class: String,
    /// Field and default mode at ThreatMetrix and at minFraud.
    at: [(Option<String>, Mode); 2],
}

fn rows() -> Vec<Row> {
    let cells = |line: &str| -> Vec<String> { line.split('|').map(|cell| cell.trim().replace('`', "")).collect() };
    let row = |cells: Vec<String>| {
        let [_, datum, class, tmx, tmx_mode, minfraud, minfraud_mode, _] = cells.try_into().ok()?;
        let at = |field: String, mode: String| Some((Some(field).filter(|field| field != "—"), Mode::parse(&mode)?));
        Some(Row { datum: Datum::parse(&datum)?, class, at: [at(tmx, tmx_mode)?, at(minfraud, minfraud_mode)?] })
    };
    DOCUMENT.lines().filter(|line| line.starts_with("| `")).filter_map(|line| row(cells(line))).collect()
}

/// What is sent about the purchase of the tests where nothing disguises it; none where minFraud has another form.
fn plain(datum: Datum) -> &'static str {
    match datum {
        Datum::Name => "ﾔﾏﾀﾞ ﾊﾅｺ",
        Datum::Email => "Hanako@Example.JP",
        Datum::Phone => "+819012345678",
        Datum::BillingLine1 => "南青山５丁目１番２２号",
        Datum::ShippingLine1 => "南青山5-1-22",
        Datum::BillingLine2 | Datum::ShippingLine2 => "青山ハイツ ２０２",
        Datum::BillingCity | Datum::ShippingCity => "港区",
        Datum::BillingRegion | Datum::ShippingRegion | Datum::LocationPrefecture => "13",
        Datum::BillingPostalCode => "１０７-００６２",
        Datum::ShippingPostalCode => "1070062",
        Datum::BillingCountry | Datum::ShippingCountry | Datum::LocationCountry => "JP",
        Datum::OsFamily => "android",
        Datum::Language => "ja",
        Datum::DeviceId => "device-of-hanako",
        Datum::Ip => "203.0.113.77",
        Datum::Amount => "19.90",
        Datum::Currency => "USD",
        Datum::Merchant => "mer_00000000000000000000000000000005",
        Datum::Transaction => "auth_00000000000000000000000000000006",
        Datum::ProviderRequest | Datum::Outcome | Datum::OutcomeTime => "",
    }
}

fn is_feedback(datum: Datum) -> bool {
    matches!(datum, Datum::ProviderRequest | Datum::Outcome | Datum::OutcomeTime)
}

const PROVIDERS: [(usize, ProviderKind, Interface); 2] = [
    (0, ProviderKind::Threatmetrix, threatmetrix::INTERFACE),
    (1, ProviderKind::Minfraud, minfraud_interface::INTERFACE),
];

#[test]
fn the_document_has_one_row_per_datum_with_its_field_and_its_default_mode() {
    let rows = rows();
    assert_eq!(rows.iter().map(|row| row.datum).collect::<Vec<_>>(), Datum::ALL);
    for row in &rows {
        assert_eq!(row.class, row.datum.class().as_str(), "{:?}", row.datum);
        for (column, kind, interface) in PROVIDERS {
            let recipient = if kind == ProviderKind::Minfraud { "minfraud" } else { "tmx" };
            let (field, mode) = &row.at[column];
            assert_eq!(interface.field(row.datum).map(|field| field.name), field.as_deref(), "{:?}", row.datum);
            assert_eq!(shipped_modes(recipient)[&row.datum], *mode, "{:?} at {recipient}", row.datum);
        }
    }
}

#[tokio::test]
async fn every_row_leaves_in_its_field_in_its_default_mode_and_nothing_else_does() {
    for (column, kind, _) in PROVIDERS {
        let setup = if kind == ProviderKind::Minfraud { setup_minfraud(|_| ()).await } else { setup(|_| ()).await };
        assert_eq!(setup.ask().await.assessment.status(), "answered");
        let mut sent = setup.provider.calls()[0].fields.clone();
        for Row { datum, at, .. } in rows().into_iter().filter(|row| !is_feedback(row.datum)) {
            let (field, mode) = &at[column];
            let value = field.as_ref().and_then(|field| sent.remove(field));
            let Some(value) = value else {
                assert!(*mode == Mode::Omit || field.is_none(), "{datum:?} did not arrive at {}", setup.recipient);
                continue;
            };
            match mode {
                Mode::Plain => assert_eq!(value.trim_end_matches('0'), plain(datum).trim_end_matches('0'), "{datum:?}"),
                Mode::Keyed => assert!(is_token(&value), "{datum:?}: {value}"),
                Mode::ProviderHash => assert!(value.len() == 32 && datum == Datum::Email, "{datum:?}: {value}"),
                Mode::Coarse => assert_eq!((datum, value.as_str()), (Datum::Ip, "203.0.113.0")),
                Mode::Omit => panic!("{datum:?} is omitted and arrived"),
            }
        }
        let others: Vec<&str> = sent.keys().map(String::as_str).collect();
        let expected: &[&str] = match kind {
            ProviderKind::Minfraud => &["email.domain", "event.type"],
            _ => &["api_key", "event_type", "org_id", "output_format", "policy", "service_type"],
        };
        assert_eq!(others, expected);
    }
}

#[tokio::test]
async fn every_row_leaves_as_it_is_where_its_mode_says_so_and_the_provider_takes_it() {
    for (column, kind, _) in PROVIDERS {
        let setup = setup_of(kind, plain_modes(), |_| ()).await;
        assert_eq!(setup.ask().await.assessment.status(), "answered", "{kind:?}");
        let call = &setup.provider.calls()[0];
        for Row { datum, at, .. } in rows().into_iter().filter(|row| !is_feedback(row.datum)) {
            let Some(field) = &at[column].0 else { continue };
            let expected = match (kind, datum) {
                (ProviderKind::Minfraud, Datum::Phone) => "9012345678",
                (ProviderKind::Minfraud, Datum::Amount) => "19.9",
                _ => plain(datum),
            };
            assert_eq!(call.field(field), expected, "{datum:?} at {kind:?}");
        }
    }
}

#[tokio::test]
async fn only_permitted_classes_leave() {
    for (_, kind, interface) in PROVIDERS {
        let setup = setup_of(kind, plain_modes(), |config| config.session_query = true).await;
        for class in DataClass::ALL {
            let prepared =
                setup.connector.prepare(&purchase().restricted_to(&BTreeSet::from([*class])), &setup.pseudonyms);
            let items: BTreeSet<Datum> = prepared.items().iter().map(|item| item.datum).collect();
            let wanted = |datum: &&Datum| datum.class() == *class && !is_feedback(**datum);
            let wanted = Datum::ALL.iter().filter(wanted).filter(|datum| interface.field(**datum).is_some());
            assert_eq!(items, wanted.copied().collect(), "{class:?} at {kind:?}");
        }
        let nothing = setup.connector.prepare(&purchase().restricted_to(&BTreeSet::new()), &setup.pseudonyms);
        assert!(nothing.items().is_empty() && nothing.classes().is_empty());
    }
}

#[tokio::test]
async fn tokens_stay_the_same_from_version_to_version() {
    let setup = setup(|_| ()).await;
    setup.ask().await;
    let call = &setup.provider.calls()[0];
    let tokens = ["account_name", "account_email", "account_telephone", "account_address_street1"];
    assert_eq!(tokens.map(|field| call.field(field)), [NAME_TOKEN, EMAIL_TOKEN, PHONE_TOKEN, LINE1_TOKEN]);
    assert_eq!(
        call.field("account_address_street1"),
        call.field("shipping_address_street1"),
        "one address, two spellings"
    );
    assert_eq!(call.field("account_address_zip"), call.field("shipping_address_zip"));
    assert_ne!(call.field("account_address_zip"), call.field("account_address_city"), "a key per kind of field");
}

#[tokio::test]
async fn a_hash_is_the_one_that_the_provider_publishes() {
    use sha2::{Digest, Sha256};
    let hashed = || Modes::from([(Datum::Email, Mode::ProviderHash), (Datum::Phone, Mode::Omit)]);
    let tmx = setup_of(ProviderKind::Threatmetrix, hashed(), |_| ()).await;
    tmx.ask().await;
    assert_eq!(tmx.provider.calls()[0].field("account_email"), hex::encode(Sha256::digest("hanako@example.jp")));
    let minfraud = setup_of(ProviderKind::Minfraud, hashed(), |_| ()).await;
    minfraud.ask().await;
    // printf hanako@example.jp | md5sum
    assert_eq!(minfraud.provider.calls()[0].field("email.address"), "2e8c42e7eabc71004cabed2cd4f4e4df");
    assert_eq!(minfraud.provider.calls()[0].field("email.domain"), "example.jp");
}

#[test]
fn modes_shape_what_leaves() {
    for (datum, mode, expected) in [
        (Datum::Ip, Mode::Plain, Some("203.0.113.77")),
        (Datum::Ip, Mode::Coarse, Some("203.0.113.0")),
        (Datum::Ip, Mode::Omit, None),
        (Datum::Amount, Mode::Coarse, Some("10.00")),
        (Datum::BillingPostalCode, Mode::Coarse, Some("107")),
        (Datum::Email, Mode::Keyed, Some(EMAIL_TOKEN)),
        (Datum::Email, Mode::ProviderHash, None),
    ] {
        let pseudonyms = pseudonyms("tmx", Modes::from([(datum, mode)]));
        assert_eq!(pseudonyms.value(datum, &everything(), |_, _| None).as_deref(), expected, "{datum:?} {mode:?}");
    }
}

#[test]
fn addresses_are_cut_to_their_network() {
    let pseudonyms = pseudonyms("tmx", Modes::from([(Datum::Ip, Mode::Coarse)]));
    for (ip, network) in [
        ("198.51.100.255", "198.51.100.0"),
        ("::ffff:198.51.100.7", "198.51.100.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
    ] {
        let data = PurchaseData { ip: ip.parse().ok(), ..PurchaseData::default() };
        let data = data.restricted_to(&BTreeSet::from([DataClass::Location]));
        assert_eq!(pseudonyms.value(Datum::Ip, &data, |_, _| None).as_deref(), Some(network), "{ip}");
    }
}

#[test]
fn tokens_differ_by_recipient_and_by_secret() {
    let token = |secret: [u8; 32], recipient: &str| {
        let modes = Modes::from([(Datum::Email, Mode::Keyed)]);
        Pseudonyms::new(("k", &secret), [], recipient, modes).value(Datum::Email, &everything(), |_, _| None)
    };
    assert_eq!(token([7; 32], "tmx"), token([7; 32], "tmx"));
    assert_ne!(token([7; 32], "tmx"), token([7; 32], "other"));
    assert_ne!(token([7; 32], "tmx"), token([8; 32], "tmx"));
}

fn is_token(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}
