//! Which bundles were live before the present one, and may be again.

use std::collections::BTreeSet;

use super::{BundleActivation, BundleMode};

/// Why a live bundle ended that was rolled back: nobody goes back to it by another rollback.
pub const ROLLED_BACK: &str = "rolled_back";

/// The bundles that were live before this one, the nearest first. Whoever went back took the later one away: the next time
/// one goes back further, not forward again. Nobody goes back to what was refused since. `history` begins with the newest.
pub fn earlier(
    history: Vec<BundleActivation>,
    digest: &str,
    refused: &BTreeSet<String>,
) -> impl Iterator<Item = BundleActivation> {
    let mut way: Vec<BundleActivation> = Vec::new();
    let mut went_back = false;
    for used in history.into_iter().rev().filter(|used| used.mode == BundleMode::Live) {
        if went_back {
            way.pop();
        }
        went_back = used.end_reason.as_deref() == Some(ROLLED_BACK);
        if way.last().is_none_or(|last| last.digest != used.digest) {
            way.push(used);
        }
    }
    way.retain(|used| used.digest != digest && !refused.contains(&used.digest));
    way.into_iter().rev()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::bundle::SHARE_WHOLE;
    use crate::domain::clock::Micros;
    use crate::domain::id::BundleActivationId;

    /// Live bundles, the oldest first; `!` behind one that was rolled back.
    fn all(history: &[&str], refused: &[&str]) -> Vec<String> {
        let one = |(at, text): (usize, &&str)| BundleActivation {
            id: BundleActivationId::from_uuid(uuid::Uuid::from_u128(at as u128)),
            digest: text.trim_end_matches('!').to_owned(),
            mode: BundleMode::Live,
            share: SHARE_WHOLE,
            band: None,
            until: None,
            started_by: String::new(),
            started_at: Micros(0),
            ended_by: None,
            ended_at: None,
            end_reason: text.ends_with('!').then(|| ROLLED_BACK.to_owned()),
        };
        let refused = refused.iter().map(|digest| (*digest).to_owned()).collect();
        let newest_first = history.iter().enumerate().map(one).rev().collect();
        earlier(newest_first, history.last().unwrap(), &refused).map(|used| used.digest).collect()
    }

    fn found(history: &[&str]) -> Option<String> {
        all(history, &[]).into_iter().next()
    }

    #[test]
    fn going_back_never_goes_forward_again() {
        assert_eq!(found(&["a"]), None);
        assert_eq!(found(&["a", "b"]).as_deref(), Some("a"));
        assert_eq!(found(&["a", "b!", "a"]), None);
        assert_eq!(found(&["a", "b", "c!", "b"]).as_deref(), Some("a"));
        assert_eq!(found(&["a", "b", "c!", "b!", "a"]), None);
        assert_eq!(found(&["a", "b!", "a", "c"]).as_deref(), Some("a"));
        assert_eq!(found(&["a", "b!", "a", "b"]).as_deref(), Some("a"));
    }

    #[test]
    fn what_was_refused_since_is_passed_over() {
        assert_eq!(all(&["a", "b", "c"], &[]), ["b", "a"]);
        assert_eq!(all(&["a", "b", "c"], &["b"]), ["a"]);
        assert!(all(&["a", "b"], &["a"]).is_empty());
    }
}
