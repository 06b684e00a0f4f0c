//! Bundles on trial: how a canary decides beside the one that is live, and what a shadow would have answered.

use std::collections::BTreeMap;

use crate::app::App;
use crate::domain::bundle::{BundleActivation, BundleMode};
use crate::domain::clock::Micros;
use crate::domain::policy_figure::{FigureKind, FigureSpan, PolicyFigure};
use crate::domain::verdict::Outcome;
use crate::flow::policies::canary::counted;
use crate::store::StoreError;
use crate::store::policy_course::SumCount;
use crate::store::shadow_differences::ShadowDifference;

/// So many differences are listed.
const DIFFERENCES: i64 = 50;
/// Trials that began within so many seconds are counted by the minute, older ones by the hour.
const BY_MINUTE_SECONDS: i64 = 2 * 86_400;

/// What was counted about a bundle in one use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<(FigureKind, String), u64>);

/// A canary and, over the same time, the bundle that is live.
#[derive(Clone, Debug)]
pub struct CanaryTrial {
    /// Its time in use.
    pub activation: BundleActivation,
    /// What it decided.
    pub canary: Counts,
    /// What the live bundle decided meanwhile.
    pub live: Counts,
}

/// A shadow.
#[derive(Clone, Debug)]
pub struct ShadowTrial {
    /// Its time in use.
    pub activation: BundleActivation,
    /// Decisions that it was asked about, by how its answer compares.
    pub compared: Counts,
    /// What it would have answered otherwise, the newest first.
    pub differences: Vec<ShadowDifference>,
}

/// What is on trial now.
#[derive(Clone, Debug)]
pub struct Trials {
    /// The one that decides about a share of the cards.
    pub canary: Option<CanaryTrial>,
    /// The one that is asked beside.
    pub shadow: Option<ShadowTrial>,
    /// The canary that was there last, where there is none.
    pub last_canary: Option<BundleActivation>,
    /// The shadow that was there last, where there is none.
    pub last_shadow: Option<BundleActivation>,
}

impl Counts {
    /// Of one time in use.
    fn of_use(figures: Vec<PolicyFigure>) -> Self {
        let sum = |figure: PolicyFigure| SumCount { kind: figure.kind, word: figure.word, count: figure.count };
        Self::of(figures.into_iter().map(sum).collect())
    }

    fn of(sums: Vec<SumCount>) -> Self {
        let count = |sum: SumCount| ((sum.kind, sum.word), u64::try_from(sum.count).unwrap_or(0));
        Self(sums.into_iter().map(count).collect())
    }

    /// How often this was counted.
    pub fn count(&self, kind: FigureKind, word: &str) -> u64 {
        self.0.get(&(kind, word.to_owned())).copied().unwrap_or(0)
    }

    /// All words of a kind with their counts, sorted by word.
    pub fn words(&self, kind: FigureKind) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().filter(move |((of, _), _)| *of == kind).map(|((_, word), count)| (word.as_str(), *count))
    }

    /// How often anything of this kind was counted.
    pub fn total(&self, kind: FigureKind) -> u64 {
        self.words(kind).map(|(_, count)| count).sum()
    }

    /// The share of the decisions with this outcome, basis points; none without decisions.
    pub fn share(&self, outcome: Outcome) -> Option<u64> {
        let total = self.total(FigureKind::Outcome);
        (self.count(FigureKind::Outcome, outcome.as_str()) * 10_000).checked_div(total)
    }
}

/// What is on trial now.
///
/// # Errors
/// [`StoreError`].
pub async fn trials(app: &App) -> Result<Trials, StoreError> {
    let mut current = app.store.current_bundles().await?;
    let mut take = |mode| {
        let at = current.iter().position(|activation| activation.mode == mode)?;
        Some(current.swap_remove(at))
    };
    let (canary, shadow) = (take(BundleMode::Canary), take(BundleMode::Shadow));
    Ok(Trials {
        last_canary: match canary {
            Some(_) => None,
            None => app.store.last_ended_use(BundleMode::Canary).await?,
        },
        last_shadow: match shadow {
            Some(_) => None,
            None => app.store.last_ended_use(BundleMode::Shadow).await?,
        },
        canary: match canary {
            Some(activation) => Some(canary_trial(app, activation).await?),
            None => None,
        },
        shadow: match shadow {
            Some(activation) => Some(shadow_trial(app, activation).await?),
            None => None,
        },
    })
}

async fn canary_trial(app: &App, activation: BundleActivation) -> Result<CanaryTrial, StoreError> {
    // The same figures by which it ends itself.
    let canary = Counts::of_use(counted(app, &activation).await?);
    let live = live_since(app, &activation).await?;
    Ok(CanaryTrial { activation, canary, live })
}

async fn shadow_trial(app: &App, activation: BundleActivation) -> Result<ShadowTrial, StoreError> {
    let compared = Counts::of_use(counted(app, &activation).await?);
    let differences = app.store.shadow_differences(&activation.digest, activation.started_at, DIFFERENCES).await?;
    Ok(ShadowTrial { activation, compared, differences })
}

/// What was counted of the live bundle since a trial began, to the span.
async fn live_since(app: &App, trial: &BundleActivation) -> Result<Counts, StoreError> {
    let is_young = app.now().0 - trial.started_at.0 < BY_MINUTE_SECONDS * Micros::SECOND;
    let span = if is_young { FigureSpan::Minute } else { FigureSpan::Hour };
    let sums = app.store.policy_sums(span, span.begin(trial.started_at), BundleMode::Live, None).await?;
    Ok(Counts::of(sums))
}
