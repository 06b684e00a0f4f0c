//! One cardholder: where she stands, what can be done, and everything recorded.

mod tables;

use askama::Template;
use axum::extract::Path;

use super::answer::{Answer, Refusal};
use super::console::Console;
use super::failure::Failure;
use super::pieces::{Cell, Facts, Table};
use super::signed::Signed;
use super::words::{self, StateWords};
use crate::domain::approval::ApprovalState;
use crate::domain::consent::ConsentState;
use crate::domain::consent::line::ConsentEvent;
use crate::domain::id::CardholderId;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::cardholder::{self, LookError, Person};
use crate::flow::staff::rights;
use crate::flow::support::{self, SupportError};

/// So many authentications are shown.
const RECENT: usize = 10;

#[derive(Template)]
#[template(path = "console_cardholder.html")]
struct CardholderPage<'a> {
    console: Console<'a>,
    state: StateWords,
    facts: Facts,
    tables: Vec<Table>,
    object: Option<String>,
    resume: Option<String>,
    waiting: bool,
    primary_is_object: bool,
}

/// `GET /staff/cardholders/{id}`
pub(super) async fn open(signed: Signed, Path(id): Path<String>) -> Answer {
    let (person, _) = look(&signed, &id, Act::CardholderLook).await?;
    let app = signed.app();
    let history = cardholder::history(app, person.id).await.map_err(|error| signed.refuse(error))?;
    let recent = if rights::offers(app, signed.who(), Act::AuthenticationLook) {
        let recent = support::recent(app, signed.who(), person.id, RECENT).await;
        recent.map_err(|error| match error {
            SupportError::Store(error) => signed.refuse(error),
            SupportError::Unknown(_) => signed.refuse(Failure::NotFound),
        })?
    } else {
        Vec::new()
    };
    let mut console = signed.console("console-cardholder");
    console.title = words::name(&console, &person);
    let state = words::state(&console, &person, &history.events);
    let offers = |act| rights::offers(app, signed.who(), act);
    let way = |act, word: &str| offers(act).then(|| format!("/staff/cardholders/{}/{word}", person.id));
    let stands = !person.standing.objections.is_empty();
    let page = CardholderPage {
        state,
        facts: facts(&console, &person),
        tables: tables::all(&signed, &console, &person, &history, &recent).await?,
        object: way(Act::ConsentObject, "object"),
        resume: way(Act::ConsentResumeRequest, "resume").filter(|_| stands),
        waiting: history.approvals.iter().any(|approval| approval.state == ApprovalState::Waiting),
        primary_is_object: person.standing.general() != ConsentState::OptedOut,
        console,
    };
    Ok(signed.page(&page))
}

/// A person, after the right was asked for and the look was written down.
pub(super) async fn look(signed: &Signed, id: &str, act: Act) -> Result<(Person, Vec<ConsentEvent>), Refusal> {
    signed.require(act, &ActSubject::of(id)).await?;
    let id: CardholderId = id.parse().map_err(|_| signed.refuse(Failure::NotFound))?;
    let person = cardholder::look(signed.app(), signed.who(), id).await.map_err(|error| match error {
        LookError::Unknown(_) => signed.refuse(Failure::NotFound),
        LookError::Store(error) => signed.refuse(error),
    })?;
    let events = signed.app().store.consent_events(id, cardholder::EVENTS_MAX).await;
    Ok((person, events.map_err(|error| signed.refuse(error))?))
}

fn facts(console: &Console<'_>, person: &Person) -> Facts {
    let record = person.record.clone().unwrap_or_default();
    let names = [record.name_kanji, record.name_kana, record.name_latin].into_iter().flatten().collect::<Vec<_>>();
    let address = record.address.map(|address| {
        let parts = [Some(address.postal_code), address.city, Some(address.line1), address.line2];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    let rows = [
        ("console-name", Some(names.join(" / ")).filter(|names| !names.is_empty())),
        ("console-birth-date", record.birth_date),
        ("console-phone", record.phone),
        ("console-email", record.email),
        ("console-address", address),
        ("console-reference", Some(person.reference.clone())),
        ("console-on-record", Some(console.moment(person.since))),
    ];
    let text = |(key, value): (&str, Option<String>)| Some((console.text(key), Cell::Text(value?)));
    Facts { rows: rows.into_iter().filter_map(text).collect() }
}
