//! Everything recorded about one cardholder's consent and disclosures: a page to print, and the same as JSON.

use askama::Template;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;

use super::answer::Answer;
use super::console::Console;
use super::failure::Failure;
use super::pieces::{Cell, Facts, Table, Tone};
use super::signed::Signed;
use crate::domain::challenge::TimeBase;
use crate::domain::clock::Micros;
use crate::domain::consent::ConsentState;
use crate::domain::consent::line::{ConsentEvent, LineEntry, LineRow};
use crate::domain::id::CardholderId;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::export::{self, PersonExport, disclosure_of};
use crate::texts::moment::date_and_time;

#[derive(Template)]
#[template(path = "staff_export.html")]
struct ExportPage<'a> {
    facts: Facts,
    tables: Vec<Table>,
    json: String,
    console: Console<'a>,
}

type Id = Result<Path<CardholderId>, PathRejection>;

/// `GET /staff/cardholders/{id}/export`
pub(super) async fn open(signed: Signed, id: Id) -> Answer {
    let person = person(&signed, id).await?;
    let console = signed.console("staff-export");
    let words = Words { console: &console, person: &person };
    let (facts, tables) = (words.facts(), words.tables());
    let json = format!("/staff/cardholders/{}/export.json", person.cardholder_id);
    Ok(signed.page(&ExportPage { facts, tables, json, console }))
}

/// `GET /staff/cardholders/{id}/export.json`
pub(super) async fn json(signed: Signed, id: Id) -> Answer {
    let person = person(&signed, id).await?;
    let name = format!("attachment; filename=\"{}.json\"", person.cardholder_id);
    let name = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, person.json().to_string()).into_response())
}

async fn person(signed: &Signed, id: Id) -> Result<PersonExport, super::answer::Refusal> {
    let Path(id) = id.map_err(|_| signed.refuse(Failure::NotFound))?;
    signed.require(Act::CardholderExport, &ActSubject::of(id)).await?;
    let since = signed.app().store.cardholder_since(id).await.map_err(|error| signed.refuse(error))?;
    if since.is_none() {
        return Err(signed.refuse(Failure::NotFound));
    }
    export::person(signed.app(), &signed.who().actor(), id).await.map_err(|error| signed.refuse(error))
}

/// The export in the words of a language.
struct Words<'a> {
    console: &'a Console<'a>,
    person: &'a PersonExport,
}

impl Words<'_> {
    fn facts(&self) -> Facts {
        let tone = if self.person.state == ConsentState::Permitted { Tone::Plain } else { Tone::Good };
        let state = self.word("export-state", self.person.state.as_str());
        let rows = vec![
            (self.text("export-cardholder"), Cell::Text(self.person.cardholder_id.to_string())),
            (self.text("export-state"), Cell::State(state, tone)),
            (self.text("export-at"), self.at(self.person.exported_at)),
        ];
        Facts { rows }
    }

    fn tables(&self) -> Vec<Table> {
        let rows: &[LineRow] = self.person.lines.as_ref().map_or(&[], |lines| &lines.rows);
        let events = rows.iter().filter_map(|row| self.event(row)).collect();
        let disclosures = rows.iter().filter_map(|row| self.disclosure(row)).collect();
        vec![
            self.table("events", &["at", "what", "channel", "reference", "by"], events),
            self.table("disclosures", &["at", "recipient", "items", "basis", "ended"], disclosures),
            self.table("receipts", &["at", "receipt"], self.receipts()),
            self.table("erasures", &["at", "recipient", "disclosure", "ended"], self.erasures()),
            self.table("approvals", &["at", "by", "ended", "decided-by"], self.approvals()),
            self.table("seen", &["at", "by", "what"], self.seen()),
        ]
    }

    fn table(&self, name: &str, columns: &[&str], rows: Vec<Vec<Cell>>) -> Table {
        let headings = columns.iter().map(|column| self.text(&format!("export-column-{column}"))).collect();
        Table { caption: self.text(&format!("export-{name}")), headings, rows, empty: self.text("export-nothing") }
    }

    fn event(&self, row: &LineRow) -> Option<Vec<Cell>> {
        let LineEntry::Event(event) = &row.entry else { return None };
        let ConsentEvent { action, channel, reference, actor, recorded_at, .. } = event.as_ref();
        Some(vec![
            self.at(*recorded_at),
            Cell::Text(self.word("export-action", action.as_str())),
            Cell::Text(self.word("export-channel", channel.as_str())),
            Cell::Text(reference.clone().unwrap_or_default()),
            Cell::Text(actor.clone()),
        ])
    }

    fn disclosure(&self, row: &LineRow) -> Option<Vec<Cell>> {
        let (disclosure, settlement) = disclosure_of(row)?;
        let ended = settlement.map_or(disclosure.state.as_str(), |settlement| settlement.state.as_str());
        Some(vec![
            self.at(disclosure.recorded_at),
            Cell::Text(self.recipient(&disclosure.recipient)),
            Cell::Text(self.items(&disclosure.items)),
            Cell::Text(self.word("export-basis", &disclosure.basis)),
            Cell::Text(self.word("export-ended", ended)),
        ])
    }

    /// `email:keyed` in plain words: the datum, and how it was sent.
    fn items(&self, items: &[String]) -> String {
        let plain = |item: &String| {
            let (datum, mode) = item.split_once(':').unwrap_or((item, "plain"));
            let (datum, mode) = (self.word("export-datum", datum), self.word("export-mode", mode));
            format!("{datum} ({mode})")
        };
        items.iter().map(plain).collect::<Vec<_>>().join(&self.text("staff-list-separator"))
    }

    fn recipient(&self, id: &str) -> String {
        let known = self.person.recipients.iter().find(|recipient| recipient.id == id);
        match known.map(|known| (&known.name, &known.country)) {
            Some((name, Some(country))) => format!("{name} ({country})"),
            Some((name, None)) => name.clone(),
            None => id.to_owned(),
        }
    }

    fn receipts(&self) -> Vec<Vec<Cell>> {
        let receipts = self.person.receipts.iter();
        receipts.map(|receipt| vec![self.at(receipt.recorded_at), Cell::Text(receipt.id.to_string())]).collect()
    }

    fn erasures(&self) -> Vec<Vec<Cell>> {
        let cells = |erasure: &export::ErasureExport| {
            let (recipient, ended) = (self.recipient(&erasure.recipient), self.word("export-ended", erasure.state));
            let disclosure = Cell::Text(erasure.disclosure_id.to_string());
            vec![self.at(erasure.requested_at), Cell::Text(recipient), disclosure, Cell::Text(ended)]
        };
        self.person.erasures.iter().map(cells).collect()
    }

    fn approvals(&self) -> Vec<Vec<Cell>> {
        let cells = |approval: &export::ApprovalExport| {
            let ended = self.word("export-ended", approval.state);
            let (asked, decided) = (approval.requested_by.clone(), approval.decided_by.clone().unwrap_or_default());
            vec![self.at(approval.requested_at), Cell::Text(asked), Cell::Text(ended), Cell::Text(decided)]
        };
        self.person.approvals.iter().map(cells).collect()
    }

    fn seen(&self) -> Vec<Vec<Cell>> {
        let seen = self.person.seen.iter();
        let cells = |seen: &crate::store::audit::Seen| {
            vec![self.at(seen.recorded_at), Cell::Text(seen.actor.clone()), Cell::Text(seen.action.clone())]
        };
        seen.map(cells).collect()
    }

    fn at(&self, at: Micros) -> Cell {
        Cell::Figure(date_and_time(at, TimeBase::Japan, self.console.wording))
    }

    fn text(&self, key: &str) -> String {
        self.console.text(key)
    }

    fn word(&self, prefix: &str, word: &str) -> String {
        self.text(&format!("{prefix}-{}", word.replace('_', "-")))
    }
}
