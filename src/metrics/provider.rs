//! The figures of the analysis company: how it has answered lately. Knows no answer and nothing that was sent.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DatumLabels {
    datum: &'static str,
}

/// How the analysis company has answered lately, as it is to be shown.
#[derive(Clone, Debug, Default)]
pub struct ProviderFigures {
    /// Whether no call is let through at the moment.
    pub breaker_open: bool,
    /// Calls under way.
    pub in_flight: usize,
    /// Keys in answers that are not known, since the start.
    pub unknown_keys: u64,
    /// Warnings in answers, since the start.
    pub warnings: u64,
    /// Data left out because they had no form to be sent in, since the start.
    pub unreadable: Vec<(&'static str, u64)>,
    /// What is left of the account's money, in hundredths, where it was told.
    pub funds_remaining_cents: Option<i64>,
    /// How many calls the account still pays for, where it was told.
    pub queries_remaining: Option<i64>,
}

/// The labels of a figure that stands alone. Unlike a bare gauge it is absent until it is set.
type NoLabels = Vec<(&'static str, &'static str)>;

/// The figures of the analysis company.
#[derive(Default)]
pub(super) struct ProviderGauges {
    breaker_open: Gauge,
    in_flight: Gauge,
    unknown_keys: Gauge,
    warnings: Gauge,
    unreadable: Family<DatumLabels, Gauge>,
    funds_remaining: Family<NoLabels, Gauge>,
    queries_remaining: Family<NoLabels, Gauge>,
}

impl ProviderGauges {
    pub(super) fn register(&self, registry: &mut Registry) {
        let gauges = [
            ("provider_breaker_open", "1 while the provider is not asked after failures", &self.breaker_open),
            ("provider_calls_in_flight", "Calls to the provider under way", &self.in_flight),
            (
                "provider_unknown_keys",
                "Keys in answers, since the start, that the connector does not know",
                &self.unknown_keys,
            ),
            ("provider_warnings", "Warnings in the provider's answers since the start", &self.warnings),
        ];
        for (name, help, gauge) in gauges {
            registry.register(name, help, gauge.clone());
        }
        let unreadable = "Data left out since the start because they had no form to be sent in";
        registry.register("provider_data_unreadable", unreadable, self.unreadable.clone());
        let funds = "What is left of the account at the provider, hundredths of its currency";
        registry.register("provider_funds_remaining_cents", funds, self.funds_remaining.clone());
        let queries = "Calls that the account at the provider still pays for";
        registry.register("provider_queries_remaining", queries, self.queries_remaining.clone());
    }

    pub(super) fn set(&self, figures: &ProviderFigures) {
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.breaker_open.set(i64::from(figures.breaker_open));
        self.in_flight.set(i64::try_from(figures.in_flight).unwrap_or(i64::MAX));
        self.unknown_keys.set(count(figures.unknown_keys));
        self.warnings.set(count(figures.warnings));
        for (datum, number) in &figures.unreadable {
            self.unreadable.get_or_create(&DatumLabels { datum }).set(count(*number));
        }
        // A figure that nobody told is absent, not zero.
        for (family, told) in [
            (&self.funds_remaining, figures.funds_remaining_cents),
            (&self.queries_remaining, figures.queries_remaining),
        ] {
            if let Some(told) = told {
                family.get_or_create(&NoLabels::new()).set(told);
            }
        }
    }
}
