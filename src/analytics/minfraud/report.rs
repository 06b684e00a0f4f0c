//! The transaction report: what became of a purchase.

use serde_json::{Map, Value};

use super::super::disclosable::moment;
use super::super::envelope::{Contents, Item, Prepared};
use super::super::feedback::{Feedback, FeedbackError};
use super::super::pseudonym::Pseudonyms;
use super::super::settings::AnalyticsConfig;
use super::request::{INTERFACE, JSON};
use crate::domain::datum::{Datum, Mode};
use crate::domain::feedback::FeedbackEvent;

const REPORT: &str = "/minfraud/v2.0/transactions/report";

/// The body. The request is named by minFraud's own id where there is one, else by the transaction as it was sent.
pub(super) fn prepare(
    feedback: &Feedback,
    pseudonyms: &Pseudonyms,
    settings: &AnalyticsConfig,
) -> Result<Prepared, FeedbackError> {
    if pseudonyms.mode(Datum::Outcome) == Mode::Omit {
        return Err(FeedbackError::Omitted);
    }
    let mut body = Map::new();
    let mut items = Vec::new();
    let mut put = |name: &str, text: String, datum, mode| {
        body.insert(name.to_owned(), Value::String(text));
        items.push(Item { datum, mode });
    };
    match &feedback.provider_request_id {
        Some(id) if pseudonyms.mode(Datum::ProviderRequest) != Mode::Omit => {
            put("minfraud_id", id.clone(), Datum::ProviderRequest, Mode::Plain);
        }
        _ => put(
            "transaction_id",
            transaction(feedback, pseudonyms)?,
            Datum::Transaction,
            pseudonyms.mode(Datum::Transaction),
        ),
    }
    put("tag", tag(feedback.event).to_owned(), Datum::Outcome, Mode::Plain);
    let mode = pseudonyms.mode(Datum::OutcomeTime);
    if let Some(at) = moment(feedback.occurred_at, mode) {
        put("notes", format!("{} {at}", feedback.event.as_str()), Datum::OutcomeTime, mode);
    }
    let contents = Contents {
        recipient: settings.recipient.clone(),
        path: REPORT.into(),
        content_type: JSON,
        items,
        unreadable: Vec::new(),
        transform_version: INTERFACE.transform_version(),
        key_id: feedback.key_id.clone(),
    };
    Ok(Prepared::new(contents, Value::Object(body).to_string().into_bytes()))
}

/// The transaction's id in the form in which minFraud got it, under the key of that time.
fn transaction(feedback: &Feedback, pseudonyms: &Pseudonyms) -> Result<String, FeedbackError> {
    let id = feedback.authentication.to_string();
    match pseudonyms.mode(Datum::Transaction) {
        Mode::Plain => Ok(id),
        Mode::Keyed => pseudonyms
            .token_under(&feedback.key_id, Datum::Transaction, &id)
            .ok_or_else(|| FeedbackError::UnknownKey(feedback.key_id.clone())),
        Mode::ProviderHash | Mode::Coarse | Mode::Omit => Err(FeedbackError::NotNameable),
    }
}

fn tag(event: FeedbackEvent) -> &'static str {
    match event {
        FeedbackEvent::ChallengePassed | FeedbackEvent::ConfirmedGenuine => "not_fraud",
        FeedbackEvent::ChallengeFailed => "suspected_fraud",
        // What the issuer has established as fraud is charged back.
        FeedbackEvent::ConfirmedFraud => "chargeback",
    }
}
