//! A member registers, lists and removes the passkeys of a card.

use serde_json::Value;

use super::{OwnCard, note, told_in};
use crate::app::App;
use crate::credential::passkey::{Begun, PasskeyError, Passkeys};
use crate::domain::id::{CredentialId, PasskeyId};
use crate::domain::member::Member;
use crate::domain::member_notice::MemberEvent;
use crate::domain::note::{Note, NoteError};
use crate::flow::member_notice;
use crate::store::StoreError;
use crate::store::passkeys::{CeremonyPurpose, NewPasskey, PasskeyRow};

/// How long a ceremony may take, seconds.
pub const CEREMONY_SECONDS: i64 = 300;
/// The most passkeys of one card.
pub const PASSKEYS_MAX: i64 = 10;
/// The longest name of a passkey, in characters.
pub const NAME_CHARS_MAX: usize = 40;

/// Why a passkey is not registered or removed.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyChangeError {
    /// This deployment has no name that browsers make passkeys for.
    #[error("passkeys need a host name\nhint: set `server.public_url` to an address with a name, not numbers")]
    NotOffered,
    /// The name cannot be kept.
    #[error("the name {0}")]
    Name(#[from] NoteError),
    /// The ceremony took too long, or was answered before.
    #[error("the registration is not waiting any more\nhint: begin again")]
    NotWaiting,
    /// The browser's answer is not right.
    #[error(transparent)]
    Answer(#[from] PasskeyError),
    /// It is registered already.
    #[error("this passkey is registered already")]
    Known,
    /// The card has as many as it may.
    #[error("a card has at most {PASSKEYS_MAX} passkeys\nhint: remove one that you do not use")]
    TooMany,
    /// There is no such passkey.
    #[error("there is no such passkey")]
    Unknown,
    /// The database failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for PasskeyChangeError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Duplicate { .. } => Self::Known,
            error => Self::Store(error),
        }
    }
}

/// Whether passkeys can be had at all.
pub fn are_offered(app: &App) -> bool {
    app.passkeys.is_some()
}

/// The card's passkeys.
///
/// # Errors
/// [`StoreError`].
pub async fn list(app: &App, own: &OwnCard) -> Result<Vec<PasskeyRow>, StoreError> {
    app.store.passkeys_of(own.card.id).await
}

/// Begins a registration: what the browser is asked.
///
/// # Errors
/// [`PasskeyChangeError`].
pub async fn begin(app: &App, own: &OwnCard, name: &str) -> Result<Value, PasskeyChangeError> {
    Note::parse(name, NAME_CHARS_MAX)?;
    let id = own.card.id;
    let known: Vec<String> = list(app, own).await?.into_iter().map(|row| row.passkey).collect();
    if i64::try_from(known.len()).unwrap_or(i64::MAX) >= PASSKEYS_MAX {
        return Err(PasskeyChangeError::TooMany);
    }
    let account = format!("{} …{}", own.card.member_id, own.card.last_four);
    let Begun { options, state } = offered(app)?.begin_registration(id.uuid(), &account, &known)?;
    let expires_at = app.now().plus_seconds(CEREMONY_SECONDS);
    app.store.begin_ceremony(CeremonyPurpose::Register, id.uuid(), state, expires_at).await?;
    Ok(options)
}

/// Ends a registration with the browser's answer.
///
/// # Errors
/// [`PasskeyChangeError`]; then nothing was registered.
pub async fn end(
    app: &App,
    member: &Member,
    own: &OwnCard,
    name: &str,
    answer: &str,
) -> Result<PasskeyId, PasskeyChangeError> {
    let name = Note::parse(name, NAME_CHARS_MAX)?;
    let (enrolment_id, now) = (own.card.id, app.now());
    let state = app.store.take_ceremony(CeremonyPurpose::Register, enrolment_id.uuid(), now).await?;
    let made = offered(app)?.end_registration(answer, &state.ok_or(PasskeyChangeError::NotWaiting)?)?;
    let id = PasskeyId::new(now, app.randomness.as_ref());
    let row = PasskeyRow {
        id,
        key_id: made.key_id,
        passkey: made.passkey,
        name: name.as_str().to_owned(),
        last_used_at: None,
        created_at: now,
    };
    let new = NewPasskey {
        enrolment_id,
        row,
        credential_id: CredentialId::new(now, app.randomness.as_ref()),
        most: PASSKEYS_MAX,
        notices: member_notice::messages(app, enrolment_id, MemberEvent::PasskeyAdded, told_in(member)).await?,
    };
    let entry = note(app, member, own, "member.passkey.add");
    if app.store.add_passkey(new, entry).await? { Ok(id) } else { Err(PasskeyChangeError::TooMany) }
}

/// Takes a passkey away.
///
/// # Errors
/// [`PasskeyChangeError`].
pub async fn remove(app: &App, member: &Member, own: &OwnCard, id: PasskeyId) -> Result<(), PasskeyChangeError> {
    let enrolment_id = own.card.id;
    let notices = member_notice::messages(app, enrolment_id, MemberEvent::PasskeyRemoved, told_in(member)).await?;
    let entry = note(app, member, own, "member.passkey.remove");
    let removed = app.store.remove_passkey(enrolment_id, id, notices, entry).await?;
    if removed { Ok(()) } else { Err(PasskeyChangeError::Unknown) }
}

fn offered(app: &App) -> Result<&Passkeys, PasskeyChangeError> {
    app.passkeys.as_ref().ok_or(PasskeyChangeError::NotOffered)
}
