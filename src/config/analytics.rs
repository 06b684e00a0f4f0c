//! Settings of the analysis company.

use secrecy::SecretString;
use serde::Deserialize;

/// Which company's interface is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnalyticsProvider {
    /// None: nobody is asked.
    None,
    /// The interface of ThreatMetrix.
    ThreatMetrix,
}

/// What a high score of the company means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoreDirection {
    /// A high score is a good sign.
    HigherIsSafer,
    /// A high score is a bad sign.
    HigherIsRiskier,
}

/// The outside company that analyses transactions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnalyticsSettings {
    /// Whose interface is spoken.
    pub provider: AnalyticsProvider,
    /// The recipient in the bundle that this company is.
    pub recipient: String,
    /// Where its interface is.
    pub base_url: String,
    /// Our account there.
    pub org_id: String,
    /// The secret of the account.
    pub api_key: Option<SecretString>,
    /// The policy there that is asked for.
    pub policy: String,
    /// Time for its answer, milliseconds.
    pub deadline_ms: u64,
    /// Time for the whole step, milliseconds.
    pub limit_ms: u64,
    /// Questions under way at once.
    pub max_in_flight: usize,
    /// Largest answer that is read, bytes.
    pub max_answer_bytes: usize,
    /// Whether a device session at the company is asked about.
    pub session_query: bool,
    /// What a high score means.
    pub score_direction: ScoreDirection,
}
