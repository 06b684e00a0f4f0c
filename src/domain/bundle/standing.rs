//! Whether a bundle may be used, by what others said about it.

use super::{ApprovalDecision, BundleApproval, BundleHead};

/// Where a bundle stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The first bundle of the database: nobody could approve it.
    First,
    /// Approved, with everything passed.
    Approved,
    /// Approved by two people who pass over what failed.
    ApprovedInEmergency,
    /// Somebody refused it: for good.
    Refused {
        /// Who.
        by: String,
    },
    /// Something is missing.
    Waiting {
        /// In one line, for people.
        missing: &'static str,
    },
}

impl Standing {
    /// Where a bundle stands after these words of others. A refusal stands for good; an approval counts for the judgement
    /// that it was given on.
    pub fn of(head: &BundleHead, words: &[BundleApproval]) -> Self {
        if head.judged_by == super::SYSTEM {
            return Self::First;
        }
        if let Some(refusal) = words.iter().find(|word| word.decision == ApprovalDecision::Refused) {
            return Self::Refused { by: refusal.person.clone() };
        }
        let others: Vec<&BundleApproval> = words.iter().filter(|word| counts(head, word)).collect();
        let emergency: Vec<&BundleApproval> = others.iter().copied().filter(|word| word.emergency).collect();
        let weakens = !head.weakens.is_empty();
        if head.findings.passed() {
            return match others.as_slice() {
                [] => Self::Waiting { missing: "a second person has to approve it" },
                words if weakens && !of_different_roles(words) => Self::Waiting {
                    missing: "it takes something away from the live bundle: two people of different roles have to approve it",
                },
                _ => Self::Approved,
            };
        }
        match emergency.as_slice() {
            words if words.len() < 2 => {
                Self::Waiting { missing: "its checks did not pass: only two people in an emergency can let it through" }
            }
            words if weakens && !of_different_roles(words) => Self::Waiting {
                missing: "it takes something away from the live bundle: two people of different roles have to let it through",
            },
            _ => Self::ApprovedInEmergency,
        }
    }

    /// Whether it may be used.
    pub fn is_usable(&self) -> bool {
        matches!(self, Self::First | Self::Approved | Self::ApprovedInEmergency)
    }

    /// In one line, for people.
    pub fn words(&self) -> String {
        match self {
            Self::First => "the first one of this database".to_owned(),
            Self::Approved => "approved".to_owned(),
            Self::ApprovedInEmergency => "approved in an emergency".to_owned(),
            Self::Refused { by } => format!("refused by {by}"),
            Self::Waiting { missing } => format!("waiting: {missing}"),
        }
    }
}

fn counts(head: &BundleHead, word: &BundleApproval) -> bool {
    word.judgement == head.judgement && word.person != head.proposer()
}

/// Whether two of these people act in roles that differ.
fn of_different_roles(words: &[&BundleApproval]) -> bool {
    let differ = |one: &BundleApproval, other: &BundleApproval| {
        one.person != other.person && one.roles.iter().any(|role| other.roles.iter().any(|held| held != role))
    };
    words.iter().enumerate().any(|(at, one)| words.iter().skip(at + 1).any(|other| differ(one, other)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::bundle::{Finding, FindingState, Findings};
    use crate::domain::clock::Micros;
    use crate::domain::staff::Role::{self, Administrator, Compliance, Supervisor};

    fn head(proof: FindingState, weakens: &[&str]) -> BundleHead {
        let finding = |state| Finding { state, summary: String::new(), details: Vec::new() };
        let passed = || finding(FindingState::Passed);
        BundleHead {
            digest: "d".repeat(64),
            facts_version: 2,
            author: "staff:author".to_owned(),
            message: "a change".to_owned(),
            submitted_at: Micros(0),
            judgement: 1,
            judged_by: "staff:author".to_owned(),
            judged_at: Micros(0),
            against: "l".repeat(64),
            findings: Findings { program: String::new(), check: passed(), test: passed(), proof: finding(proof) },
            weakens: weakens.iter().map(|line| (*line).to_owned()).collect(),
            signature: None,
        }
    }

    fn word(person: &str, roles: &[Role], emergency: bool) -> BundleApproval {
        BundleApproval {
            digest: "d".repeat(64),
            judgement: 1,
            person: format!("staff:{person}"),
            roles: roles.iter().copied().collect(),
            decision: ApprovalDecision::Approved,
            emergency,
            note: String::new(),
            decided_at: Micros(0),
        }
    }

    #[test]
    fn a_second_person_is_enough_where_everything_passed() {
        let head = head(FindingState::Passed, &[]);
        assert!(!Standing::of(&head, &[]).is_usable());
        assert!(!Standing::of(&head, &[word("author", &[Compliance], false)]).is_usable());
        assert_eq!(Standing::of(&head, &[word("b", &[Compliance], false)]), Standing::Approved);
    }

    #[test]
    fn what_weakens_needs_two_people_of_different_roles() {
        let head = head(FindingState::Passed, &["the invariant `x` is removed"]);
        let of = |words: &[BundleApproval]| Standing::of(&head, words).is_usable();
        assert!(!of(&[word("b", &[Compliance, Administrator], false)]), "one person with two roles is one person");
        assert!(!of(&[word("b", &[Compliance], false), word("c", &[Compliance], false)]));
        assert!(of(&[word("b", &[Compliance], false), word("c", &[Supervisor], false)]));
        assert!(of(&[word("b", &[Compliance], false), word("c", &[Compliance, Supervisor], false)]));
    }

    #[test]
    fn what_did_not_pass_needs_two_people_in_an_emergency() {
        for state in [FindingState::Failed, FindingState::NotProved] {
            let head = head(state, &[]);
            let of = |words: &[BundleApproval]| Standing::of(&head, words);
            assert!(!of(&[word("b", &[Compliance], false), word("c", &[Supervisor], false)]).is_usable());
            assert!(!of(&[word("b", &[Compliance], true), word("c", &[Supervisor], false)]).is_usable());
            assert!(!of(&[word("b", &[Compliance], true), word("author", &[Supervisor], true)]).is_usable());
            let two = [word("b", &[Compliance], true), word("c", &[Compliance], true)];
            assert_eq!(of(&two), Standing::ApprovedInEmergency);
        }
    }

    #[test]
    fn an_approval_counts_for_the_judgement_it_was_given_on_and_a_refusal_for_all() {
        let anew = BundleHead { judgement: 2, judged_by: "staff:c".to_owned(), ..head(FindingState::Passed, &[]) };
        let before = word("b", &[Compliance], false);
        assert!(!Standing::of(&anew, std::slice::from_ref(&before)).is_usable());
        let now = BundleApproval { judgement: 2, ..before.clone() };
        assert_eq!(Standing::of(&anew, &[before.clone(), now]), Standing::Approved);
        let refusal = BundleApproval { decision: ApprovalDecision::Refused, ..before };
        assert!(matches!(Standing::of(&anew, &[refusal]), Standing::Refused { .. }));
    }

    #[test]
    fn the_first_bundle_needs_approval_by_another_once_somebody_submitted_it_anew() {
        let first = BundleHead {
            author: super::super::SYSTEM.to_owned(),
            judged_by: super::super::SYSTEM.to_owned(),
            ..head(FindingState::Passed, &[])
        };
        assert_eq!(Standing::of(&first, &[]), Standing::First);
        let anew = BundleHead { judgement: 2, judged_by: "staff:c".to_owned(), ..first };
        let word = |person| BundleApproval { judgement: 2, ..word(person, &[Compliance], false) };
        assert!(!Standing::of(&anew, &[word("c")]).is_usable());
        assert_eq!(Standing::of(&anew, &[word("b")]), Standing::Approved);
    }

    #[test]
    fn a_refusal_stands_whoever_approves() {
        let refusal = BundleApproval { decision: ApprovalDecision::Refused, ..word("c", &[Compliance], false) };
        let words = [word("b", &[Supervisor], false), refusal];
        assert!(matches!(Standing::of(&head(FindingState::Passed, &[]), &words), Standing::Refused { .. }));
    }
}
