//! What purchases turned out to be, told by people: every row is checked first, then all are kept, or none.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write as _;

use serde::Deserialize;

use crate::app::App;
use crate::domain::cardholder::text_mistake;
use crate::domain::id::AuthenticationId;
use crate::domain::label::Label;
use crate::flow::register::note;
use crate::store::StoreError;
use crate::store::labels::Labelled;

/// The headings of the file.
pub const COLUMNS: [&str; 3] = ["authentication_id", "label", "source"];
/// At most so many mistakes are listed.
const LISTED: usize = 20;
/// Characters of a source.
const SOURCE_LENGTH_MAX: usize = 64;

/// One row of the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelRow {
    authentication_id: String,
    label: String,
    source: String,
}

/// A row with its line, or what is wrong with it.
pub type Line = (u64, Result<LabelRow, String>);

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum LabelError {
    /// Rows are wrong: their lines, and what is wrong with each.
    #[error("nothing was imported: {}", listed(.0))]
    Rows(Vec<(u64, String)>),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn listed(rows: &[(u64, String)]) -> String {
    let mut text = if rows.len() == 1 { "1 row is wrong".to_owned() } else { format!("{} rows are wrong", rows.len()) };
    for (line, message) in rows.iter().take(LISTED) {
        let _ = write!(text, "\n  line {line}: {message}");
    }
    if rows.len() > LISTED {
        let _ = write!(text, "\n  and {} more", rows.len() - LISTED);
    }
    text.push_str("\nhint: correct these lines and import the whole file again");
    text
}

/// How many of each were kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Fraud.
    pub frauds: usize,
    /// Genuine purchases.
    pub genuine: usize,
}

/// Keeps labels; a later import replaces what an earlier one said of the same purchase.
///
/// # Errors
/// [`LabelError`]; then nothing was kept.
pub async fn import(app: &App, actor: &str, rows: Vec<Line>) -> Result<Imported, LabelError> {
    let labels = check(app, rows).await?;
    let count = |label| labels.iter().filter(|labelled| labelled.label == label).count();
    let imported = Imported { frauds: count(Label::Fraud), genuine: count(Label::Genuine) };
    let mut entry = note(app, actor, "label.import", "labels".to_owned());
    entry.result = format!("fraud {} genuine {}", imported.frauds, imported.genuine);
    app.store.keep_labels(labels, entry).await?;
    Ok(imported)
}

async fn check(app: &App, rows: Vec<Line>) -> Result<Vec<Labelled>, LabelError> {
    let (mut wrong, mut seen, mut labels) = (Vec::new(), BTreeMap::new(), Vec::with_capacity(rows.len()));
    for (line, row) in rows {
        match row.and_then(read).and_then(|labelled| once(&mut seen, labelled, line)) {
            Ok(labelled) => labels.push((line, labelled)),
            Err(message) => wrong.push((line, message)),
        }
    }
    let ids: Vec<AuthenticationId> = labels.iter().map(|(_, labelled)| labelled.id).collect();
    let known = app.store.known_authentications(&ids).await?;
    for (line, labelled) in &labels {
        if !known.contains(&labelled.id) {
            wrong.push((*line, "`authentication_id` is none that is recorded".to_owned()));
        }
    }
    if !wrong.is_empty() {
        wrong.sort();
        return Err(LabelError::Rows(wrong));
    }
    Ok(labels.into_iter().map(|(_, labelled)| labelled).collect())
}

fn read(row: LabelRow) -> Result<Labelled, String> {
    let id = row.authentication_id.parse().map_err(|error| format!("`authentication_id`: {error}"))?;
    let label = Label::parse(&row.label).ok_or("`label` must be fraud or genuine")?;
    if let Some(mistake) = text_mistake(&row.source, SOURCE_LENGTH_MAX) {
        return Err(format!("`source` {mistake}"));
    }
    Ok(Labelled { id, label, source: row.source })
}

fn once(seen: &mut BTreeMap<AuthenticationId, u64>, labelled: Labelled, line: u64) -> Result<Labelled, String> {
    match seen.entry(labelled.id) {
        Entry::Occupied(first) => Err(format!("`authentication_id` is the same as in line {}", first.get())),
        Entry::Vacant(place) => {
            place.insert(line);
            Ok(labelled)
        }
    }
}
