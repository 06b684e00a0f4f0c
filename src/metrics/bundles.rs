//! Figures about the bundles in use.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BundleLabels {
    digest: String,
    mode: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

/// One bundle in use.
#[derive(Clone, Copy, Debug)]
pub struct BundleFigure<'a> {
    /// Its digest.
    pub digest: &'a str,
    /// What it is used for.
    pub mode: &'static str,
    /// The share of cards or decisions, in basis points.
    pub share: u16,
}

/// The figures.
#[derive(Default)]
pub struct BundleFigures {
    bundle: Family<BundleLabels, Gauge>,
    age: Gauge,
    canary_share: Gauge,
    degraded: Gauge,
    shadowed: Family<ResultLabels, Counter>,
    aborted: Counter,
}

impl BundleFigures {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("bundle_info", "The digests of the bundles in use, by mode", self.bundle.clone());
        registry.register("bundle_age_seconds", "Time since the bundle that decides was loaded", self.age.clone());
        let share = "Share of cards that the canary decides about, in basis points";
        registry.register("bundle_canary_share", share, self.canary_share.clone());
        let degraded = "1 while this process cannot use what the database says";
        registry.register("bundle_degraded", degraded, self.degraded.clone());
        let shadowed = "Decisions that the shadow was asked about, by what it said";
        registry.register("shadow_decisions", shadowed, self.shadowed.clone());
        registry.register("canary_aborts", "Canaries that this process ended", self.aborted.clone());
    }

    /// What is in use, for how many seconds what decides has been loaded, and whether the database says something else.
    pub fn set(&self, used: &[BundleFigure<'_>], age_seconds: i64, degraded: bool) {
        self.bundle.clear();
        for one in used {
            let labels = BundleLabels { digest: one.digest.to_owned(), mode: one.mode };
            self.bundle.get_or_create(&labels).set(1);
        }
        let canary = used.iter().find(|one| one.mode == "canary");
        self.canary_share.set(canary.map_or(0, |canary| i64::from(canary.share)));
        self.age.set(age_seconds);
        self.degraded.set(i64::from(degraded));
    }

    /// The shadow was asked about a decision: it says the `same`, something `different`, or the decision was `dropped`.
    pub fn shadowed(&self, result: &'static str) {
        self.shadowed.get_or_create(&ResultLabels { result }).inc();
    }

    /// This process ended a canary.
    pub fn canary_aborted(&self) {
        self.aborted.inc();
    }
}
