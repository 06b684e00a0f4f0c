//! One's own account: who one is, one's sessions, the language, how many recovery codes are left.

use askama::Template;
use serde::Deserialize;

use super::answer::Answer;
use super::console::Console;
use super::failure::Failure;
use super::form::StaffForm;
use super::pieces::{Cell, Facts, Table, Tone};
use super::signed::Signed;
use crate::domain::challenge::Language;
use crate::domain::id::StaffSessionId;
use crate::flow::staff::session;
use crate::pages::return_path::STAFF;
use crate::store::staff::sessions::StaffSession;

/// Fewer recovery codes than this are too few.
const CODES_LOW: i64 = 3;

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

#[derive(Template)]
#[template(path = "staff_account.html")]
struct AccountPage<'a> {
    facts: Facts,
    sessions: Table,
    console: Console<'a>,
}

/// A form with one button that ends a session.
#[derive(Template)]
#[template(path = "staff_session_end.html")]
struct EndButton<'a> {
    token_field: String,
    session: String,
    text: String,
    about: &'a str,
}

/// `GET /staff/account`
pub(super) async fn open(signed: Signed) -> Answer {
    let sessions = session::list(signed.app(), signed.who()).await.map_err(|error| signed.refuse(error))?;
    let left = signed.app().store.staff_recovery_codes_left(signed.who().staff_id).await;
    let left = left.map_err(|error| signed.refuse(error))?;
    let console = signed.console("staff-account");
    let facts = facts(&signed, &console, left);
    let sessions = table(&signed, &console, &sessions);
    Ok(signed.page(&AccountPage { facts, sessions, console }))
}

/// `POST /staff/account/language`
pub(super) async fn set_language(form: StaffForm<Choice>) -> Answer {
    let StaffForm { signed, fields } = form;
    let language = Language::parse(&fields.language).ok_or_else(|| signed.refuse(Failure::Malformed))?;
    session::set_language(signed.app(), signed.who(), language).await.map_err(|error| signed.refuse(error))?;
    let next = STAFF.path(&fields.next);
    Ok(signed.go(next.as_str()))
}

/// `POST /staff/account/sessions/end`
pub(super) async fn end_session(form: StaffForm<Chosen>) -> Answer {
    let StaffForm { signed, fields } = form;
    let id: StaffSessionId = fields.session.parse().map_err(|_| signed.refuse(Failure::Malformed))?;
    session::end(signed.app(), signed.who(), id).await.map_err(|error| signed.refuse(error))?;
    Ok(signed.go("/staff/account"))
}

fn facts(signed: &Signed, console: &Console<'_>, left: i64) -> Facts {
    let who = signed.who();
    let roles: Vec<String> =
        who.roles.iter().map(|role| console.text(&format!("staff-role-{}", role.as_str()))).collect();
    let codes = console.wording.with("staff-codes-left", "count", left);
    let codes_cell = if left < CODES_LOW { Cell::State(codes, Tone::Bad) } else { Cell::Text(codes) };
    Facts {
        rows: vec![
            (console.text("staff-name"), Cell::Text(who.name.clone())),
            (console.text("staff-display-name"), Cell::Text(who.display_name.clone())),
            (console.text("staff-roles"), Cell::Text(roles.join(&console.text("staff-list-separator")))),
            (console.text("staff-recovery-codes"), codes_cell),
            (console.text("staff-session-ends"), Cell::Figure(console.moment(signed.session.ends_at))),
        ],
    }
}

fn table(signed: &Signed, console: &Console<'_>, sessions: &[StaffSession]) -> Table {
    let row = |session: &StaffSession| {
        let own = session.id == signed.who().session_id;
        let end = EndButton {
            token_field: console.token_field(),
            session: session.id.to_string(),
            text: console.text("staff-session-end"),
            about: &session.agent,
        };
        let last = if own {
            Cell::State(console.text("staff-session-this"), Tone::Good)
        } else {
            Cell::Piece(end.render().unwrap_or_default())
        };
        vec![
            Cell::Text(session.agent.clone()),
            Cell::Text(session.network.clone()),
            Cell::Figure(console.moment(session.created_at)),
            Cell::Figure(console.moment(session.last_seen_at)),
            last,
        ]
    };
    let headings = ["agent", "network", "began", "seen", "action"];
    Table {
        caption: console.text("staff-sessions"),
        headings: headings.map(|name| console.text(&format!("staff-session-{name}"))).to_vec(),
        rows: sessions.iter().map(row).collect(),
        empty: String::new(),
    }
}
