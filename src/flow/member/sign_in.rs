//! A member signs in on her own pages: member id and password, and a one-time password or recovery code where a card of
//! her login group has one.

use zeroize::Zeroizing;

use super::recovery_digests;
use crate::app::App;
use crate::credential::hasher::HasherError;
use crate::credential::one_time;
use crate::credential::password::Password;
use crate::credential::token::Token;
use crate::domain::challenge::Language;
use crate::domain::id::{EnrolmentId, MemberSessionId};
use crate::domain::member::{Member, SignInOutcome};
use crate::domain::member_id;
use crate::flow::arrival::Arrival;
use crate::flow::register::note;
use crate::keys::{SealError, WrappedKey};
use crate::store::StoreError;
use crate::store::member::OwnEnrolment;
use crate::store::member::sessions::OpenedSession;
use crate::store::member::sign_in::{CountedTry, MemberClaim, MemberCompletion, MemberFactor, SignInLine};

/// What somebody states to sign in.
#[derive(Debug)]
pub struct MemberStatement {
    /// The member id.
    pub member_id: String,
    /// The password.
    pub password: Zeroizing<String>,
    /// A one-time password, or a recovery code; empty where there is none.
    pub code: Zeroizing<String>,
    /// The language of the page.
    pub language: Option<Language>,
    /// The token of the session that the browser had before; it ends.
    pub before: Option<Token>,
}

/// A session that has begun, or has a new token.
#[derive(Debug)]
pub struct BegunSession {
    /// The token, for her alone.
    pub token: Token,
    /// The session.
    pub session_id: MemberSessionId,
    /// The card that she signed in with.
    pub enrolment: OwnEnrolment,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum MemberSignInError {
    /// One of what was stated is wrong, or too many tries went before. It is not told which.
    #[error("member id, password or code is not right")]
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

/// Signs in. The try is counted and committed before anything is compared; an unknown member id, a locked one and a wrong
/// password take the same statements and one hash each.
///
/// # Errors
/// [`MemberSignInError`].
pub async fn sign_in(
    app: &App,
    statement: MemberStatement,
    arrival: &Arrival,
) -> Result<BegunSession, MemberSignInError> {
    let claim = MemberClaim::MemberId(member_id::normal(&statement.member_id));
    let Some(proven) = prove(app, claim.clone(), &statement.password, &statement.code).await? else {
        return refuse(app, claim, None, arrival).await;
    };
    let counted = match proven {
        Proof::Right(counted, factor) => return begin(app, counted, factor, &statement, claim, arrival).await,
        Proof::Wrong(counted) => counted,
    };
    refuse(app, claim, Some(&counted), arrival).await
}

/// Gives a session of hers the strength for sensitive acts, by the password and what goes with it. Its token is a new one.
///
/// # Errors
/// [`MemberSignInError`].
pub async fn prove_again(
    app: &App,
    member: &Member,
    password: &str,
    code: &str,
    arrival: &Arrival,
) -> Result<BegunSession, MemberSignInError> {
    let claim = MemberClaim::Enrolment(member.enrolment_id);
    let (counted, factor) = match prove(app, claim.clone(), password, code).await? {
        Some(Proof::Right(counted, factor)) => (counted, factor),
        Some(Proof::Wrong(counted)) => return refuse(app, claim, Some(&counted), arrival).await,
        None => return refuse(app, claim, None, arrival).await,
    };
    let token = Token::generate(app.randomness.as_ref());
    let completion = MemberCompletion::Renew { id: member.session_id, digest: token.digest() };
    let entry = note(app, &member.actor(), "member.prove", member.session_id.to_string());
    let id = counted.enrolment.id;
    if !app.store.complete_member_sign_in(id, factor, completion, None, app.now(), entry).await? {
        return refuse(app, claim, Some(&counted), arrival).await;
    }
    Ok(BegunSession { token, session_id: member.session_id, enrolment: counted.enrolment })
}

/// What came of a counted try.
pub(super) enum Proof {
    /// Everything is right, as far as it can be told before the factor is used up.
    Right(CountedTry, MemberFactor),
    /// Something is wrong.
    Wrong(CountedTry),
}

/// Counts a try, then compares; none when there was nothing to compare with, which took as long.
pub(super) async fn prove(
    app: &App,
    claim: MemberClaim,
    password: &str,
    code: &str,
) -> Result<Option<Proof>, MemberSignInError> {
    let Ok(typed) = Password::typed(password) else { return Ok(None) };
    let reserved = app.hasher.reserve().await?;
    let counted = app.store.count_member_try(claim, app.now()).await?;
    let found = reserved.compare(typed, counted.as_ref().map(|counted| counted.password.clone())).await?;
    let Some(counted) = counted else { return Ok(None) };
    let factor = second_factor(app, &counted, code).await?;
    let (true, Some(factor)) = (found.matches, factor) else { return Ok(Some(Proof::Wrong(counted))) };
    if found.needs_rehash
        && let Ok(typed) = Password::typed(password)
    {
        let hash = app.hasher.hash(typed).await?;
        app.store.rehash_member_password(counted.enrolment.id, counted.password.clone(), hash).await?;
    }
    Ok(Some(Proof::Right(counted, factor)))
}

async fn begin(
    app: &App,
    counted: CountedTry,
    factor: MemberFactor,
    statement: &MemberStatement,
    claim: MemberClaim,
    arrival: &Arrival,
) -> Result<BegunSession, MemberSignInError> {
    let token = Token::generate(app.randomness.as_ref());
    let id = counted.enrolment.id;
    let session = open(app, id, &token, statement.language, arrival);
    let session_id = session.id;
    let mut entry = note(app, &format!("member:{id}"), "member.sign_in", session_id.to_string());
    let outcome = if matches!(factor, MemberFactor::Recovery(_)) {
        "recovery_code".clone_into(&mut entry.result);
        SignInOutcome::RecoveryCode
    } else {
        SignInOutcome::SignedIn
    };
    let completion = MemberCompletion::Begin(session, statement.before.as_ref().map(Token::digest));
    let line = Some(line(app, claim.clone(), outcome, arrival));
    if !app.store.complete_member_sign_in(id, factor, completion, line, app.now(), entry).await? {
        return refuse(app, claim, Some(&counted), arrival).await;
    }
    Ok(BegunSession { token, session_id, enrolment: counted.enrolment })
}

/// A session about to begin.
pub(super) fn open(
    app: &App,
    enrolment_id: EnrolmentId,
    token: &Token,
    language: Option<Language>,
    arrival: &Arrival,
) -> OpenedSession {
    OpenedSession {
        id: MemberSessionId::new(app.now(), app.randomness.as_ref()),
        enrolment_id,
        digest: token.digest(),
        language,
        network: arrival.network.clone(),
        agent: arrival.agent.to_owned(),
    }
}

fn line(app: &App, claim: MemberClaim, outcome: SignInOutcome, arrival: &Arrival) -> SignInLine {
    SignInLine {
        id: MemberSessionId::new(app.now(), app.randomness.as_ref()).uuid(),
        claim,
        outcome,
        network: arrival.network.clone(),
        agent: arrival.agent.to_owned(),
    }
}

/// What completes the sign-in beside the password; none when a one-time password is needed and this is none.
async fn second_factor(app: &App, counted: &CountedTry, code: &str) -> Result<Option<MemberFactor>, MemberSignInError> {
    if counted.one_time.is_empty() {
        return Ok(Some(MemberFactor::None));
    }
    let holder = counted.enrolment.cardholder_id;
    let Some((key_id, bytes)) = app.store.person_key(holder).await? else { return Ok(None) };
    let key = app.keys.unwrap_person_key(holder, &WrappedKey { key_id, bytes })?;
    let mut digests = Vec::new();
    for one_time in &counted.one_time {
        let sealed = hex::decode(&one_time.secret).map_err(|_| SealError::Form)?;
        let secret = key.open("credentials", "secret", one_time.credential_id.uuid(), &sealed)?;
        if let Some(step) = one_time::matching_step(&secret, code, app.now()) {
            return Ok(Some(MemberFactor::Step { credential_id: one_time.credential_id, step }));
        }
        let of_code = recovery_digests(app, one_time.enrolment_id, code);
        digests.extend(of_code.into_iter().map(|digest| (one_time.enrolment_id, digest)));
    }
    Ok((!digests.is_empty()).then_some(MemberFactor::Recovery(digests)))
}

async fn refuse(
    app: &App,
    claim: MemberClaim,
    counted: Option<&CountedTry>,
    arrival: &Arrival,
) -> Result<BegunSession, MemberSignInError> {
    write_refusal(app, claim, counted, arrival).await?;
    Err(MemberSignInError::Refused)
}

/// Writes a failure down, without what was typed: in a field for ids people also type passwords.
pub(super) async fn write_refusal(
    app: &App,
    claim: MemberClaim,
    counted: Option<&CountedTry>,
    arrival: &Arrival,
) -> Result<(), StoreError> {
    let subject = counted.map_or_else(|| "none".to_owned(), |counted| counted.enrolment.id.to_string());
    let locks = counted.is_none_or(|counted| counted.locks);
    let outcome = if locks { SignInOutcome::Locked } else { SignInOutcome::Refused };
    let mut entry = note(app, "unknown", "member.sign_in", subject);
    if counted.is_some() && locks { "locked" } else { "refused" }.clone_into(&mut entry.result);
    app.store.refuse_member_try(line(app, claim, outcome, arrival), app.now(), entry).await
}
