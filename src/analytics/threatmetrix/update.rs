//! The update: what became of a purchase, by the provider's own id of the query.

use secrecy::ExposeSecret;
use url::form_urlencoded::Serializer;

use super::super::disclosable::moment;
use super::super::envelope::{Contents, Item, Prepared};
use super::super::feedback::{Feedback, FeedbackError};
use super::super::pseudonym::Pseudonyms;
use super::super::settings::AnalyticsConfig;
use super::FORM;
use super::request::INTERFACE;
use crate::domain::datum::{Datum, Mode};
use crate::domain::feedback::FeedbackEvent;

const UPDATE: &str = "/api/update";

/// The form. The only key by which such a provider finds a query again is its own.
pub(super) fn prepare(
    feedback: &Feedback,
    pseudonyms: &Pseudonyms,
    settings: &AnalyticsConfig,
) -> Result<Prepared, FeedbackError> {
    if pseudonyms.mode(Datum::Outcome) == Mode::Omit {
        return Err(FeedbackError::Omitted);
    }
    let named =
        feedback.provider_request_id.as_deref().filter(|_| pseudonyms.mode(Datum::ProviderRequest) != Mode::Omit);
    let request_id = named.ok_or(FeedbackError::NotNameable)?;
    let plain = |datum| Item { datum, mode: Mode::Plain };
    let mut items = vec![plain(Datum::ProviderRequest), plain(Datum::Outcome)];
    let mut form = Serializer::new(String::new());
    form.append_pair("org_id", &settings.org_id)
        .append_pair("api_key", settings.api_key.expose_secret())
        .append_pair("action", "update_event_tag")
        .append_pair("output_format", "JSON")
        .append_pair("request_id", request_id)
        .append_pair("event_tag", tag(feedback.event));
    let mode = pseudonyms.mode(Datum::OutcomeTime);
    if let Some(text) = moment(feedback.occurred_at, mode) {
        form.append_pair("notes", &text);
        items.push(Item { datum: Datum::OutcomeTime, mode });
    }
    let contents = Contents {
        recipient: settings.recipient.clone(),
        path: UPDATE.into(),
        content_type: FORM,
        items,
        unreadable: Vec::new(),
        transform_version: INTERFACE.transform_version(),
        key_id: pseudonyms.key_id().to_owned(),
    };
    Ok(Prepared::new(contents, form.finish().into_bytes()))
}

/// A request to erase what a query sent: it names that query and nothing else. None where no path is agreed upon.
pub(super) fn prepare_erase(request_id: &str, pseudonyms: &Pseudonyms, settings: &AnalyticsConfig) -> Option<Prepared> {
    if settings.erasure_path.is_empty() {
        return None;
    }
    let mut form = Serializer::new(String::new());
    form.append_pair("org_id", &settings.org_id)
        .append_pair("api_key", settings.api_key.expose_secret())
        .append_pair("output_format", "JSON")
        .append_pair("request_id", request_id);
    let contents = Contents {
        recipient: settings.recipient.clone(),
        path: settings.erasure_path.clone().into(),
        content_type: FORM,
        items: vec![Item { datum: Datum::ProviderRequest, mode: Mode::Plain }],
        unreadable: Vec::new(),
        transform_version: INTERFACE.transform_version(),
        key_id: pseudonyms.key_id().to_owned(),
    };
    Some(Prepared::new(contents, form.finish().into_bytes()))
}

fn tag(event: FeedbackEvent) -> &'static str {
    match event {
        FeedbackEvent::ChallengePassed => "challenge_pass",
        FeedbackEvent::ChallengeFailed => "challenge_fail",
        FeedbackEvent::ConfirmedFraud => "fraud_confirmed",
        FeedbackEvent::ConfirmedGenuine => "false_positive",
    }
}
