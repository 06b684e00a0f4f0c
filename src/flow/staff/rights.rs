//! Whether a staff person may do something: asked of the bundle, and written down when she may not.

use crate::app::App;
use crate::domain::staff::{Act, ActSubject, SignedIn};
use crate::flow::register::note;
use crate::policy::{self, Bundle};
use crate::store::{StoreError, audit};

/// Why an act is not done.
#[derive(Debug, thiserror::Error)]
pub enum RightsError {
    /// No rule permits it, or one forbids it.
    #[error("you may not do this (`{act}`)\nhint: ask an administrator which roles may")]
    Denied {
        /// The act's word.
        act: &'static str,
    },
    /// She may, after another one-time password.
    #[error("this needs a one-time password given within the last minutes\nhint: sign in again")]
    ReauthenticationNeeded,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Lets an act go on that the rules permit. One that they deny stands in the audit log.
///
/// # Errors
/// [`RightsError`]; then the act must not be done.
pub async fn require(app: &App, who: &SignedIn, act: Act, subject: &ActSubject) -> Result<(), RightsError> {
    require_by(app, &app.bundle.load().bundle, who, act, subject).await
}

/// The same, asked of this bundle.
///
/// # Errors
/// [`RightsError`]; then the act must not be done.
pub async fn require_by(
    app: &App,
    bundle: &Bundle,
    who: &SignedIn,
    act: Act,
    subject: &ActSubject,
) -> Result<(), RightsError> {
    let answer = policy::may(bundle, who, act, subject);
    if !answer.errors.is_empty() {
        tracing::error!(act = act.as_str(), policies = ?answer.policies, "a rule about staff rights could not be evaluated");
    }
    if answer.allowed {
        return Ok(());
    }
    let fresh = SignedIn { reauthenticated: true, ..who.clone() };
    if !who.reauthenticated && policy::may(bundle, &fresh, act, subject).allowed {
        return Err(RightsError::ReauthenticationNeeded);
    }
    let mut entry = note(app, &who.actor(), "staff.denied", subject.id.clone().unwrap_or_else(|| "none".to_owned()));
    act.as_str().clone_into(&mut entry.result);
    app.store.write(move |transaction| Box::pin(async move { audit::append(transaction, &entry).await })).await?;
    Err(RightsError::Denied { act: act.as_str() })
}

/// Whether the rules permit an act, for what a page offers; nothing is written down.
pub fn offers(app: &App, who: &SignedIn, act: Act) -> bool {
    let fresh = SignedIn { reauthenticated: true, ..who.clone() };
    policy::may(&app.bundle.load().bundle, &fresh, act, &ActSubject::none()).allowed
}
