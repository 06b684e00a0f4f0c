//! Somebody looks again at a bundle that was let through in an emergency.

use super::{PoliciesError, entry, head, judging, line, subject};
use crate::app::App;
use crate::domain::bundle::standing::Standing;
use crate::domain::bundle::{ApprovalDecision, BundleApproval, BundleReview};
use crate::domain::staff::{Act, SignedIn};
use crate::flow::staff::rights;
use crate::store::audit::{self, Entry};
use crate::store::{StoreError, Transaction, bundle_approvals, bundle_checks};

/// Keeps what a third person found: neither who made the bundle nor who let it through.
///
/// # Errors
/// [`PoliciesError`]; then nothing was kept.
pub async fn review(app: &App, who: &SignedIn, digest: &str, note: &str) -> Result<(), PoliciesError> {
    judging(app).await?;
    let head = head(app, digest).await?;
    let allowed = rights::require(app, who, Act::PolicyReview, &subject(&head)).await;
    if head.proposer() == who.actor() || head.author == who.actor() {
        return Err(PoliciesError::Own);
    }
    allowed?;
    let review = BundleReview {
        digest: head.digest.clone(),
        person: who.actor(),
        note: line(note, "what you found (`--note TEXT`)")?,
        reviewed_at: app.now(),
    };
    let entry = entry(app, &who.actor(), "policy.review", &head.digest, "reviewed");
    let keep = app.store.write(move |transaction| Box::pin(async move { keep(transaction, &review, &entry).await }));
    match keep.await {
        Err(StoreError::Duplicate { .. }) => Err(PoliciesError::Reviewed),
        kept => kept?,
    }
}

/// Keeps a review where there is something to review: no word is said between looking and keeping.
async fn keep(
    transaction: &Transaction,
    review: &BundleReview,
    entry: &Entry,
) -> Result<Result<(), PoliciesError>, StoreError> {
    bundle_checks::hold(transaction, &review.digest).await?;
    let words = bundle_approvals::of(transaction, &review.digest).await?;
    if words.iter().any(|word| word.emergency && word.person == review.person) {
        return Ok(Err(PoliciesError::OwnEmergency));
    }
    let approvals: Vec<BundleApproval> =
        words.into_iter().filter(|word| word.decision == ApprovalDecision::Approved).collect();
    let judgements = bundle_checks::of(transaction, &review.digest).await?;
    if !judgements.iter().any(|head| Standing::of(head, &approvals) == Standing::ApprovedInEmergency) {
        return Ok(Err(PoliciesError::NothingToReview));
    }
    bundle_approvals::review(transaction, review).await?;
    audit::append(transaction, entry).await?;
    Ok(Ok(()))
}
