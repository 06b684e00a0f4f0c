//! The first sign-in: a setup code, a password of one's own, a secret for one-time passwords that is confirmed.

use zeroize::Zeroizing;

use super::session::signed_in;
use super::sign_in::{Begun, open, recovery_digests};
use crate::app::App;
use crate::credential::hasher::HasherError;
use crate::credential::one_time;
use crate::credential::password::{Password, PasswordError};
use crate::credential::token::Token;
use crate::flow::arrival::Arrival;
use crate::flow::register::note;
use crate::keys::{SealError, SealedSecret};
use crate::store::StoreError;
use crate::store::staff::setup::{Confirmed, SetupPerson};

/// Why a first sign-in does not go on.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The code is none, was used, or is too old.
    #[error("the setup code is not good any more\nhint: an administrator makes a new one with `sekisho staff reset`")]
    Code,
    /// The password is not accepted.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The one-time password is not the secret's.
    #[error("the one-time password is not right\nhint: type the six digits that the app shows now")]
    OneTimePassword,
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Hasher(#[from] HasherError),
    /// The secret cannot be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The secret cannot be written as a URL.
    #[error("the secret of one-time passwords cannot be written down")]
    Url,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a person takes into her app.
pub struct Shown {
    /// The name she signs in with.
    pub name: String,
    /// `otpauth://totp/…`, for a picture.
    pub url: Zeroizing<String>,
}

/// The end of a first sign-in.
#[derive(Debug)]
pub struct SetUp {
    /// Her session.
    pub begun: Begun,
    /// Her recovery codes; they can be shown only now.
    pub recovery_codes: Vec<String>,
}

/// Takes the chosen password and gives the secret for one-time passwords. May be done again until it is confirmed.
///
/// # Errors
/// [`SetupError`].
pub async fn begin(app: &App, code: &str, password: &str) -> Result<Shown, SetupError> {
    let secret = one_time::secret(app.randomness.as_ref());
    begin_with_secret(app, code, password, &secret).await
}

/// The same with a secret that is known already.
///
/// # Errors
/// [`SetupError`].
pub async fn begin_with_secret(app: &App, code: &str, password: &str, secret: &[u8]) -> Result<Shown, SetupError> {
    let (digest, found) = find(app, code).await?;
    let person = found.person;
    let password = Password::chosen(password, &[&person.name, &person.display_name])?;
    let hash = app.hasher.hash(password).await?;
    let url = one_time::url(secret, &app.config.issuer.name_en, &person.name).ok_or(SetupError::Url)?;
    let sealed = app.keys.seal_staff_secret(person.id, secret, app.randomness.as_ref())?;
    let kept = app.store.begin_staff_setup(person.id, digest, hash, (sealed.key_id, sealed.bytes), app.now()).await?;
    if kept { Ok(Shown { name: person.name, url }) } else { Err(SetupError::Code) }
}

/// The secret that [`begin`] gave, shown once more after a slip of the pen.
///
/// # Errors
/// [`SetupError`].
pub async fn show_again(app: &App, code: &str) -> Result<Shown, SetupError> {
    let (_, found) = find(app, code).await?;
    let secret = open_secret(app, &found)?;
    let url = one_time::url(&secret, &app.config.issuer.name_en, &found.person.name).ok_or(SetupError::Url)?;
    Ok(Shown { name: found.person.name, url })
}

/// Confirms the secret by a one-time password made from it: the setup code is used up and a session begins.
///
/// # Errors
/// [`SetupError`].
pub async fn confirm(app: &App, code: &str, one_time_password: &str, arrival: &Arrival) -> Result<SetUp, SetupError> {
    let (digest, found) = find(app, code).await?;
    let secret = open_secret(app, &found)?;
    let step = one_time::matching_step(&secret, one_time_password, app.now()).ok_or(SetupError::OneTimePassword)?;
    let SetupPerson { person, secret: sealed } = found;
    let recovery_codes = one_time::recovery_codes(app.randomness.as_ref());
    let digest_of = |code: &String| recovery_digests(app, person.id, code).into_iter().next();
    let (token, session) = open(app, arrival, true);
    let (session_id, totp_at) = (session.id, session.totp_at);
    let confirmed = Confirmed {
        staff_id: person.id,
        code: digest,
        secret: sealed.map(|(_, bytes)| bytes).unwrap_or_default(),
        step,
        recovery: recovery_codes.iter().filter_map(digest_of).collect(),
        session,
    };
    let entry = note(app, &format!("staff:{}", person.id), "staff.setup", person.id.to_string());
    if !app.store.end_staff_setup(confirmed, app.now(), entry).await? {
        return Err(SetupError::Code);
    }
    let language = person.language;
    let who = signed_in(app, person, session_id, totp_at);
    Ok(SetUp { begun: Begun { token, who, language }, recovery_codes })
}

async fn find(app: &App, code: &str) -> Result<([u8; 32], SetupPerson), SetupError> {
    let digest = Token::parse(code.trim()).ok_or(SetupError::Code)?.digest();
    let found = app.store.staff_in_setup(&digest, app.now()).await?;
    Ok((digest, found.ok_or(SetupError::Code)?))
}

fn open_secret(app: &App, found: &SetupPerson) -> Result<Zeroizing<Vec<u8>>, SetupError> {
    let (key_id, bytes) = found.secret.clone().ok_or(SetupError::Code)?;
    Ok(app.keys.open_staff_secret(found.person.id, &SealedSecret { key_id, bytes })?)
}
