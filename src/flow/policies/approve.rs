//! Somebody decides about somebody else's bundle.

use std::collections::BTreeSet;

use super::{PoliciesError, entry, head, judging, line, still_judged, subject};
use crate::app::App;
use crate::domain::bundle::standing::Standing;
use crate::domain::bundle::{ApprovalDecision, BundleApproval, BundleHead};
use crate::domain::staff::{Act, ActSubject, Role, SignedIn};
use crate::flow::staff::rights;
use crate::policy::{self, Bundle};
use crate::store::audit::{self, Entry};
use crate::store::{StoreError, Transaction, bundle_approvals, bundle_checks, bundles};

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
    let (live, _) = judging(app).await?;
    let head = head(app, digest).await?;
    let loaded = app.bundle.loader.load(&head.digest).await?;
    may(app, who, &head, &loaded.bundle).await?;
    let (decision, emergency, note) = said(&head, &word)?;
    if decision == ApprovalDecision::Approved {
        still_judged(app, &live, &head).await?;
    }
    let word = BundleApproval {
        digest: head.digest.clone(),
        judgement: head.judgement,
        person: who.actor(),
        roles: acting_roles(&live.bundle, who, &subject(&head)),
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
    let keep =
        app.store.write(move |transaction| Box::pin(async move { keep(transaction, &head, &word, &entry).await }));
    match keep.await {
        Err(StoreError::Duplicate { .. }) => Err(PoliciesError::Decided),
        kept => kept?,
    }
}

/// Keeps a word where the bundle still stands as she saw it: nothing else is said or done about it meanwhile.
async fn keep(
    transaction: &Transaction,
    head: &BundleHead,
    word: &BundleApproval,
    entry: &Entry,
) -> Result<Result<Standing, PoliciesError>, StoreError> {
    bundle_checks::hold(transaction, &head.digest).await?;
    let newest = bundle_checks::of(transaction, &head.digest).await?.into_iter().next();
    if newest.is_none_or(|newest| newest.judgement != head.judgement) {
        return Ok(Err(PoliciesError::JudgedAnew));
    }
    if word.emergency && bundle_approvals::is_reviewed(transaction, &head.digest).await? {
        return Ok(Err(PoliciesError::Reviewed));
    }
    let used = bundles::current(transaction).await?.into_iter().find(|used| used.digest == head.digest);
    if let (ApprovalDecision::Refused, Some(used)) = (word.decision, used) {
        return Ok(Err(PoliciesError::StillInUse(used.mode)));
    }
    bundle_approvals::insert(transaction, word).await?;
    audit::append(transaction, entry).await?;
    Ok(Ok(Standing::of(head, &bundle_approvals::of(transaction, &head.digest).await?)))
}

/// Asks the live bundle's rules about staff and the new one's own: neither may be got round by the other.
async fn may(app: &App, who: &SignedIn, head: &BundleHead, new: &Bundle) -> Result<(), PoliciesError> {
    let subject = subject(head);
    let live = rights::require(app, who, Act::PolicyApprove, &subject).await;
    // Whatever the rules say: nobody lets her own change through.
    if head.proposer() == who.actor() || head.author == who.actor() {
        return Err(PoliciesError::Own);
    }
    live?;
    Ok(rights::require_by(app, new, who, Act::PolicyApprove, &subject).await?)
}

/// What a word means for this bundle, and its text as it is kept.
fn said(head: &BundleHead, word: &Word) -> Result<(ApprovalDecision, bool, String), PoliciesError> {
    let passed = head.findings.passed();
    match word {
        Word::Approve { .. } if !passed => Err(PoliciesError::NotPassed),
        Word::LetThrough { .. } if passed => Err(PoliciesError::NoEmergency),
        Word::Approve { note } if note.trim().is_empty() => Ok((ApprovalDecision::Approved, false, String::new())),
        Word::Approve { note } => Ok((ApprovalDecision::Approved, false, line(note, "what others should know")?)),
        Word::LetThrough { reason } => {
            let reason = line(reason, "what cannot wait for a bundle that passes (`--reason TEXT`)")?;
            Ok((ApprovalDecision::Approved, true, reason))
        }
        Word::Refuse { note } => {
            Ok((ApprovalDecision::Refused, false, line(note, "what is wrong with the bundle (`--note TEXT`)")?))
        }
    }
}

/// The roles by which she may approve: one that only looks makes no second role.
fn acting_roles(live: &Bundle, who: &SignedIn, subject: &ActSubject) -> BTreeSet<Role> {
    let alone = |role: &Role| SignedIn { roles: BTreeSet::from([*role]), reauthenticated: true, ..who.clone() };
    let acting = |role: &&Role| policy::may(live, &alone(role), Act::PolicyApprove, subject).allowed;
    let roles: BTreeSet<Role> = who.roles.iter().filter(acting).copied().collect();
    if roles.is_empty() { who.roles.clone() } else { roles }
}
