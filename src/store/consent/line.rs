//! Lines as they are read: whole, in the order of their sequences, of one person or of all, page by page.

use sea_orm::Value;
use uuid::Uuid;

use super::super::sql::{self, Row};
use super::super::{Store, StoreError};
use super::{event, ledger};
use crate::domain::clock::Micros;
use crate::domain::consent::chain::RowHash;
use crate::domain::consent::line::{LineEntry, LineRow, LineSettlement, SettlementState};
use crate::domain::consent::proof::{LineHead, LineStart};
use crate::domain::id::CardholderId;

/// So many rows are read at a time.
pub const PAGE: i64 = 5_000;

impl Store {
    /// A person's line, whole and in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn line(&self, cardholder_id: CardholderId) -> Result<Vec<LineRow>, StoreError> {
        let id: Value = cardholder_id.uuid().into();
        let events = format!("SELECT {} FROM consent_events WHERE cardholder_id = $1", event::COLUMNS);
        let mut lines = Vec::new();
        for row in sql::all(self.reader(), "consent_events", &events, [id.clone()]).await? {
            let entry = LineEntry::Event(Box::new(event::read(&row)?));
            lines.push(placed(&row, entry, None)?);
        }
        let disclosures = format!(
            "SELECT {}, s.state AS ended, s.provider_request_id, s.settled_at FROM disclosures d \
             LEFT JOIN disclosure_settlements s ON s.disclosure_id = d.id WHERE d.cardholder_id = $1",
            qualified(ledger::COLUMNS)
        );
        for row in sql::all(self.reader(), "disclosures", &disclosures, [id]).await? {
            lines.push(disclosure(&row)?);
        }
        // A number that was taken twice stays in, for whoever checks the line.
        lines.sort_by_key(|line| line.sequence);
        Ok(lines)
    }

    /// The next page of all events up to and with this person, by cardholder and sequence.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn events_after(&self, after: (Uuid, i64), last: Uuid) -> Result<Vec<LineRow>, StoreError> {
        let sql = format!(
            "SELECT {} FROM consent_events WHERE (cardholder_id, sequence) > ($1, $2) AND cardholder_id <= $3 \
             ORDER BY cardholder_id, sequence LIMIT {PAGE}",
            event::COLUMNS
        );
        let values: [Value; 3] = [after.0.into(), after.1.into(), last.into()];
        let rows = sql::all(self.reader(), "consent_events", &sql, values).await?;
        rows.iter().map(|row| placed(row, LineEntry::Event(Box::new(event::read(row)?)), None)).collect()
    }

    /// The next page of all disclosures up to and with this person, by cardholder and sequence.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn disclosures_after(&self, after: (Uuid, i64), last: Uuid) -> Result<Vec<LineRow>, StoreError> {
        let sql = format!(
            "SELECT {}, s.state AS ended, s.provider_request_id, s.settled_at FROM disclosures d \
             LEFT JOIN disclosure_settlements s ON s.disclosure_id = d.id \
             WHERE (d.cardholder_id, d.sequence) > ($1, $2) AND d.cardholder_id <= $3 \
             ORDER BY d.cardholder_id, d.sequence LIMIT {PAGE}",
            qualified(ledger::COLUMNS)
        );
        let values: [Value; 3] = [after.0.into(), after.1.into(), last.into()];
        let rows = sql::all(self.reader(), "disclosures", &sql, values).await?;
        rows.iter().map(disclosure).collect()
    }

    /// Where lines begin and end, by the persons' rows: the next page by cardholder.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ends_after(&self, after: Uuid) -> Result<Vec<LineEnds>, StoreError> {
        let sql = format!("{ENDS} WHERE c.cardholder_id > $1 ORDER BY c.cardholder_id LIMIT {PAGE}");
        let rows = sql::all(self.reader(), "consent_states", &sql, [after.into()]).await?;
        rows.iter().map(ends).collect()
    }

    /// Where one person's line begins and ends; none when she has none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ends(&self, id: CardholderId) -> Result<Option<LineEnds>, StoreError> {
        let sql = format!("{ENDS} WHERE c.cardholder_id = $1");
        let row = sql::first(self.reader(), "consent_states", &sql, [id.uuid().into()]).await?;
        row.map(|row| ends(&row)).transpose()
    }
}

/// Where a line begins and ends.
#[derive(Clone, Debug)]
pub struct LineEnds {
    /// Where it begins; none when it was never cut.
    pub start: Option<LineStart>,
    /// Where it ends.
    pub head: LineHead,
}

const ENDS: &str = "SELECT c.cardholder_id, c.sequence, c.last_hash, l.sequence AS start_sequence, l.hash AS start_hash, \
     l.standing AS start_standing, l.pruned_at FROM consent_states c \
     LEFT JOIN line_starts l ON l.cardholder_id = c.cardholder_id";

fn ends(row: &Row) -> Result<LineEnds, StoreError> {
    let cardholder_id = CardholderId::from_uuid(row.get("cardholder_id")?);
    let head = LineHead { cardholder_id, sequence: row.get("sequence")?, hash: hash_of(row, "last_hash")? };
    let Some(sequence) = row.get::<Option<i64>>("start_sequence")? else { return Ok(LineEnds { start: None, head }) };
    let standing: String = row.get("start_standing")?;
    let standing = serde_json::from_str(&standing).map_err(|_| row.corrupt("standing"))?;
    let (hash, pruned_at) = (hash_of(row, "start_hash")?, Micros(row.get("pruned_at")?));
    Ok(LineEnds { start: Some(LineStart { sequence, hash, standing, pruned_at }), head })
}

fn qualified(columns: &str) -> String {
    columns.split(',').map(|column| format!("d.{}", column.trim())).collect::<Vec<_>>().join(", ")
}

fn disclosure(row: &Row) -> Result<LineRow, StoreError> {
    let ended = row.optional_word("ended", SettlementState::parse)?;
    let settlement = match ended {
        None => None,
        Some(state) => Some(LineSettlement {
            state,
            provider_request_id: row.get("provider_request_id")?,
            settled_at: Micros(row.get("settled_at")?),
        }),
    };
    placed(row, LineEntry::Disclosure(Box::new(ledger::read(row)?)), settlement)
}

fn placed(row: &Row, entry: LineEntry, settlement: Option<LineSettlement>) -> Result<LineRow, StoreError> {
    let (previous_hash, hash) = (hash_of(row, "previous_hash")?, hash_of(row, "hash")?);
    Ok(LineRow { sequence: row.get("sequence")?, previous_hash, hash, entry, settlement })
}

fn hash_of(row: &Row, column: &str) -> Result<RowHash, StoreError> {
    RowHash::from_slice(&row.get::<Vec<u8>>(column)?).ok_or_else(|| row.corrupt(column))
}
