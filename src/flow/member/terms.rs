//! Members accept the terms: the first time completes a registration, later versions are asked for and disable nothing.

use crate::app::App;
use crate::domain::member::Member;
use crate::flow::register::note;
use crate::store::StoreError;
use crate::store::member::OwnEnrolment;

/// Whether the version that is asked for now is another one than what was accepted last.
pub fn are_due(app: &App, enrolment: &OwnEnrolment) -> bool {
    enrolment.terms_version.as_deref() != Some(app.terms.current(app.now()).version.as_str())
}

/// Accepts the version that is asked for now, for the card that she signed in with. Answers `false` when that is another
/// version than the one she read.
///
/// # Errors
/// [`StoreError`].
pub async fn accept(app: &App, member: &Member, read: &str) -> Result<bool, StoreError> {
    let current = &app.terms.current(app.now()).version;
    if current != read {
        return Ok(false);
    }
    let mut entry = note(app, &member.actor(), "member.terms", member.enrolment_id.to_string());
    entry.result.clone_from(current);
    app.store.accept_terms(member.enrolment_id, current.clone(), app.now(), entry).await?;
    Ok(true)
}
