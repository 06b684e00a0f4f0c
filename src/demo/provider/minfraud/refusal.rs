//! What a minFraud style interface does not take. The real one lets some of it pass with a warning; a connector that is
//! tested here shall not rely on that.

use axum::http::StatusCode;

use super::super::query::Fields;
use super::super::values::{holds_card_number, is_amount, is_country, is_currency, is_ip};
use super::Refusal;

/// The fields of a query that a connector may need.
const KNOWN: [&str; 43] = [
    "account.user_id",
    "account.username_md5",
    "billing.address",
    "billing.address_2",
    "billing.city",
    "billing.company",
    "billing.country",
    "billing.first_name",
    "billing.last_name",
    "billing.phone_country_code",
    "billing.phone_number",
    "billing.postal",
    "billing.region",
    "credit_card.country",
    "credit_card.issuer_id_number",
    "credit_card.last_digits",
    "device.accept_language",
    "device.ip_address",
    "device.session_age",
    "device.session_id",
    "device.user_agent",
    "email.address",
    "email.domain",
    "event.shop_id",
    "event.time",
    "event.transaction_id",
    "event.type",
    "order.affiliate_id",
    "order.amount",
    "order.currency",
    "order.is_gift",
    "order.referrer_uri",
    "shipping.address",
    "shipping.address_2",
    "shipping.city",
    "shipping.company",
    "shipping.country",
    "shipping.first_name",
    "shipping.last_name",
    "shipping.phone_country_code",
    "shipping.phone_number",
    "shipping.postal",
    "shipping.region",
];
const REPORT: [&str; 7] =
    ["chargeback_code", "ip_address", "maxmind_id", "minfraud_id", "notes", "tag", "transaction_id"];
const TAGS: [&str; 4] = ["chargeback", "not_fraud", "spam_or_abuse", "suspected_fraud"];
const TEXT_CHARS_MAX: usize = 255;

pub(super) fn of_query(fields: &Fields) -> Option<Refusal> {
    let unknown = fields.keys().any(|name| !KNOWN.contains(&name.as_str()));
    let misfit = fields.iter().any(|(name, text)| !fits(name, text));
    (unknown || misfit || fields.is_empty()).then_some((StatusCode::BAD_REQUEST, "REQUEST_INVALID"))
}

pub(super) fn of_report(fields: &Fields) -> Option<Refusal> {
    let unknown = fields.keys().any(|name| !REPORT.contains(&name.as_str()));
    let tag = fields.get("tag").is_some_and(|tag| TAGS.contains(&tag.as_str()));
    let named = ["ip_address", "maxmind_id", "minfraud_id", "transaction_id"].iter().any(|id| fields.contains_key(*id));
    let misfit = fields.iter().any(|(name, text)| !fits(name, text));
    (unknown || !tag || !named || misfit).then_some((StatusCode::BAD_REQUEST, "REQUEST_INVALID"))
}

fn fits(name: &str, text: &str) -> bool {
    let shape = match name {
        "billing.country" | "shipping.country" | "credit_card.country" => is_country(text),
        "billing.region" | "shipping.region" => {
            (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        }
        "credit_card.issuer_id_number" => matches!(text.len(), 6 | 8) && is_digits(text),
        "credit_card.last_digits" => matches!(text.len(), 2 | 4) && is_digits(text),
        "device.ip_address" | "ip_address" => is_ip(text),
        "email.address" => is_md5(text) || (text.contains('@') && !text.contains("..") && !text.starts_with('.')),
        "event.type" => matches!(text, "purchase" | "account_login" | "survey"),
        "minfraud_id" => text.parse::<uuid::Uuid>().is_ok(),
        "order.amount" => is_amount(text) && text.parse::<f64>().is_ok_and(|amount| amount > 0.0),
        "order.currency" => is_currency(text),
        _ => true,
    };
    let is_phone = name.ends_with("phone_number");
    shape && text.chars().count() <= TEXT_CHARS_MAX && (is_phone || !holds_card_number(text))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_md5(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
