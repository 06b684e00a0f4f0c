//! From minFraud's answer to the neutral assessment, and what of it may be kept.
//!
//! An answer is read by place: what is not named here is not looked at. A place that holds something else than expected is
//! as good as absent, but for the score, without which nothing else in the answer can be believed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::signals::{self, FLAGS};
use crate::domain::assessment::{Answer, Assessment, NoAnswer, RISK_MAX, Recommendation, Signal};

/// How many codes of an answer are kept.
const CODES_MAX: usize = 32;
/// Where a score begins to be one, and where it ends.
const SCORE_RANGE: (f64, f64) = (0.01, 99.0);
/// The keys that are known, whether they are read or not.
const KEYS: [&str; 16] = [
    "billing_address",
    "billing_phone",
    "credit_card",
    "device",
    "disposition",
    "email",
    "funds_remaining",
    "id",
    "ip_address",
    "queries_remaining",
    "risk_score",
    "risk_score_reasons",
    "shipping_address",
    "shipping_phone",
    "subscores",
    "warnings",
];

/// The assessment that an answer comes to.
pub(super) fn assess(body: &Value, own: &BTreeMap<String, Signal>) -> Assessment {
    match risk(body.get("risk_score")) {
        Err(reason) => Assessment::NoAnswer { reason },
        Ok(risk) => Assessment::Answered(Answer {
            risk,
            recommendation: recommendation(body).unwrap_or(Recommendation::None),
            signals: signals_of(body, own),
            device_known: body.pointer("/device/id").is_some_and(Value::is_string),
            degraded: warnings(body).any(|code| code.starts_with("INPUT_") || code.starts_with("IP_ADDRESS_")),
        }),
    }
}

/// A score is a percentage: its hundredfold is the risk. An absent score is absent, not zero.
fn risk(score: Option<&Value>) -> Result<Option<i64>, NoAnswer> {
    let score = match score {
        None | Some(Value::Null) => return Ok(None),
        Some(score) => score.as_f64().ok_or(NoAnswer::Malformed)?,
    };
    let (lowest, highest) = SCORE_RANGE;
    if !(lowest..=highest).contains(&score) {
        return Err(NoAnswer::OutOfRange);
    }
    hundredfold(score).map(|risk| Some(risk.clamp(0, RISK_MAX))).ok_or(NoAnswer::Malformed)
}

/// A number of hundredths, by way of its decimal text: a cast could go wrong without a word.
fn hundredfold(number: f64) -> Option<i64> {
    format!("{:.0}", number * 100.0).parse().ok()
}

/// An amount of money in hundredths.
pub(super) fn cents(amount: Option<&Value>) -> Option<i64> {
    amount.and_then(Value::as_f64).and_then(hundredfold)
}

/// What the account's own rules say. New words may come; they recommend nothing.
fn recommendation(body: &Value) -> Option<Recommendation> {
    match body.pointer("/disposition/action")?.as_str()? {
        "accept" => Some(Recommendation::Pass),
        "manual_review" => Some(Recommendation::Review),
        "reject" => Some(Recommendation::Reject),
        _ => None,
    }
}

fn signals_of(body: &Value, own: &BTreeMap<String, Signal>) -> Vec<Signal> {
    let by_code = codes(body).filter_map(|code| own.get(code).copied().or_else(|| signals::known(code)));
    let raised = |place: &str| body.pointer(place) == Some(&Value::Bool(true));
    let by_flag = FLAGS.iter().filter(|(place, _)| raised(place)).map(|(_, signal)| *signal);
    by_code.chain(by_flag).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The codes of what speaks against the purchase. A reason that lowers the score (a multiplier up to 1) does not.
fn codes(body: &Value) -> impl Iterator<Item = &str> {
    let against = |reason: &&Value| reason.get("multiplier").and_then(Value::as_f64).is_none_or(|by| by > 1.0);
    let groups = list(body.get("risk_score_reasons")).filter(against);
    let of_score = groups.flat_map(|group| list(group.get("reasons")));
    of_score.chain(list(body.pointer("/ip_address/risk_reasons"))).filter_map(code)
}

/// The codes of the warnings.
pub(super) fn warnings(body: &Value) -> impl Iterator<Item = &str> {
    list(body.get("warnings")).filter_map(code)
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn code(entry: &Value) -> Option<&str> {
    entry.get("code")?.as_str().filter(|code| is_code(code))
}

/// Whether a text is a code and no personal datum.
pub(super) fn is_code(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// What the ledger may keep: figures, words and codes, no free text.
pub(super) fn kept(body: &Value) -> Value {
    json!({
        "risk_score": body.get("risk_score").and_then(Value::as_f64),
        "ip_risk": body.pointer("/ip_address/risk").and_then(Value::as_f64),
        "disposition": recommendation(body).map(Recommendation::as_str),
        "reason_codes": codes(body).take(CODES_MAX).collect::<Vec<_>>(),
        "warning_codes": warnings(body).take(CODES_MAX).collect::<Vec<_>>(),
    })
}

/// minFraud's id of the request: a UUID.
pub(super) fn request_id(body: &Value) -> Option<String> {
    body.get("id")?.as_str()?.parse::<uuid::Uuid>().ok().map(|id| id.hyphenated().to_string())
}

/// How much of an answer is new: keys that are not known, and a word of the rules that is not.
pub(super) fn drift(body: &Value) -> u64 {
    let keys = body.as_object().into_iter().flat_map(|body| body.keys());
    let new_word = body.pointer("/disposition/action").is_some_and(Value::is_string) && recommendation(body).is_none();
    keys.filter(|key| !KEYS.contains(&key.as_str())).count() as u64 + u64::from(new_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_becomes_risk() {
        for (score, expected) in [
            (json!(0.01), Ok(Some(1))),
            (json!(20), Ok(Some(2_000))),
            (json!(45.675), Ok(Some(4_568))),
            (json!(99), Ok(Some(9_900))),
            (json!(null), Ok(None)),
            (json!(0), Err(NoAnswer::OutOfRange)),
            (json!(99.01), Err(NoAnswer::OutOfRange)),
            (json!(-5), Err(NoAnswer::OutOfRange)),
            (json!("12"), Err(NoAnswer::Malformed)),
            (json!([12]), Err(NoAnswer::Malformed)),
        ] {
            assert_eq!(risk(Some(&score)), expected, "{score}");
        }
        assert_eq!(risk(None), Ok(None), "an absent score is absent");
    }

    #[test]
    fn only_reasons_against_the_purchase_become_signals() {
        let body = json!({
            "risk_score_reasons": [
                { "multiplier": 45.0, "reasons": [{ "code": "ANONYMOUS_IP", "reason": "…" }, { "code": "OWN" }] },
                { "multiplier": 0.2, "reasons": [{ "code": "EMAIL_VELOCITY" }] },
            ],
            "ip_address": { "risk_reasons": [{ "code": "MINFRAUD_NETWORK_ACTIVITY" }], "traits": { "is_tor_exit_node": true } },
            "email": { "is_disposable": true, "is_free": true },
        });
        let own = BTreeMap::from([("OWN".to_owned(), Signal::RemoteAccess)]);
        let expected = [Signal::AnonymousNetwork, Signal::EmailReputation, Signal::IpReputation, Signal::RemoteAccess];
        assert_eq!(signals_of(&body, &own), expected);
    }

    #[test]
    fn what_is_new_is_counted_and_breaks_nothing() {
        for (body, count) in [
            (json!({ "id": "x", "risk_score": 1, "warnings": [] }), 0),
            (json!({ "id": "x", "newly": { "deep": 1 }, "other": 1 }), 2),
            (json!({ "disposition": { "action": "accept" } }), 0),
            (json!({ "disposition": { "action": "test" } }), 1),
            (json!({ "disposition": { "action": null } }), 0),
        ] {
            assert_eq!(drift(&body), count, "{body}");
        }
    }
}
