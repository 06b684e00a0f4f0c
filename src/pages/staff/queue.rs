//! What waits for a supervisor: requests to resume, objections of callers who were not identified, objections of people
//! who are not known yet, letters to recipients.

mod event;
pub(super) mod letter;
pub(super) mod objection;
pub(super) mod request;

use axum::extract::Query;
use serde::Deserialize;

use super::answer::Answer;
use super::console::Console;
use super::pieces::{Cell, Table, Tone};
use super::sheet::Sheet;
use super::signed::Signed;
use crate::domain::approval::{Approval, ApprovalState};
use crate::domain::clock::Micros;
use crate::domain::consent::line::ConsentEvent;
use crate::domain::erasure::Erasure;
use crate::domain::staff::{Act, ActSubject};
use crate::domain::unmatched::Unmatched;
use crate::flow::staff::names::Names;

/// So many rows of each queue are shown, the oldest first: what is older is done first.
const ROWS: i64 = 100;

/// What was done a moment ago.
#[derive(Deserialize)]
pub(super) struct After {
    #[serde(default)]
    done: String,
}

/// What is said about it.
fn told(after: &After) -> Option<(Tone, &'static str)> {
    let key = match after.done.as_str() {
        "approved" => "supervisor-approved",
        "refused" => "supervisor-refused",
        "confirmed" => "supervisor-confirmed",
        "filed" => "supervisor-filed",
        "closed" => "supervisor-letter-closed",
        _ => return None,
    };
    Some((Tone::Good, key))
}

/// `GET /staff/queue`
pub(super) async fn open(signed: Signed, Query(after): Query<After>) -> Answer {
    signed.require(Act::QueueLook, &ActSubject::none()).await?;
    let store = &signed.app().store;
    let requests = store.approvals(ApprovalState::Waiting, ROWS).await.map_err(|error| signed.refuse(error))?;
    let pending = store.pending_objections(ROWS).await.map_err(|error| signed.refuse(error))?;
    let unmatched = store.open_unmatched(ROWS).await.map_err(|error| signed.refuse(error))?;
    let letters = store.open_letters(ROWS).await.map_err(|error| signed.refuse(error))?;
    let (names, console) = (signed.names().await?, signed.console("supervisor-queue"));
    let rows = Rows { signed: &signed, console: &console, names: &names };
    let tables = [rows.requests(&requests), rows.pending(&pending), rows.unmatched(&unmatched), rows.letters(letters)];
    let lead = console.text("supervisor-queue-lead");
    let sheet = Sheet::new(console).lead(lead).maybe_notice(told(&after));
    Ok(signed.page(&tables.iter().fold(sheet, Sheet::add)))
}

struct Rows<'a> {
    signed: &'a Signed,
    console: &'a Console<'a>,
    names: &'a Names,
}

impl Rows<'_> {
    fn requests(&self, requests: &[Approval]) -> Table {
        let row = |approval: &Approval| {
            vec![
                self.since(approval.requested_at),
                Cell::Text(self.names.of(&approval.requested_by)),
                link(&format!("/staff/cardholders/{}", approval.subject), &approval.subject),
                self.open(&format!("/staff/queue/requests/{}", approval.id)),
            ]
        };
        self.table("requests", &["since", "by", "about", "act"], requests.iter().map(row).collect())
    }

    fn pending(&self, events: &[ConsentEvent]) -> Table {
        let row = |event: &ConsentEvent| {
            let about = event.cardholder_id.to_string();
            vec![
                self.since(event.recorded_at),
                Cell::Text(self.names.of(&event.actor)),
                link(&format!("/staff/cardholders/{about}"), &about),
                self.open(&format!("/staff/queue/objections/{}", event.id)),
            ]
        };
        self.table("pending", &["since", "by", "about", "act"], events.iter().map(row).collect())
    }

    fn unmatched(&self, unmatched: &[Unmatched]) -> Table {
        let row = |unmatched: &Unmatched| {
            vec![
                self.since(unmatched.recorded_at),
                Cell::Text(self.names.of(&unmatched.actor)),
                Cell::Text(self.console.text(&format!("supervisor-unmatched-{}", unmatched.state.as_str()))),
                self.open(&format!("/staff/unmatched/{}", unmatched.id)),
            ]
        };
        self.table("unmatched", &["since", "by", "state", "act"], unmatched.iter().map(row).collect())
    }

    /// One row for each letter, however many requests it holds.
    fn letters(&self, mut erasures: Vec<Erasure>) -> Table {
        erasures.dedup_by_key(|erasure| erasure.letter);
        let row = |erasure: &Erasure| {
            let number = erasure.letter.unwrap_or_default();
            vec![
                self.since(erasure.requested_at),
                Cell::Figure(number.to_string()),
                Cell::Text(letter::recipient_name(self.signed, &erasure.recipient)),
                self.open(&format!("/staff/queue/letters/{number}")),
            ]
        };
        self.table("letters", &["since", "number", "recipient", "act"], erasures.iter().map(row).collect())
    }

    /// Since when it waits; what has waited for longer than the deployment wants is marked.
    fn since(&self, at: Micros) -> Cell {
        let (now, text) = (self.signed.app().now(), self.console.moment(at));
        let days = (now.0 - at.0) / (86_400 * Micros::SECOND);
        if days < self.signed.app().config.staff.pending_days {
            return Cell::Figure(text);
        }
        let late = self.console.wording.with("supervisor-days", "count", days);
        Cell::State(format!("{text} – {late}"), Tone::Bad)
    }

    fn open(&self, path: &str) -> Cell {
        link(path, &self.console.text("supervisor-open"))
    }

    fn table(&self, name: &str, headings: &[&str], rows: Vec<Vec<Cell>>) -> Table {
        Table {
            caption: self.console.text(&format!("supervisor-{name}")),
            headings: headings.iter().map(|heading| self.console.text(&format!("supervisor-h-{heading}"))).collect(),
            rows,
            empty: self.console.text("supervisor-nothing-waits"),
        }
    }
}

fn link(path: &str, text: &str) -> Cell {
    Cell::Link { path: path.to_owned(), text: text.to_owned() }
}
