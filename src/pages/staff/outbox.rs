//! The outbox: messages that wait, and those that are dead; a dead one is sent again by who may.

use askama::Template;
use axum::extract::Query;
use serde::Deserialize;

use super::answer::Answer;
use super::console::Console;
use super::failure::Failure;
use super::form::StaffForm;
use super::pieces::{Cell, Field, FieldKind, Table, Tone};
use super::sheet::{ActForm, Sheet, Ways};
use super::signed::Signed;
use crate::domain::id::OutboxId;
use crate::domain::outbox::{OutboxKind, OutboxState};
use crate::domain::staff::{Act, ActSubject};
use crate::flow::outbox::{self, ReplayError};
use crate::flow::staff::rights;
use crate::store::outbox::{OutboxFilter, OutboxRow};

/// So many messages stand on a page.
const ROWS: u32 = 50;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    after: String,
    #[serde(default)]
    done: String,
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    message: String,
}

/// A form with one button that has a dead message sent again.
#[derive(Template)]
#[template(path = "staff_outbox_replay.html")]
struct ReplayButton {
    token_field: String,
    message: String,
    text: String,
}

/// `GET /staff/outbox`
pub(super) async fn open(signed: Signed, Query(asked): Query<Asked>) -> Answer {
    signed.require(Act::OutboxLook, &ActSubject::none()).await?;
    let after: Option<OutboxId> = match asked.after.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| signed.refuse(Failure::NotFound))?),
    };
    let filter = OutboxFilter {
        state: OutboxState::parse(&asked.state).filter(|state| *state != OutboxState::Done),
        kind: OutboxKind::parse(&asked.kind),
        cardholder_id: None,
    };
    let rows = signed.app().store.outbox(filter, after, ROWS).await.map_err(|error| signed.refuse(error))?;
    let console = signed.console("supervisor-outbox");
    let (form, table) = (form(&console, &asked), table(&signed, &console, &rows));
    let mut ways = Ways { ways: Vec::new() };
    if let Some(last) = rows.last().filter(|_| rows.len() == ROWS as usize) {
        let path = format!("/staff/outbox?kind={}&state={}&after={}", word(&asked.kind), word(&asked.state), last.id);
        ways.ways.push((path, console.text("supervisor-newer")));
    }
    let notice = (asked.done == "replayed").then_some((Tone::Good, "supervisor-replayed"));
    let lead = console.text("supervisor-outbox-lead");
    Ok(signed.page(&Sheet::new(console).lead(lead).maybe_notice(notice).add(&form).add(&table).add(&ways)))
}

/// `POST /staff/outbox/replay`
pub(super) async fn replay(form: StaffForm<Chosen>) -> Answer {
    let StaffForm { signed, fields } = form;
    let id: OutboxId = fields.message.parse().map_err(|_| signed.refuse(Failure::Malformed))?;
    signed.require(Act::OutboxReplay, &ActSubject::of(id)).await?;
    match outbox::replay(signed.app(), &signed.who().actor(), id).await {
        Ok(()) => Ok(signed.go("/staff/outbox?done=replayed")),
        Err(ReplayError::NotDead(_)) => Err(signed.refuse(Failure::Conflict)),
        Err(ReplayError::Store(error)) => Err(signed.refuse(error)),
    }
}

/// One of the words that the address may carry; nothing else goes into another address.
fn word(text: &str) -> &str {
    if text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') { text } else { "" }
}

fn form(console: &Console<'_>, asked: &Asked) -> ActForm {
    let all = || (String::new(), console.text("supervisor-all"));
    let kinds = OutboxKind::ALL.iter().map(|kind| kind.as_str());
    let states = [OutboxState::Waiting, OutboxState::Sending, OutboxState::Dead].map(OutboxState::as_str);
    let named = |prefix: &str, word: &str| (word.to_owned(), console.text(&format!("supervisor-{prefix}-{word}")));
    let kinds = std::iter::once(all()).chain(kinds.map(|word| named("kind", word))).collect();
    let states = std::iter::once(all()).chain(states.iter().map(|word| named("outbox", word))).collect();
    let kind = Field::new("kind", console.text("supervisor-h-kind"), FieldKind::Choice(kinds)).value(&asked.kind);
    let state = Field::new("state", console.text("supervisor-h-state"), FieldKind::Choice(states)).value(&asked.state);
    ActForm::new(console, "/staff/outbox", "supervisor-show").question().field(kind.optional()).field(state.optional())
}

fn table(signed: &Signed, console: &Console<'_>, rows: &[OutboxRow]) -> Table {
    let may = rights::offers(signed.app(), signed.who(), Act::OutboxReplay);
    let row = |row: &OutboxRow| {
        let dead = row.state == OutboxState::Dead;
        let state = console.text(&format!("supervisor-outbox-{}", row.state.as_str()));
        let replay = ReplayButton {
            token_field: console.token_field(),
            message: row.id.to_string(),
            text: console.text("supervisor-replay"),
        };
        vec![
            Cell::Figure(console.moment(row.created_at)),
            Cell::Text(console.text(&format!("supervisor-kind-{}", row.kind.as_str()))),
            if dead { Cell::State(state, Tone::Bad) } else { Cell::Text(state) },
            Cell::Figure(row.attempts.to_string()),
            Cell::Text(row.reason.clone().unwrap_or_default()),
            Cell::Figure(console.moment(row.due_at)),
            if dead && may { Cell::Piece(replay.render().unwrap_or_default()) } else { Cell::Text(String::new()) },
        ]
    };
    let headings = ["since", "kind", "state", "attempts", "reason", "next", "act"];
    Table {
        caption: console.text("supervisor-messages"),
        headings: headings.map(|name| console.text(&format!("supervisor-h-{name}"))).to_vec(),
        rows: rows.iter().map(row).collect(),
        empty: console.text("supervisor-no-messages"),
    }
}
