//! Why a bundle's time in use was over: a word with its figures in the row, a sentence for people.

use std::fmt;

use crate::domain::verdict::Outcome;

/// Why a bundle's time in use was over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// Another bundle took its place.
    Replaced,
    /// The same bundle goes on with another share.
    ShareChanged,
    /// What was tried is live now.
    Live,
    /// Its time was over.
    TimeOver,
    /// Somebody ended the trial.
    Ended,
    /// Somebody went back to what was before.
    RolledBack,
    /// The canary ended itself because rules could not be evaluated.
    Erred {
        /// So many times.
        count: i64,
    },
    /// The canary ended itself because a share left its band.
    LeftBand {
        /// The share of these decisions.
        outcome: Outcome,
        /// What it was, basis points.
        share: i64,
        /// The least that was allowed.
        least: i64,
        /// The most that was allowed.
        most: i64,
    },
}

/// The reasons that are a word alone.
const WORDS: [(&str, EndReason); 6] = [
    ("replaced", EndReason::Replaced),
    ("share_changed", EndReason::ShareChanged),
    ("live", EndReason::Live),
    ("time_over", EndReason::TimeOver),
    ("ended", EndReason::Ended),
    ("rolled_back", EndReason::RolledBack),
];

impl EndReason {
    /// As the row of the time in use holds it.
    pub fn stored(&self) -> String {
        match self {
            Self::Erred { count } => format!("erred {count}"),
            Self::LeftBand { outcome, share, least, most } => {
                format!("left_band {} {share} {least} {most}", outcome.as_str())
            }
            word => word.word().to_owned(),
        }
    }

    /// The word without its figures.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Erred { .. } => "erred",
            Self::LeftBand { .. } => "left_band",
            alone => WORDS.iter().find(|(_, reason)| reason == alone).map_or("", |(word, _)| word),
        }
    }

    /// The reason that a row holds; none for a text that is no such reason.
    pub fn parse(stored: &str) -> Option<Self> {
        if let Some((_, reason)) = WORDS.iter().find(|(word, _)| *word == stored) {
            return Some(reason.clone());
        }
        match stored.split(' ').collect::<Vec<_>>().as_slice() {
            ["erred", count] => Some(Self::Erred { count: count.parse().ok()? }),
            ["left_band", outcome, share, least, most] => Some(Self::LeftBand {
                outcome: Outcome::parse(outcome)?,
                share: share.parse().ok()?,
                least: least.parse().ok()?,
                most: most.parse().ok()?,
            }),
            _ => None,
        }
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Erred { count } => write!(f, "{count} times a rule could not be evaluated"),
            Self::LeftBand { outcome, share, least, most } => {
                let (share, least, most) = (percent(*share), percent(*least), percent(*most));
                write!(f, "the share of {} is {share}, outside of {least} to {most}", outcome.as_str())
            }
            word => f.write_str(word.word()),
        }
    }
}

/// Basis points as people read them.
pub fn percent(basis_points: i64) -> String {
    let (whole, rest) = (basis_points / 100, basis_points % 100);
    if rest == 0 { format!("{whole} %") } else { format!("{whole}.{rest:02} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_again() {
        let left = EndReason::LeftBand { outcome: Outcome::Reject, share: 1_234, least: 0, most: 500 };
        assert_eq!(left.to_string(), "the share of reject is 12.34 %, outside of 0 % to 5 %");
        let all = WORDS.map(|(_, reason)| reason).into_iter().chain([EndReason::Erred { count: 3 }, left]);
        for reason in all {
            assert_eq!(EndReason::parse(&reason.stored()), Some(reason));
        }
        for text in ["", "gone", "erred", "erred many", "left_band perhaps 1 2 3", "left_band reject 1 2"] {
            assert_eq!(EndReason::parse(text), None, "{text}");
        }
    }
}
