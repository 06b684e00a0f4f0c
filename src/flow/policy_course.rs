//! How the policies decided over time: outcomes, challenges, rules and the analysis company, for a glance.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::domain::assessment::words;
use crate::domain::clock::Micros;
use crate::domain::policy_figure::{FigureKind, FigureSpan};
use crate::store::StoreError;
use crate::store::policy_course::{StepCount, Steps};

/// Japan is ahead of UTC by so much; days and hours begin there.
const AHEAD: i64 = 9 * Micros::HOUR;

words! {
    /// Over which time.
    CourseRange {
        /// The last 24 hours.
        Day = "day",
        /// The last seven days.
        Week = "week",
        /// The last thirty days.
        Month = "month",
    }
}

impl CourseRange {
    /// The length of a step of the outcomes, microseconds, and how many there are.
    fn steps(self) -> (i64, i64) {
        match self {
            Self::Day => (Micros::HOUR / 2, 48),
            Self::Week => (3 * Micros::HOUR, 56),
            Self::Month => (Micros::DAY, 30),
        }
    }

    /// The steps until now, the unfinished one among them; none is shorter than `shortest` microseconds.
    fn until(self, now: Micros, span: FigureSpan, shortest: i64) -> Steps {
        let (length, count) = self.steps();
        let joined = (shortest + length - 1) / length;
        let (length, count) = (length * joined.max(1), count / joined.max(1));
        let end = ((now.0 + AHEAD).div_euclid(length) + 1) * length - AHEAD;
        Steps { span, from: Micros(end - length * count), length, count }
    }
}

/// Counts by word, each by step.
pub type Series = BTreeMap<String, Vec<u64>>;

/// Counts over time.
#[derive(Clone, Debug)]
pub struct Plot {
    /// The time.
    pub steps: Steps,
    /// The counts.
    pub series: Series,
}

/// How the policies decided over a time.
#[derive(Clone, Debug)]
pub struct Course {
    /// Over which time.
    pub range: CourseRange,
    /// Decisions by their outcome.
    pub outcomes: Plot,
    /// Challenges by how they ended.
    pub challenges: Plot,
    /// Decisions by the rules that determined them, the most frequent first.
    pub rules: Vec<(String, u64)>,
    /// Decisions by what the analysis company said or why it was not heard, the most frequent first.
    pub provider: Vec<(String, u64)>,
    /// Decisions in which a rule erred, by the rule, the most frequent first.
    pub errors: Vec<(String, u64)>,
}

impl Plot {
    /// How often in all.
    pub fn total(&self) -> u64 {
        self.series.values().flatten().sum()
    }

    /// How often one of them.
    pub fn of(&self, word: &str) -> u64 {
        self.series.get(word).map_or(0, |counts| counts.iter().sum())
    }
}

/// The course of the decisions until now.
///
/// # Errors
/// [`StoreError`].
pub async fn course(app: &App, range: CourseRange) -> Result<Course, StoreError> {
    let now = app.now();
    let span = if range == CourseRange::Day { FigureSpan::Minute } else { FigureSpan::Hour };
    let hours = range.until(now, FigureSpan::Hour, Micros::HOUR);
    Ok(Course {
        range,
        outcomes: plot(app, FigureKind::Outcome, range.until(now, span, 0)).await?,
        challenges: plot(app, FigureKind::Challenge, hours).await?,
        rules: most_frequent(app, FigureKind::Rule, hours).await?,
        provider: most_frequent(app, FigureKind::Provider, hours).await?,
        errors: most_frequent(app, FigureKind::Error, hours).await?,
    })
}

async fn plot(app: &App, kind: FigureKind, steps: Steps) -> Result<Plot, StoreError> {
    let long = usize::try_from(steps.count).unwrap_or(0);
    let mut series = Series::new();
    for StepCount { step, word, count } in app.store.policy_course(kind, steps).await? {
        let counts = series.entry(word).or_insert_with(|| vec![0; long]);
        if let Some(place) = usize::try_from(step).ok().and_then(|step| counts.get_mut(step)) {
            *place += u64::try_from(count).unwrap_or(0);
        }
    }
    Ok(Plot { steps, series })
}

async fn most_frequent(app: &App, kind: FigureKind, steps: Steps) -> Result<Vec<(String, u64)>, StoreError> {
    let whole = Steps { length: steps.length * steps.count, count: 1, ..steps };
    let counts = app.store.policy_course(kind, whole).await?;
    let mut counts: Vec<(String, u64)> =
        counts.into_iter().map(|row| (row.word, u64::try_from(row.count).unwrap_or(0))).collect();
    counts.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_step_holds_this_moment_and_days_begin_in_japan() {
        let now = Micros::from("2026-11-22T16:46:30Z".parse::<jiff::Timestamp>().unwrap());
        for range in CourseRange::ALL {
            let steps = range.until(now, FigureSpan::Minute, 0);
            assert!(steps.until() > now && steps.until().0 - steps.length <= now.0, "{range:?}");
        }
        let month = CourseRange::Month.until(now, FigureSpan::Hour, Micros::HOUR);
        assert_eq!(month.until().rfc3339(), "2026-11-23T15:00:00.000000Z");
        let day = CourseRange::Day.until(now, FigureSpan::Hour, Micros::HOUR);
        assert_eq!((day.length, day.count), (Micros::HOUR, 24));
    }
}
