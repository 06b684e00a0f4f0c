//! Facts as Cedar sees them: one typed record per question, no text and no JSON in between.
//!
//! What was not stated becomes a word or a flag with the number on the doubtful side, so that no rule has to ask
//! whether a fact is there. Only the assessment's risk stays absent: an absent score must not read as 0.

use std::collections::BTreeSet;

use cedar_policy::{Context, RestrictedExpression as Value};

use super::reference::Reference;
use crate::domain::assessment::Assessment;
use crate::domain::card::CardStatus;
use crate::domain::facts::{Claims, Count, Facts, Method};

/// What stands for an amount that could not be converted: above every ceiling.
pub(super) const AMOUNT_NOT_CONVERTED: i64 = 1_000_000_000_000_000_000;
/// What stands for the time since the last request when there was none in 30 days.
pub(super) const SECONDS_30_DAYS: i64 = 30 * 24 * 3_600;

/// A value that could not be built; the record's shape is fixed, so this is a fault of the program.
#[derive(Debug, thiserror::Error)]
#[error("facts could not be translated: {0}")]
pub(super) struct TranslateError(String);

type Fields = Vec<(String, Value)>;

fn text(value: &str) -> Value {
    Value::new_string(value.to_owned())
}

fn words<'a>(values: impl IntoIterator<Item = &'a str>) -> Value {
    Value::new_set(values.into_iter().map(text))
}

fn yes_no(value: Option<bool>) -> Value {
    text(match value {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not_given",
    })
}

macro_rules! fields {
    ($($name:ident: $value:expr,)*) => {
        vec![$((stringify!($name).to_owned(), $value)),*]
    };
}

fn record(fields: Fields) -> Result<Value, TranslateError> {
    Value::new_record(fields).map_err(|error| TranslateError(error.to_string()))
}

fn context(fields: Fields) -> Result<Context, TranslateError> {
    Context::from_pairs(fields).map_err(|error| TranslateError(error.to_string()))
}

/// The context of `approve`, `challenge` and `offer`, in the shape of the version that the bundle is written for.
pub(super) fn facts(facts: &Facts, facts_version: u16, reference: &Reference) -> Result<Context, TranslateError> {
    part_of_facts(facts, facts_version, reference, |_| true)
}

/// The same with some of its attributes only: for rules that name no others.
pub(super) fn part_of_facts(
    facts: &Facts,
    facts_version: u16,
    reference: &Reference,
    wanted: impl Fn(&str) -> bool,
) -> Result<Context, TranslateError> {
    let mut fields = Fields::new();
    macro_rules! put {
        ($($name:ident: $value:expr,)*) => {$(
            if wanted(stringify!($name)) {
                fields.push((stringify!($name).to_owned(), $value));
            }
        )*};
    }
    put! {
        received_at_seconds: Value::new_long(facts.received_at_seconds),
        local_hour: Value::new_long(i64::from(facts.local_hour)),
        purpose: text(facts.purpose.as_str()),
        purchase: purchase(facts)?,
        card: card(facts, facts_version)?,
        enrolment: enrolment(facts, facts_version)?,
        consent: text(facts.consent.as_str()),
        delivery: delivery(facts)?,
        claims: claims(&facts.claims)?,
        device: device(facts)?,
        matches: matches(facts)?,
        location: location(facts, reference)?,
        velocity: velocity(facts)?,
        challenge_wish: text(facts.challenge_wish.as_str()),
        assessment: assessment(&facts.assessment)?,
    }
    if facts_version >= 2 {
        put! { vouched: Value::new_bool(facts.vouched), }
    }
    context(fields)
}

/// What `share` sees of one data class.
pub(super) struct Sharing<'a> {
    pub(super) data_class: &'a str,
    pub(super) mode: &'a str,
    pub(super) sensitive: bool,
}

/// The context of `share`.
pub(super) fn sharing(facts: &Facts, sharing: &Sharing<'_>) -> Result<Context, TranslateError> {
    context(fields! {
        consent: text(facts.consent.as_str()),
        purpose: text(facts.purpose.as_str()),
        authentication_eligible: Value::new_bool(facts.card.authentication_eligible),
        data_class: text(sharing.data_class),
        mode: text(sharing.mode),
        sensitive: Value::new_bool(sharing.sensitive),
    })
}

fn purchase(facts: &Facts) -> Result<Value, TranslateError> {
    let purchase = &facts.purchase;
    record(fields! {
        amount_minor: Value::new_long(purchase.amount_minor),
        currency: text(purchase.currency.code()),
        converted: Value::new_bool(purchase.amount_base_minor.is_some()),
        amount_base_minor: Value::new_long(purchase.amount_base_minor.unwrap_or(AMOUNT_NOT_CONVERTED)),
        instalments: Value::new_long(i64::from(purchase.instalments)),
        recurring: Value::new_bool(purchase.recurring),
    })
}

/// Version 1 has no word for a card that its holder blocked: there it is one that was stolen.
fn card(facts: &Facts, facts_version: u16) -> Result<Value, TranslateError> {
    let card = &facts.card;
    let status = if card.blocked && facts_version < 2 { CardStatus::Stolen } else { card.status };
    let mut fields = fields! {
        registration_eligible: Value::new_bool(card.registration_eligible),
        authentication_eligible: Value::new_bool(card.authentication_eligible),
        status: text(status.as_str()),
        age_days: Value::new_long(card.age_days),
        expiry_matches: Value::new_bool(card.expiry_matches),
    };
    if facts_version >= 2 {
        fields.push(("blocked".to_owned(), Value::new_bool(card.blocked)));
    }
    record(fields)
}

fn enrolment(facts: &Facts, facts_version: u16) -> Result<Value, TranslateError> {
    let enrolment = &facts.enrolment;
    let known = |methods: &BTreeSet<Method>| {
        words(methods.iter().filter(|method| is_known(**method, facts_version)).map(|method| method.as_str()))
    };
    record(fields! {
        state: text(enrolment.state.as_str()),
        methods: known(&enrolment.methods),
        usable_methods: known(&enrolment.usable_methods),
    })
}

/// Whether a version of facts has this method.
pub(super) fn is_known(method: Method, facts_version: u16) -> bool {
    method != Method::Passkey || facts_version >= 2
}

fn delivery(facts: &Facts) -> Result<Value, TranslateError> {
    let delivery = &facts.delivery;
    record(fields! {
        kind: text(delivery.kind.as_str()),
        digital_goods: Value::new_bool(delivery.digital_goods),
        shipping_country: text(delivery.shipping_country.as_deref().unwrap_or("not_given")),
        billing_matches_shipping: text(delivery.billing_matches_shipping.as_str()),
        shipping_address_seen: text(delivery.shipping_address_seen.as_str()),
    })
}

fn claims(claims: &Claims) -> Result<Value, TranslateError> {
    let days = |value: Option<i64>| Value::new_long(value.unwrap_or(0));
    record(fields! {
        account_age_stated: Value::new_bool(claims.account_age_days.is_some()),
        account_age_days: days(claims.account_age_days),
        password_age_stated: Value::new_bool(claims.password_age_days.is_some()),
        password_age_days: days(claims.password_age_days),
        purchases_stated: Value::new_bool(claims.purchases_six_months.is_some()),
        purchases_six_months: Value::new_long(claims.purchases_six_months.unwrap_or(0)),
        first_purchase: yes_no(claims.first_purchase),
        suspicious_activity: yes_no(claims.suspicious_activity),
        reorder: yes_no(claims.reorder),
    })
}

fn device(facts: &Facts) -> Result<Value, TranslateError> {
    let device = &facts.device;
    record(fields! {
        recognised_by: text(device.recognised_by.as_str()),
        known_to_card: Value::new_bool(device.known_to_card),
        first_party_session: Value::new_bool(device.first_party_session),
        os_family: text(device.os_family.as_str()),
        language: text(device.language.as_deref().unwrap_or("not_given")),
        time_zone_matches_ip: text(device.time_zone_matches_ip.as_str()),
        ip_given: Value::new_bool(device.ip.is_some()),
    })
}

fn matches(facts: &Facts) -> Result<Value, TranslateError> {
    let matches = &facts.matches;
    record(fields! {
        email: text(matches.email.as_str()),
        phone: text(matches.phone.as_str()),
        name: text(matches.name.as_str()),
        billing_address: text(matches.billing_address.as_str()),
    })
}

fn location(facts: &Facts, reference: &Reference) -> Result<Value, TranslateError> {
    let location = &facts.location;
    let country = location.country.as_deref().unwrap_or("unknown");
    record(fields! {
        country: text(country),
        regions: words(reference.regions_of(country).iter().map(String::as_str)),
        prefecture: text(location.prefecture.as_deref().unwrap_or("unknown")),
        source: text(location.source.as_str()),
    })
}

fn velocity(facts: &Facts) -> Result<Value, TranslateError> {
    let velocity = &facts.velocity;
    let count = |count: Count| Value::new_long(count.count);
    let sum = |count: Count| Value::new_long(count.sum_base_minor);
    record(fields! {
        card_1h_count: count(velocity.card_1h),
        card_1h_sum: sum(velocity.card_1h),
        card_24h_count: count(velocity.card_24h),
        card_24h_sum: sum(velocity.card_24h),
        card_30d_count: count(velocity.card_30d),
        card_30d_sum: sum(velocity.card_30d),
        cards_per_device_24h: Value::new_long(velocity.cards_per_device_24h),
        cards_per_ip_24h: Value::new_long(velocity.cards_per_ip_24h),
        failed_challenges_24h: Value::new_long(velocity.failed_challenges_24h),
        challenge_pages_24h: Value::new_long(velocity.challenge_pages_24h),
        first_at_merchant: Value::new_bool(velocity.first_at_merchant),
        seconds_since_last: Value::new_long(velocity.seconds_since_last.unwrap_or(SECONDS_30_DAYS)),
    })
}

fn assessment(assessment: &Assessment) -> Result<Value, TranslateError> {
    let answer = match assessment {
        Assessment::Answered(answer) => Some(answer),
        Assessment::NotAsked { .. } | Assessment::NoAnswer { .. } => None,
    };
    let mut fields = fields! {
        status: text(assessment.status()),
        reason: text(assessment.reason()),
        recommendation: text(answer.map_or("none", |answer| answer.recommendation.as_str())),
        signals: words(answer.into_iter().flat_map(|answer| &answer.signals).map(|signal| signal.as_str())),
        device_known: Value::new_bool(answer.is_some_and(|answer| answer.device_known)),
        degraded: Value::new_bool(answer.is_some_and(|answer| answer.degraded)),
    };
    if let Some(risk) = answer.and_then(|answer| answer.risk) {
        fields.push(("risk".to_owned(), Value::new_long(risk)));
    }
    record(fields)
}
