//! The answer on the wire: the keys that are read, and what of them may be kept.
//!
//! The provider echoes personal data. A key that is not named here is dropped unread, and no value of it is ever held.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// How many reason codes of an answer are kept.
const REASONS_MAX: usize = 32;

/// The keys that are read. Numbers and booleans come as strings, `"null"` too.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wire {
    pub(super) request_result: Text,
    pub(super) review_status: Text,
    pub(super) policy_score: Text,
    risk_rating: Text,
    summary_risk_score: Text,
    reason_code: TextList,
    tmx_reason_code: TextList,
    request_id: Text,
    device_id: Given,
    unknown_session: Text,
    tps_was_timeout: Text,
}

/// What the ledger may keep of an answer: words, codes and numbers, no free text.
#[derive(Serialize)]
struct Kept<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    request_result: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    review_status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_score: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk_rating: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary_risk_score: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reason_code: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tmx_reason_code: Vec<&'a str>,
    unknown_session: bool,
    tps_was_timeout: bool,
}

/// Reads an answer. An error when it is not JSON, not an object, or has an object where a value belongs.
pub(super) fn parse(body: &[u8]) -> serde_json::Result<Wire> {
    serde_json::from_slice(body)
}

/// Keys that the connector does not know and that are no echo of what was sent.
pub(super) fn unknown_keys(body: &[u8]) -> u64 {
    const READ: [&str; 11] = [
        "request_result",
        "review_status",
        "policy_score",
        "risk_rating",
        "summary_risk_score",
        "reason_code",
        "tmx_reason_code",
        "request_id",
        "device_id",
        "unknown_session",
        "tps_was_timeout",
    ];
    const DROPPED: [&str; 14] = [
        "account_",
        "api_",
        "browser_",
        "device_",
        "event_",
        "input_ip",
        "local_attrib_",
        "org_id",
        "policy",
        "service_type",
        "session_",
        "shipping_address_",
        "transaction_",
        "true_ip",
    ];
    #[expect(clippy::zero_sized_map_values, reason = "the keys are wanted; the values must not be held")]
    let keys: HashMap<Cow<'_, str>, IgnoredAny> = serde_json::from_slice(body).unwrap_or_default();
    let known = |key: &str| READ.contains(&key) || DROPPED.iter().any(|prefix| key.starts_with(prefix));
    keys.keys().filter(|key| !known(key)).count() as u64
}

impl Wire {
    /// What the ledger may keep, and the provider's id of the request.
    pub(super) fn kept(&self) -> (Option<Value>, Option<String>) {
        let kept = Kept {
            request_result: self.request_result.code(),
            review_status: self.review_status.code(),
            policy_score: self.policy_score.number(),
            risk_rating: self.risk_rating.code(),
            summary_risk_score: self.summary_risk_score.number(),
            reason_code: self.reason_code.codes().collect(),
            tmx_reason_code: self.tmx_reason_code.codes().collect(),
            unknown_session: self.unknown_session(),
            tps_was_timeout: self.was_timeout(),
        };
        (serde_json::to_value(kept).ok(), self.request_id.id().map(str::to_owned))
    }

    /// Every reason code, the organisation's own and the provider's.
    pub(super) fn reasons(&self) -> impl Iterator<Item = &str> {
        self.tmx_reason_code.codes().chain(self.reason_code.codes())
    }

    /// Whether the provider did not know the session that it was asked about.
    pub(super) fn unknown_session(&self) -> bool {
        self.unknown_session.is_true()
    }

    /// Whether a part of the provider's own analysis timed out.
    pub(super) fn was_timeout(&self) -> bool {
        self.tps_was_timeout.is_true()
    }

    /// Whether the provider recognised a device. Which one is not looked at.
    pub(super) fn device_known(&self) -> bool {
        self.device_id.0 && !self.unknown_session()
    }
}

/// A value as text: a string, number or boolean; `null`, `"null"` and `""` are none.
#[derive(Debug, Default)]
pub(super) struct Text(Option<String>);

impl Text {
    pub(super) fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }

    pub(super) fn number(&self) -> Option<i64> {
        self.as_str()?.parse().ok()
    }

    fn is_true(&self) -> bool {
        self.as_str().is_some_and(|text| ["true", "yes", "1"].iter().any(|word| text.eq_ignore_ascii_case(word)))
    }

    fn code(&self) -> Option<&str> {
        self.as_str().filter(|text| is_code(text))
    }

    fn id(&self) -> Option<&str> {
        let plain = |text: &&str| text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        self.as_str().filter(plain)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_of(Value::deserialize(deserializer)?).map(Self).map_err(serde::de::Error::custom)
    }
}

/// A list of values as text; a single value is a list of one.
#[derive(Debug, Default)]
struct TextList(Vec<String>);

impl TextList {
    fn codes(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str).filter(|text| is_code(text)).take(REASONS_MAX)
    }
}

impl<'de> Deserialize<'de> for TextList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = match Value::deserialize(deserializer)? {
            Value::Array(values) => values,
            value => vec![value],
        };
        let texts: Result<Vec<_>, _> = values.into_iter().map(text_of).collect();
        Ok(Self(texts.map_err(serde::de::Error::custom)?.into_iter().flatten().collect()))
    }
}

/// Whether there is a value; the value itself is forgotten at once.
#[derive(Debug, Default)]
struct Given(bool);

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer).map(|text| Self(text.0.is_some()))
    }
}

fn text_of(value: Value) -> Result<Option<String>, &'static str> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(value) => Ok(Some(value.to_string())),
        Value::Number(value) => Ok(Some(value.to_string())),
        Value::String(text) if text.trim().is_empty() || text.trim().eq_ignore_ascii_case("null") => Ok(None),
        Value::String(text) => Ok(Some(text.trim().to_owned())),
        Value::Array(_) | Value::Object(_) => Err("expected a single value"),
    }
}

/// Whether a text is a code and no personal datum: letters, underscores and at most three digits in a row.
/// Reason codes are free text at the provider, so that a rule there could put anything into them.
fn is_code(text: &str) -> bool {
    let digits = text.bytes().fold((0, 0), |(run, longest): (u32, u32), byte| {
        let run = if byte.is_ascii_digit() { run + 1 } else { 0 };
        (run, longest.max(run))
    });
    text.len() <= 64 && digits.1 <= 3 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_neither_read_nor_an_echo_are_counted() {
        for (body, count) in [
            (r#"{"request_result": "success", "account_email": "a@b.jp", "device_id": "d", "true_ip_geo": "JP"}"#, 0),
            (r#"{"request_result": "success", "newly_invented": {"deep": [1]}, "other": null}"#, 2),
            (r#"{"esc\u0061ped": 1}"#, 1),
            ("[]", 0),
        ] {
            assert_eq!(unknown_keys(body.as_bytes()), count, "{body}");
        }
    }

    #[test]
    fn only_codes_are_codes() {
        for text in ["_ip_velocity", "own_code_123", "GeoMismatch"] {
            assert!(is_code(text), "{text}");
        }
        for text in ["hanako@example.jp", "09012345678", "a b", "203.0.113.7", "ヤマダ", &"x".repeat(65)] {
            assert!(!is_code(text), "{text}");
        }
    }

    #[test]
    fn values_are_read_whatever_their_json_type() {
        for (json, text) in [
            (r#"{"policy_score": "-5"}"#, Some("-5")),
            (r#"{"policy_score": -5}"#, Some("-5")),
            (r#"{"policy_score": true}"#, Some("true")),
            (r#"{"policy_score": null}"#, None),
            (r#"{"policy_score": "null"}"#, None),
            ("{}", None),
        ] {
            assert_eq!(parse(json.as_bytes()).unwrap().policy_score.as_str(), text, "{json}");
        }
        for json in
            [r#"{"policy_score": [1]}"#, r#"{"review_status": {}}"#, "null", "NaN", "", r#"{"policy_score": NaN}"#]
        {
            assert!(parse(json.as_bytes()).is_err(), "{json}");
        }
    }
}
