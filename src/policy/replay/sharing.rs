//! What becomes of the sharing with an analysis company under another bundle, by what was recorded of it.

use super::super::bundle::Bundle;
use super::super::decide::share;
use crate::domain::assessment::{Answer, Assessment, NoAnswer, NotAsked, RISK_MAX, Recommendation, Signal};
use crate::domain::consent::DataClass;
use crate::domain::facts::Facts;

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// It stays: asked as before, or not asked as before.
    Same,
    /// The company was asked and would not be.
    NoLonger,
    /// The company was not asked by the old policies and would be.
    Newly,
}

/// What becomes of the recorded sharing. What was not asked for another reason than the policies stays so. Where the old
/// bundle is known, it is asked too: a company that it would not have let be asked either, or would have as well, makes no
/// difference between the two, whatever the settings were then.
pub(super) fn change(old: Option<&Bundle>, new: &Bundle, recipients: &[String], facts: &Facts) -> Sharing {
    let was_asked = match &facts.assessment {
        Assessment::Answered(_) | Assessment::NoAnswer { .. } => true,
        Assessment::NotAsked { reason: NotAsked::ByPolicy } => false,
        Assessment::NotAsked { .. } => return Sharing::Same,
    };
    // The rules of `share` see no assessment: the gate asks them before there is one.
    let permits = |bundle: &Bundle| {
        let any =
            |recipient: &String| DataClass::ALL.iter().any(|class| share(bundle, facts, recipient, *class).allowed);
        recipients.iter().any(any)
    };
    let is_asked = permits(new);
    if is_asked == was_asked || old.is_some_and(|old| permits(old) == is_asked) {
        return Sharing::Same;
    }
    if is_asked { Sharing::Newly } else { Sharing::NoLonger }
}

/// What a company could have answered, from the best to the worst: neither must be the end of what rules make of it.
pub(super) fn possible_assessments() -> Vec<Assessment> {
    let answer = |risk: i64, recommendation, signals: &[Signal], degraded| {
        let (risk, signals, device_known) = (Some(risk), signals.to_vec(), signals.is_empty());
        Assessment::Answered(Answer { risk, recommendation, signals, device_known, degraded })
    };
    vec![
        answer(0, Recommendation::Pass, &[], false),
        answer(RISK_MAX / 4, Recommendation::None, &[], false),
        answer(RISK_MAX / 2, Recommendation::Challenge, &[Signal::Velocity], false),
        answer(RISK_MAX * 3 / 4, Recommendation::Review, &[Signal::AnonymousNetwork, Signal::DeviceReputation], true),
        answer(RISK_MAX, Recommendation::Reject, Signal::ALL, true),
        Assessment::NoAnswer { reason: NoAnswer::Timeout },
    ]
}
