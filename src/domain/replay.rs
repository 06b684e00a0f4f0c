//! What comes of deciding recorded purchases once more: where each went before and where it goes now, in counts and money.
//!
//! Sums can be added to one another in any order, so that work may be shared and taken up again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::assessment::words;
use super::label::Label;
use super::verdict::{Outcome, Verdict};

/// So many origins of fraud labels are told apart.
const ORIGINS_MAX: usize = 40;

words! {
    /// Where a decision leads, from the lightest to the hardest for the buyer.
    Course {
        /// It passes without friction.
        Approve = "approve",
        /// It passes with a proof.
        Challenge = "challenge",
        /// A proof is called for, and no method may be offered.
        NoMethod = "no_method",
        /// It is turned back.
        Reject = "reject",
        /// The card's programme cannot use the service.
        NotEligible = "not_eligible",
        /// It depends on what an analysis company would have said that was not asked.
        Undetermined = "undetermined",
    }
}

impl Course {
    /// Where a verdict leads.
    pub fn of(verdict: &Verdict) -> Self {
        match verdict.outcome {
            Outcome::Approve => Self::Approve,
            Outcome::Challenge if verdict.methods.is_empty() => Self::NoMethod,
            Outcome::Challenge => Self::Challenge,
            Outcome::Reject => Self::Reject,
        }
    }
}

/// How many, and how much in minor units of the base currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    /// How many decisions.
    pub count: u64,
    /// Their money; saturates.
    pub money: i64,
}

impl Sum {
    /// One decision more.
    pub fn add(&mut self, money: i64) {
        *self = self.plus(Self { count: 1, money });
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { count: self.count + other.count, money: self.money.saturating_add(other.money) }
    }
}

/// From where to where, with how much.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Matrix(pub BTreeMap<Course, BTreeMap<Course, Sum>>);

impl Matrix {
    /// One decision more.
    pub fn add(&mut self, from: Course, to: Course, money: i64) {
        self.0.entry(from).or_default().entry(to).or_default().add(money);
    }

    /// What went from one course to another.
    pub fn at(&self, from: Course, to: Course) -> Sum {
        self.0.get(&from).and_then(|row| row.get(&to)).copied().unwrap_or_default()
    }

    /// Every cell.
    pub fn cells(&self) -> impl Iterator<Item = (Course, Course, Sum)> + '_ {
        self.0.iter().flat_map(|(from, row)| row.iter().map(|(to, sum)| (*from, *to, *sum)))
    }

    /// What was on this course before.
    pub fn before(&self, course: Course) -> Sum {
        self.sum(|from, _| from == course)
    }

    /// What is on this course now.
    pub fn after(&self, course: Course) -> Sum {
        self.sum(|_, to| to == course)
    }

    /// All of it.
    pub fn total(&self) -> Sum {
        self.sum(|_, _| true)
    }

    /// What goes elsewhere than before.
    pub fn changed(&self) -> Sum {
        self.sum(|from, to| from != to)
    }

    /// What goes a harder way than before; what is undetermined is in neither.
    pub fn stricter(&self) -> Sum {
        self.sum(|from, to| to > from && to != Course::Undetermined)
    }

    /// What nobody can say.
    pub fn undetermined(&self) -> Sum {
        self.after(Course::Undetermined)
    }

    /// What goes a lighter way than before.
    pub fn looser(&self) -> Sum {
        self.sum(|from, to| to < from)
    }

    fn sum(&self, of: impl Fn(Course, Course) -> bool) -> Sum {
        let kept = self.cells().filter(|(from, to, _)| of(*from, *to));
        kept.fold(Sum::default(), |all, (.., sum)| all.plus(sum))
    }

    fn merge(&mut self, other: &Self) {
        for (from, to, sum) in other.cells() {
            let cell = self.0.entry(from).or_default().entry(to).or_default();
            *cell = cell.plus(sum);
        }
    }
}

/// What a rule begins or ceases to determine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// Decisions that it determines now and did not before, from where to where.
    pub added: Matrix,
    /// Decisions that it determined and does not any more, from where to where.
    pub removed: Matrix,
}

impl Cause {
    /// How many decisions both are.
    pub fn count(&self) -> u64 {
        self.added.total().count + self.removed.total().count
    }
}

/// Everything that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// Records that were read.
    pub read: u64,
    /// Records that were left out, by the reason.
    pub skipped: BTreeMap<String, u64>,
    /// Records whose recorded answer stands because no rule that differs says anything about them.
    pub untouched: u64,
    /// Records of bundles that are not known any more: all of their questions are asked again.
    pub unknown_bundle: u64,
    /// Records whose amount has no rate into the base currency: counted, without money.
    pub not_converted: u64,
    /// Records whose data would not have been shared any more: decided without the company's answer.
    pub no_longer_asked: u64,
    /// Records whose data would have been shared and were not.
    pub newly_asked: u64,
    /// From where to where.
    pub courses: Matrix,
    /// The undetermined ones, at the best answer of the company.
    pub at_best: Matrix,
    /// The same at the worst.
    pub at_worst: Matrix,
    /// Causes by rule.
    pub rules: BTreeMap<String, Cause>,
    /// By merchant.
    pub merchants: BTreeMap<String, Matrix>,
    /// By programme.
    pub programmes: BTreeMap<String, Matrix>,
    /// By hour of day at the issuer.
    pub hours: BTreeMap<u8, Matrix>,
    /// By what people said of them afterwards.
    pub labels: BTreeMap<Label, Matrix>,
    /// Those that turned out to be fraud, by where the label comes from.
    pub frauds: BTreeMap<String, Matrix>,
}

impl Tally {
    /// How many were decided once more, or stand.
    pub fn replayed(&self) -> u64 {
        self.courses.total().count
    }

    /// One more that was left out.
    pub fn skip(&mut self, reason: &str) {
        *self.skipped.entry(reason.to_owned()).or_default() += 1;
    }

    /// Adds another tally.
    pub fn merge(&mut self, other: &Self) {
        self.read += other.read;
        self.untouched += other.untouched;
        self.unknown_bundle += other.unknown_bundle;
        self.not_converted += other.not_converted;
        self.no_longer_asked += other.no_longer_asked;
        self.newly_asked += other.newly_asked;
        for (reason, count) in &other.skipped {
            *self.skipped.entry(reason.clone()).or_default() += count;
        }
        self.courses.merge(&other.courses);
        self.at_best.merge(&other.at_best);
        self.at_worst.merge(&other.at_worst);
        for (rule, cause) in &other.rules {
            let known = self.rules.entry(rule.clone()).or_default();
            known.added.merge(&cause.added);
            known.removed.merge(&cause.removed);
        }
        merge(&mut self.merchants, &other.merchants);
        merge(&mut self.programmes, &other.programmes);
        merge(&mut self.hours, &other.hours);
        merge(&mut self.labels, &other.labels);
        for (origin, matrix) in &other.frauds {
            self.fraud(origin).merge(matrix);
        }
    }

    /// The sums of fraud that is known from one origin; beyond [`ORIGINS_MAX`] of them all others are one.
    pub fn fraud(&mut self, origin: &str) -> &mut Matrix {
        let told = self.frauds.contains_key(origin) || self.frauds.len() < ORIGINS_MAX;
        self.frauds.entry(if told { origin } else { "other" }.to_owned()).or_default()
    }

    /// The share of genuine purchases that were challenged, before and now; none without labels.
    pub fn false_challenges(&self) -> Option<[f64; 2]> {
        let genuine = self.labels.get(&Label::Genuine)?;
        let all = genuine.total().count;
        let challenged = |sum: fn(&Matrix, Course) -> Sum| {
            ratio(sum(genuine, Course::Challenge).count + sum(genuine, Course::NoMethod).count, all)
        };
        (all > 0).then(|| [challenged(Matrix::before), challenged(Matrix::after)])
    }

    /// The share of all purchases for which a proof was and is called for.
    pub fn challenge_load(&self) -> [f64; 2] {
        let all = self.courses.total().count;
        let challenged = |sum: fn(&Matrix, Course) -> Sum| {
            ratio(sum(&self.courses, Course::Challenge).count + sum(&self.courses, Course::NoMethod).count, all)
        };
        [challenged(Matrix::before), challenged(Matrix::after)]
    }
}

/// A share; 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "a share is read by people")]
pub fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn merge<K: Ord + Clone>(into: &mut BTreeMap<K, Matrix>, from: &BTreeMap<K, Matrix>) {
    for (key, matrix) in from {
        into.entry(key.clone()).or_default().merge(matrix);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(count: u64) -> Tally {
        let mut tally = Tally { read: count, ..Tally::default() };
        for money in 0..count {
            tally.courses.add(Course::Approve, Course::Challenge, i64::try_from(money).unwrap());
            tally.hours.entry(3).or_default().add(Course::Reject, Course::Approve, 1);
            let night = tally.rules.entry("night".to_owned()).or_default();
            night.added.add(Course::Approve, Course::Challenge, 2);
            night.removed.add(Course::Reject, Course::Approve, 3);
        }
        tally.skip("facts_missing");
        tally
    }

    #[test]
    fn sums_are_the_same_in_any_order_and_survive_being_written() {
        let (mut one, mut other) = (tally(3), tally(5));
        one.merge(&tally(5));
        other.merge(&tally(3));
        assert_eq!(one, other);
        assert_eq!(serde_json::from_str::<Tally>(&serde_json::to_string(&one).unwrap()).unwrap(), one);
        assert_eq!(one.courses.at(Course::Approve, Course::Challenge), Sum { count: 8, money: 13 });
        assert_eq!((one.courses.stricter().count, one.courses.looser().count), (8, 0));
        assert_eq!(one.skipped["facts_missing"], 2);
        let night = &one.rules["night"];
        assert_eq!(night.added.at(Course::Approve, Course::Challenge), Sum { count: 8, money: 16 });
        assert_eq!((night.removed.looser(), night.count()), (Sum { count: 8, money: 24 }, 16));
    }

    #[test]
    fn what_is_undetermined_is_neither_stricter_nor_looser() {
        let mut matrix = Matrix::default();
        matrix.add(Course::Approve, Course::Undetermined, 7);
        matrix.add(Course::Challenge, Course::Approve, 1);
        matrix.add(Course::Challenge, Course::Challenge, 1);
        assert_eq!((matrix.stricter().count, matrix.looser().count, matrix.changed().count), (0, 1, 2));
    }
}
