//! The connector for providers with a ThreatMetrix style interface.
//!
//! There is no public specification: field names come from public clients. A query with an event type moves the provider's
//! velocity counters, so that it is never repeated. Knows requests and answers; when to ask is not its business.

mod answer;
mod request;
mod signals;
mod update;
mod wire;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::disclosable::Disclosable;
use super::envelope::{Envelope, Prepared};
use super::feedback::{Feedback, FeedbackError, Reported};
use super::line::{Heard, Line};
use super::pseudonym::Pseudonyms;
use super::settings::{AnalyticsConfig, SettingsError};
use super::{Description, Erase, Health, Provider, ProviderAnswer};
use crate::domain::assessment::NoAnswer;
use crate::domain::clock::SharedClock;
use crate::outbound::Outbound;

pub use request::INTERFACE;

/// The version of the tables by which answers become assessments.
pub const MAPPING_VERSION: &str = "threatmetrix 1";

/// The media type of requests.
const FORM: &str = "application/x-www-form-urlencoded";

/// One provider with a ThreatMetrix style interface.
pub struct ThreatMetrix {
    description: Description,
    settings: AnalyticsConfig,
    line: Line,
}

impl ThreatMetrix {
    /// A connector with checked settings. `outbound` should serve this provider alone, so that its connections stay warm.
    pub fn new(settings: AnalyticsConfig, outbound: Outbound, clock: SharedClock) -> Result<Self, SettingsError> {
        Ok(Self {
            description: Description {
                recipient: settings.recipient.clone(),
                name: "threatmetrix",
                score_range: answer::SCORE_RANGE,
                score_direction: settings.score_direction,
                idempotent: false,
                feedback: true,
                erase: if settings.erasure_path.is_empty() { Erase::Letter } else { Erase::Call },
                mapping_version: MAPPING_VERSION,
                limit_ms: settings.limit_ms,
            },
            line: Line::new(&settings, outbound, clock)?,
            settings,
        })
    }

    fn headers() -> Vec<(String, String)> {
        vec![("accept".to_owned(), "application/json".to_owned())]
    }

    /// The answer's keys, where it is one that can be read.
    fn wire(&self, heard: &Heard<'_>) -> Result<wire::Wire, NoAnswer> {
        heard.failure.map_or(Ok(()), Err)?;
        if heard.answer.status != 200 || !heard.is_of_type("application/json") {
            return Err(NoAnswer::Malformed);
        }
        let wire = wire::parse(&heard.answer.body).map_err(|_| NoAnswer::Malformed)?;
        self.line.count_unknown_keys(wire::unknown_keys(&heard.answer.body));
        Ok(wire)
    }

    fn read(&self, heard: &Heard<'_>) -> ProviderAnswer {
        let settled = heard.settled;
        match self.wire(heard) {
            Err(reason) => ProviderAnswer::none(reason, settled),
            Ok(wire) => {
                let (kept, request_id) = wire.kept();
                let assessment = answer::assess(&wire, self.settings.score_direction, &self.settings.signals);
                ProviderAnswer { assessment, request_id, kept, settled }
            }
        }
    }

    fn read_report(&self, heard: &Heard<'_>) -> Reported {
        let settled = heard.settled;
        let taken = self.wire(heard).and_then(|wire| answer::success(&wire).map(|()| wire.kept().1));
        match taken {
            Ok(request_id) => Reported::accepted(request_id, settled),
            Err(reason) => Reported::refused(reason, settled),
        }
    }
}

impl Provider for ThreatMetrix {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn check(&self, pseudonyms: &Pseudonyms) -> Result<(), SettingsError> {
        INTERFACE.check(&self.settings.recipient, pseudonyms)
    }

    fn prepare(&self, data: &Disclosable, pseudonyms: &Pseudonyms) -> Prepared {
        request::prepare(data, pseudonyms, &self.settings)
    }

    fn assess(&self, envelope: Envelope, deadline_boot_nanos: u64) -> BoxFuture<'_, ProviderAnswer> {
        self.line.call(envelope, Self::headers(), deadline_boot_nanos, |heard| self.read(&heard)).boxed()
    }

    fn prepare_feedback(&self, feedback: &Feedback, pseudonyms: &Pseudonyms) -> Result<Prepared, FeedbackError> {
        update::prepare(feedback, pseudonyms, &self.settings)
    }

    /// No call is published by which such a provider erases: a deployment names the path that its contract has.
    fn prepare_erase(&self, provider_request_id: &str, pseudonyms: &Pseudonyms) -> Option<Prepared> {
        update::prepare_erase(provider_request_id, pseudonyms, &self.settings)
    }

    fn report(&self, envelope: Envelope, deadline_boot_nanos: u64) -> BoxFuture<'_, Reported> {
        self.line.call(envelope, Self::headers(), deadline_boot_nanos, |heard| self.read_report(&heard)).boxed()
    }

    fn health(&self) -> Health {
        self.line.health()
    }
}
