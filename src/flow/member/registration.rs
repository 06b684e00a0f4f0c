//! A card's holder registers it herself: with the activation code that the issuer sent her, a member id, a password, and
//! where codes are to go. The terms complete it at the first sign-in.

use zeroize::Zeroizing;

use crate::app::App;
use crate::credential::hasher::HasherError;
use crate::credential::memorable;
use crate::credential::password::{Password, PasswordError};
use crate::credential::sent_code::BoundTo;
use crate::credential::strength::{Strength, Weakness};
use crate::domain::card::{CardNumber, CardNumberError, Expiry};
use crate::domain::challenge::Language;
use crate::domain::contact::{ContactAddress, ContactAddressError};
use crate::domain::member::ContactChannel;
use crate::domain::member_id::{MemberId, MemberIdError};
use crate::flow::activation;
use crate::flow::enrol::{EnrolError, Enrolling, write};
use crate::flow::sent_code::{self, SendError, Sending};
use crate::policy::reference::Programme;
use crate::store::StoreError;

/// What somebody types to register a card.
pub struct RegistrationEntry {
    /// The card's number.
    pub number: Zeroizing<String>,
    /// Its expiry, month and year.
    pub expiry: String,
    /// The code that the issuer sent.
    pub activation_code: Zeroizing<String>,
    /// The name to sign in with.
    pub member_id: String,
    /// The password.
    pub password: Zeroizing<String>,
    /// Where codes are to go; none where nothing can be sent here.
    pub contact: Option<(ContactChannel, String)>,
    /// The language of the page.
    pub language: Language,
}

/// A card that was registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Whether purchases with its programme's cards are confirmed here.
    pub can_authenticate: bool,
}

/// What is wrong with a field, whatever the database says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationMistake {
    /// The card's number.
    Number(CardNumberError),
    /// The expiry is no month and year.
    Expiry,
    /// The member id.
    MemberId(MemberIdError),
    /// The password.
    Password(NewPasswordError),
    /// The contact.
    Contact(ContactAddressError),
    /// There is no such way for codes here.
    Channel,
}

/// Why a password cannot be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NewPasswordError {
    /// It breaks a rule.
    #[error(transparent)]
    Rules(#[from] PasswordError),
    /// It is too easily guessed.
    #[error("this password is too easily guessed\nhint: several words that nobody puts together are strong")]
    Weak(Option<Weakness>),
}

/// Why a card was not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// Fields are wrong; no try was counted.
    #[error("some fields are wrong")]
    Mistakes(Vec<RegistrationMistake>),
    /// Card number, expiry or activation code is not right, or the code is used, expired or ended by wrong tries. It is not
    /// told which.
    #[error("card number, expiry or activation code is not right")]
    Refused,
    /// The programme's cards cannot be registered.
    #[error("cards of the programme `{}` cannot be registered", .0.id)]
    NotEligible(Box<Programme>),
    /// The card is registered already.
    #[error("the card is registered already")]
    CardTaken,
    /// Somebody has this member id.
    #[error("the member id is taken")]
    MemberIdTaken,
    /// Too many are registering.
    #[error(transparent)]
    Hasher(#[from] HasherError),
    /// Something could not be sealed or written.
    #[error(transparent)]
    Enrol(EnrolError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<EnrolError> for RegistrationError {
    fn from(error: EnrolError) -> Self {
        match error {
            EnrolError::CardTaken => Self::CardTaken,
            EnrolError::MemberIdTaken => Self::MemberIdTaken,
            EnrolError::CodeGone => Self::Refused,
            EnrolError::Hasher(error) => Self::Hasher(error),
            EnrolError::Store(error) => Self::Store(error),
            error => Self::Enrol(error),
        }
    }
}

/// Registers a card. What can be told from the fields alone is told first; then the try at the code is counted, and all
/// that is known of the card is told only to who has the code.
///
/// # Errors
/// [`RegistrationError`]; then nothing was registered, and the code can be used again.
pub async fn register(app: &App, entry: RegistrationEntry) -> Result<Registered, RegistrationError> {
    let fields = Fields::read(app, &entry).map_err(RegistrationError::Mistakes)?;
    let found = activation::check(app, &fields.number, fields.expiry, &entry.activation_code).await?;
    let found = found.ok_or(RegistrationError::Refused)?;
    let programme = app.bundle.load().bundle.reference().programme(&found.card.programme).cloned();
    let programme = programme.ok_or(RegistrationError::Refused)?;
    if !programme.registration_eligible {
        return Err(RegistrationError::NotEligible(Box::new(programme)));
    }
    if found.enrolment_id.is_some() {
        return Err(RegistrationError::CardTaken);
    }
    let enrolling = Enrolling {
        card: found.card,
        member_id: fields.member_id.as_str().to_owned(),
        password: fields.password,
        personal_message: memorable::message(entry.language, app.randomness.as_ref()),
        provisional: true,
        terms_version: None,
        contact: fields.contact,
        activation: Some(found.id),
    };
    let (id, contact) = write(app, "cardholder", enrolling).await?;
    if let Some(contact) = contact {
        let actor = format!("member:{id}");
        let bound_to = BoundTo::Contact(contact);
        let sending = Sending { actor: &actor, bound_to, to: contact, language: entry.language };
        // The card is registered all the same: the first sign-in offers to send another code.
        match sent_code::send(app, sending).await {
            Ok(()) | Err(SendError::TooMany | SendError::NoContact | SendError::NoWay(_)) => {}
            Err(SendError::Store(error)) => return Err(error.into()),
        }
    }
    Ok(Registered { can_authenticate: programme.authentication_eligible })
}

/// The programmes whose cards cannot be registered, for the page to say so before anything is typed.
pub fn not_eligible(app: &App) -> Vec<Programme> {
    let loaded = app.bundle.load();
    loaded.bundle.reference().programmes().filter(|programme| !programme.registration_eligible).cloned().collect()
}

struct Fields {
    number: CardNumber,
    expiry: Expiry,
    member_id: MemberId,
    password: Password,
    contact: Option<ContactAddress>,
}

impl Fields {
    fn read(app: &App, entry: &RegistrationEntry) -> Result<Self, Vec<RegistrationMistake>> {
        let number = CardNumber::typed(&entry.number).map_err(RegistrationMistake::Number);
        let expiry = Expiry::typed(&entry.expiry).ok_or(RegistrationMistake::Expiry);
        let member_id = MemberId::parse(&entry.member_id).map_err(RegistrationMistake::MemberId);
        let last_four = number.as_ref().map_or("", CardNumber::last_four);
        let password = new_password(&entry.password, &[&entry.member_id, last_four]);
        let password = password.map_err(RegistrationMistake::Password);
        let contact = contact(app, entry.contact.as_ref());
        match (number, expiry, member_id, password, contact) {
            (Ok(number), Ok(expiry), Ok(member_id), Ok(password), Ok(contact)) => {
                Ok(Self { number, expiry, member_id, password, contact })
            }
            (number, expiry, member_id, password, contact) => {
                let mistakes = [number.err(), expiry.err(), member_id.err(), password.err(), contact.err()];
                Err(mistakes.into_iter().flatten().collect())
            }
        }
    }
}

fn contact(app: &App, typed: Option<&(ContactChannel, String)>) -> Result<Option<ContactAddress>, RegistrationMistake> {
    let reached = ContactChannel::ALL.iter().any(|channel| app.reaches(*channel));
    match typed {
        Some((channel, _)) if !app.reaches(*channel) => Err(RegistrationMistake::Channel),
        Some((channel, text)) => ContactAddress::parse(*channel, text).map(Some).map_err(RegistrationMistake::Contact),
        None if reached => Err(RegistrationMistake::Channel),
        None => Ok(None),
    }
}

/// A password that may be chosen, `context` being what is known of her.
pub(super) fn new_password(text: &str, context: &[&str]) -> Result<Password, NewPasswordError> {
    let password = Password::chosen(text, context)?;
    let strength = Strength::of(&password, context);
    if strength.is_enough() { Ok(password) } else { Err(NewPasswordError::Weak(strength.weakness)) }
}
