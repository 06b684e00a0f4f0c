//! The connector for providers with a ThreatMetrix style interface.
//!
//! There is no public specification: field names come from public clients. A query with an event type moves the provider's
//! velocity counters, so that it is never repeated. Knows requests and answers; when to ask is not its business.

mod answer;
mod request;
mod signals;
mod wire;

use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;
use url::Url;

use super::breaker::{Breaker, Grade};
use super::disclosable::Disclosable;
use super::envelope::{Envelope, Prepared};
use super::pseudonym::Pseudonyms;
use super::settings::{AnalyticsConfig, SettingsError};
use super::{Description, Health, Provider, ProviderAnswer, Settled};
use crate::domain::assessment::{Assessment, NoAnswer};
use crate::domain::clock::SharedClock;
use crate::outbound::{Fault, Outbound, OutboundAnswer, OutboundError, OutboundRequest};

pub use request::{FIELDS, Field};

/// The version of the tables by which answers become assessments.
pub const MAPPING_VERSION: &str = "threatmetrix 1";

const NANOS_PER_MS: u64 = 1_000_000;

/// One provider with a ThreatMetrix style interface.
pub struct ThreatMetrix {
    description: Description,
    settings: AnalyticsConfig,
    base: Url,
    pseudonyms: Pseudonyms,
    outbound: Outbound,
    clock: SharedClock,
    breaker: Breaker,
    slots: Semaphore,
    unknown_keys: AtomicU64,
}

impl ThreatMetrix {
    /// A connector with checked settings. `outbound` should serve this provider alone, so that its connections stay warm.
    pub fn new(
        settings: AnalyticsConfig,
        pseudonyms: Pseudonyms,
        outbound: Outbound,
        clock: SharedClock,
    ) -> Result<Self, SettingsError> {
        settings.check()?;
        Ok(Self {
            description: Description {
                recipient: settings.recipient.clone(),
                name: "threatmetrix",
                score_range: answer::SCORE_RANGE,
                score_direction: settings.score_direction,
                idempotent: false,
                mapping_version: MAPPING_VERSION,
                limit_ms: settings.limit_ms,
            },
            base: settings.base()?,
            breaker: Breaker::new(settings.breaker, clock.clone()),
            slots: Semaphore::new(settings.max_in_flight),
            unknown_keys: AtomicU64::new(0),
            settings,
            pseudonyms,
            outbound,
            clock,
        })
    }

    async fn ask(&self, envelope: Envelope, deadline_boot_nanos: u64) -> ProviderAnswer {
        // Nobody queues: a place in a queue would be time that the buyer waits for nothing.
        let Ok(_slot) = self.slots.try_acquire() else {
            return ProviderAnswer::none(NoAnswer::Shed, Settled::NotSent);
        };
        let Some(permit) = self.breaker.admit() else {
            return ProviderAnswer::none(NoAnswer::BreakerOpen, Settled::NotSent);
        };
        let answer = self.call(envelope, deadline_boot_nanos).await;
        permit.grade(grade(&answer));
        answer
    }

    async fn call(&self, envelope: Envelope, deadline_boot_nanos: u64) -> ProviderAnswer {
        let left_ms = deadline_boot_nanos.saturating_sub(self.clock.boot_nanos()) / NANOS_PER_MS;
        if left_ms == 0 {
            return ProviderAnswer::none(NoAnswer::Timeout, Settled::NotSent);
        }
        let (path, body, send_until_boot_nanos) = envelope.open();
        let mut url = self.base.clone();
        url.set_path(path);
        let request = OutboundRequest {
            url,
            content_type: "application/x-www-form-urlencoded",
            headers: vec![("accept".to_owned(), "application/json".to_owned())],
            body,
            send_until_boot_nanos,
            deadline_ms: left_ms.min(self.settings.deadline_ms),
            max_answer_bytes: self.settings.max_answer_bytes,
        };
        match self.outbound.post(request).await {
            Ok(answer) => self.read(&answer),
            Err(error) => unanswered(&error),
        }
    }

    fn read(&self, answer: &OutboundAnswer) -> ProviderAnswer {
        let settled = if answer.body_left { Settled::Sent } else { Settled::NotSent };
        let none = |reason| ProviderAnswer::none(reason, settled);
        match answer.status {
            200 => {}
            401 | 403 => return none(NoAnswer::Auth),
            402 => return none(NoAnswer::Quota),
            400..=499 => return none(NoAnswer::Http4xx),
            500..=599 => return none(NoAnswer::Http5xx),
            _ => return none(NoAnswer::Malformed),
        }
        let media_type = answer.content_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            return none(NoAnswer::Malformed);
        }
        let Ok(wire) = wire::parse(&answer.body) else { return none(NoAnswer::Malformed) };
        self.unknown_keys.fetch_add(wire::unknown_keys(&answer.body), Ordering::Relaxed);
        let (kept, request_id) = wire.kept();
        let assessment = answer::assess(&wire, self.settings.score_direction, &self.settings.signals);
        ProviderAnswer { assessment, request_id, kept, settled }
    }
}

impl Provider for ThreatMetrix {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn prepare(&self, data: &Disclosable) -> Prepared {
        request::prepare(data, &self.pseudonyms, &self.settings)
    }

    fn assess(&self, envelope: Envelope, deadline_boot_nanos: u64) -> BoxFuture<'_, ProviderAnswer> {
        self.ask(envelope, deadline_boot_nanos).boxed()
    }

    fn health(&self) -> Health {
        Health { available: self.breaker.is_available(), unknown_keys: self.unknown_keys.load(Ordering::Relaxed) }
    }
}

/// What a request without an answer comes to.
fn unanswered(error: &OutboundError) -> ProviderAnswer {
    let reason = match error.fault {
        Fault::Timeout | Fault::LimitPassed => NoAnswer::Timeout,
        Fault::Connect | Fault::Forbidden | Fault::Broken | Fault::Invalid => NoAnswer::Http5xx,
        Fault::TooLarge => NoAnswer::Malformed,
    };
    let settled = match (error.body_left, error.fault) {
        (false, _) => Settled::NotSent,
        (true, Fault::TooLarge) => Settled::Sent,
        (true, _) => Settled::Unknown,
    };
    ProviderAnswer::none(reason, settled)
}

/// What a call says about the provider.
fn grade(answer: &ProviderAnswer) -> Grade {
    match &answer.assessment {
        Assessment::NoAnswer { reason: NoAnswer::Auth | NoAnswer::Quota } => Grade::Refused,
        // The time was over before anything was sent: that is our own doing.
        Assessment::NoAnswer { reason: NoAnswer::Timeout } if answer.settled == Settled::NotSent => Grade::Neutral,
        Assessment::NoAnswer { reason: NoAnswer::Timeout | NoAnswer::Http5xx | NoAnswer::Malformed } => Grade::Failed,
        _ => Grade::Good,
    }
}
