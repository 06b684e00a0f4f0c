//! A plan: which fault at which point, how often.
//!
//! `seed=7 gate.send=delay:60@0.3 gate.send=abort@0.01 gate.settle=hang`: words apart by spaces; a share of all passages
//! stands behind `@`, without one every passage meets the fault.

use super::Point;

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Waits for a random time, at most so many milliseconds.
    Delay(u64),
    /// Waits for exactly so many milliseconds.
    Wait(u64),
    /// Never goes on: what the task holds in memory is as good as lost.
    Hang,
    /// The process ends at once, as by `kill -9`.
    Abort,
}

/// One fault at one point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rule {
    pub(super) point: Point,
    pub(super) fault: Fault,
    /// The share of passages that meet it, 0 to 1.
    pub(super) share: f64,
}

/// What happens where.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Plan {
    /// Where the chances begin; none to take it from the randomness of the process.
    pub(super) seed: Option<u64>,
    pub(super) rules: Vec<Rule>,
}

/// A word of the plan that cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "`{0}` is no fault\nhint: SEKISHO_FAULT_POINTS takes `seed=7`, `gate.send=delay:60@0.3`, `gate.send=abort@0.01`, `gate.send=hang`"
)]
pub struct PlanError(String);

impl Plan {
    pub(super) fn parse(text: &str) -> Result<Self, PlanError> {
        let mut plan = Self::default();
        for word in text.split_whitespace() {
            let unreadable = || PlanError(word.to_owned());
            let (name, value) = word.split_once('=').ok_or_else(unreadable)?;
            if name == "seed" {
                plan.seed = Some(value.parse().map_err(|_| unreadable())?);
            } else {
                plan.rules.push(rule(name, value).ok_or_else(unreadable)?);
            }
        }
        Ok(plan)
    }
}

fn rule(point: &str, value: &str) -> Option<Rule> {
    let (fault, share) = value.split_once('@').unwrap_or((value, "1"));
    let fault = match fault.split_once(':').unwrap_or((fault, "")) {
        ("delay", most_ms) => Fault::Delay(most_ms.parse().ok()?),
        ("wait", ms) => Fault::Wait(ms.parse().ok()?),
        ("hang", "") => Fault::Hang,
        ("abort", "") => Fault::Abort,
        _ => return None,
    };
    let share: f64 = share.parse().ok()?;
    (0.0..=1.0).contains(&share).then_some(Rule { point: Point::parse(point)?, fault, share })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_names_points_faults_and_shares() {
        let plan = Plan::parse("seed=7 gate.send=delay:60@0.3  gate.settle=hang checkpoint.write=abort@0.01").unwrap();
        let rule = |point, fault, share| Rule { point, fault, share };
        assert_eq!(plan.seed, Some(7));
        assert_eq!(
            plan.rules,
            [
                rule(Point::GateSend, Fault::Delay(60), 0.3),
                rule(Point::GateSettle, Fault::Hang, 1.0),
                rule(Point::CheckpointWrite, Fault::Abort, 0.01)
            ]
        );
        assert_eq!(Plan::parse(""), Ok(Plan::default()));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for word in ["gate.send", "gate.sent=hang", "gate.send=stop", "gate.send=delay", "gate.send=hang@2", "seed=x"] {
            assert_eq!(Plan::parse(word), Err(PlanError(word.to_owned())));
        }
    }
}
