//! A staff person signs in: password and one-time password, or a recovery code in its place.

use zeroize::Zeroizing;

use super::account;
use super::session::signed_in;
use crate::app::App;
use crate::credential::hasher::HasherError;
use crate::credential::one_time;
use crate::credential::password::Password;
use crate::credential::token::Token;
use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::id::{StaffId, StaffSessionId};
use crate::domain::staff::SignedIn;
use crate::flow::arrival::Arrival;
use crate::flow::register::note;
use crate::keys::{SealError, SealedSecret};
use crate::store::staff::StaffPerson;
use crate::store::staff::sign_in::{Claimant, Completion, Counted, Opened, SecondFactor};
use crate::store::{StoreError, audit};

/// What somebody states to sign in.
#[derive(Debug)]
pub struct Statement {
    /// The sign-in name.
    pub name: String,
    /// The password.
    pub password: Zeroizing<String>,
    /// A one-time password, or a recovery code.
    pub code: Zeroizing<String>,
}

/// A session that has begun, or has a new token.
#[derive(Debug)]
pub struct Begun {
    /// The token, for her alone.
    pub token: Token,
    /// Who.
    pub who: SignedIn,
    /// The language that she chose.
    pub language: Option<Language>,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// One of what was stated is wrong, or the person is locked out. It is not told which.
    #[error(
        "name, password or code is not right\nhint: after 10 failures in a row nothing is accepted for 30 minutes; a one-time password works once; who has a setup code signs in on the page or with `sekisho staff setup` first"
    )]
    Refused,
    /// Too many are signing in.
    #[error(transparent)]
    Hasher(#[from] HasherError),
    /// The secret of one-time passwords cannot be opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Signs in. The try is counted and committed before anything is compared; an unknown name takes the same time.
///
/// # Errors
/// [`SignInError`].
pub async fn sign_in(app: &App, statement: Statement, arrival: &Arrival) -> Result<Begun, SignInError> {
    let Ok(password) = Password::typed(&statement.password) else { return Err(SignInError::Refused) };
    let reserved = app.hasher.reserve().await?;
    let claimant = Claimant::Name(account::normal_name(&statement.name));
    let counted = app.store.count_staff_try(claimant, app.now()).await?;
    let stored = counted.as_ref().map(|counted| counted.password.clone());
    let found = reserved.compare(password, stored).await?;
    let factor = counted.as_ref().map(|counted| second_factor(app, counted, &statement.code)).transpose()?.flatten();
    let (Some(counted), Some(factor), true) = (&counted, factor, found.matches) else {
        return refuse(app, counted.map(|counted| counted.person)).await;
    };
    let begun = begin(app, &counted.person, factor, arrival).await?;
    if found.needs_rehash
        && let Ok(password) = Password::typed(&statement.password)
    {
        let hash = app.hasher.hash(password).await?;
        app.store.rehash_staff_password(counted.person.id, counted.password.clone(), hash).await?;
    }
    Ok(begun)
}

/// Gives a session of hers the strength for sensitive acts, by another one-time password. Its token is a new one.
///
/// # Errors
/// [`SignInError`].
pub async fn reauthenticate(app: &App, who: &SignedIn, code: &str) -> Result<Begun, SignInError> {
    let Some(counted) = app.store.count_staff_try(Claimant::Person(who.staff_id), app.now()).await? else {
        return refuse(app, None).await;
    };
    let Some(SecondFactor::Step(step)) = second_factor(app, &counted, code)? else {
        return refuse(app, Some(counted.person)).await;
    };
    let token = Token::generate(app.randomness.as_ref());
    let completion = Completion::Renew { id: who.session_id, digest: token.digest() };
    let entry = note(app, &who.actor(), "staff.reauthenticate", who.session_id.to_string());
    let factor = SecondFactor::Step(step);
    if !app.store.complete_staff_sign_in(who.staff_id, factor, completion, app.now(), entry).await? {
        return refuse(app, Some(counted.person)).await;
    }
    let language = counted.person.language;
    Ok(Begun { token, who: signed_in(app, counted.person, who.session_id, app.now()), language })
}

async fn begin(app: &App, person: &StaffPerson, factor: SecondFactor, arrival: &Arrival) -> Result<Begun, SignInError> {
    let (token, opened) = open(app, arrival, matches!(factor, SecondFactor::Step(_)));
    let (session_id, totp_at) = (opened.id, opened.totp_at);
    let mut entry = note(app, &format!("staff:{}", person.id), "staff.sign_in", session_id.to_string());
    if matches!(factor, SecondFactor::Recovery(_)) {
        "recovery_code".clone_into(&mut entry.result);
    }
    let completion = Completion::Begin(opened);
    if !app.store.complete_staff_sign_in(person.id, factor, completion, app.now(), entry).await? {
        return refuse(app, Some(person.clone())).await;
    }
    Ok(Begun { token, who: signed_in(app, person.clone(), session_id, totp_at), language: person.language })
}

/// A session about to begin, and its token.
pub(super) fn open(app: &App, arrival: &Arrival, by_one_time_password: bool) -> (Token, Opened) {
    let token = Token::generate(app.randomness.as_ref());
    let opened = Opened {
        id: StaffSessionId::new(app.now(), app.randomness.as_ref()),
        digest: token.digest(),
        totp_at: if by_one_time_password { app.now() } else { Micros(0) },
        network: arrival.network.clone(),
        agent: arrival.agent.to_owned(),
    };
    (token, opened)
}

fn second_factor(app: &App, counted: &Counted, code: &str) -> Result<Option<SecondFactor>, SealError> {
    let (key_id, bytes) = counted.secret.clone();
    let secret = app.keys.open_staff_secret(counted.person.id, &SealedSecret { key_id, bytes })?;
    if let Some(step) = one_time::matching_step(&secret, code, app.now()) {
        return Ok(Some(SecondFactor::Step(step)));
    }
    let digests = recovery_digests(app, counted.person.id, code);
    Ok(Some(digests).filter(|digests| !digests.is_empty()).map(SecondFactor::Recovery))
}

/// The digests that a recovery code of hers may be stored under, the active key's first.
pub(super) fn recovery_digests(app: &App, staff: StaffId, code: &str) -> Vec<[u8; 32]> {
    one_time::recovery_digests(&app.keys, "staff_recovery_code", &staff.to_string(), code)
}

/// Writes the failure down, without what was typed: in a field for names people also type passwords.
async fn refuse(app: &App, person: Option<StaffPerson>) -> Result<Begun, SignInError> {
    let subject = person.as_ref().map_or_else(|| "none".to_owned(), |person| person.id.to_string());
    let locked = person.as_ref().is_some_and(|person| person.locked_until.is_some());
    let mut entry = note(app, "unknown", "staff.sign_in", subject);
    if locked { "locked" } else { "refused" }.clone_into(&mut entry.result);
    app.store.write(move |transaction| Box::pin(async move { audit::append(transaction, &entry).await })).await?;
    Err(SignInError::Refused)
}
