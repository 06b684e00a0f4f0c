//! The line to one provider: at most so many calls at once, none while the breaker is open, none past the deadline,
//! none twice.
//!
//! Knows bytes, times and HTTP statuses. What an answer says is read by the connector whose line it is.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Semaphore;
use url::Url;

use super::breaker::{Breaker, Grade};
use super::envelope::{Envelope, Opened};
use super::feedback::Reported;
use super::settings::{AnalyticsConfig, SettingsError};
use super::{Health, ProviderAnswer, Settled};
use crate::domain::assessment::{Assessment, NoAnswer};
use crate::domain::clock::SharedClock;
use crate::domain::datum::Datum;
use crate::outbound::{Fault, Outbound, OutboundAnswer, OutboundError, OutboundRequest};

const NANOS_PER_MS: u64 = 1_000_000;

/// What a call can come to.
pub(super) trait Outcome {
    /// No usable answer.
    fn without(reason: NoAnswer, settled: Settled) -> Self;
    /// Why there is none, if there is none.
    fn reason(&self) -> Option<NoAnswer>;
    /// Whether data left the house.
    fn settled(&self) -> Settled;
}

impl Outcome for ProviderAnswer {
    fn without(reason: NoAnswer, settled: Settled) -> Self {
        Self::none(reason, settled)
    }

    fn reason(&self) -> Option<NoAnswer> {
        match self.assessment {
            Assessment::NoAnswer { reason } => Some(reason),
            Assessment::Answered(_) | Assessment::NotAsked { .. } => None,
        }
    }

    fn settled(&self) -> Settled {
        self.settled
    }
}

impl Outcome for Reported {
    fn without(reason: NoAnswer, settled: Settled) -> Self {
        Self::refused(reason, settled)
    }

    fn reason(&self) -> Option<NoAnswer> {
        self.reason
    }

    fn settled(&self) -> Settled {
        self.settled
    }
}

/// What came back on the line.
pub(super) struct Heard<'a> {
    pub(super) answer: &'a OutboundAnswer,
    pub(super) settled: Settled,
    /// What the status means, where it is no success.
    pub(super) failure: Option<NoAnswer>,
}

impl Heard<'_> {
    /// Whether the answer is of a media type, whatever its parameters.
    pub(super) fn is_of_type(&self, media_type: &str) -> bool {
        self.answer.content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(media_type)
    }
}

/// The line to one provider.
pub(super) struct Line {
    base: Url,
    deadline_ms: u64,
    max_answer_bytes: usize,
    max_in_flight: usize,
    outbound: Outbound,
    clock: SharedClock,
    breaker: Breaker,
    slots: Semaphore,
    unknown_keys: AtomicU64,
    unreadable: Mutex<BTreeMap<Datum, u64>>,
}

impl Line {
    /// A line with checked settings.
    pub(super) fn new(
        settings: &AnalyticsConfig,
        outbound: Outbound,
        clock: SharedClock,
    ) -> Result<Self, SettingsError> {
        settings.check()?;
        Ok(Self {
            base: settings.base()?,
            deadline_ms: settings.deadline_ms,
            max_answer_bytes: settings.max_answer_bytes,
            max_in_flight: settings.max_in_flight,
            breaker: Breaker::new(settings.breaker, clock.clone()),
            slots: Semaphore::new(settings.max_in_flight),
            unknown_keys: AtomicU64::new(0),
            unreadable: Mutex::default(),
            outbound,
            clock,
        })
    }

    /// Sends an envelope once, if it may be, and lets `read` say what an answer comes to.
    pub(super) async fn call<T: Outcome>(
        &self,
        envelope: Envelope,
        headers: Vec<(String, String)>,
        deadline_boot_nanos: u64,
        read: impl FnOnce(Heard<'_>) -> T,
    ) -> T {
        // Nobody queues: a place in a queue would be time that the buyer waits for nothing.
        let Ok(_slot) = self.slots.try_acquire() else {
            return T::without(NoAnswer::Shed, Settled::NotSent);
        };
        let Some(permit) = self.breaker.admit() else {
            return T::without(NoAnswer::BreakerOpen, Settled::NotSent);
        };
        let outcome = match self.send(envelope, headers, deadline_boot_nanos).await {
            Ok(answer) => {
                let settled = if answer.body_left { Settled::Sent } else { Settled::NotSent };
                read(Heard { answer: &answer, settled, failure: failure(answer.status) })
            }
            Err((reason, settled)) => T::without(reason, settled),
        };
        permit.grade(grade(outcome.reason(), outcome.settled()));
        outcome
    }

    async fn send(
        &self,
        envelope: Envelope,
        headers: Vec<(String, String)>,
        deadline_boot_nanos: u64,
    ) -> Result<OutboundAnswer, (NoAnswer, Settled)> {
        let left_ms = deadline_boot_nanos.saturating_sub(self.clock.boot_nanos()) / NANOS_PER_MS;
        if left_ms == 0 {
            return Err((NoAnswer::Timeout, Settled::NotSent));
        }
        let Opened { path, content_type, body, unreadable, send_until_boot_nanos, send_until } = envelope.open();
        self.count_unreadable(&unreadable);
        let mut url = self.base.clone();
        url.set_path(&path);
        let request = OutboundRequest {
            url,
            content_type,
            headers,
            body,
            send_until_boot_nanos,
            send_until,
            deadline_ms: left_ms.min(self.deadline_ms),
            max_answer_bytes: self.max_answer_bytes,
        };
        self.outbound.post(request).await.map_err(|error| unanswered(&error))
    }

    fn count_unreadable(&self, unreadable: &[Datum]) {
        if unreadable.is_empty() {
            return;
        }
        let mut counted = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        for datum in unreadable {
            *counted.entry(*datum).or_default() += 1;
        }
    }

    /// Counts keys of an answer that the connector does not know.
    pub(super) fn count_unknown_keys(&self, count: u64) {
        self.unknown_keys.fetch_add(count, Ordering::Relaxed);
    }

    /// How the provider has answered lately.
    pub(super) fn health(&self) -> Health {
        Health {
            available: self.breaker.is_available(),
            in_flight: self.max_in_flight.saturating_sub(self.slots.available_permits()),
            unknown_keys: self.unknown_keys.load(Ordering::Relaxed),
            unreadable: self.unreadable.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            warnings: 0,
            funds_remaining_cents: None,
            queries_remaining: None,
        }
    }
}

/// What a status means that is no success.
fn failure(status: u16) -> Option<NoAnswer> {
    match status {
        200..=299 => None,
        401 | 403 => Some(NoAnswer::Auth),
        402 => Some(NoAnswer::Quota),
        400..=499 => Some(NoAnswer::Http4xx),
        500..=599 => Some(NoAnswer::Http5xx),
        _ => Some(NoAnswer::Malformed),
    }
}

/// What a request without an answer comes to.
fn unanswered(error: &OutboundError) -> (NoAnswer, Settled) {
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
    (reason, settled)
}

/// What a call says about the provider.
fn grade(reason: Option<NoAnswer>, settled: Settled) -> Grade {
    match reason {
        Some(NoAnswer::Auth | NoAnswer::Quota) => Grade::Refused,
        // The time was over before anything was sent: that is our own doing.
        Some(NoAnswer::Timeout) if settled == Settled::NotSent => Grade::Neutral,
        Some(NoAnswer::Timeout | NoAnswer::Http5xx | NoAnswer::Malformed) => Grade::Failed,
        _ => Grade::Good,
    }
}
