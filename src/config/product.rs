//! Settings of the trade: the issuer, challenges, passwords, rates, and the log.

use std::path::PathBuf;

use serde::Deserialize;

use crate::outbound::destination::Destinations;

/// What cardholders are told about the issuer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerSettings {
    /// The name in Japanese.
    pub name_ja: String,
    /// The name in English.
    pub name_en: String,
    /// The telephone number for questions.
    pub phone: String,
    /// When it is answered, in Japanese.
    pub hours_ja: String,
    /// When it is answered, in English.
    pub hours_en: String,
    /// When it is not, in Japanese.
    pub closed_days_ja: String,
    /// When it is not, in English.
    pub closed_days_en: String,
    /// The office that answers, in Japanese.
    pub office_ja: String,
    /// The office that answers, in English.
    pub office_en: String,
    /// Where the issuer's own privacy policy is, in Japanese; empty: nowhere.
    pub policy_url_ja: String,
    /// The same in English; empty: only in Japanese.
    pub policy_url_en: String,
}

/// What is said about data sharing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharingSettings {
    /// The folder of notices and scripts; empty: the shipped ones.
    pub notices: PathBuf,
    /// The file that remembers, outside of the database, how many objections there are; empty: in the data folder.
    pub checkpoint: PathBuf,
}

/// Messages to merchants.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// Where endpoints may be.
    pub destinations: Destinations,
    /// Time for one try, from connecting to the status of the answer, milliseconds.
    pub timeout_ms: u64,
    /// So long the secret before the present one signs too, hours.
    pub rotation_hours: u32,
}

/// The buyer's proof.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChallengeSettings {
    /// Time until the page is opened, seconds.
    pub first_visit_seconds: i64,
    /// Time for all of it, seconds.
    pub total_seconds: i64,
    /// Proofs checked for one challenge.
    pub tries: u32,
    /// Challenge pages opened for one card in a day.
    pub pages_per_day: u32,
}

/// Hashing of passwords.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordSettings {
    /// Memory for one hash, KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes of one hash.
    pub parallel: u32,
    /// Hashes that may wait for a processor.
    pub queue: usize,
}

/// Sessions of the issuer's staff.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffSettings {
    /// Time without a request after which a session ends, seconds.
    pub idle_seconds: i64,
    /// Time after which every session ends, seconds.
    pub absolute_seconds: i64,
    /// Time for which a one-time password is good for sensitive acts, seconds.
    pub reauthentication_seconds: i64,
    /// Time for the first sign-in, seconds.
    pub setup_code_seconds: i64,
    /// Time after which what waits for a supervisor is marked, days.
    pub pending_days: i64,
}

/// Members on their own pages.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberSettings {
    /// The folder of the members' terms; empty: the shipped ones.
    pub terms: PathBuf,
    /// Time without a request after which a session ends, seconds.
    pub idle_seconds: i64,
    /// Time after which every session ends, seconds.
    pub absolute_seconds: i64,
    /// Time for which a password is good for sensitive acts, seconds.
    pub proof_seconds: i64,
    /// Time for which a new activation code is good, seconds.
    pub activation_code_seconds: i64,
    /// Time until a contact that was added later may be used in a challenge, seconds.
    pub contact_cooling_seconds: i64,
    /// Whether she may object to data sharing on her own pages, and not by telephone alone.
    pub objecting: bool,
}

/// For how many days each kind of record is kept.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionSettings {
    /// Final results of authentications, with their challenges.
    pub authentications_days: u32,
    /// Device sessions.
    pub device_sessions_days: u32,
    /// Sessions of the staff.
    pub staff_sessions_days: u32,
    /// Sessions and sign-ins of members, and activation codes that are no longer good.
    pub member_days: u32,
    /// Messages that were sent, or are dead.
    pub outbox_days: u32,
    /// Objections of people who were not known, after they were matched or closed.
    pub unmatched_days: u32,
    /// The audit log.
    pub audit_days: u32,
    /// Consent events and disclosures.
    pub sharing_days: u32,
}

/// Requests of one merchant.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimitSettings {
    /// Requests in a second, lasting.
    pub per_second: u32,
    /// Requests at once.
    pub burst: u32,
}

/// The form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// The log.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// Its form.
    pub format: LogFormat,
    /// What is logged: tracing's filter directives.
    pub filter: String,
}
