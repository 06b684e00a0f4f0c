//! What is counted about decisions, by bundle: the figures by which a change is watched.

use serde::{Deserialize, Serialize};

use super::assessment::words;
use super::bundle::BundleMode;
use super::clock::Micros;

words! {
    /// Over which time something was counted.
    FigureSpan {
        /// One minute, by its beginning. Kept for days.
        Minute = "minute",
        /// One hour, by its beginning. Kept for months.
        Hour = "hour",
        /// Since the bundle has been in use, by that moment.
        Activation = "activation",
    }
}

words! {
    /// What was counted.
    FigureKind {
        /// Decisions, by their outcome.
        Outcome = "outcome",
        /// Decisions that some policy erred in, by the policy.
        Error = "error",
        /// Challenges, by the methods that were offered.
        Method = "method",
        /// Decisions, by the rules that determined them.
        Rule = "rule",
        /// Decisions, by their internal reason codes.
        Reason = "reason",
        /// Challenges that ended, by how: `passed`, `failed`, `timed_out`, `cancelled`, `withdrawn`, `undeliverable`.
        Challenge = "challenge",
        /// Decisions, by what the analysis company said or why it was not heard.
        Provider = "provider",
        /// Decisions that a shadow was asked about: `same`, `dropped`, or both outcomes, as `approve_to_challenge`.
        Shadow = "shadow",
    }
}

/// How often something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFigure {
    /// Over which time.
    pub span: FigureSpan,
    /// When that time began.
    pub bucket: Micros,
    /// The bundle.
    pub digest: String,
    /// What it was in use for.
    pub mode: BundleMode,
    /// What was counted.
    pub kind: FigureKind,
    /// Which of it.
    pub word: String,
    /// How often.
    pub count: i64,
}

impl FigureSpan {
    /// When the span began that holds this moment; the moment itself for a bundle's time in use.
    pub fn begin(self, at: Micros) -> Micros {
        let length = match self {
            Self::Minute => 60 * Micros::SECOND,
            Self::Hour => 3_600 * Micros::SECOND,
            Self::Activation => 1,
        };
        Micros(at.0.div_euclid(length) * length)
    }
}
