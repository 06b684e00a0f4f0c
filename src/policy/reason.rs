//! The reason table: what an internal code means to merchant, staff and cardholder.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::fault::{Fault, line_with};
use super::reference;
use super::source::BundleSource;
use crate::domain::reason::PROGRAM_REASONS;

pub(super) const FILE: &str = "reasons.toml";

pub use crate::domain::reason::{NO_RULE_PERMITS, POLICY_ERROR};

/// A cardholder message may have this many characters, its contact filled in.
const MESSAGE_CHARS_MAX: usize = 128;
/// What `{contact}` is reckoned with.
const CONTACT_CHARS: usize = 40;

/// What an internal reason code means.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// The coarse code that leaves the house.
    pub public_code: String,
    /// The EMV 3DS transaction status reason, two digits.
    #[serde(default = "suspected_fraud")]
    pub emv_code: String,
    /// In plain words for staff, Japanese.
    pub staff_ja: String,
    /// In plain words for staff, English.
    pub staff_en: String,
    /// For the cardholder who is turned back, Japanese; `{contact}` stands for the issuer's contact.
    #[serde(default)]
    pub cardholder_ja: Option<String>,
    /// For the cardholder who is turned back, English.
    #[serde(default)]
    pub cardholder_en: Option<String>,
}

fn suspected_fraud() -> String {
    "11".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    public_codes: BTreeMap<String, String>,
    reason: BTreeMap<String, Reason>,
}

pub(super) fn read(source: &BundleSource, faults: &mut Vec<Fault>) -> Option<BTreeMap<String, Reason>> {
    let file: File = reference::parse(source, FILE, faults)?;
    for code in PROGRAM_REASONS {
        if !file.reason.contains_key(code) {
            let fault = Fault::new(FILE, format!("the reason `{code}` is missing"));
            faults.push(fault.hint("the program gives this reason itself, so every bundle explains it"));
        }
    }
    let text = source.text(FILE).unwrap_or_default();
    for (code, reason) in &file.reason {
        for (message, hint) in wrong(reason, &file.public_codes) {
            let fault = Fault::new(FILE, format!("reason `{code}`: {message}"));
            faults.push(fault.line(line_with(text, &format!("[reason.{code}]"))).hint(hint));
        }
    }
    Some(file.reason)
}

fn wrong(reason: &Reason, public_codes: &BTreeMap<String, String>) -> Vec<(String, &'static str)> {
    let mut wrong = Vec::new();
    if !public_codes.contains_key(&reason.public_code) {
        let message = format!("`{}` is no public code", reason.public_code);
        wrong.push((message, "use one of the table `public_codes` at the top of the file"));
    }
    if reason.emv_code.len() != 2 || !reason.emv_code.bytes().all(|byte| byte.is_ascii_digit()) {
        wrong.push((format!("`{}` is no EMV code", reason.emv_code), "write two digits such as \"11\""));
    }
    for message in [&reason.cardholder_ja, &reason.cardholder_en].into_iter().flatten() {
        let filled = message.replace("{contact}", &"x".repeat(CONTACT_CHARS));
        if filled.chars().count() > MESSAGE_CHARS_MAX {
            let text = "the cardholder message is longer than 128 characters with its contact";
            wrong.push((text.to_owned(), "shorten it; `{contact}` counts as 40 characters"));
        }
    }
    if reason.cardholder_ja.is_some() != reason.cardholder_en.is_some() {
        let text = "the cardholder message is there in one language only";
        wrong.push((text.to_owned(), "write `cardholder_ja` and `cardholder_en`, or neither"));
    }
    wrong
}
