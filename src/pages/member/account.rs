//! A member's sessions, signing out, and the language of her pages.

use askama::Template;
use serde::Deserialize;

use super::answer::{self, Answer, COOKIE};
use super::failure::Failure;
use super::form::{ArrivingForm, MemberForm, Nothing};
use super::frame::MemberFrame;
use super::sheet::Sheet;
use super::signed::Signed;
use crate::domain::challenge::Language;
use crate::domain::id::MemberSessionId;
use crate::flow::member::session;
use crate::pages::pieces::{Cell, Table, Tone};
use crate::pages::return_path::MEMBER;
use crate::store::member::sessions::MemberSession;

#[derive(Deserialize)]
pub(super) struct Choice {
    language: String,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    session: String,
}

/// A form with one button that ends a session.
#[derive(Template)]
#[template(path = "member_session_end.html")]
struct EndButton<'a> {
    token_field: String,
    session: String,
    text: String,
    about: &'a str,
}

/// `POST /my/sign-out`
pub(super) async fn sign_out(form: ArrivingForm<Nothing>) -> Answer {
    let signed = form.signed;
    let ended = session::end(signed.app(), signed.member(), signed.member().session_id).await;
    ended.map_err(|error| signed.refuse(error))?;
    Ok(COOKIE.end(answer::go("/my/sign-in?out=1")))
}

/// `POST /my/language`
pub(super) async fn set_language(form: ArrivingForm<Choice>) -> Answer {
    let ArrivingForm { signed, fields } = form;
    let language = Language::parse(&fields.language).ok_or_else(|| signed.refuse(Failure::Malformed))?;
    session::set_language(signed.app(), signed.member(), language).await.map_err(|error| signed.refuse(error))?;
    Ok(signed.go(MEMBER.path(&fields.next).as_str()))
}

/// `GET /my/sessions`
pub(super) async fn sessions(signed: Signed) -> Answer {
    let sessions = session::list(signed.app(), signed.member()).await.map_err(|error| signed.refuse(error))?;
    let frame = signed.frame("member-sessions");
    let table = table(&signed, &frame, &sessions);
    Ok(signed.page(&Sheet::new(frame).lead("member-sessions-lead").add(&table)))
}

/// `POST /my/sessions/end`
pub(super) async fn end_session(form: MemberForm<Chosen>) -> Answer {
    let MemberForm { signed, fields } = form;
    let id: MemberSessionId = fields.session.parse().map_err(|_| signed.refuse(Failure::Malformed))?;
    session::end(signed.app(), signed.member(), id).await.map_err(|error| signed.refuse(error))?;
    Ok(signed.go("/my/sessions"))
}

fn table(signed: &Signed, frame: &MemberFrame<'_>, sessions: &[MemberSession]) -> Table {
    let row = |session: &MemberSession| {
        let end = EndButton {
            token_field: frame.token_field(),
            session: session.id.to_string(),
            text: frame.text("member-session-end"),
            about: &session.agent,
        };
        let last = if session.id == signed.member().session_id {
            Cell::State(frame.text("member-session-this"), Tone::Good)
        } else {
            Cell::Piece(end.render().unwrap_or_default())
        };
        vec![
            Cell::Text(session.agent.clone()),
            Cell::Text(session.network.clone()),
            Cell::Figure(frame.moment(session.created_at)),
            Cell::Figure(frame.moment(session.last_seen_at)),
            last,
        ]
    };
    let headings = ["agent", "network", "began", "seen", "action"];
    Table {
        caption: frame.text("member-sessions-caption"),
        headings: headings.map(|name| frame.text(&format!("member-session-{name}"))).to_vec(),
        rows: sessions.iter().map(row).collect(),
        empty: String::new(),
    }
}
