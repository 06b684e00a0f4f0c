//! Objections of callers who were not found: recorded in their words, and matched by hand.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use super::answer::{Answer, Refusal};
use super::check_list::{self, CheckList, Strictness};
use super::console::Console;
use super::failure::Failure;
use super::form::StaffForm;
use super::pieces::{Cell, Facts, Field, FieldKind, Notice, Table, Tone};
use super::search;
use super::signed::Signed;
use super::statement;
use super::typed::{Mistakes, Typed, mistake, note_mistake};
use crate::domain::consent::line::Identity;
use crate::domain::id::{CardholderId, UnmatchedId};
use crate::domain::search::birth_date;
use crate::domain::staff::{Act, ActSubject};
use crate::domain::unmatched::{Unmatched, UnmatchedDetails, UnmatchedState};
use crate::flow::cardholder::people;
use crate::flow::consent::ConsentError;
use crate::flow::search::Matches;
use crate::flow::unmatched::{self, UnmatchedError};

/// So many are listed.
const LISTED: i64 = 100;

#[derive(Template)]
#[template(path = "console_unmatched_list.html")]
struct ListPage<'a> {
    console: Console<'a>,
    table: Table,
}

#[derive(Template)]
#[template(path = "console_unmatched_form.html")]
struct FormPage<'a> {
    console: Console<'a>,
    form: String,
    notice: Option<Notice>,
    fields: Vec<Field>,
    check: CheckList,
    after: Vec<Field>,
}

#[derive(Template)]
#[template(path = "console_unmatched.html")]
struct UnmatchedPage<'a> {
    console: Console<'a>,
    path: String,
    notice: Option<Notice>,
    facts: Facts,
    matching: Option<Matching>,
}

/// How it is matched by hand: people who fit, and a field to find others by.
struct Matching {
    people: Vec<(String, String, bool)>,
    field: Field,
}

/// `GET /staff/unmatched`
pub(super) async fn list(signed: Signed) -> Answer {
    signed.require(Act::CardholderSearch, &ActSubject::none()).await?;
    let rows = signed.app().store.open_unmatched(LISTED).await.map_err(|error| signed.refuse(error))?;
    let console = signed.console("console-unmatched");
    let row = |row: &Unmatched| {
        let (key, tone) = state(row.state);
        vec![
            Cell::Link { path: format!("/staff/unmatched/{}", row.id), text: console.moment(row.recorded_at) },
            Cell::Text(console.text(&format!("console-channel-{}", row.channel.as_str()))),
            Cell::State(console.text(key), tone),
        ]
    };
    let table = Table {
        caption: console.text("console-unmatched-open"),
        headings: ["console-at", "console-channel", "console-status"].map(|key| console.text(key)).to_vec(),
        rows: rows.iter().map(row).collect(),
        empty: console.text("console-unmatched-open-none"),
    };
    Ok(signed.page(&ListPage { console, table }))
}

/// `GET /staff/unmatched/new`
pub(super) async fn form(signed: Signed) -> Answer {
    signed.require(Act::ConsentObject, &ActSubject::none()).await?;
    let app = signed.app();
    let typed = Typed::default()
        .preset("form", UnmatchedId::new(app.now(), &*app.randomness).to_string())
        .preset("language", signed.language().as_str());
    Ok(show_form(&signed, &typed, &Mistakes::new()))
}

/// `POST /staff/unmatched/new`: sent twice it is kept once.
pub(super) async fn record(form: StaffForm<Typed>) -> Answer {
    let StaffForm { signed, fields } = form;
    signed.require(Act::ConsentObject, &ActSubject::none()).await?;
    let id: UnmatchedId = fields.get("form").parse().map_err(|_| signed.refuse(Failure::Malformed))?;
    let console = signed.console("console-unmatched-new");
    let mut mistakes = Mistakes::new();
    let identity = check_list::read(&console, None, Strictness::Light, &fields, &mut mistakes);
    let details = details(&console, &fields, identity, &mut mistakes);
    if !mistakes.is_empty() {
        return Ok(show_form(&signed, &fields, &mistakes));
    }
    let channel = statement::read_channel(&fields);
    let mistake = match unmatched::record(signed.app(), signed.who(), id, channel, details).await {
        Ok(()) => return Ok(signed.go(&format!("/staff/unmatched/{id}"))),
        Err(UnmatchedError::Words(error)) => ("words", note_mistake(&console, error)),
        Err(UnmatchedError::Name(error)) => ("name", note_mistake(&console, error)),
        Err(UnmatchedError::Reference(error)) => ("reference", note_mistake(&console, error)),
        Err(UnmatchedError::NothingToKnowBy) => ("form", console.text("console-nothing-to-know-by")),
        Err(error) => return Err(refused(&signed, error)),
    };
    Ok(show_form(&signed, &fields, &vec![mistake]))
}

/// `GET /staff/unmatched/{id}`
pub(super) async fn open(signed: Signed, Path(id): Path<String>) -> Answer {
    signed.require(Act::CardholderSearch, &ActSubject::of(&id)).await?;
    show(&signed, &id, &Typed::default(), None).await
}

/// `POST /staff/unmatched/{id}`: looks for somebody, or records the objection for who was chosen.
pub(super) async fn settle(Path(id): Path<String>, form: StaffForm<Typed>) -> Answer {
    let StaffForm { signed, fields } = form;
    signed.require(Act::ConsentObject, &ActSubject::of(&id)).await?;
    let unmatched_id: UnmatchedId = id.parse().map_err(|_| signed.refuse(Failure::NotFound))?;
    let Ok(holder) = fields.get("holder").parse::<CardholderId>() else {
        return show(&signed, &id, &fields, Some("console-choose-one")).await;
    };
    if !fields.get("text").is_empty() {
        return show(&signed, &id, &fields, None).await;
    }
    match unmatched::settle(signed.app(), signed.who(), unmatched_id, holder).await {
        Ok(objection) => Ok(signed.go(&format!("/staff/consent-events/{}", objection.event.id))),
        Err(error) => Err(refused(&signed, error)),
    }
}

fn refused(signed: &Signed, error: UnmatchedError) -> Refusal {
    match error {
        UnmatchedError::Store(error) | UnmatchedError::Consent(ConsentError::Store(error)) => signed.refuse(error),
        UnmatchedError::Unknown(_) | UnmatchedError::Consent(ConsentError::UnknownCardholder(_)) => {
            signed.refuse(Failure::NotFound)
        }
        UnmatchedError::Settled(_) => signed.refuse(Failure::Conflict),
        error => {
            tracing::error!(%error, "an objection of somebody unknown cannot be shown or settled");
            signed.refuse(Failure::Internal)
        }
    }
}

fn state(state: UnmatchedState) -> (&'static str, Tone) {
    match state {
        UnmatchedState::Waiting => ("console-unmatched-waiting", Tone::Bad),
        UnmatchedState::Protected => ("console-unmatched-protected", Tone::Plain),
        UnmatchedState::Settled => ("console-unmatched-settled", Tone::Good),
    }
}

fn details(
    console: &Console<'_>,
    typed: &Typed,
    identity: Option<Identity>,
    mistakes: &mut Mistakes,
) -> UnmatchedDetails {
    let date = typed.some("birth_date");
    let born = date.as_deref().and_then(birth_date).map(|date| date.to_string());
    if date.is_some() && born.is_none() {
        mistakes.push(("birth_date", console.text("console-said-on-wrong")));
    }
    let last_four = typed.some("last_four");
    if last_four.as_ref().is_some_and(|text| text.len() != 4 || !text.bytes().all(|byte| byte.is_ascii_digit())) {
        mistakes.push(("last_four", console.text("console-last-four-wrong")));
    }
    UnmatchedDetails {
        words: typed.get("words").to_owned(),
        name: typed.some("name"),
        phone: typed.some("phone"),
        birth_date: born,
        last_four,
        reference: typed.some("reference"),
        identity,
        language: Some(statement::read_language(typed)),
    }
}

fn show_form(signed: &Signed, typed: &Typed, mistakes: &Mistakes) -> Response {
    let mut console = signed.console("console-unmatched-new");
    console.error = !mistakes.is_empty();
    let summary = mistake(mistakes, "form").or_else(|| console.error.then(|| console.text("console-mistakes")));
    let field = |name: &'static str, key: &str, kind| {
        let kept = if name == "last_four" && typed.get(name).len() > 4 { "" } else { typed.get(name) };
        Field::new(name, console.text(key), kind).value(kept).error(mistake(mistakes, name))
    };
    let page = FormPage {
        form: typed.get("form").to_owned(),
        notice: summary.map(|text| Notice { tone: Tone::Bad, text }),
        fields: vec![
            field("words", "console-words", FieldKind::Text).hint(console.text("console-words-hint")).first(),
            field("name", "console-name", FieldKind::Text).optional(),
            field("phone", "console-phone", FieldKind::Text).optional(),
            field("birth_date", "console-birth-date", FieldKind::Text)
                .optional()
                .hint(console.text("console-birth-date-hint")),
            field("last_four", "console-last-four", FieldKind::Digits).optional(),
        ],
        check: check_list::check_list(&console, None, Strictness::Light, typed, mistakes),
        after: vec![
            statement::reference(&console, typed, mistakes),
            statement::channel(&console, typed),
            statement::language(&console, typed),
        ],
        console,
    };
    signed.page(&page)
}

async fn show(signed: &Signed, id: &str, typed: &Typed, mistake: Option<&str>) -> Answer {
    let app = signed.app();
    let id: UnmatchedId = id.parse().map_err(|_| signed.refuse(Failure::NotFound))?;
    let (row, details) = unmatched::look(app, signed.who(), id).await.map_err(|error| refused(signed, error))?;
    let mut ids = unmatched::candidates(app, &details).await.map_err(|error| signed.refuse(error))?;
    ids.extend(row.cardholder_id.filter(|id| !ids.contains(id)));
    let text = typed.get("text");
    if !text.is_empty()
        && let Ok(Matches::Found(found)) =
            crate::flow::search::search(app, signed.who(), text, details.name.as_deref().unwrap_or_default()).await
    {
        ids.extend(found.into_iter().filter(|id| !ids.contains(id)).collect::<Vec<_>>());
    }
    let people = people(app, &ids).await.map_err(|error| signed.refuse(error))?;
    let mut console = signed.console("console-unmatched-one");
    console.error = mistake.is_some() && text.is_empty();
    let (key, tone) = state(row.state);
    let notice = if console.error {
        mistake.map(|key| Notice { tone: Tone::Bad, text: console.text(key) })
    } else {
        Some(Notice { tone, text: console.text(&format!("{key}-lead")) })
    };
    let choices = people.iter().map(|person| {
        let chosen = typed.get("holder") == person.id.to_string();
        (person.id.to_string(), search::summary(&console, person), chosen)
    });
    let open = row.state != UnmatchedState::Settled
        && crate::flow::staff::rights::offers(app, signed.who(), Act::ConsentObject);
    let field = Field::new("text", console.text("console-search-text"), FieldKind::Text).optional();
    let page = UnmatchedPage {
        path: format!("/staff/unmatched/{id}"),
        notice,
        facts: facts(&console, &row, details),
        matching: open
            .then(|| Matching { people: choices.collect(), field: field.hint(console.text("console-match-hint")) }),
        console,
    };
    Ok(signed.page(&page))
}

fn facts(console: &Console<'_>, row: &Unmatched, details: UnmatchedDetails) -> Facts {
    let texts = [
        ("console-words", Some(details.words)),
        ("console-name", details.name),
        ("console-phone", details.phone),
        ("console-birth-date", details.birth_date),
        ("console-last-four", details.last_four),
        ("console-call-reference", details.reference),
        ("console-channel", Some(console.text(&format!("console-channel-{}", row.channel.as_str())))),
        ("console-at", Some(console.moment(row.recorded_at))),
    ];
    let mut rows: Vec<(String, Cell)> =
        texts.into_iter().filter_map(|(key, text)| Some((console.text(key), Cell::Text(text?)))).collect();
    if let Some(id) = row.event_id {
        let link = Cell::Link { path: format!("/staff/consent-events/{id}"), text: console.text("console-event") };
        rows.push((console.text("console-recorded-as"), link));
    }
    Facts { rows }
}
