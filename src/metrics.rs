//! What the service counts about itself, in the form of Prometheus. Knows no person and no card:
//! labels come from closed sets.

pub mod bundles;
pub mod daily;
mod provider;

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use bundles::BundleFigures;
pub use provider::ProviderFigures;
use provider::ProviderGauges;

/// The content type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Bounds of the buckets of a request's duration, seconds.
const DURATIONS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PolicyLabels {
    policy: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptLabels {
    kind: &'static str,
    result: &'static str,
}

/// The figures. Cheap to share; each call is a few atomic operations.
pub struct Metrics {
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
    decisions: Family<OutcomeLabels, Counter>,
    evaluation_errors: Family<PolicyLabels, Counter>,
    provider_results: Family<ReasonLabels, Counter>,
    provider: ProviderGauges,
    passwords_in_flight: Gauge,
    database_errors: Counter,
    outbox_attempts: Family<AttemptLabels, Counter>,
    outbox_waiting: Family<KindLabels, Gauge>,
    outbox_oldest: Family<KindLabels, Gauge>,
    outbox_dead: Family<KindLabels, Gauge>,
    webhooks: Family<OutcomeLabels, Counter>,
    sharing_on: Gauge,
    canary_kept: Gauge,
    /// About the bundles in use.
    pub bundles: BundleFigures,
    /// What the day's figures in the database do not hold yet.
    pub daily: daily::Daily,
}

impl Metrics {
    /// Fresh figures, registered under their names.
    pub fn new(registry: &mut Registry) -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(DURATIONS);
        let new = Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(histogram),
            decisions: Family::default(),
            evaluation_errors: Family::default(),
            provider_results: Family::default(),
            provider: ProviderGauges::default(),
            passwords_in_flight: Gauge::default(),
            database_errors: Counter::default(),
            bundles: BundleFigures::default(),
            outbox_attempts: Family::default(),
            outbox_waiting: Family::default(),
            outbox_oldest: Family::default(),
            outbox_dead: Family::default(),
            webhooks: Family::default(),
            sharing_on: Gauge::default(),
            canary_kept: Gauge::default(),
            daily: daily::Daily::default(),
        };
        registry.register("http_requests", "Requests answered, by route and status", new.requests.clone());
        registry.register("http_request_duration_seconds", "Time from header to answer", new.durations.clone());
        registry.register("decisions", "Decisions, by outcome", new.decisions.clone());
        registry.register("evaluation_errors", "Policies that erred", new.evaluation_errors.clone());
        registry.register("provider_results", "What came of asking the provider", new.provider_results.clone());
        new.provider.register(registry);
        registry.register("passwords_in_flight", "Passwords being hashed", new.passwords_in_flight.clone());
        registry.register("database_errors", "Statements that failed", new.database_errors.clone());
        new.bundles.register(registry);
        registry.register("outbox_attempts", "Messages tried, by what came of it", new.outbox_attempts.clone());
        registry.register("outbox_waiting", "Messages not sent yet", new.outbox_waiting.clone());
        registry.register("outbox_oldest_seconds", "Age of the oldest of them", new.outbox_oldest.clone());
        registry.register("outbox_dead", "Messages that are not tried any more", new.outbox_dead.clone());
        registry.register("webhooks", "Posts to merchants, by what came of it", new.webhooks.clone());
        registry.register("sharing_on", "1 while anything may be shared", new.sharing_on.clone());
        registry.register("canary_kept", "1 while nothing was let through about the canary", new.canary_kept.clone());
        new
    }

    /// A request was answered. `route` is the pattern, never the path.
    pub fn request(&self, route: &str, status: u16, took: Duration) {
        self.requests.get_or_create(&RequestLabels { route: route.to_owned(), status }).inc();
        self.durations.get_or_create(&RouteLabels { route: route.to_owned() }).observe(took.as_secs_f64());
    }

    /// A decision was made.
    pub fn decision(&self, outcome: &'static str) {
        self.decisions.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// A policy erred.
    pub fn evaluation_error(&self, policy: &str) {
        self.evaluation_errors.get_or_create(&PolicyLabels { policy: policy.to_owned() }).inc();
    }

    /// The provider answered, did not, or was not asked.
    pub fn provider_result(&self, reason: &'static str) {
        self.provider_results.get_or_create(&ReasonLabels { reason }).inc();
        self.daily.add("provider", reason, 1);
    }

    /// How the analysis company has answered lately.
    pub fn set_provider(&self, figures: &ProviderFigures) {
        self.provider.set(figures);
    }

    /// How many passwords are being hashed now.
    pub fn set_passwords_in_flight(&self, count: usize) {
        self.passwords_in_flight.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// A statement failed.
    pub fn database_error(&self) {
        self.database_errors.inc();
    }

    /// A message was tried: it is `done`, tried `again`, or `dead`.
    pub fn outbox_attempt(&self, kind: &'static str, result: &'static str) {
        self.outbox_attempts.get_or_create(&AttemptLabels { kind, result }).inc();
    }

    /// How much of a kind waits, for how many seconds the oldest has, and how much is dead.
    pub fn set_outbox(&self, kind: &'static str, waiting: i64, oldest_seconds: i64, dead: i64) {
        let labels = KindLabels { kind };
        self.outbox_waiting.get_or_create(&labels).set(waiting);
        self.outbox_oldest.get_or_create(&labels).set(oldest_seconds);
        self.outbox_dead.get_or_create(&labels).set(dead);
    }

    /// A message was posted to a merchant.
    pub fn webhook(&self, outcome: &'static str) {
        self.webhooks.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Whether anything may be shared, and whether nothing was let through about the canary.
    pub fn set_sharing(&self, on: bool, canary_kept: bool) {
        self.sharing_on.set(i64::from(on));
        self.canary_kept.set(i64::from(canary_kept));
    }

    /// The text of everything registered (`OpenMetrics` 1.0).
    pub fn encode(registry: &Registry) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, registry)?;
        Ok(text)
    }
}
