//! What facts are called in plain words: one name in each language for every attribute that the schema has.

use super::words::Words;
use crate::domain::money::grouped;
use crate::policy::question::Question;

/// What a fact's value is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Yes or no.
    Flag,
    /// A word, or a set of words.
    Word,
    /// A number of things, or one without a unit.
    Number,
    /// Yen.
    Yen,
    /// Days.
    Days,
    /// Seconds.
    Seconds,
    /// An hour of the day.
    Hour,
}

impl Unit {
    pub(super) fn amount(self, number: i64) -> Words {
        let grouped = grouped(number);
        match self {
            Self::Yen => Words::new(format!("{grouped}円"), format!("{grouped} yen")),
            Self::Days => Words::new(format!("{grouped}日"), format!("{grouped} {}", counted(number, "day"))),
            Self::Seconds => Words::new(format!("{grouped}秒"), format!("{grouped} {}", counted(number, "second"))),
            Self::Hour => Words::new(format!("{number}時"), format!("{number}:00")),
            Self::Flag | Self::Word | Self::Number => Words::both(&grouped),
        }
    }
}

fn counted(number: i64, one: &str) -> String {
    if number == 1 { one.to_owned() } else { format!("{one}s") }
}

/// A name in both languages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    pub(super) ja: &'static str,
    pub(super) en: &'static str,
    pub(super) unit: Unit,
}

/// The name of the fact at this path of the schema.
pub(super) fn name(path: &str) -> Option<Name> {
    let (_, ja, en, unit) = NAMES.iter().find(|(name, ..)| *name == path)?;
    Some(Name { ja, en, unit: *unit })
}

/// The paths of all facts, in the order of the schema.
pub(super) fn paths() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(path, ..)| *path)
}

/// Card and resource of a question.
pub(super) fn who(path: &str, question: Question) -> Option<Name> {
    let (ja, en) = match (path, question) {
        ("principal", Question::Staff) => ("職員", "the staff person"),
        ("principal", _) => ("カード", "the card"),
        ("resource", Question::Offer) => ("認証方法", "the method"),
        ("resource", Question::Share) => ("提供先", "the recipient"),
        ("resource", Question::Staff) => ("対象", "the record"),
        ("resource", _) => ("加盟店", "the merchant"),
        _ => return None,
    };
    Some(Name { ja, en, unit: Unit::Word })
}

/// What an entity type is called.
pub(super) fn type_name(kind: &str) -> Option<Words> {
    let (ja, en) = match kind {
        "Programme" => ("カード種別", "the programme"),
        "Region" => ("地域", "the region"),
        "Country" => ("国", "the country"),
        "CategoryGroup" => ("業種グループ", "the category group"),
        "Category" => ("業種コード", "the category"),
        "Role" => ("役割", "the role"),
        _ => return None,
    };
    Some(Words::new(ja, en))
}

use Unit::{Days, Flag, Hour, Number, Seconds, Word, Yen};

const NAMES: &[(&str, &str, &str, Unit)] = &[
    ("context.received_at_seconds", "受付時刻（UTCの通算秒）", "the time of the request in seconds since 1970", Number),
    ("context.local_hour", "受付の時刻（日本時間）", "the hour of day in Japan", Hour),
    ("context.purpose", "取引の目的", "the purpose", Word),
    ("context.purchase.amount_minor", "通貨単位での金額", "the amount in its own currency, minor units", Number),
    ("context.purchase.currency", "通貨", "the currency", Word),
    ("context.purchase.converted", "円換算レートがある", "the bundle has a rate for the currency", Flag),
    ("context.purchase.amount_base_minor", "金額（円換算）", "the amount", Yen),
    ("context.purchase.instalments", "分割回数", "the number of instalments", Number),
    ("context.purchase.recurring", "継続課金である", "it is a recurring payment", Flag),
    ("context.card.registration_eligible", "会員サイトに登録できるカード", "the card can be registered", Flag),
    (
        "context.card.authentication_eligible",
        "本人認証を利用できるカード",
        "the card can use this authentication",
        Flag,
    ),
    ("context.card.status", "カードの状態", "the card's status", Word),
    ("context.card.age_days", "カード発行からの日数", "the card's age", Days),
    ("context.card.expiry_matches", "有効期限が一致する", "the typed expiry is the card's", Flag),
    ("context.card.blocked", "会員がカードを止めている", "the cardholder blocked the card", Flag),
    ("context.enrolment.state", "会員登録の状態", "the card's registration", Word),
    ("context.enrolment.methods", "登録済みの認証方法", "the card's methods", Word),
    ("context.enrolment.usable_methods", "いま使える認証方法", "the methods that can be used now", Word),
    ("context.consent", "データ提供への同意の状態", "the consent state", Word),
    ("context.delivery.kind", "配送方法", "the kind of delivery", Word),
    ("context.delivery.digital_goods", "デジタル商品である", "the goods are digital", Flag),
    ("context.delivery.shipping_country", "配送先の国", "the country of the shipping address", Word),
    (
        "context.delivery.billing_matches_shipping",
        "請求先と配送先が同じ",
        "billing and shipping address being the same",
        Word,
    ),
    ("context.delivery.shipping_address_seen", "以前にも使われた配送先", "the shipping address having been seen", Word),
    (
        "context.claims.account_age_stated",
        "加盟店がアカウントの古さを示した",
        "the merchant states the account's age",
        Flag,
    ),
    (
        "context.claims.account_age_days",
        "アカウントの古さ（加盟店の申告）",
        "the account's age by the merchant's word",
        Days,
    ),
    (
        "context.claims.password_age_stated",
        "加盟店がパスワード変更日を示した",
        "the merchant states when the password was changed",
        Flag,
    ),
    (
        "context.claims.password_age_days",
        "パスワード変更からの日数（加盟店の申告）",
        "the password's age by the merchant's word",
        Days,
    ),
    ("context.claims.purchases_stated", "加盟店が購入回数を示した", "the merchant states earlier purchases", Flag),
    (
        "context.claims.purchases_six_months",
        "半年間の購入回数（加盟店の申告）",
        "purchases in six months by the merchant's word",
        Number,
    ),
    ("context.claims.first_purchase", "初回の購入（加盟店の申告）", "a first purchase by the merchant's word", Word),
    (
        "context.claims.suspicious_activity",
        "不審な動き（加盟店の申告）",
        "suspicious activity by the merchant's word",
        Word,
    ),
    ("context.claims.reorder", "再購入（加盟店の申告）", "a repeated order by the merchant's word", Word),
    ("context.device.recognised_by", "端末の識別方法", "what the device was recognised by", Word),
    (
        "context.device.known_to_card",
        "このカードで認証に成功したことのある端末",
        "the card has used the device before",
        Flag,
    ),
    ("context.device.first_party_session", "当社の端末確認ページを開いた", "our device page was opened", Flag),
    ("context.device.os_family", "端末のOS", "the device's operating system", Word),
    ("context.device.language", "端末の言語", "the device's language", Word),
    (
        "context.device.time_zone_matches_ip",
        "端末の時間帯とIPアドレスの国の一致",
        "the time zone fitting the network's country",
        Word,
    ),
    ("context.device.ip_given", "IPアドレスがある", "an IP address is given", Flag),
    ("context.matches.email", "メールアドレスの一致", "the e-mail address being the record's", Word),
    ("context.matches.phone", "電話番号の一致", "the telephone number being the record's", Word),
    ("context.matches.name", "氏名の一致", "the name being the record's", Word),
    ("context.matches.billing_address", "請求先住所の一致", "the billing address being the record's", Word),
    ("context.location.country", "利用者のいる国", "the buyer's country", Word),
    ("context.location.regions", "利用者のいる地域", "the regions of the buyer's country", Word),
    ("context.location.prefecture", "利用者のいる都道府県", "the buyer's prefecture", Word),
    ("context.location.source", "所在地の情報源", "the source of the location", Word),
    ("context.velocity.card_1h_count", "1時間の照会回数（カード）", "the card's requests in an hour", Number),
    ("context.velocity.card_1h_sum", "1時間の合計金額（カード）", "the card's sum in an hour", Yen),
    ("context.velocity.card_24h_count", "24時間の照会回数（カード）", "the card's requests in a day", Number),
    ("context.velocity.card_24h_sum", "24時間の合計金額（カード）", "the card's sum in a day", Yen),
    ("context.velocity.card_30d_count", "30日間の照会回数（カード）", "the card's requests in 30 days", Number),
    ("context.velocity.card_30d_sum", "30日間の合計金額（カード）", "the card's sum in 30 days", Yen),
    ("context.velocity.cards_per_device_24h", "同じ端末のカード枚数（24時間）", "cards on the device in a day", Number),
    (
        "context.velocity.cards_per_ip_24h",
        "同じIPアドレスのカード枚数（24時間）",
        "cards on the IP address in a day",
        Number,
    ),
    ("context.velocity.failed_challenges_24h", "認証の失敗回数（24時間）", "failed challenges in a day", Number),
    (
        "context.velocity.challenge_pages_24h",
        "認証ページの表示回数（24時間）",
        "challenge pages opened in a day",
        Number,
    ),
    ("context.velocity.first_at_merchant", "この加盟店での初めての利用", "the first purchase at this merchant", Flag),
    ("context.velocity.seconds_since_last", "前回の照会からの時間", "the time since the card's last request", Seconds),
    ("context.challenge_wish", "加盟店の認証の希望", "the merchant's wish about a challenge", Word),
    ("context.vouched", "係員が会員本人に確認済み", "staff confirmed it with the cardholder", Flag),
    ("context.assessment.status", "外部分析の状態", "the analysis", Word),
    ("context.assessment.reason", "外部分析がない理由", "why there is no analysis", Word),
    ("context.assessment.risk", "外部分析のリスク値", "the risk", Number),
    ("context.assessment.recommendation", "外部分析の推奨", "the analysis's recommendation", Word),
    ("context.assessment.signals", "外部分析の検知", "the analysis's signals", Word),
    ("context.assessment.device_known", "分析会社が端末を知っている", "the analysis company knows the device", Flag),
    ("context.assessment.degraded", "一部のデータだけの分析", "the analysis worked with a part of the data", Flag),
    ("context.authentication_eligible", "本人認証を利用できるカード", "the card can use this authentication", Flag),
    ("context.data_class", "データの種類", "the data class", Word),
    ("context.mode", "送信の形", "how it is sent", Word),
    ("context.sensitive", "慎重な扱いを要するデータ", "the data class is sensitive", Flag),
    ("resource.basis", "提供の根拠", "the recipient's legal basis", Word),
    ("resource.reuse", "提供先が他社のためにも使う", "the recipient uses the data for others too", Flag),
    ("resource.retention_days", "提供先の保管日数", "how long the recipient keeps data", Days),
    ("context.reauthenticated", "直前に再認証した", "she gave a one-time password lately", Flag),
    ("context.own_request", "自分の申請である", "it is her own request", Flag),
    ("context.role_count", "役割の数", "the number of her roles", Number),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    const SCHEMAS: [&str; 3] = [
        include_str!("../../../policies/schema.cedarschema"),
        include_str!("../schema/v1.cedarschema"),
        include_str!("../../../policies/staff/schema.cedarschema"),
    ];

    /// The leaves of a type in the schema, by their paths.
    fn leaves(shape: &Value, types: &Value, path: &str, found: &mut BTreeSet<String>) {
        let named = shape["name"].as_str().or(shape["type"].as_str()).and_then(|name| types.get(name));
        let shape = named.unwrap_or(shape);
        match shape.get("attributes").and_then(Value::as_object) {
            Some(attributes) => {
                for (name, inner) in attributes {
                    leaves(inner, types, &format!("{path}.{name}"), found);
                }
            }
            None => {
                found.insert(path.to_owned());
            }
        }
    }

    #[test]
    fn every_attribute_of_the_schemas_has_a_name_in_both_languages() {
        let mut found = BTreeSet::new();
        for text in SCHEMAS {
            let (fragment, _) = cedar_policy::SchemaFragment::from_cedarschema_str(text).unwrap();
            let schema = &fragment.to_json_value().unwrap()[""];
            let none = Value::Null;
            let types = schema.get("commonTypes").unwrap_or(&none);
            for action in schema["actions"].as_object().unwrap().values() {
                if let Some(context) = action.pointer("/appliesTo/context") {
                    leaves(context, types, "context", &mut found);
                }
            }
            for kind in schema["entityTypes"].as_object().unwrap().values() {
                if let Some(shape) = kind.get("shape") {
                    leaves(shape, types, "resource", &mut found);
                }
            }
        }
        assert!(found.len() > 70 && found.contains("context.assessment.risk"), "{found:?}");
        let named: BTreeSet<String> = NAMES.iter().map(|(path, ..)| (*path).to_owned()).collect();
        assert_eq!(named, found);
        assert_eq!(named.len(), NAMES.len(), "a name stands twice");
        assert!(NAMES.iter().all(|(_, ja, en, _)| !ja.is_ascii() && en.is_ascii()));
    }

    #[test]
    fn amounts_are_grouped_and_carry_their_unit() {
        assert_eq!(Unit::Yen.amount(1_234_567), Words::new("1,234,567円", "1,234,567 yen"));
        assert_eq!(Unit::Days.amount(1), Words::new("1日", "1 day"));
        assert_eq!(Unit::Number.amount(-4_000), Words::both("-4,000"));
        assert_eq!(Unit::Hour.amount(5), Words::new("5時", "5:00"));
    }
}
