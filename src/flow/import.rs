//! Cardholders and cards from the core system's file: every row is read and checked first, then all are written in
//! one transaction, or none.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::app::App;
use crate::domain::card::{CardNumber, CardStatus, Expiry};
use crate::domain::cardholder::{Address, CardholderRecord};
use crate::domain::clock::Micros;
use crate::domain::consent::Basis;
use crate::domain::id::{CardId, CardholderId};
use crate::flow::register::{
    CardholderEntry, RegisterError, SharingBasis, note, seal_cardholder, sharing_event, stored_number, write_cardholder,
};
use crate::store::cardholders::SealedCardholder;
use crate::store::cards::{self, Card};
use crate::store::consent::ConsentEvent;
use crate::store::{StoreError, audit, cardholders};

/// At most so many mistakes are listed.
const LISTED: usize = 20;

/// One row of the file. Empty means not given.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportRow {
    cardholder_reference: String,
    name_kanji: Option<String>,
    name_kana: Option<String>,
    name_latin: Option<String>,
    birth_date: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    country: Option<String>,
    postal_code: Option<String>,
    region: Option<String>,
    city: Option<String>,
    line1: Option<String>,
    line2: Option<String>,
    sharing_basis: Option<String>,
    notice_version: Option<String>,
    informed_at: Option<String>,
    card_reference: String,
    number: String,
    expiry: String,
    programme: String,
    status: Option<String>,
    issued_on: String,
}

/// A line of the file: its number, and its row or what is wrong with it.
pub type Line = (u64, Result<ImportRow, String>);

/// The columns that a file must have, in any order.
pub const COLUMNS: [&str; 22] = [
    "cardholder_reference",
    "name_kanji",
    "name_kana",
    "name_latin",
    "birth_date",
    "email",
    "phone",
    "country",
    "postal_code",
    "region",
    "city",
    "line1",
    "line2",
    "sharing_basis",
    "notice_version",
    "informed_at",
    "card_reference",
    "number",
    "expiry",
    "programme",
    "status",
    "issued_on",
];

/// What was imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Persons in the file.
    pub cardholders: usize,
    /// Cards in the file.
    pub cards: usize,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Rows are wrong: line numbers and what is wrong there.
    #[error("{} of the file's rows are wrong; nothing was imported\n{}", .0.len(), listed(.0))]
    Rows(Vec<(u64, String)>),
    /// A record cannot be sealed.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn listed(rows: &[(u64, String)]) -> String {
    let mut lines: Vec<String> =
        rows.iter().take(LISTED).map(|(line, text)| format!("  line {line}: {text}")).collect();
    if rows.len() > LISTED {
        lines.push(format!("  and {} more", rows.len() - LISTED));
    }
    lines.join("\n")
}

/// A row that was read and checked.
struct Checked {
    line: u64,
    holder: CardholderEntry,
    card: NewCard,
}

struct NewCard {
    reference: String,
    number: CardNumber,
    expiry: Expiry,
    programme: String,
    status: CardStatus,
    issued_at: Micros,
}

/// A row that is ready to be written.
struct Ready {
    line: u64,
    holder: Option<(SealedCardholder, Option<ConsentEvent>)>,
    cardholder_id: CardholderId,
    card: Card,
}

/// Imports rows, each with its line in the file. `progress` is told of every row that was prepared.
///
/// # Errors
/// [`ImportError`]; then nothing was imported.
pub async fn import(
    app: &App,
    actor: &str,
    rows: Vec<Line>,
    mut progress: impl FnMut(),
) -> Result<Imported, ImportError> {
    let checked = check(app, rows)?;
    let mut ready = Vec::with_capacity(checked.len());
    let mut persons = BTreeMap::new();
    for row in checked {
        ready.push(prepare(app, actor, row, &mut persons).await?);
        progress();
    }
    let imported = Imported { cardholders: persons.len(), cards: ready.len() };
    let (now, mut entry) = (app.now(), note(app, actor, "card.import", "file".to_owned()));
    entry.result = format!("{} cardholders, {} cards", imported.cardholders, imported.cards);
    let written = app.store.write(move |transaction| {
        Box::pin(async move {
            for row in ready {
                write(transaction, row, now).await?;
            }
            audit::append(transaction, &entry).await
        })
    });
    written.await.map_err(|error| match error {
        StoreError::Duplicate { constraint } => ImportError::Rows(in_line(&constraint)),
        error => error.into(),
    })?;
    Ok(imported)
}

/// Takes `line 7: …` apart, as [`write`] puts it together.
fn in_line(text: &str) -> Vec<(u64, String)> {
    let split = text.strip_prefix("line ").and_then(|rest| rest.split_once(": "));
    vec![split.and_then(|(line, text)| Some((line.parse().ok()?, text.to_owned()))).unwrap_or((0, text.to_owned()))]
}

async fn write(transaction: &crate::store::Transaction, row: Ready, now: Micros) -> Result<(), StoreError> {
    let line = row.line;
    let duplicate = |what: String| StoreError::Duplicate { constraint: format!("line {line}: {what}") };
    let taken = |error| match error {
        StoreError::Duplicate { constraint } => duplicate(format!("`{constraint}` is taken by another record")),
        error => error,
    };
    if let Some((sealed, event)) = &row.holder {
        let known = cardholders::id_of(transaction, &sealed.reference).await?;
        write_cardholder(transaction, known, sealed, event.as_ref(), now).await.map_err(taken)?;
    }
    match cards::by_reference(transaction, &row.card.reference).await? {
        None => cards::insert(transaction, &row.card, now).await.map_err(taken),
        Some(known) if known.cardholder_id != row.cardholder_id => {
            Err(duplicate(format!("the card `{}` belongs to another cardholder", known.reference)))
        }
        Some(known) if known.number != row.card.number => {
            Err(duplicate(format!("the card `{}` has another number or expiry; renew it instead", known.reference)))
        }
        Some(known) if known.status == CardStatus::Closed && row.card.status != CardStatus::Closed => {
            Err(duplicate(format!("the card `{}` is closed for good", known.reference)))
        }
        Some(known) => cards::update(transaction, &Card { id: known.id, ..row.card }, now).await,
    }
}

/// Seals a row's record; a person's further rows add cards and leave her record as her first row has it.
async fn prepare(
    app: &App,
    actor: &str,
    row: Checked,
    persons: &mut BTreeMap<String, CardholderId>,
) -> Result<Ready, ImportError> {
    let reference = row.holder.reference.clone();
    let (cardholder_id, holder) = if let Some(id) = persons.get(&reference) {
        (*id, None)
    } else {
        let sealed = seal_cardholder(app, &row.holder).await?;
        let id = sealed.id;
        let event = row.holder.sharing.map(|sharing| sharing_event(app, actor, id, sharing));
        persons.insert(reference, id);
        (id, Some((sealed, event)))
    };
    let card = Card {
        id: CardId::new(app.now(), app.randomness.as_ref()),
        reference: row.card.reference,
        cardholder_id,
        programme: row.card.programme,
        status: row.card.status,
        issued_at: row.card.issued_at,
        number: stored_number(app, &row.card.number, row.card.expiry),
    };
    Ok(Ready { line: row.line, holder, cardholder_id, card })
}

fn check(app: &App, rows: Vec<Line>) -> Result<Vec<Checked>, ImportError> {
    let loaded = app.bundle.load();
    let known = |programme: &str| loaded.bundle.reference().programme(programme).is_some();
    let (mut checked, mut wrong) = (Vec::with_capacity(rows.len()), Vec::new());
    let (mut references, mut numbers) = (BTreeSet::new(), BTreeSet::new());
    for (line, row) in rows {
        match row.and_then(|row| read(row, line, &known)) {
            Err(message) => wrong.push((line, message)),
            Ok(row) if !references.insert(row.card.reference.clone()) => {
                wrong.push((line, format!("the card reference `{}` came before", row.card.reference)));
            }
            Ok(row) if !numbers.insert(app.keys.card_digest(&row.card.number).bytes) => {
                wrong.push((line, "the card number came before".to_owned()));
            }
            Ok(row) => checked.push(row),
        }
    }
    if wrong.is_empty() { Ok(checked) } else { Err(ImportError::Rows(wrong)) }
}

fn read(row: ImportRow, line: u64, programme_is_known: &impl Fn(&str) -> bool) -> Result<Checked, String> {
    let sharing = sharing(&row)?;
    let number = CardNumber::parse(&row.number).map_err(|error| format!("`number`: {error}"))?;
    let expiry = Expiry::parse(&row.expiry).ok_or("`expiry` must be a month `YYYY-MM`")?;
    if !programme_is_known(&row.programme) {
        return Err(format!("`programme`: the bundle has no programme `{}`", row.programme));
    }
    let status = match row.status.as_deref() {
        None => CardStatus::Active,
        Some(word) => CardStatus::parse(word).ok_or_else(|| format!("`status`: `{word}` is no card status"))?,
    };
    for (column, text) in [("cardholder_reference", &row.cardholder_reference), ("card_reference", &row.card_reference)]
    {
        if !(1..=64).contains(&text.chars().count()) || text.chars().any(char::is_control) {
            return Err(format!("`{column}` must have 1 to 64 characters"));
        }
    }
    let issued_at = day(&row.issued_on).ok_or("`issued_on` must be a date `YYYY-MM-DD`")?;
    let card = NewCard { reference: row.card_reference, number, expiry, programme: row.programme, status, issued_at };
    let address = match (row.country, row.postal_code, row.line1) {
        (Some(country), Some(postal_code), Some(line1)) => {
            Some(Address { country, postal_code, region: row.region, city: row.city, line1, line2: row.line2 })
        }
        (None, None, None) => None,
        _ => return Err("an address has `country`, `postal_code` and `line1`".to_owned()),
    };
    let record = CardholderRecord {
        name_kanji: row.name_kanji,
        name_kana: row.name_kana,
        name_latin: row.name_latin,
        birth_date: row.birth_date,
        email: row.email,
        phone: row.phone,
        address,
    };
    Ok(Checked { line, holder: CardholderEntry { reference: row.cardholder_reference, record, sharing }, card })
}

fn sharing(row: &ImportRow) -> Result<Option<SharingBasis>, String> {
    let Some(word) = &row.sharing_basis else { return Ok(None) };
    let basis = Basis::parse(word).ok_or_else(|| format!("`sharing_basis`: `{word}` is neither notice nor consent"))?;
    let notice_version = row.notice_version.clone().ok_or("`notice_version` is missing")?;
    let at = row.informed_at.as_deref().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let informed_at = at.ok_or("`informed_at` must be a time in RFC 3339")?.into();
    Ok(Some(SharingBasis { basis, notice_version, informed_at }))
}

/// The start of a day in UTC.
fn day(text: &str) -> Option<Micros> {
    let date: jiff::civil::Date = text.parse().ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().into())
}
