//! Sessions of members: found by their token, listed, ended.

use crate::app::App;
use crate::credential::token::Token;
use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::facts::EnrolmentState;
use crate::domain::id::MemberSessionId;
use crate::domain::member::Member;
use crate::flow::register::note;
use crate::store::StoreError;
use crate::store::member::sessions::{MemberSession, MemberSessionLimits};

/// A session is noted as used when it was last noted so long ago, seconds.
const NOTED_EVERY_SECONDS: i64 = 30;

/// A live session.
#[derive(Clone, Debug)]
pub struct LiveSession {
    /// Whose.
    pub member: Member,
    /// The name that she signed in with.
    pub member_id: String,
    /// Whether the registration of the card that she signed in with is complete: the terms are accepted.
    pub is_complete: bool,
    /// When it ends at the latest.
    pub ends_at: Micros,
    /// The digest of its token: forms are bound to it.
    pub digest: [u8; 32],
}

/// The session with this token; none when there is none or it is over.
///
/// # Errors
/// [`StoreError`].
pub async fn find(app: &App, token: &str) -> Result<Option<LiveSession>, StoreError> {
    let Some(token) = Token::parse(token) else { return Ok(None) };
    let digest = token.digest();
    let Some((owner, session)) = app.store.member_session(&digest, limits(app)).await? else { return Ok(None) };
    let now = app.now();
    if session.last_seen_at.plus_seconds(NOTED_EVERY_SECONDS) <= now {
        app.store.touch_member_session(session.id, now).await?;
    }
    let member = Member {
        session_id: session.id,
        enrolment_id: session.enrolment_id,
        login_group: owner.login_group,
        language: session.language,
        proved_at: session.proved_at,
        proved_lately: session.proved_at.plus_seconds(app.config.member.proof_seconds) > now,
    };
    Ok(Some(LiveSession {
        member,
        member_id: owner.member_id,
        is_complete: owner.state == EnrolmentState::Complete,
        ends_at: session.created_at.plus_seconds(app.config.member.absolute_seconds),
        digest,
    }))
}

fn limits(app: &App) -> MemberSessionLimits {
    let (now, settings) = (app.now(), &app.config.member);
    MemberSessionLimits {
        idle: now.plus_seconds(-settings.idle_seconds),
        absolute: now.plus_seconds(-settings.absolute_seconds),
    }
}

/// The live sessions of a member's login group, the latest first.
///
/// # Errors
/// [`StoreError`].
pub async fn list(app: &App, member: &Member) -> Result<Vec<MemberSession>, StoreError> {
    app.store.member_sessions(member.login_group, limits(app)).await
}

/// Ends one of a member's own sessions; answers whether it was live.
///
/// # Errors
/// [`StoreError`].
pub async fn end(app: &App, member: &Member, session: MemberSessionId) -> Result<bool, StoreError> {
    let action = if session == member.session_id { "member.sign_out" } else { "member.session_end" };
    let entry = note(app, &member.actor(), action, session.to_string());
    app.store.end_member_session(member.login_group, session, app.now(), entry).await
}

/// Sets the language of a session's pages.
///
/// # Errors
/// [`StoreError`].
pub async fn set_language(app: &App, member: &Member, language: Language) -> Result<(), StoreError> {
    app.store.set_member_language(member.session_id, language).await
}

/// What a form carries so that only a page of this session can have made it.
pub fn form_token(app: &App, session: &[u8; 32]) -> String {
    hex::encode(app.keys.mac("member_form", &[session]))
}

/// Whether a form carries what [`form_token`] gave for this session.
pub fn is_form_token(app: &App, session: &[u8; 32], given: &str) -> bool {
    hex::decode(given).is_ok_and(|given| app.keys.verify_mac("member_form", &[session], &given))
}
