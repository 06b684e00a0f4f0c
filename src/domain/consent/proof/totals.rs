//! What a proof comes to in figures. Needs the same memory for ten rows and for ten million.

use serde::Serialize;

use crate::domain::clock::Micros;
use crate::domain::consent::Purpose;
use crate::domain::consent::line::{ConsentEvent, Disclosure, DisclosureState, LineSettlement, SettlementState};

/// What was proved, in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Persons.
    pub people: u64,
    /// Consent events.
    pub events: u64,
    /// Objections and withdrawals among them.
    pub objections: u64,
    /// Disclosures that the recipient got.
    pub sent: u64,
    /// Disclosures that did not leave.
    pub not_sent: u64,
    /// Disclosures that may have left; they count as sent.
    pub unknown: u64,
    /// Disclosures whose end is not recorded yet; they count as sent.
    pub open: u64,
    /// Requests to erase, among all of these.
    pub erase: u64,
    /// Disclosures that left, or may have, against an objection. The proof fails at the first.
    pub after_objection: u64,
    #[serde(skip)]
    effect: Histogram,
}

/// How long it took until objections took effect, in microseconds: each figure is at most a sixteenth too high.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// Half of them took no longer.
    pub p50: u64,
    /// Ninety-nine in a hundred took no longer.
    pub p99: u64,
    /// None took longer; exact.
    pub max: u64,
}

impl Totals {
    /// Disclosures of every outcome.
    pub fn disclosures(&self) -> u64 {
        self.sent + self.not_sent + self.unknown + self.open
    }

    /// How long it took from what the person said until it was recorded, which is when it took effect; none when nobody
    /// objected.
    pub fn time_to_effect(&self) -> Option<Percentiles> {
        self.effect.percentiles()
    }

    pub(super) fn person(&mut self) {
        self.people += 1;
    }

    pub(super) fn event(&mut self, event: &ConsentEvent) {
        self.events += 1;
        if event.action.protects() {
            self.objections += 1;
            self.effect.add(elapsed(event.said_at(), event.recorded_at));
        }
    }

    pub(super) fn disclosure(&mut self, row: &Disclosure, settlement: Option<&LineSettlement>) {
        let outcome = match (row.state, settlement.map(|settlement| settlement.state)) {
            (DisclosureState::NotSent, _) | (_, Some(SettlementState::NotSent)) => &mut self.not_sent,
            (_, Some(SettlementState::Sent)) => &mut self.sent,
            (_, Some(SettlementState::Unknown)) => &mut self.unknown,
            (_, None) => &mut self.open,
        };
        *outcome += 1;
        self.erase += u64::from(row.purpose == Purpose::Erase);
    }
}

fn elapsed(from: Micros, to: Micros) -> u64 {
    u64::try_from(to.0.saturating_sub(from.0)).unwrap_or(0)
}

/// Sixteen buckets to each power of two.
const STEPS: u64 = 16;
const BUCKETS: usize = 61 * 16;

/// Counts of durations.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0, max: 0 }
    }
}

impl Histogram {
    fn add(&mut self, value: u64) {
        if let Some(count) = self.counts.get_mut(bucket(value)) {
            *count += 1;
        }
        self.total += 1;
        self.max = self.max.max(value);
    }

    fn percentiles(&self) -> Option<Percentiles> {
        (self.total > 0).then(|| Percentiles { p50: self.at(50), p99: self.at(99), max: self.max })
    }

    fn at(&self, percent: u64) -> u64 {
        let wanted = (self.total * percent).div_ceil(100);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return highest(index).min(self.max);
            }
        }
        self.max
    }
}

/// Below 16 each value has a bucket of its own; above, the four bits behind the leading one choose it.
fn bucket(value: u64) -> usize {
    let Some(power) = value.checked_ilog2().filter(|power| *power >= 4) else {
        return usize::try_from(value).unwrap_or(0);
    };
    let step = (value >> (power - 4)) - STEPS;
    usize::try_from(u64::from(power - 3) * STEPS + step).unwrap_or(0)
}

/// The highest value in a bucket.
fn highest(index: usize) -> u64 {
    let index = index as u64;
    if index < STEPS {
        return index;
    }
    let (power, step) = (index / STEPS + 3, index % STEPS);
    ((u128::from(STEPS + step + 1) << (power - 4)) - 1).try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket_and_the_bucket_is_narrow() {
        for value in (0..200).chain((0..64).map(|power| 1 << power)).chain([12_345, 86_400_000_000, u64::MAX]) {
            let high = highest(bucket(value));
            assert!(high >= value, "{value} in {high}");
            assert!(high - value <= value / 16, "{value} in {high}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentiles_of_a_hundred_durations() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentiles(), None);
        for value in 1..=100 {
            histogram.add(value * 1_000);
        }
        let found = histogram.percentiles().unwrap();
        assert_eq!(found.max, 100_000);
        assert!((50_000..=53_200).contains(&found.p50), "{found:?}");
        assert!((99_000..=100_000).contains(&found.p99), "{found:?}");
    }
}
