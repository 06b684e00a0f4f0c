//! Fault points that do something: compiled in debug builds only.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::Point;
use super::plan::{Fault, Plan, PlanError};
use crate::domain::randomness::Randomness;

const VARIABLE: &str = "SEKISHO_FAULT_POINTS";

/// The fault points of one process.
#[derive(Debug)]
pub struct FaultPoints {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    plan: Plan,
    seed: u64,
    chances: BTreeMap<Point, StdRng>,
    hung: BTreeMap<Point, u64>,
}

impl FaultPoints {
    /// The plan of the environment; none where the variable is not set. A plan without a seed takes one from `randomness`.
    ///
    /// # Errors
    /// [`PlanError`]: a test with a misspelt plan would test nothing.
    pub fn from_environment(randomness: &dyn Randomness) -> Result<Self, PlanError> {
        let points = Self { state: Mutex::default() };
        if let Ok(plan) = std::env::var(VARIABLE) {
            points.arm(&plan, randomness)?;
            tracing::warn!(plan, "fault points are armed: this process will misbehave");
        }
        Ok(points)
    }

    /// Puts another plan into force and begins its chances anew.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn arm(&self, plan: &str, randomness: &dyn Randomness) -> Result<(), PlanError> {
        let plan = Plan::parse(plan)?;
        let seed = plan.seed.unwrap_or_else(|| u64::from_be_bytes(randomness.bytes()));
        *self.state() = State { plan, seed, ..State::default() };
        Ok(())
    }

    /// How many tasks never went on from this point.
    pub fn hung(&self, point: Point) -> u64 {
        self.state().hung.get(&point).copied().unwrap_or(0)
    }

    /// A place of the way is reached: what the plan says happens.
    pub async fn reach(&self, point: Point) {
        let met = self.meet(point);
        for fault in met {
            match fault {
                Fault::Delay(ms) | Fault::Wait(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
                Fault::Hang => std::future::pending().await,
                Fault::Abort => std::process::abort(),
            }
        }
    }

    /// The faults that this passage meets; the length of a delay is drawn already.
    fn meet(&self, point: Point) -> Vec<Fault> {
        let mut state = self.state();
        let State { plan, seed, chances, hung } = &mut *state;
        let place = Point::ALL.iter().position(|other| *other == point).and_then(|place| u64::try_from(place).ok());
        let start = seed.wrapping_add(place.unwrap_or(0));
        let chances = chances.entry(point).or_insert_with(|| StdRng::seed_from_u64(start));
        let mut met = Vec::new();
        for rule in plan.rules.iter().filter(|rule| rule.point == point) {
            // Drawn whether it is needed or not, so that the n-th passage always has the same draws.
            let (chance, length): (f64, f64) = (chances.random(), chances.random());
            if chance >= rule.share {
                continue;
            }
            met.push(match rule.fault {
                Fault::Delay(most_ms) => Fault::Delay(part(length, most_ms)),
                fault => fault,
            });
        }
        if met.contains(&Fault::Hang) {
            *hung.entry(point).or_default() += 1;
        }
        met
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A part of a whole, both in milliseconds.
fn part(share: f64, whole: u64) -> u64 {
    Duration::from_millis(whole).mul_f64(share).as_millis().try_into().unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Randomness for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(3);
        }
    }

    fn armed(plan: &str) -> FaultPoints {
        let points = FaultPoints { state: Mutex::default() };
        points.arm(plan, &Fixed).unwrap();
        points
    }

    #[test]
    fn the_same_seed_meets_the_same_faults_whatever_happens_at_other_points() {
        let plan = "seed=9 gate.send=delay:1000@0.5 gate.start=delay:1000@0.5";
        let (one, other) = (armed(plan), armed(plan));
        let alone: Vec<_> = (0..50).map(|_| one.meet(Point::GateSend)).collect();
        let mixed: Vec<_> = (0..50)
            .map(|_| {
                other.meet(Point::GateStart);
                other.meet(Point::GateSend)
            })
            .collect();
        assert_eq!(alone, mixed);
        let met = alone.iter().filter(|met| !met.is_empty()).count();
        assert!((10..40).contains(&met), "about half of 50: {met}");
    }

    #[test]
    fn a_plan_without_a_seed_takes_it_from_the_randomness() {
        let (one, other) = (armed("gate.send=delay:1000"), armed("gate.send=delay:1000"));
        assert_eq!(one.meet(Point::GateSend), other.meet(Point::GateSend));
        assert_eq!(one.meet(Point::GateSettle), []);
    }
}
