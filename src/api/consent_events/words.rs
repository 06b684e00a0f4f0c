//! The words of the interface to consent events.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::check::Check;
use crate::domain::approval::Approval;
use crate::domain::challenge::Language;
use crate::domain::consent::coverage::Coverage;
use crate::domain::consent::line::{ConsentEvent, Identity};
use crate::domain::consent::{Channel, ConsentState, IdentityMethod, IdentityOutcome, Purpose};
use crate::domain::id::CardId;
use crate::domain::receipt::Receipt;

/// What the cardholder wants.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// She objects.
    Object,
    /// She takes back an agreement.
    Withdraw,
    /// An earlier event is put right.
    Correct,
    /// She takes her objection back: waits for a second person.
    ResumeRequest,
    /// She agrees: waits for a second person.
    GrantRequest,
}

/// What a cardholder said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentEventRequest {
    /// What she wants.
    pub action: Action,
    /// About what; left out: all cards, purposes and recipients.
    #[serde(default)]
    pub coverage: Option<CoverageRequest>,
    /// How it came.
    pub channel: Channel,
    /// The reference of the call or letter, 1 to 64 characters.
    #[serde(default)]
    pub reference: Option<String>,
    /// How she was identified.
    pub identity: IdentityRequest,
    /// The language that was spoken.
    #[serde(default)]
    pub language: Option<Language>,
    /// The version of the notice or script that was read out.
    #[serde(default)]
    pub script_version: Option<String>,
    /// When she said it, RFC 3339, where that was not now.
    #[serde(default)]
    pub effective_from: Option<String>,
    /// SHA-256 of what is kept as evidence elsewhere, hexadecimal.
    #[serde(default)]
    pub evidence_digest: Option<String>,
    /// With `correct`: the event that is put right.
    #[serde(default)]
    pub corrects: Option<String>,
}

/// About what; what is left out is meant as a whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CoverageRequest {
    /// These cards only, `card_…`.
    #[serde(default)]
    pub cards: Option<Vec<String>>,
    /// This purpose only: `assess`, `feedback` or `reuse`.
    #[serde(default)]
    pub purpose: Option<Purpose>,
    /// This recipient only.
    #[serde(default)]
    pub recipient: Option<String>,
}

/// How she was identified; the answers are never sent.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityRequest {
    /// The method.
    pub method: IdentityMethod,
    /// What it came to.
    pub outcome: IdentityOutcome,
}

impl IdentityRequest {
    pub(super) fn value(self) -> Identity {
        Identity { method: self.method, outcome: self.outcome }
    }
}

impl ConsentEventRequest {
    pub(super) fn coverage(&self, check: &mut Check) -> Coverage {
        let Some(asked) = &self.coverage else { return Coverage::everything() };
        let cards = asked.cards.as_ref().map(|cards| {
            check.that(!cards.is_empty(), "coverage.cards", "must name a card, or be left out");
            let parsed = cards.iter().filter_map(|text| check.result("coverage.cards", text.parse::<CardId>()));
            parsed.collect::<BTreeSet<_>>()
        });
        Coverage { cards, purpose: asked.purpose, recipient: asked.recipient.clone() }
    }
}

/// What was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentEventResponse {
    /// The event; none while it waits for a second person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The request that waits for a second person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_id: Option<String>,
    /// What it does.
    pub action: String,
    /// Where she stands as a whole after it.
    pub state: ConsentState,
    /// Whether her identity is still to be checked; what she said protects her all the same.
    pub pending: bool,
    /// How it came.
    pub channel: Channel,
    /// When she said it.
    pub effective_from: String,
    /// When it was recorded, which is when it took effect.
    pub recorded_at: String,
    /// What she can be told: what was sent before, and what may still have been.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub receipt: Option<Receipt>,
}

/// A cardholder's events.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentEventListResponse {
    /// Whose.
    pub cardholder_id: String,
    /// Where she stands as a whole.
    pub state: ConsentState,
    /// The events, the newest first.
    pub items: Vec<ConsentEventResponse>,
}

impl ConsentEventResponse {
    pub(super) fn of(event: &ConsentEvent) -> Self {
        Self {
            id: Some(event.id.to_string()),
            approval_id: event.approval_id.map(|id| id.to_string()),
            action: event.action.as_str().to_owned(),
            state: event.state,
            pending: event.pending,
            channel: event.channel,
            effective_from: event.said_at().rfc3339(),
            recorded_at: event.recorded_at.rfc3339(),
            receipt: None,
        }
    }

    pub(super) fn with_receipt(self, receipt: &Receipt) -> Self {
        Self { receipt: Some(receipt.clone()), ..self }
    }

    pub(super) fn requested(approval: &Approval, channel: Channel, state: ConsentState) -> Self {
        Self {
            id: None,
            approval_id: Some(approval.id.to_string()),
            action: "resume_request".to_owned(),
            state,
            pending: false,
            channel,
            effective_from: approval.requested_at.rfc3339(),
            recorded_at: approval.requested_at.rfc3339(),
            receipt: None,
        }
    }
}
