//! Sessions of staff people: found by their token, listed, ended.

use crate::app::App;
use crate::credential::token::Token;
use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::id::StaffSessionId;
use crate::domain::staff::SignedIn;
use crate::flow::register::note;
use crate::store::StoreError;
use crate::store::staff::StaffPerson;
use crate::store::staff::sessions::{Limits, StaffSession};

/// A session is noted as used when it was last noted so long ago, seconds.
const NOTED_EVERY_SECONDS: i64 = 30;

/// A live session.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who, as rights and records see her.
    pub who: SignedIn,
    /// The language that she chose.
    pub language: Option<Language>,
    /// When it began.
    pub created_at: Micros,
    /// When it ends at the latest.
    pub ends_at: Micros,
    /// The digest of its token: forms are bound to it.
    pub digest: [u8; 32],
}

/// The session with this token; none when there is none or it is over.
///
/// # Errors
/// [`StoreError`].
pub async fn find(app: &App, token: &str) -> Result<Option<Session>, StoreError> {
    let Some(token) = Token::parse(token) else { return Ok(None) };
    let digest = token.digest();
    let Some((person, session)) = app.store.staff_session(&digest, limits(app)).await? else { return Ok(None) };
    let now = app.now();
    if session.last_seen_at.plus_seconds(NOTED_EVERY_SECONDS) <= now {
        app.store.touch_staff_session(session.id, now).await?;
    }
    Ok(Some(Session {
        language: person.language,
        created_at: session.created_at,
        ends_at: session.created_at.plus_seconds(app.config.staff.absolute_seconds),
        digest,
        who: signed_in(app, person, session.id, session.totp_at),
    }))
}

pub(super) fn signed_in(app: &App, person: StaffPerson, session_id: StaffSessionId, totp_at: Micros) -> SignedIn {
    SignedIn {
        staff_id: person.id,
        name: person.name,
        display_name: person.display_name,
        roles: person.roles,
        session_id,
        reauthenticated: totp_at.plus_seconds(app.config.staff.reauthentication_seconds) > app.now(),
    }
}

fn limits(app: &App) -> Limits {
    let (now, settings) = (app.now(), &app.config.staff);
    Limits { idle: now.plus_seconds(-settings.idle_seconds), absolute: now.plus_seconds(-settings.absolute_seconds) }
}

/// A person's own live sessions, the latest first.
///
/// # Errors
/// [`StoreError`].
pub async fn list(app: &App, who: &SignedIn) -> Result<Vec<StaffSession>, StoreError> {
    app.store.staff_sessions(who.staff_id, limits(app)).await
}

/// Ends one of a person's own sessions; answers whether it was live.
///
/// # Errors
/// [`StoreError`].
pub async fn end(app: &App, who: &SignedIn, session: StaffSessionId) -> Result<bool, StoreError> {
    let action = if session == who.session_id { "staff.sign_out" } else { "staff.session_end" };
    let entry = note(app, &who.actor(), action, session.to_string());
    app.store.end_staff_session(who.staff_id, session, app.now(), entry).await
}

/// Sets the language of a person's pages.
///
/// # Errors
/// [`StoreError`].
pub async fn set_language(app: &App, who: &SignedIn, language: Language) -> Result<(), StoreError> {
    app.store.set_staff_language(who.staff_id, language).await
}

/// What a form carries so that only a page of this session can have made it.
pub fn form_token(app: &App, session: &[u8; 32]) -> String {
    hex::encode(app.keys.mac("staff_form", &[session]))
}

/// Whether a form carries what [`form_token`] gave for this session.
pub fn is_form_token(app: &App, session: &[u8; 32], given: &str) -> bool {
    hex::decode(given).is_ok_and(|given| app.keys.verify_mac("staff_form", &[session], &given))
}
