//! A forgotten password: replaced by who knows the card and has an activation code, or reads what is sent to a contact
//! that was verified before. Nothing that is answered tells whether a member id exists.

use uuid::Uuid;
use zeroize::Zeroizing;

use super::registration::{NewPasswordError, new_password};
use crate::app::App;
use crate::credential::hasher::HasherError;
use crate::credential::sent_code::{self as code_form, BoundTo};
use crate::domain::card::{CardNumber, CardNumberError, Expiry};
use crate::domain::challenge::Language;
use crate::domain::id::{ActivationId, EnrolmentId};
use crate::domain::member::ContactChannel;
use crate::domain::member_id;
use crate::domain::member_notice::MemberEvent;
use crate::flow::contact::{self, ContactError};
use crate::flow::register::note;
use crate::flow::sent_code::{self, CodeCheck, SendError, Sending};
use crate::flow::{activation, member_notice};
use crate::store::member::OwnEnrolment;
use crate::store::member::reset::NewPassword;
use crate::store::{StoreError, audit};

/// Who somebody says she is.
pub struct Claim {
    /// The member id.
    member_id: String,
    number: CardNumber,
    expiry: Expiry,
}

/// What is wrong with a claim, whatever the database says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimMistake {
    /// The card's number.
    Number(CardNumberError),
    /// The expiry is no month and year.
    Expiry,
}

/// Why no password was chosen.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// The new password cannot be chosen; nothing was counted.
    #[error(transparent)]
    Password(#[from] NewPasswordError),
    /// Member id, card or code is not right. It is not told which.
    #[error("member id, card or code is not right")]
    Refused,
    /// Too many are choosing passwords.
    #[error(transparent)]
    Hasher(#[from] HasherError),
    /// A contact cannot be opened.
    #[error(transparent)]
    Contact(#[from] ContactError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Claim {
    /// Reads what was typed.
    ///
    /// # Errors
    /// Every [`ClaimMistake`].
    pub fn read(stated: &str, number: &str, expiry: &str) -> Result<Self, Vec<ClaimMistake>> {
        let number = CardNumber::typed(number).map_err(ClaimMistake::Number);
        let expiry = Expiry::typed(expiry).ok_or(ClaimMistake::Expiry);
        match (number, expiry) {
            (Ok(number), Ok(expiry)) => Ok(Self { member_id: member_id::normal(stated), number, expiry }),
            (number, expiry) => Err([number.err(), expiry.err()].into_iter().flatten().collect()),
        }
    }

    async fn find(&self, app: &App) -> Result<Option<OwnEnrolment>, StoreError> {
        let numbers: Vec<[u8; 32]> =
            app.keys.card_digests_for_lookup(&self.number).into_iter().map(|digest| digest.bytes).collect();
        app.store.enrolment_of_claim(&self.member_id, &numbers, self.expiry).await
    }
}

/// Sends a code to the oldest contact of this way that is hers for sure, where the claim is right; else nothing happens.
/// Whoever answers a page must not wait for it: only a right claim takes the time.
///
/// # Errors
/// [`ResetError`].
pub async fn ask(app: &App, claim: &Claim, channel: ContactChannel, language: Language) -> Result<(), ResetError> {
    let Some(enrolment) = claim.find(app).await? else { return Ok(()) };
    let contacts = contact::usable(app, enrolment.id, app.now()).await?;
    let Some(to) = contacts.into_iter().find(|contact| contact.row.channel == channel) else { return Ok(()) };
    let sending = Sending { actor: "cardholder", bound_to: BoundTo::Reset(enrolment.id), to: to.id, language };
    match sent_code::send(app, sending).await {
        Ok(()) | Err(SendError::TooMany | SendError::NoContact | SendError::NoWay(_)) => Ok(()),
        Err(SendError::Store(error)) => Err(error.into()),
    }
}

/// Chooses another password. It is hashed first, whether the rest is right or not; then the try is counted and compared.
/// All sessions of hers end, and all her contacts are told.
///
/// # Errors
/// [`ResetError`]; then nothing was changed.
pub async fn choose(
    app: &App,
    claim: &Claim,
    code: &str,
    password: &Zeroizing<String>,
    language: Language,
) -> Result<(), ResetError> {
    let chosen = new_password(password, &[&claim.member_id, claim.number.last_four()])?;
    let hash = app.hasher.hash(chosen).await?;
    let found = claim.find(app).await?;
    let Some((enrolment, activation)) = check(app, claim, found, code).await? else {
        let mut entry = note(app, "unknown", "member.reset", "none".to_owned());
        "refused".clone_into(&mut entry.result);
        app.store.write(move |transaction| Box::pin(async move { audit::append(transaction, &entry).await })).await?;
        return Err(ResetError::Refused);
    };
    let notices = member_notice::messages(app, enrolment.id, MemberEvent::PasswordReset, language).await?;
    let entry = note(app, "cardholder", "member.reset", enrolment.id.to_string());
    let login_group = enrolment.login_group;
    let new = NewPassword { enrolment_id: enrolment.id, login_group, hash, activation, notices };
    if app.store.reset_password(new, app.now(), entry).await? { Ok(()) } else { Err(ResetError::Refused) }
}

/// Counts a try at the code and compares it; the same statements whether the claim is right or not.
async fn check(
    app: &App,
    claim: &Claim,
    found: Option<OwnEnrolment>,
    code: &str,
) -> Result<Option<(OwnEnrolment, Option<ActivationId>)>, StoreError> {
    if code_form::has_form(code) {
        let id = found.as_ref().map_or(EnrolmentId::from_uuid(Uuid::nil()), |enrolment| enrolment.id);
        let checked = sent_code::check(app, "cardholder", BoundTo::Reset(id), code).await?;
        return Ok(found.filter(|_| matches!(checked, CodeCheck::Right(_))).map(|enrolment| (enrolment, None)));
    }
    let right = activation::check(app, &claim.number, claim.expiry, code).await?;
    let Some((enrolment, right)) = found.zip(right) else { return Ok(None) };
    Ok((right.enrolment_id == Some(enrolment.id)).then_some((enrolment, Some(right.id))))
}
