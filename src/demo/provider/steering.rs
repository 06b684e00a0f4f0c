//! How the stand-in provider is told to answer.

use serde::{Deserialize, Serialize};

use super::calls::Call;

/// One rule: for which calls, and what to answer. Without a condition it is for every call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Control {
    /// Only calls whose `account_email` (minFraud: `email.address`) is this, as it arrives: a token, where it is keyed.
    pub account_email: Option<String>,
    /// Only calls about this transaction.
    pub transaction_id: Option<String>,
    /// The score, as text: `-70`, `NaN`, `null`. Without one, the amount decides.
    pub score: Option<String>,
    /// The review status (minFraud: the disposition). Without one, the score decides.
    pub review_status: Option<String>,
    /// The request result, in place of `success`; minFraud has none.
    pub request_result: Option<String>,
    /// Reason codes. Without any, the amount decides.
    pub reasons: Option<Vec<String>>,
    /// Milliseconds to wait before answering.
    pub delay_ms: u64,
    /// The HTTP status, in place of 200.
    pub status: Option<u16>,
    /// What kind of answer to give.
    pub behaviour: Behaviour,
}

/// What kind of answer is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// A proper one.
    #[default]
    Answer,
    /// Bytes that are no JSON, as JSON.
    Garbage,
    /// Ten megabytes of valid JSON.
    Oversized,
    /// The same without a stated length.
    OversizedStream,
    /// A proper answer with one key that leads 20,000 arrays deep.
    Deep,
    /// A proper answer with every name changed.
    Renamed,
    /// A proper answer as `text/html`.
    WrongContentType,
    /// A redirect to the call log.
    Redirect,
    /// A byte every tenth of a second, for ever.
    Drip,
    /// The beginning of an answer, then the connection breaks.
    Break,
}

/// All rules.
#[derive(Default)]
pub(super) struct Steering {
    controls: Vec<Control>,
}

impl Control {
    fn scope(&self) -> (&Option<String>, &Option<String>) {
        (&self.account_email, &self.transaction_id)
    }

    fn covers(&self, call: &Call) -> bool {
        let fits = |wanted: &Option<String>, names: [&str; 2]| {
            wanted.as_deref().is_none_or(|wanted| names.iter().any(|name| call.field(name) == wanted))
        };
        fits(&self.account_email, ["account_email", "email.address"])
            && fits(&self.transaction_id, ["transaction_id", "event.transaction_id"])
    }

    fn conditions(&self) -> usize {
        usize::from(self.account_email.is_some()) + usize::from(self.transaction_id.is_some())
    }
}

impl Steering {
    pub(super) fn add(&mut self, control: Control) {
        self.controls.retain(|other| other.scope() != control.scope());
        self.controls.push(control);
    }

    pub(super) fn controls(&self) -> &[Control] {
        &self.controls
    }

    /// The rule with the most conditions that covers the call; the default one when none does.
    pub(super) fn for_call(&self, call: &Call) -> Control {
        self.controls.iter().filter(|c| c.covers(call)).max_by_key(|c| c.conditions()).cloned().unwrap_or_default()
    }
}
