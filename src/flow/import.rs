//! Cardholders and cards from the core system's file: every row is read and checked first, then all are written in
//! one transaction, or none.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::app::App;
use crate::domain::card::{CardNumber, CardStatus, Expiry};
use crate::domain::cardholder::{Address, CardholderRecord, text_mistake};
use crate::domain::clock::Micros;
use crate::domain::consent::Basis;
use crate::domain::consent::line::ConsentEvent;
use crate::domain::id::{CardId, CardholderId};
use crate::flow::register::{
    CardholderEntry, RegisterError, SharingBasis, note, seal_cardholder, sharing_event, stored_number, write_cardholder,
};
use crate::flow::unmatched::{self, Matcher};
use crate::store::cardholders::SealedCardholder;
use crate::store::cards::{self, Card};
use crate::store::{StoreError, Transaction, audit, cardholders};

/// At most so many mistakes are listed.
const LISTED: usize = 20;
/// Characters of a reference or of a notice's version.
const REFERENCE_LENGTH_MAX: usize = 64;

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
    /// Rows are wrong: line numbers and what is wrong there, without the values, which are personal data.
    #[error(
        "nothing was imported: {} wrong\n{}\nhint: correct these lines and import the whole file again",
        if .0.len() == 1 { "a row is".to_owned() } else { format!("{} rows are", .0.len()) },
        listed(.0)
    )]
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
    let refused = Arc::new(OnceLock::new());
    let refusal = Arc::clone(&refused);
    let matcher = Matcher::new(app);
    let written = app.store.write(move |transaction| {
        Box::pin(async move {
            let holders: BTreeSet<CardholderId> = ready.iter().map(|row| row.cardholder_id).collect();
            for row in ready {
                let line = row.line;
                if let Some(text) = write(transaction, row, now).await? {
                    // The transaction ends here, so that nothing can have been said before.
                    let _ = refusal.set((line, text));
                    return Err(StoreError::GivenUp);
                }
            }
            audit::append(transaction, &entry).await?;
            let mut protected = Vec::new();
            for holder in holders {
                protected.extend(matcher.protect(transaction, holder).await?);
            }
            Ok(protected)
        })
    });
    match (written.await, refused.get()) {
        (Ok(protected), _) => {
            unmatched::after(app, &protected).await;
            Ok(imported)
        }
        (Err(StoreError::GivenUp), Some(row)) => Err(ImportError::Rows(vec![row.clone()])),
        (Err(error), _) => Err(error.into()),
    }
}

/// Writes a row, or answers why what is registered does not let it in.
async fn write(transaction: &Transaction, row: Ready, now: Micros) -> Result<Option<String>, StoreError> {
    if let Some((sealed, event)) = &row.holder {
        let known = cardholders::id_of(transaction, &sealed.reference).await?;
        write_cardholder(transaction, known, sealed, event.as_ref(), now).await?;
    }
    let Some(known) = cards::by_reference(transaction, &row.card.reference).await? else {
        return match cards::insert(transaction, &row.card, now).await {
            Err(StoreError::Duplicate { .. }) => {
                Ok(Some("`number` is registered already, under another card reference".to_owned()))
            }
            written => written.map(|()| None),
        };
    };
    let refusal = if known.cardholder_id != row.cardholder_id {
        "the card belongs to another cardholder; a card never changes hands"
    } else if known.number != row.card.number {
        "the card is registered with another number or expiry; renew it instead"
    } else if known.status == CardStatus::Closed && row.card.status != CardStatus::Closed {
        "the card is closed for good; register a new one"
    } else {
        cards::update(transaction, &Card { id: known.id, ..row.card }, now).await?;
        return Ok(None);
    };
    Ok(Some(refusal.to_owned()))
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
    let (mut references, mut numbers, mut bases) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (line, row) in rows {
        let row = row.and_then(|row| read(row, line, app.now(), &known)).and_then(|row| {
            let number = app.keys.card_digest(&row.card.number).bytes;
            first_in(&mut references, row.card.reference.clone(), line, "card_reference")?;
            first_in(&mut numbers, number, line, "number")?;
            same_basis(&mut bases, &row)?;
            Ok(row)
        });
        match row {
            Ok(row) => checked.push(row),
            Err(message) => wrong.push((line, message)),
        }
    }
    if wrong.is_empty() { Ok(checked) } else { Err(ImportError::Rows(wrong)) }
}

/// Notes a value that may come once.
fn first_in<V: Ord>(seen: &mut BTreeMap<V, u64>, value: V, line: u64, column: &str) -> Result<(), String> {
    match seen.entry(value) {
        Entry::Occupied(first) => Err(format!("`{column}` is the same as in line {}", first.get())),
        Entry::Vacant(place) => {
            place.insert(line);
            Ok(())
        }
    }
}

/// A basis of a person's sharing, with the line that named it first.
type StatedBasis = (u64, Option<(Basis, String, Micros)>);

/// All lines of one person must name the same basis of sharing: nobody can say which of two was meant.
fn same_basis(seen: &mut BTreeMap<String, StatedBasis>, row: &Checked) -> Result<(), String> {
    let sharing = row.holder.sharing.as_ref();
    let basis = sharing.map(|sharing| (sharing.basis, sharing.notice_version.clone(), sharing.informed_at));
    let (first, known) = seen.entry(row.holder.reference.clone()).or_insert((row.line, basis.clone()));
    if *known == basis {
        return Ok(());
    }
    Err(format!("`sharing_basis`, `notice_version` and `informed_at` differ from line {first} of the same cardholder"))
}

fn read(row: ImportRow, line: u64, now: Micros, programme_is_known: &impl Fn(&str) -> bool) -> Result<Checked, String> {
    for (column, text) in [("cardholder_reference", &row.cardholder_reference), ("card_reference", &row.card_reference)]
    {
        if let Some(mistake) = text_mistake(text, REFERENCE_LENGTH_MAX) {
            return Err(format!("`{column}` {mistake}"));
        }
    }
    let sharing = sharing(&row, now)?;
    let number = CardNumber::parse(&row.number).map_err(|error| format!("`number`: {error}"))?;
    let expiry = Expiry::parse(&row.expiry).ok_or("`expiry` must be a month `YYYY-MM`")?;
    if !programme_is_known(&row.programme) {
        return Err("`programme` must be a programme of the bundle".to_owned());
    }
    let status = row.status.as_deref().map_or(Some(CardStatus::Active), CardStatus::parse);
    let status = status.ok_or("`status` must be active, lost, stolen, closed or expired")?;
    let issued_at = day(&row.issued_on).ok_or("`issued_on` must be a date `YYYY-MM-DD`")?;
    let card = NewCard { reference: row.card_reference, number, expiry, programme: row.programme, status, issued_at };
    let address = match (row.country, row.postal_code, row.line1) {
        (Some(country), Some(postal_code), Some(line1)) => {
            Some(Address { country, postal_code, region: row.region, city: row.city, line1, line2: row.line2 })
        }
        (None, None, None) => None,
        _ => return Err("an address has `country`, `postal_code` and `line1`, or none of them".to_owned()),
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
    let in_address = record.address.iter().flat_map(Address::mistakes);
    if let Some((column, mistake)) = record.mistakes().into_iter().chain(in_address).next() {
        return Err(format!("`{column}` {mistake}"));
    }
    Ok(Checked { line, holder: CardholderEntry { reference: row.cardholder_reference, record, sharing }, card })
}

fn sharing(row: &ImportRow, now: Micros) -> Result<Option<SharingBasis>, String> {
    let Some(word) = &row.sharing_basis else { return Ok(None) };
    let basis = Basis::parse(word).ok_or("`sharing_basis` must be notice or consent")?;
    let notice_version = row.notice_version.clone().unwrap_or_default();
    if let Some(mistake) = text_mistake(&notice_version, REFERENCE_LENGTH_MAX) {
        return Err(format!("`notice_version` {mistake}"));
    }
    let at = row.informed_at.as_deref().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let informed_at: Micros = at.ok_or("`informed_at` must be a time in RFC 3339")?.into();
    if informed_at > now {
        return Err("`informed_at` must not lie in the future".to_owned());
    }
    Ok(Some(SharingBasis { basis, notice_version, informed_at }))
}

/// The start of a day in UTC.
fn day(text: &str) -> Option<Micros> {
    let date: jiff::civil::Date = text.parse().ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().into())
}
