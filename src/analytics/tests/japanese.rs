//! Japanese input: one person's data in the many ways in which they are typed.

use super::*;
use Datum::{BillingLine1, BillingPostalCode, Email, Name, Phone};

fn data(datum: Datum, text: &str) -> Disclosable {
    let some = || Some(text.to_owned());
    let mut data = PurchaseData { billing: purchase().billing, ..PurchaseData::default() };
    match datum {
        Name => data.name = some(),
        Email => data.email = some(),
        Phone => data.phone = some(),
        BillingLine1 => data.billing.as_mut().unwrap().line1 = text.to_owned(),
        BillingPostalCode => data.billing.as_mut().unwrap().postal_code = text.to_owned(),
        _ => unreachable!(),
    }
    data.restricted_to(&BTreeSet::from([DataClass::Identity, DataClass::Address]))
}

fn tokens(datum: Datum, texts: &[&str]) -> BTreeSet<Option<String>> {
    let pseudonyms = pseudonyms("tmx", Modes::from([(datum, Mode::Keyed)]));
    texts.iter().map(|text| pseudonyms.value(datum, &data(datum, text), |_, _| None)).collect()
}

#[test]
fn however_it_is_typed_it_is_one_token() {
    let phones = [
        "09012345678",
        "090-1234-5678",
        "090(1234)5678",
        "(090)1234-5678",
        "+81 90 1234 5678",
        "+819012345678",
        "＋８１９０１２３４５６７８",
        "０９０１２３４５６７８",
        "０９０−１２３４−５６７８",
        "０９０（１２３４）５６７８",
        "090\u{2212}1234\u{2212}5678",
        "090\u{2010}1234\u{2010}5678",
        "090\u{2011}1234\u{2011}5678",
        "090\u{2012}1234\u{2012}5678",
        "090\u{2013}1234\u{2013}5678",
        "090\u{2014}1234\u{2014}5678",
        "090\u{2015}1234\u{2015}5678",
        "090ー1234ー5678",
        "090〜1234〜5678",
        " 090 1234 5678 ",
    ];
    let names = ["ヤマダ ハナコ", "ﾔﾏﾀﾞ ﾊﾅｺ", "ヤマダ　ハナコ", "ﾔﾏﾀﾞﾊﾅｺ"];
    let latin = ["YAMADA HANAKO", "Yamada Hanako", "ＹＡＭＡＤＡ　ＨＡＮＡＫＯ", "yamada hanako"];
    let emails = ["hanako@example.jp", " Hanako@Example.JP ", "ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ"];
    let lines = ["南青山5-1-22", "南青山５丁目１番２２号", "南青山５−１−２２", "南青山5ー1ー22", "南青山5〜1〜22"];
    let postal = ["107-0062", "1070062", "１０７−００６２", "１０７００６２", "〒107ー0062"];
    for (datum, texts) in [
        (Phone, &phones[..]),
        (Name, &names),
        (Name, &latin),
        (Email, &emails),
        (BillingLine1, &lines),
        (BillingPostalCode, &postal),
    ] {
        let tokens = tokens(datum, texts);
        assert!(tokens.len() == 1 && !tokens.contains(&None), "{datum:?}: {tokens:?}");
    }
}

#[test]
fn a_long_vowel_mark_in_a_word_is_no_hyphen() {
    let pseudonyms = pseudonyms("tmx", Modes::from([(Name, Mode::Keyed)]));
    let token = |text: &str| pseudonyms.value(Name, &data(Name, text), |_, _| None);
    assert_ne!(token("ユーコ"), token("ユコ"));
}

#[tokio::test]
async fn old_carrier_addresses_leave_as_token_or_hash_and_never_as_they_are() {
    for address in ["x..y@docomo.ne.jp", ".x@ezweb.ne.jp", "x.@docomo.ne.jp"] {
        for (kind, mode, leaves) in [
            (ProviderKind::Threatmetrix, Mode::Keyed, true),
            (ProviderKind::Threatmetrix, Mode::ProviderHash, true),
            (ProviderKind::Threatmetrix, Mode::Plain, false),
            (ProviderKind::Minfraud, Mode::ProviderHash, true),
            (ProviderKind::Minfraud, Mode::Plain, false),
        ] {
            let setup = setup_of(kind, Modes::from([(Email, mode)]), |_| ()).await;
            let prepared = setup.connector.prepare(&data(Email, address), &setup.pseudonyms);
            assert_eq!(prepared.items().len(), usize::from(leaves), "{address} {kind:?} {mode:?}");
            assert_eq!(prepared.unreadable().len(), usize::from(!leaves));
        }
    }
}

#[tokio::test]
async fn what_is_not_valid_is_left_out_and_counted() {
    let setup = setup_of(ProviderKind::Threatmetrix, plain_modes(), |_| ()).await;
    let data = PurchaseData {
        name: Some("山田 4111 1111 1111 1111".to_owned()),
        phone: Some("０９０".to_owned()),
        email: Some("nobody".to_owned()),
        ..purchase()
    };
    for turn in 1..=2 {
        let data = data.clone().restricted_to(&BTreeSet::from([DataClass::Identity]));
        let prepared = setup.connector.prepare(&data, &setup.pseudonyms);
        assert_eq!(prepared.unreadable(), [Name, Email, Phone]);
        let now = setup.clock.boot_nanos();
        setup.connector.assess(setup.seal(prepared, u64::MAX), now + 1_000 * NANOS_PER_MS).await;
        let counted: Vec<_> = setup.connector.health().unreadable.into_iter().collect();
        assert_eq!(counted, [(Name, turn), (Email, turn), (Phone, turn)]);
    }
    for call in setup.provider.calls() {
        assert!(!format!("{call:?}").contains("4111"), "{call:?}");
    }
}

#[tokio::test]
async fn a_card_number_leaves_in_no_form_whatever_field_it_was_typed_into() {
    for mode in [Mode::Plain, Mode::ProviderHash, Mode::Keyed] {
        let pseudonyms = pseudonyms("tmx", Modes::from([(Name, mode), (BillingLine1, mode)]));
        for datum in [Name, BillingLine1] {
            let data = data(datum, "４１１１ 1111-1111 1111");
            let value = pseudonyms.value(datum, &data, |datum, data| data.normal(datum));
            assert_eq!(value, None, "{datum:?} {mode:?}");
        }
    }
}
