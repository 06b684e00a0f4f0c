//! Members on their own pages: how they sign in, and which registered cards are theirs.

pub mod link;
pub mod registration;
pub mod reset;
pub mod session;
pub mod sign_in;
pub mod terms;

use crate::app::App;
use crate::credential::one_time;
use crate::domain::id::EnrolmentId;
use crate::domain::member::Member;
use crate::store::StoreError;
use crate::store::member::OwnEnrolment;

/// A registered card, if it is of the member's login group; none where there is none, and where it is somebody else's.
///
/// # Errors
/// [`StoreError`].
pub async fn own_enrolment(app: &App, member: &Member, id: EnrolmentId) -> Result<Option<OwnEnrolment>, StoreError> {
    app.store.enrolment_of_group(id, member.login_group).await
}

/// The registered cards that a member sees together, the oldest registration first.
///
/// # Errors
/// [`StoreError`].
pub async fn own_enrolments(app: &App, member: &Member) -> Result<Vec<OwnEnrolment>, StoreError> {
    app.store.enrolments_of_group(member.login_group).await
}

/// The digests that a recovery code of an enrolment may be stored under, the active key's first; none when it has not
/// the form of one.
pub fn recovery_digests(app: &App, enrolment: EnrolmentId, code: &str) -> Vec<[u8; 32]> {
    one_time::recovery_digests(&app.keys, "member_recovery_code", &enrolment.to_string(), code)
}
