//! Lines as they are read: whole, in the order of their sequences, of one person or of all, page by page.

use sea_orm::Value;
use uuid::Uuid;

use super::super::sql::{self, Row};
use super::super::{Store, StoreError};
use super::{event, ledger};
use crate::domain::clock::Micros;
use crate::domain::consent::line::{LineEntry, LineRow, LineSettlement, SettlementState};
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

    /// The next page of all events, by cardholder and sequence.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn events_after(&self, after: (Uuid, i64)) -> Result<Vec<LineRow>, StoreError> {
        let sql = format!(
            "SELECT {} FROM consent_events WHERE (cardholder_id, sequence) > ($1, $2) \
             ORDER BY cardholder_id, sequence LIMIT {PAGE}",
            event::COLUMNS
        );
        let rows = sql::all(self.reader(), "consent_events", &sql, [after.0.into(), after.1.into()]).await?;
        rows.iter().map(|row| placed(row, LineEntry::Event(Box::new(event::read(row)?)), None)).collect()
    }

    /// The next page of all disclosures, by cardholder and sequence.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn disclosures_after(&self, after: (Uuid, i64)) -> Result<Vec<LineRow>, StoreError> {
        let sql = format!(
            "SELECT {}, s.state AS ended, s.provider_request_id, s.settled_at FROM disclosures d \
             LEFT JOIN disclosure_settlements s ON s.disclosure_id = d.id \
             WHERE (d.cardholder_id, d.sequence) > ($1, $2) ORDER BY d.cardholder_id, d.sequence LIMIT {PAGE}",
            qualified(ledger::COLUMNS)
        );
        let rows = sql::all(self.reader(), "disclosures", &sql, [after.0.into(), after.1.into()]).await?;
        rows.iter().map(disclosure).collect()
    }

    /// Where each line ends, by the head of the person's row: the next page by cardholder, with sequence and hash.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn heads_after(&self, after: Uuid) -> Result<Vec<(CardholderId, i64, String)>, StoreError> {
        let sql = format!(
            "SELECT cardholder_id, sequence, last_hash FROM consent_states WHERE cardholder_id > $1 \
             ORDER BY cardholder_id LIMIT {PAGE}"
        );
        let rows = sql::all(self.reader(), "consent_states", &sql, [after.into()]).await?;
        rows.iter().map(head).collect()
    }

    /// Where one person's line ends: sequence and hash; none when she has none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn head(&self, id: CardholderId) -> Result<Option<(CardholderId, i64, String)>, StoreError> {
        const SQL: &str = "SELECT cardholder_id, sequence, last_hash FROM consent_states WHERE cardholder_id = $1";
        let row = sql::first(self.reader(), "consent_states", SQL, [id.uuid().into()]).await?;
        row.map(|row| head(&row)).transpose()
    }
}

fn head(row: &Row) -> Result<(CardholderId, i64, String), StoreError> {
    let hash: Vec<u8> = row.get("last_hash")?;
    Ok((CardholderId::from_uuid(row.get("cardholder_id")?), row.get("sequence")?, hex::encode(hash)))
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
    Ok(LineRow {
        sequence: row.get("sequence")?,
        previous_hash: hex::encode(row.get::<Vec<u8>>("previous_hash")?),
        hash: hex::encode(row.get::<Vec<u8>>("hash")?),
        entry,
        settlement,
    })
}
