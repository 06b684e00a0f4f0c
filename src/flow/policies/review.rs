//! Somebody looks again at a bundle that was let through in an emergency.

use super::{PoliciesError, entry, head, subject};
use crate::app::App;
use crate::domain::bundle::BundleReview;
use crate::domain::staff::{Act, SignedIn};
use crate::flow::staff::rights;
use crate::store::{StoreError, audit, bundle_approvals};

/// Keeps what a third person found: neither who made the bundle nor who let it through.
///
/// # Errors
/// [`PoliciesError`]; then nothing was kept.
pub async fn review(app: &App, who: &SignedIn, digest: &str, note: &str) -> Result<(), PoliciesError> {
    let head = head(app, digest).await?;
    let allowed = rights::require(app, who, Act::PolicyReview, &subject(&head)).await;
    if head.author == who.actor() {
        return Err(PoliciesError::Own);
    }
    allowed?;
    let words = app.store.bundle_approvals(&head.digest).await?;
    if !words.iter().any(|word| word.emergency) {
        return Err(PoliciesError::NothingToReview);
    }
    if words.iter().any(|word| word.emergency && word.person == who.actor()) {
        return Err(PoliciesError::OwnEmergency);
    }
    if note.trim().is_empty() {
        return Err(PoliciesError::NoReason("what you found (`--note TEXT`)"));
    }
    let review = BundleReview {
        digest: head.digest.clone(),
        person: who.actor(),
        note: note.to_owned(),
        reviewed_at: app.now(),
    };
    let entry = entry(app, &who.actor(), "policy.review", &head.digest, "reviewed");
    let written = app
        .store
        .write(move |transaction| {
            Box::pin(async move {
                bundle_approvals::review(transaction, &review).await?;
                audit::append(transaction, &entry).await
            })
        })
        .await;
    match written {
        Err(StoreError::Duplicate { .. }) => Err(PoliciesError::Reviewed),
        written => Ok(written?),
    }
}
