//! From the provider's words and scale to the neutral assessment.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::super::settings::ScoreDirection;
use super::signals;
use super::wire::Wire;
use crate::domain::assessment::{Answer, Assessment, NoAnswer, RISK_MAX, Recommendation, Signal};

/// The lowest and the highest policy score.
pub(super) const SCORE_RANGE: (i64, i64) = (-100, 100);

/// The assessment that an answer comes to. `request_result` is looked at first: a failed one can still carry a status.
pub(super) fn assess(wire: &Wire, direction: ScoreDirection, own_signals: &BTreeMap<String, Signal>) -> Assessment {
    let answer = success(wire).and_then(|()| answer(wire, direction, own_signals));
    answer.map_or_else(|reason| Assessment::NoAnswer { reason }, Assessment::Answered)
}

/// Whether the provider did what it was asked.
pub(super) fn success(wire: &Wire) -> Result<(), NoAnswer> {
    match wire.request_result.as_str() {
        Some("success") => Ok(()),
        Some("fail_access" | "fail_verification") => Err(NoAnswer::Auth),
        Some("fail_internal_error" | "fail_temporarily_unavailable") => Err(NoAnswer::Http5xx),
        Some(text) if text.starts_with("fail_") => Err(NoAnswer::Http4xx),
        _ => Err(NoAnswer::Malformed),
    }
}

fn answer(wire: &Wire, direction: ScoreDirection, own_signals: &BTreeMap<String, Signal>) -> Result<Answer, NoAnswer> {
    let recommendation = match wire.review_status.as_str() {
        Some("pass") => Recommendation::Pass,
        Some("review") => Recommendation::Review,
        Some("challenge") => Recommendation::Challenge,
        Some("reject") => Recommendation::Reject,
        _ => return Err(NoAnswer::Malformed),
    };
    // An absent score is absent, not zero.
    let risk = match wire.policy_score.as_str() {
        None => None,
        Some(text) => Some(risk(text.parse().map_err(|_| NoAnswer::Malformed)?, direction)?),
    };
    Ok(Answer {
        risk,
        recommendation,
        signals: signals::of(wire.reasons(), own_signals),
        device_known: wire.device_known(),
        degraded: wire.was_timeout() || wire.unknown_session(),
    })
}

/// A policy score as risk from 0 to 10,000.
fn risk(score: i64, direction: ScoreDirection) -> Result<i64, NoAnswer> {
    let (lowest, highest) = SCORE_RANGE;
    let range: RangeInclusive<i64> = lowest..=highest;
    if !range.contains(&score) {
        return Err(NoAnswer::OutOfRange);
    }
    let badness = match direction {
        ScoreDirection::HigherIsWorse => score - lowest,
        ScoreDirection::HigherIsBetter => highest - score,
    };
    Ok(badness * RISK_MAX / (highest - lowest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_becomes_risk_by_its_direction() {
        use ScoreDirection::{HigherIsBetter, HigherIsWorse};
        for (score, direction, expected) in [
            (100, HigherIsBetter, Ok(0)),
            (0, HigherIsBetter, Ok(5_000)),
            (-100, HigherIsBetter, Ok(10_000)),
            (100, HigherIsWorse, Ok(10_000)),
            (-37, HigherIsWorse, Ok(3_150)),
            (-100, HigherIsWorse, Ok(0)),
            (101, HigherIsBetter, Err(NoAnswer::OutOfRange)),
            (-101, HigherIsWorse, Err(NoAnswer::OutOfRange)),
            (i64::MIN, HigherIsWorse, Err(NoAnswer::OutOfRange)),
        ] {
            assert_eq!(risk(score, direction), expected, "{score}");
        }
    }
}
