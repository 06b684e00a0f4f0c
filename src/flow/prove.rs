//! The proof about sharing: nothing was let out against an objection, shown from the records alone, of one person or of all,
//! from the database or from an export.
//!
//! Rows are read ahead on one task while another checks them. The service goes on meanwhile: a line is checked up to the
//! end that it had when it was first looked at.

mod export;
mod walk;

use std::io::{BufRead, Write};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use self::export::ExportWriter;
use self::walk::Item;
use crate::app::App;
use crate::domain::consent::line::LineRow;
use crate::domain::consent::proof::{Fault, LineCheck, LineHead, LineStart, Totals, Violation};
use crate::domain::id::CardholderId;
use crate::flow::register::note;
use crate::store::consent::line::LineEnds;
use crate::store::{StoreError, audit};

/// So many batches of rows wait to be checked.
const BATCHES: usize = 2;

/// Whose lines are proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One person's.
    One(CardholderId),
    /// Everybody's.
    All,
}

/// Where an export is written while it is proved.
pub type ExportFile = Box<dyn Write + Send>;

/// One person's line, as an export of everything about her holds it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinesOfPerson {
    /// Where it begins, where older rows were deleted.
    pub start: Option<LineStart>,
    /// Where it ends.
    pub head: LineHead,
    /// Its rows, in order.
    pub rows: Vec<LineRow>,
}

/// Why nothing was proved.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// Something is wrong with a line.
    #[error(transparent)]
    Violation(#[from] Violation),
    /// A row holds what this program never writes.
    #[error("a row cannot be read: {0}")]
    UnreadableRow(String),
    /// The export is not what was written.
    #[error("line {line} of the export: {reason}")]
    BrokenExport {
        /// The number of the line.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// The database failed.
    #[error(transparent)]
    Store(StoreError),
    /// The walk or the check ended before its time.
    #[error("the proof was broken off")]
    Stopped,
}

impl ProveError {
    /// Whether the records are wrong, and not the way to them.
    pub fn is_violation(&self) -> bool {
        matches!(self, Self::Violation(_) | Self::UnreadableRow(_) | Self::BrokenExport { .. })
    }
}

impl From<StoreError> for ProveError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt { .. } => Self::UnreadableRow(error.to_string()),
            error => Self::Store(error),
        }
    }
}

/// Proves what the database holds. With `export` everything that is proved is written there too.
///
/// # Errors
/// [`ProveError`]; the first violation ends the proof.
pub async fn prove(app: &App, scope: Scope, export: Option<ExportFile>) -> Result<Totals, ProveError> {
    let writer = match export {
        Some(file) => Some(ExportWriter::begin(file, app.config.environment.as_str(), app.now())?),
        None => None,
    };
    let (items, batches) = mpsc::channel(BATCHES);
    let checking = tokio::task::spawn_blocking(move || check(batches, writer));
    let walked = walk::walk(&app.store, scope, items).await;
    let checked = checking.await.map_err(|_| ProveError::Stopped)?;
    match (walked, checked) {
        // A walk that failed leaves a line in the middle, which says nothing about the line.
        (Err(error), _) | (Ok(()), Err(error)) => Err(error),
        (Ok(()), Ok(totals)) => Ok(totals),
    }
}

/// Writes down that somebody takes the records out.
///
/// # Errors
/// [`StoreError`]; then nothing may be taken out.
pub async fn note_export(app: &App, actor: &str, scope: Scope) -> Result<(), StoreError> {
    let subject = match scope {
        Scope::One(id) => id.to_string(),
        Scope::All => "all".to_owned(),
    };
    let entry = note(app, actor, "sharing.export", subject);
    app.store.write(move |transaction| Box::pin(async move { audit::append(transaction, &entry).await })).await
}

/// Proves an export, without any database.
///
/// # Errors
/// [`ProveError`]; the first violation ends the proof.
pub fn prove_export(file: impl BufRead) -> Result<Totals, ProveError> {
    let mut prover = Prover::default();
    let mut reader = export::ExportReader::begin(file)?;
    while let Some(item) = reader.next()? {
        prover.take(&item)?;
    }
    prover.end()?;
    reader.finish(&prover.totals)?;
    Ok(prover.totals)
}

/// Proves the export of everything about one person, without any database.
///
/// # Errors
/// [`ProveError`].
pub fn prove_person(json: &str) -> Result<Totals, ProveError> {
    let broken = |reason: String| ProveError::BrokenExport { line: 1, reason };
    let mut value: serde_json::Value = serde_json::from_str(json).map_err(|error| broken(error.to_string()))?;
    let stated = value.as_object_mut().and_then(|fields| fields.remove("digest"));
    if stated.as_ref().and_then(serde_json::Value::as_str) != Some(&super::export::digest(&value)) {
        return Err(broken("the digest does not fit: the export was changed".to_owned()));
    }
    let lines = value.get_mut("lines").map(serde_json::Value::take).unwrap_or_default();
    let lines: Option<LinesOfPerson> = serde_json::from_value(lines).map_err(|error| broken(error.to_string()))?;
    let mut prover = Prover::default();
    if let Some(LinesOfPerson { start, head, rows }) = lines {
        prover.take(&Item::Person(Box::new(LineEnds { start, head })))?;
        for row in rows {
            prover.take(&Item::Row(Box::new(row)))?;
        }
    }
    prover.end()?;
    Ok(prover.totals)
}

/// Checks until the walk says that it is over; one that ended otherwise has failed.
fn check(mut batches: mpsc::Receiver<Vec<Item>>, mut writer: Option<ExportWriter>) -> Result<Totals, ProveError> {
    let mut prover = Prover::default();
    while let Some(batch) = batches.blocking_recv() {
        for item in &batch {
            prover.take(item)?;
            if let Some(writer) = &mut writer {
                writer.write(item)?;
            }
        }
        if matches!(batch.last(), Some(Item::End)) {
            if let Some(writer) = writer {
                writer.end(&prover.totals)?;
            }
            return Ok(prover.totals);
        }
    }
    Err(ProveError::Stopped)
}

/// Checks persons one after the other.
#[derive(Default)]
struct Prover {
    current: Option<(LineCheck, LineHead)>,
    totals: Totals,
}

impl Prover {
    fn take(&mut self, item: &Item) -> Result<(), Violation> {
        match item {
            Item::Person(ends) => {
                self.end()?;
                let check = LineCheck::begin(ends.head.cardholder_id, ends.start.as_ref());
                self.current = Some((check, ends.head.clone()));
                Ok(())
            }
            Item::End => self.end(),
            Item::Row(row) => {
                let (cardholder, sequence) = (row.entry.cardholder_id(), row.sequence);
                let nobodys = Violation { cardholder, sequence, fault: Fault::NoHead };
                let (check, _) = self.current.as_mut().ok_or(nobodys)?;
                check.add(row, &mut self.totals)
            }
        }
    }

    fn end(&mut self) -> Result<(), Violation> {
        match self.current.take() {
            Some((check, head)) => check.end(&head, &mut self.totals),
            None => Ok(()),
        }
    }
}
