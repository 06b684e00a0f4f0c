//! The search for a cardholder: one row, sent by `POST`, so that nothing of it stands in an address.

use askama::Template;

use super::answer::Answer;
use super::console::Console;
use super::form::StaffForm;
use super::pieces::{Cell, Notice, Table, Tone};
use super::signed::Signed;
use super::typed::Typed;
use super::words;
use crate::domain::search::{SEARCH_CHARS_MAX, TermsError, may_be_card_number};
use crate::domain::staff::{Act, ActSubject};
use crate::flow::cardholder::{self, Person};
use crate::flow::search::{self, Matches, SearchError};

/// The row, on the home page and on the page of results.
#[derive(Template)]
#[template(path = "console_search_row.html")]
pub(super) struct SearchRow {
    token_field: String,
    text: String,
    name: String,
    labels: [String; 4],
    longest: usize,
}

#[derive(Template)]
#[template(path = "console_search.html")]
struct SearchPage<'a> {
    console: Console<'a>,
    row: SearchRow,
    notice: Option<Notice>,
    matches: Option<Table>,
    unmatched: bool,
}

/// The row with what was typed, but for what may be a card number.
pub(super) fn row(console: &Console<'_>, typed: &Typed) -> SearchRow {
    let kept = |name: &str| Some(typed.get(name)).filter(|text| !may_be_card_number(text) && text.len() <= 512);
    SearchRow {
        token_field: console.token_field(),
        text: kept("text").unwrap_or_default().to_owned(),
        name: kept("name").unwrap_or_default().to_owned(),
        labels: ["console-search-text", "console-search-name", "console-search", "console-search-hint"]
            .map(|key| console.text(key)),
        longest: SEARCH_CHARS_MAX,
    }
}

/// `GET /staff/cardholders`
pub(super) async fn open(signed: Signed) -> Answer {
    signed.require(Act::CardholderSearch, &ActSubject::none()).await?;
    let console = signed.console("console-cardholders");
    let row = row(&console, &Typed::default());
    Ok(signed.page(&SearchPage { console, row, notice: None, matches: None, unmatched: false }))
}

/// `POST /staff/cardholders`: one match leads straight to her page.
pub(super) async fn search(form: StaffForm<Typed>) -> Answer {
    let StaffForm { signed, fields } = form;
    signed.require(Act::CardholderSearch, &ActSubject::none()).await?;
    let found = search::search(signed.app(), signed.who(), fields.get("text"), fields.get("name")).await;
    let (key, ids) = match found {
        Ok(Matches::Found(ids)) => match ids.as_slice() {
            [only] => return Ok(signed.go(&format!("/staff/cardholders/{only}"))),
            [] => ("console-found-none", ids),
            _ => ("console-found-several", ids),
        },
        Ok(Matches::TooMany) => ("console-found-too-many", Vec::new()),
        Err(SearchError::Terms(error)) => (mistake(error), Vec::new()),
        Err(SearchError::Store(error)) => return Err(signed.refuse(error)),
    };
    let people = cardholder::people(signed.app(), &ids).await.map_err(|error| signed.refuse(error))?;
    let mut console = signed.console("console-cardholders");
    let tone = if people.is_empty() { Tone::Bad } else { Tone::Plain };
    console.error = people.is_empty();
    let notice = Some(Notice { tone, text: console.text(key) });
    let matches = (!people.is_empty()).then(|| table(&console, &people));
    let row = row(&console, &fields);
    Ok(signed.page(&SearchPage { console, row, notice, matches, unmatched: key == "console-found-none" }))
}

fn mistake(error: TermsError) -> &'static str {
    match error {
        TermsError::Empty => "console-search-empty",
        TermsError::TooLong => "console-search-too-long",
        TermsError::OneMore => "console-search-one-more",
        TermsError::CardNumber(_) => "console-search-card-number",
    }
}

/// Who was found, as much as tells them apart.
pub(super) fn table(console: &Console<'_>, people: &[Person]) -> Table {
    let row = |person: &Person| {
        let cards: Vec<String> = person.cards.iter().map(|card| format!("…{}", card.number.last_four)).collect();
        let born = person.record.as_ref().and_then(|record| record.birth_date.clone());
        let state = words::state(console, person, &[]);
        vec![
            Cell::Link { path: format!("/staff/cardholders/{}", person.id), text: words::name(console, person) },
            Cell::Figure(born.unwrap_or_default()),
            Cell::Figure(cards.join(" ")),
            Cell::State(state.title, state.tone),
        ]
    };
    Table {
        caption: console.text("console-matches"),
        headings: ["console-name", "console-birth-date", "console-cards", "console-state"]
            .map(|key| console.text(key))
            .to_vec(),
        rows: people.iter().map(row).collect(),
        empty: String::new(),
    }
}

/// One person in a line: name, birth date, cards.
pub(super) fn summary(console: &Console<'_>, person: &Person) -> String {
    let born = person.record.as_ref().and_then(|record| record.birth_date.clone()).unwrap_or_default();
    let cards: Vec<String> = person.cards.iter().map(|card| format!("…{}", card.number.last_four)).collect();
    let parts = [words::name(console, person), born, cards.join(" ")];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ")
}
