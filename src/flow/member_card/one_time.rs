//! A member applies for one-time passwords of a card, confirms, replaces and removes them. While a card has them its plain
//! password opens no challenge; recovery codes are good for signing in to these pages and for nothing else.

use zeroize::Zeroizing;

use super::{OwnCard, note, told_in};
use crate::app::App;
use crate::credential::one_time;
use crate::domain::clock::Micros;
use crate::domain::facts::Method;
use crate::domain::id::{CredentialId, EnrolmentId};
use crate::domain::member::Member;
use crate::domain::member_notice::MemberEvent;
use crate::flow::member_notice;
use crate::keys::SealError;
use crate::store::StoreError;
use crate::store::member_card::{Application, Confirmed};

/// How long a secret that is shown can be confirmed, seconds.
const APPLICATION_SECONDS: i64 = 900;
/// The kind of account that a member's recovery codes open.
const RECOVERY_CLASS: &str = "member_recovery_code";

/// Why nothing was changed about one-time passwords.
#[derive(Debug, thiserror::Error)]
pub enum OneTimeError {
    /// No secret waits to be confirmed.
    #[error("no one-time password waits to be confirmed\nhint: apply for it again")]
    NoApplication,
    /// The code is not the secret's.
    #[error("the code is not right\nhint: type the six digits that the app shows now")]
    Code,
    /// There are none.
    #[error("this card has no one-time passwords")]
    None,
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

/// How a card's one-time passwords stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OneTimeState {
    /// Since when there are some; none: there are none.
    pub since: Option<Micros>,
    /// How many recovery codes are still good.
    pub recovery_codes_left: i64,
}

/// How they stand.
///
/// # Errors
/// [`StoreError`].
pub async fn state(app: &App, own: &OwnCard) -> Result<OneTimeState, StoreError> {
    let since = own.credential(Method::Totp).map(|credential| credential.changed_at);
    Ok(OneTimeState { since, recovery_codes_left: app.store.recovery_codes_left(own.card.id).await? })
}

/// Makes a secret that waits to be confirmed, in the place of one that waited.
///
/// # Errors
/// [`OneTimeError`].
pub async fn apply(app: &App, member: &Member, own: &OwnCard) -> Result<(), OneTimeError> {
    let id = own.card.id;
    let secret = one_time::secret(app.randomness.as_ref());
    let sealed = own.key.seal("totp_applications", "secret", id.uuid(), &secret, app.randomness.as_ref())?;
    let application = Application { secret: sealed, expires_at: app.now().plus_seconds(APPLICATION_SECONDS) };
    let entry = note(app, member, own, "member.one_time_password.apply");
    Ok(app.store.apply_for_totp(id, application, app.now(), entry).await?)
}

/// The secret that waits, as an app takes it in: `otpauth://totp/…`.
///
/// # Errors
/// [`OneTimeError`].
pub async fn shown(app: &App, own: &OwnCard) -> Result<Zeroizing<String>, OneTimeError> {
    let (secret, _) = waiting(app, own).await?;
    let name = format!("{} …{}", own.card.member_id, own.card.last_four);
    one_time::url(&secret, &app.config.issuer.name_en, &name).ok_or(OneTimeError::Url)
}

/// Puts the secret that waits into use, by a code made from it; that code is used up. Answers fresh recovery codes, which can
/// be shown only now.
///
/// # Errors
/// [`OneTimeError`]; then nothing was changed.
pub async fn confirm(app: &App, member: &Member, own: &OwnCard, code: &str) -> Result<Vec<String>, OneTimeError> {
    let id = own.card.id;
    let (secret, applied) = waiting(app, own).await?;
    let now = app.now();
    let step = one_time::matching_step(&secret, code, now).ok_or(OneTimeError::Code)?;
    let credential_id = CredentialId::new(now, app.randomness.as_ref());
    let sealed = own.key.seal("credentials", "secret", credential_id.uuid(), &secret, app.randomness.as_ref())?;
    let (codes, recovery) = fresh_recovery_codes(app, id);
    let notices = member_notice::messages(app, id, MemberEvent::OneTimePasswordAdded, told_in(member)).await?;
    let confirmed =
        Confirmed { enrolment_id: id, applied, credential_id, secret: hex::encode(sealed), step, recovery, notices };
    let entry = note(app, member, own, "member.one_time_password.confirm");
    if app.store.confirm_totp(confirmed, now, entry).await? { Ok(codes) } else { Err(OneTimeError::NoApplication) }
}

/// Takes one-time passwords away: from then on the plain password opens challenges again.
///
/// # Errors
/// [`OneTimeError`]; then nothing was changed.
pub async fn remove(app: &App, member: &Member, own: &OwnCard) -> Result<(), OneTimeError> {
    let id = own.card.id;
    let notices = member_notice::messages(app, id, MemberEvent::OneTimePasswordRemoved, told_in(member)).await?;
    let entry = note(app, member, own, "member.one_time_password.remove");
    if app.store.remove_totp(id, notices, entry).await? { Ok(()) } else { Err(OneTimeError::None) }
}

/// Makes new recovery codes; the old ones are good for nothing any more.
///
/// # Errors
/// [`OneTimeError`]; then nothing was changed.
pub async fn renew_recovery_codes(app: &App, member: &Member, own: &OwnCard) -> Result<Vec<String>, OneTimeError> {
    let id = own.card.id;
    let (codes, digests) = fresh_recovery_codes(app, id);
    let entry = note(app, member, own, "member.recovery_codes");
    if app.store.replace_recovery_codes(id, digests, entry).await? { Ok(codes) } else { Err(OneTimeError::None) }
}

/// The digests that a member's recovery code may be stored under, the active key's first; none when it has not the form of
/// one.
pub fn recovery_digests(app: &App, id: EnrolmentId, code: &str) -> Vec<[u8; 32]> {
    one_time::recovery_digests(&app.keys, RECOVERY_CLASS, &id.to_string(), code)
}

fn fresh_recovery_codes(app: &App, id: EnrolmentId) -> (Vec<String>, Vec<[u8; 32]>) {
    let codes = one_time::recovery_codes(app.randomness.as_ref());
    let digests = codes.iter().filter_map(|code| recovery_digests(app, id, code).into_iter().next()).collect();
    (codes, digests)
}

/// The secret that waits, opened, and as it is sealed.
async fn waiting(app: &App, own: &OwnCard) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), OneTimeError> {
    let id = own.card.id;
    let application = app.store.totp_application(id, app.now()).await?.ok_or(OneTimeError::NoApplication)?;
    let secret = own.key.open("totp_applications", "secret", id.uuid(), &application.secret)?;
    Ok((secret, application.secret))
}
