//! Analysis companies: what may be sent to them, in which form, and what their answers mean.
//!
//! Knows providers, pseudonyms and their wire formats. It cannot reach an authentication, a cardholder's record or the
//! ledger: it gets data that a policy permitted, and a [`Clearance`](crate::domain::consent::Clearance) for each sending.

pub mod breaker;
pub mod disclosable;
pub mod envelope;
pub mod feedback;
pub mod interface;
mod line;
pub mod minfraud;
pub mod pseudonym;
pub mod settings;
pub mod threatmetrix;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;

use crate::domain::assessment::{Assessment, NoAnswer};
use crate::domain::datum::Datum;
use disclosable::Disclosable;
use envelope::{Envelope, Prepared};
use feedback::{Feedback, FeedbackError, Reported};
use pseudonym::Pseudonyms;
use settings::{ScoreDirection, SettingsError};

/// An analysis company, as the service sees it.
pub trait Provider: Send + Sync + 'static {
    /// What there is to know about it before it is asked.
    fn describe(&self) -> &Description;

    /// Holds the modes of a bundle's recipient against what the interface takes.
    ///
    /// # Errors
    /// [`SettingsError::UnfitMode`].
    fn check(&self, pseudonyms: &Pseudonyms) -> Result<(), SettingsError>;

    /// The exact bytes that would be sent about these data, in these modes. Pure: nothing leaves.
    fn prepare(&self, data: &Disclosable, pseudonyms: &Pseudonyms) -> Prepared;

    /// Sends an envelope once and waits for the answer, at longest until the boot-time clock reads
    /// `deadline_boot_nanos`. Never an error: whatever goes wrong is an assessment without an answer.
    fn assess(&self, envelope: Envelope, deadline_boot_nanos: u64) -> BoxFuture<'_, ProviderAnswer>;

    /// The exact bytes that would tell what became of a purchase. Pure: nothing leaves.
    ///
    /// # Errors
    /// [`FeedbackError`]: there is nothing that the provider could be told.
    fn prepare_feedback(&self, feedback: &Feedback, pseudonyms: &Pseudonyms) -> Result<Prepared, FeedbackError>;

    /// The exact bytes that would ask for the erasure of what was sent with this request. None where the provider has no
    /// such call: then it is asked by letter.
    fn prepare_erase(&self, provider_request_id: &str, pseudonyms: &Pseudonyms) -> Option<Prepared>;

    /// Sends feedback or a request for erasure once; the rest as for [`Self::assess`].
    fn report(&self, envelope: Envelope, deadline_boot_nanos: u64) -> BoxFuture<'_, Reported>;

    /// How it has answered lately.
    fn health(&self) -> Health;
}

/// What there is to know about a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The recipient's id in the register of recipients.
    pub recipient: String,
    /// The name of the interface it is asked by.
    pub name: &'static str,
    /// The lowest and the highest score on its own scale.
    pub score_range: (i64, i64),
    /// Which end of its scale is bad.
    pub score_direction: ScoreDirection,
    /// Whether asking twice is the same as asking once.
    pub idempotent: bool,
    /// Whether it can be told what became of a purchase.
    pub feedback: bool,
    /// How it is asked to erase what was sent.
    pub erase: Erase,
    /// The version of the tables by which its answers become assessments.
    pub mapping_version: &'static str,
    /// Milliseconds from the start of the gate during which an envelope may be sent.
    pub limit_ms: u64,
}

/// How a provider is asked to erase what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erase {
    /// By a call of its interface.
    Call,
    /// By letter: its interface has no such call.
    Letter,
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderAnswer {
    /// The neutral form, which policies see.
    pub assessment: Assessment,
    /// The provider's own id of the request.
    pub request_id: Option<String>,
    /// What of the answer may be kept on the ledger: an allow-list, free of personal data.
    pub kept: Option<serde_json::Value>,
    /// How the ledger row is settled.
    pub settled: Settled,
}

impl ProviderAnswer {
    /// No usable answer.
    pub(crate) fn none(reason: NoAnswer, settled: Settled) -> Self {
        Self { assessment: Assessment::NoAnswer { reason }, request_id: None, kept: None, settled }
    }
}

/// Whether data left the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// They did, and the provider answered.
    Sent,
    /// They did not, and will not.
    NotSent,
    /// They may have: counts as sent.
    Unknown,
}

/// How a provider has answered lately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether calls are let through at the moment.
    pub available: bool,
    /// Calls that are under way.
    pub in_flight: usize,
    /// Keys in answers, counted since the start, that the connector does not know: its format has moved.
    pub unknown_keys: u64,
    /// Data that were given and left out because they could not be brought into their form, counted since the start.
    pub unreadable: BTreeMap<Datum, u64>,
    /// Warnings in answers, counted since the start.
    pub warnings: u64,
    /// What is left of the account's money, in hundredths of its currency, by the last answer that said so.
    pub funds_remaining_cents: Option<i64>,
    /// How many more calls the account pays for, by the last answer that said so.
    pub queries_remaining: Option<i64>,
}
