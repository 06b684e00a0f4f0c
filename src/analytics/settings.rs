//! Settings of the analysis provider.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::domain::assessment::{Signal, words};
use crate::domain::datum::{Datum, Mode};
use crate::outbound::destination::Destinations;

words! {
    /// Which kind of provider is asked.
    ProviderKind {
        /// None: decisions come from local signals.
        None = "none",
        /// One with a ThreatMetrix style interface.
        Threatmetrix = "threatmetrix",
        /// One with the interface minFraud v2.0.
        Minfraud = "minfraud",
    }
}

words! {
    /// Which of minFraud's services is asked.
    MinfraudService {
        /// The risk score alone.
        Score = "score",
        /// The score with what is known about IP address, device and e-mail address.
        Insights = "insights",
        /// The same with the reasons for the score.
        Factors = "factors",
    }
}

words! {
    /// Which end of a provider's scale is bad.
    ScoreDirection {
        /// A high score is good.
        HigherIsBetter = "higher_is_better",
        /// A high score is bad.
        HigherIsWorse = "higher_is_worse",
    }
}

/// The analysis provider: whom to ask, how, and how long to wait.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnalyticsConfig {
    /// Which kind of provider is asked: `none`, `threatmetrix` or `minfraud`.
    pub provider: ProviderKind,
    /// The recipient's id in the bundle's register of recipients.
    pub recipient: String,
    /// Where its interface is: scheme, host and port, without a path.
    pub base_url: String,
    /// The organisation's id at the provider; at minFraud the account id.
    pub org_id: String,
    /// The key to the provider's interface, at minFraud the license key; it travels in the body or in a header, never in the
    /// URL.
    pub api_key: SecretString,
    /// The provider's own policy that is to be evaluated.
    pub policy: String,
    /// Which of minFraud's services is asked: `score`, `insights` or `factors`.
    pub service: MinfraudService,
    /// Which end of the provider's score is bad. Ask the provider: it is a setting of theirs.
    pub score_direction: ScoreDirection,
    /// Asks for the device session of the provider's own profiling, where the merchant's request names one. Only for a
    /// deployment that declares such profiling in its notices.
    pub session_query: bool,
    /// The path of the provider's call to erase what a query sent, where the contract has one; empty: by letter.
    pub erasure_path: String,
    /// Milliseconds for one call, from connecting to the last byte; at most 800.
    pub deadline_ms: u64,
    /// Milliseconds from the start of the gate after which nothing may be sent any more.
    pub limit_ms: u64,
    /// How many calls may be under way at once; more are not made and not queued.
    pub max_in_flight: usize,
    /// The largest answer that is read, in bytes.
    pub max_answer_bytes: usize,
    /// Where the client may connect: `public`, `public_and_loopback` or `any`.
    pub destinations: Destinations,
    /// When to stop asking for a while.
    pub breaker: BreakerConfig,
    /// The provider's own reason codes and the signals they stand for, in addition to the ones that are known.
    pub signals: BTreeMap<String, Signal>,
}

impl Default for AnalyticsConfig {
    fn default() -> Self {
        Self {
            provider: ProviderKind::None,
            recipient: String::new(),
            base_url: String::new(),
            org_id: String::new(),
            api_key: SecretString::default(),
            policy: "default".to_owned(),
            service: MinfraudService::Score,
            score_direction: ScoreDirection::HigherIsBetter,
            session_query: false,
            erasure_path: String::new(),
            deadline_ms: 600,
            limit_ms: 400,
            max_in_flight: 64,
            max_answer_bytes: 65_536,
            destinations: Destinations::Public,
            breaker: BreakerConfig::default(),
            signals: BTreeMap::new(),
        }
    }
}

/// When calls to a provider are stopped for a while.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerConfig {
    /// How many of the last calls are looked at.
    pub window_calls: usize,
    /// How many of them must have failed or been slow for the breaker to open.
    pub open_after: usize,
    /// Milliseconds from which a call counts as slow.
    pub slow_ms: u64,
    /// Milliseconds until one call is let through to try again.
    pub open_ms: u64,
    /// The same after the provider refused our credentials or the quota was used up, which opens it at once.
    pub refused_open_ms: u64,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self { window_calls: 20, open_after: 10, slow_ms: 500, open_ms: 5_000, refused_open_ms: 60_000 }
    }
}

/// The longest deadline for one call, in milliseconds.
pub const DEADLINE_MS_MAX: u64 = 800;

/// The longest time during which something may be sent after the gate, in milliseconds: an opt-out waits for it.
pub const LIMIT_MS_MAX: u64 = 2_000;

/// What is wrong with the settings.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum SettingsError {
    /// A setting is needed that is not there.
    #[error("analytics.{0} is empty\nhint: a provider needs it; set analytics.provider to `none` to do without one")]
    Empty(&'static str),
    /// The address is not one that can be used.
    #[error(
        "analytics.base_url `{0}` is not a usable address\nhint: https://host, without path, query or user name; http only to this machine"
    )]
    BaseUrl(String),
    /// A number lies outside its range.
    #[error("analytics.{name} is {value}\nhint: it must be from {from} to {to}")]
    Range {
        /// Which setting.
        name: &'static str,
        /// What it is.
        value: u64,
        /// The lowest value.
        from: u64,
        /// The highest value.
        to: u64,
    },
    /// A mode in which the provider's interface has no use for a datum.
    #[error(
        "the recipient `{recipient}` is to get `{}` as `{}`, which the interface `{interface}` does not take\nhint: write `{} = \"omit\"` below `[recipient.data]` of that recipient in `reference/recipients.toml`, or a mode that docs/sharing.md names for it",
        .datum.as_str(), .mode.as_str(), .datum.as_str()
    )]
    UnfitMode {
        /// The recipient's id.
        recipient: String,
        /// The interface.
        interface: &'static str,
        /// The datum.
        datum: Datum,
        /// The mode.
        mode: Mode,
    },
}

impl AnalyticsConfig {
    /// Checks what types cannot say and answers the first mistake.
    pub fn check(&self) -> Result<(), SettingsError> {
        self.mistakes().into_iter().next().map_or(Ok(()), Err)
    }

    /// Everything that types cannot say; what only a provider needs is looked at only where one is configured.
    pub fn mistakes(&self) -> Vec<SettingsError> {
        let mut mistakes = Vec::new();
        if self.provider != ProviderKind::None {
            let texts = [("recipient", self.recipient.as_str()), ("org_id", &self.org_id), ("policy", &self.policy)];
            let texts = texts.into_iter().chain([("api_key", self.api_key.expose_secret())]);
            let empty = texts.filter(|(_, text)| text.trim().is_empty());
            mistakes.extend(empty.map(|(name, _)| SettingsError::Empty(name)));
            mistakes.extend(self.base().err());
        }
        mistakes.extend(self.numbers_out_of_range());
        mistakes
    }

    fn numbers_out_of_range(&self) -> impl Iterator<Item = SettingsError> {
        let breaker = self.breaker;
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let numbers = [
            ("deadline_ms", self.deadline_ms, 1, DEADLINE_MS_MAX),
            ("limit_ms", self.limit_ms, 1, LIMIT_MS_MAX),
            ("max_in_flight", count(self.max_in_flight), 1, 10_000),
            ("max_answer_bytes", count(self.max_answer_bytes), 1_024, 1_048_576),
            ("breaker.window_calls", count(breaker.window_calls), 1, 1_000),
            ("breaker.open_after", count(breaker.open_after), 1, count(breaker.window_calls)),
        ];
        let wrong = numbers.into_iter().filter(|(_, value, from, to)| value < from || value > to);
        wrong.map(|(name, value, from, to)| SettingsError::Range { name, value, from, to })
    }

    /// The provider's address: `https`, or `http` to this machine, and nothing but scheme, host and port.
    pub fn base(&self) -> Result<Url, SettingsError> {
        let wrong = || SettingsError::BaseUrl(self.base_url.clone());
        let url = Url::parse(&self.base_url).map_err(|_| wrong())?;
        let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        let nameless = url.username().is_empty() && url.password().is_none();
        let secure = url.scheme() == "https" || (url.scheme() == "http" && local);
        if bare && nameless && secure { Ok(url) } else { Err(wrong()) }
    }
}
