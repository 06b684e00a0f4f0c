//! What supervisors see of the work: who did what, how fast objections took effect, and how sharing went by day.

use crate::app::App;
use crate::domain::clock::Micros;
use crate::store::StoreError;
use crate::store::activity::{ActCount, DailyFigure, Effect, day_of};

/// No range is longer, days: what is asked for must be answered while a page waits.
pub const DAYS_MAX: i64 = 31;

/// What happened in a range of days.
#[derive(Clone, Debug)]
pub struct Activity {
    /// The first day, in days since 1970-01-01 in Japan.
    pub first: i64,
    /// The last day: today.
    pub last: i64,
    /// What staff people did, and the checks that failed.
    pub acts: Vec<ActCount>,
    /// The objections.
    pub effects: Vec<Effect>,
    /// Disclosures and answers of the analysis company.
    pub figures: Vec<DailyFigure>,
}

/// How long objections took to take effect, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeToEffect {
    /// Half of them took no longer.
    pub p50: i64,
    /// Ninety-nine in a hundred took no longer.
    pub p99: i64,
    /// None took longer.
    pub max: i64,
}

/// The last `days` days, today among them; at most [`DAYS_MAX`].
///
/// # Errors
/// [`StoreError`].
pub async fn recent(app: &App, days: i64) -> Result<Activity, StoreError> {
    let last = day_of(app.now());
    let first = last - days.clamp(1, DAYS_MAX) + 1;
    let (from, until) = (begin_of(first), begin_of(last + 1));
    let mut acts = app.store.staff_acts(from, until).await?;
    acts.extend(app.store.failed_checks(from, until).await?);
    acts.sort_by(|one, other| other.day.cmp(&one.day).then_with(|| one.actor.cmp(&other.actor)));
    let effects = app.store.effects(from, until).await?;
    let figures = app.store.daily_figures(first, last).await?;
    Ok(Activity { first, last, acts, effects, figures })
}

/// Adds what this instance counted to today's figures.
///
/// # Errors
/// [`StoreError`]; what was counted is kept for the next time.
pub async fn write_down(app: &App) -> Result<(), StoreError> {
    let counted = app.metrics.daily.take();
    let written = app.store.add_daily_figures(day_of(app.now()), counted.clone()).await;
    if written.is_err() {
        app.metrics.daily.put_back(counted);
    }
    written
}

impl Activity {
    /// How long objections took to take effect; none when there are none.
    pub fn time_to_effect(&self) -> Option<TimeToEffect> {
        let mut times: Vec<i64> = self.effects.iter().map(|effect| effect.took).collect();
        times.sort_unstable();
        // The nearest rank: the smallest value that so many in a hundred do not exceed.
        let rank = |percent: usize| times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Some(TimeToEffect { p50: rank(50)?, p99: rank(99)?, max: *times.last()? })
    }
}

/// When a day begins in Japan.
pub fn begin_of(day: i64) -> Micros {
    Micros((day * 86_400 - 9 * 3_600) * Micros::SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let effects = (1..=200).map(|took| Effect { day: 0, took }).collect();
        let activity = Activity { first: 0, last: 0, acts: Vec::new(), effects, figures: Vec::new() };
        assert_eq!(activity.time_to_effect(), Some(TimeToEffect { p50: 100, p99: 198, max: 200 }));
        let none = Activity { effects: Vec::new(), ..activity };
        assert_eq!(none.time_to_effect(), None);
    }

    #[test]
    fn a_day_begins_at_midnight_in_japan() {
        let day = day_of(begin_of(20_000));
        assert_eq!((day, day_of(Micros(begin_of(20_000).0 - 1))), (20_000, 19_999));
    }
}
