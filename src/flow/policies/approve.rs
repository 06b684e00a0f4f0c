//! Somebody decides about somebody else's bundle.

use std::collections::BTreeSet;

use super::{PoliciesError, entry, head, subject};
use crate::app::App;
use crate::domain::bundle::standing::Standing;
use crate::domain::bundle::{ApprovalDecision, BundleApproval, BundleHead};
use crate::domain::staff::{Act, ActSubject, Role, SignedIn};
use crate::flow::staff::rights;
use crate::policy::{self, Bundle};
use crate::store::{StoreError, audit, bundle_approvals};

/// What somebody says about a bundle.
#[derive(Clone, Debug)]
pub enum Word {
    /// It may be used.
    Approve {
        /// What others should know.
        note: String,
    },
    /// It may be used although its checks did not pass.
    LetThrough {
        /// Why that cannot wait.
        reason: String,
    },
    /// It may not be used.
    Refuse {
        /// Why.
        note: String,
    },
}

/// Keeps one person's word, and answers where the bundle stands then.
///
/// # Errors
/// [`PoliciesError`]; then nothing was kept.
pub async fn decide(app: &App, who: &SignedIn, digest: &str, word: Word) -> Result<Standing, PoliciesError> {
    let head = head(app, digest).await?;
    let loaded = app.bundle.loader.load(&head.digest).await?;
    may(app, who, &head, &loaded.bundle).await?;
    check(&head, &word)?;
    let (decision, emergency, note) = match word {
        Word::Approve { note } => (ApprovalDecision::Approved, false, note),
        Word::LetThrough { reason } => (ApprovalDecision::Approved, true, reason),
        Word::Refuse { note } => (ApprovalDecision::Refused, false, note),
    };
    let word = BundleApproval {
        digest: head.digest.clone(),
        person: who.actor(),
        roles: acting_roles(app, who, &subject(&head)),
        decision,
        emergency,
        note,
        decided_at: app.now(),
    };
    let action = match (decision, emergency) {
        (ApprovalDecision::Refused, _) => "policy.refuse",
        (ApprovalDecision::Approved, true) => "policy.let_through",
        (ApprovalDecision::Approved, false) => "policy.approve",
    };
    let entry = entry(app, &who.actor(), action, &head.digest, decision.as_str());
    let written = app
        .store
        .write(move |transaction| {
            Box::pin(async move {
                bundle_approvals::insert(transaction, &word).await?;
                audit::append(transaction, &entry).await
            })
        })
        .await;
    match written {
        Err(StoreError::Duplicate { .. }) => return Err(PoliciesError::Decided),
        written => written?,
    }
    Ok(super::standing(app, &head).await?)
}

/// Asks the live bundle's rules about staff and the new one's own: neither may be got round by the other.
async fn may(app: &App, who: &SignedIn, head: &BundleHead, new: &Bundle) -> Result<(), PoliciesError> {
    let subject = subject(head);
    let live = rights::require(app, who, Act::PolicyApprove, &subject).await;
    // Whatever the rules say: nobody lets her own change through.
    if head.author == who.actor() {
        return Err(PoliciesError::Own);
    }
    live?;
    Ok(rights::require_by(app, new, who, Act::PolicyApprove, &subject).await?)
}

fn check(head: &BundleHead, word: &Word) -> Result<(), PoliciesError> {
    let passed = head.findings.passed();
    match word {
        Word::Approve { .. } if !passed => Err(PoliciesError::NotPassed),
        Word::LetThrough { .. } if passed => Err(PoliciesError::NoEmergency),
        Word::LetThrough { reason } if reason.trim().is_empty() => {
            Err(PoliciesError::NoReason("what cannot wait for a bundle that passes (`--reason TEXT`)"))
        }
        Word::Refuse { note } if note.trim().is_empty() => {
            Err(PoliciesError::NoReason("what is wrong with the bundle (`--note TEXT`)"))
        }
        _ => Ok(()),
    }
}

/// The roles by which she may approve: one that only looks makes no second role.
fn acting_roles(app: &App, who: &SignedIn, subject: &ActSubject) -> BTreeSet<Role> {
    let live = app.bundle.load();
    let alone = |role: &Role| SignedIn { roles: BTreeSet::from([*role]), reauthenticated: true, ..who.clone() };
    let acting = |role: &&Role| policy::may(&live.bundle, &alone(role), Act::PolicyApprove, subject).allowed;
    let roles: BTreeSet<Role> = who.roles.iter().filter(acting).copied().collect();
    if roles.is_empty() { who.roles.clone() } else { roles }
}
