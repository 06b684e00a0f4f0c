//! Cards of one person are shown together after one sign-in: each is proved once, with what it is signed in with. In a
//! challenge each still wants its own credential.

use crate::app::App;
use crate::domain::challenge::Language;
use crate::domain::facts::EnrolmentState;
use crate::domain::id::EnrolmentId;
use crate::domain::member::Member;
use crate::domain::member_id;
use crate::domain::member_notice::MemberEvent;
use crate::flow::arrival::Arrival;
use crate::flow::member_notice;
use crate::flow::register::note;
use crate::store::StoreError;
use crate::store::member::link::Linking;
use crate::store::member::sign_in::MemberClaim;

use super::sign_in::{MemberSignInError, Proof, prove, write_refusal};

/// Why a card is not shown with the others.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// One of what was stated is wrong, or too many tries went before. It is not told which.
    #[error("member id, password or code is not right")]
    Refused,
    /// It is among them already.
    #[error("the card is shown with the others already")]
    Already,
    /// It is the card of another person.
    #[error("the card belongs to another person")]
    OtherPerson,
    /// Its registration is not complete.
    #[error("the card's registration is not complete\nhint: sign in with it once and accept the terms")]
    NotComplete,
    /// It could not be proved.
    #[error(transparent)]
    SignIn(MemberSignInError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<MemberSignInError> for LinkError {
    fn from(error: MemberSignInError) -> Self {
        match error {
            MemberSignInError::Refused => Self::Refused,
            error => Self::SignIn(error),
        }
    }
}

/// Shows another card together with hers. The try is counted like one to sign in with that card.
///
/// # Errors
/// [`LinkError`]; then nothing was changed.
pub async fn link(
    app: &App,
    member: &Member,
    stated: &str,
    password: &str,
    code: &str,
    arrival: &Arrival,
) -> Result<(), LinkError> {
    let claim = MemberClaim::MemberId(member_id::normal(stated));
    let (other, factor) = match prove(app, claim.clone(), password, code).await? {
        Some(Proof::Right(counted, factor)) => (counted.enrolment, factor),
        Some(Proof::Wrong(counted)) => {
            write_refusal(app, claim, Some(&counted), arrival).await?;
            return Err(LinkError::Refused);
        }
        None => {
            write_refusal(app, claim, None, arrival).await?;
            return Err(LinkError::Refused);
        }
    };
    if other.login_group == member.login_group {
        return Err(LinkError::Already);
    }
    if app.store.cardholder_of_enrolment(member.enrolment_id).await? != Some(other.cardholder_id) {
        return Err(LinkError::OtherPerson);
    }
    if other.state != EnrolmentState::Complete {
        return Err(LinkError::NotComplete);
    }
    let language = member.language.unwrap_or(Language::Ja);
    let mut notices = member_notice::messages(app, member.enrolment_id, MemberEvent::Linked, language).await?;
    notices.extend(member_notice::messages(app, other.id, MemberEvent::Linked, language).await?);
    let (from, to) = (other.login_group, member.login_group);
    let linking = Linking { enrolment_id: other.id, from, to, factor, notices };
    let entry = note(app, &member.actor(), "member.link", other.id.to_string());
    if app.store.link(linking, app.now(), entry).await? { Ok(()) } else { Err(LinkError::Refused) }
}

/// Shows a card apart from the others again; answers whether it was among them.
///
/// # Errors
/// [`StoreError`].
pub async fn unlink(app: &App, member: &Member, enrolment: EnrolmentId) -> Result<bool, StoreError> {
    let fresh = EnrolmentId::new(app.now(), app.randomness.as_ref()).uuid();
    let entry = note(app, &member.actor(), "member.unlink", enrolment.to_string());
    app.store.unlink(enrolment, member.login_group, fresh, entry).await
}
