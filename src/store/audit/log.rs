//! The audit log as it is read: by actor, action, record and time, the newest first.

use sea_orm::Value;

use super::super::sql::{self, Row};
use super::super::{Store, StoreError};
use crate::domain::clock::Micros;
use crate::domain::id::AuditId;

/// Which entries are wanted. Nothing named is every one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// By whom.
    pub actor: Option<String>,
    /// What was done.
    pub action: Option<String>,
    /// To which record.
    pub subject: Option<String>,
    /// From this time on.
    pub from: Option<Micros>,
    /// Until before this time.
    pub until: Option<Micros>,
}

/// An entry as it is read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LogRow {
    /// Its id.
    pub id: AuditId,
    /// When.
    #[serde(with = "crate::domain::clock::rfc3339")]
    pub recorded_at: Micros,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// To which record.
    pub subject: String,
    /// What came of it.
    pub result: String,
    /// Its hash, hexadecimal.
    pub hash: String,
}

impl Store {
    /// Entries that fit, the newest first, at most `limit` of them older than `before`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_log(
        &self,
        filter: &LogFilter,
        before: Option<AuditId>,
        limit: i64,
    ) -> Result<Vec<LogRow>, StoreError> {
        let (conditions, mut values) = conditions(filter, before);
        values.push(limit.into());
        let sql = format!(
            "SELECT id, recorded_at, actor, action, subject, result, hash FROM audit_entries \
             WHERE {conditions} ORDER BY id DESC LIMIT ${}",
            values.len()
        );
        sql::all(self.reader(), "audit_entries", &sql, values).await?.iter().map(read).collect()
    }
}

/// Only the columns that are asked for stand in the statement: each has an index with the id behind it.
fn conditions(filter: &LogFilter, before: Option<AuditId>) -> (String, Vec<Value>) {
    let end = filter.until.map(AuditId::before);
    let end = [before, end].into_iter().flatten().min();
    let mut parts = vec!["id >= $1".to_owned()];
    let mut values: Vec<Value> =
        vec![filter.from.map_or(AuditId::from_uuid(uuid::Uuid::nil()), AuditId::before).uuid().into()];
    if let Some(end) = end {
        values.push(end.uuid().into());
        parts.push(format!("id < ${}", values.len()));
    }
    for (column, wanted) in [("actor", &filter.actor), ("action", &filter.action), ("subject", &filter.subject)] {
        if let Some(wanted) = wanted {
            values.push(wanted.clone().into());
            parts.push(format!("{column} = ${}", values.len()));
        }
    }
    (parts.join(" AND "), values)
}

fn read(row: &Row) -> Result<LogRow, StoreError> {
    Ok(LogRow {
        id: AuditId::from_uuid(row.get("id")?),
        recorded_at: Micros(row.get("recorded_at")?),
        actor: row.get("actor")?,
        action: row.get("action")?,
        subject: row.get("subject")?,
        result: row.get("result")?,
        hash: hex::encode(row.get::<Vec<u8>>("hash")?),
    })
}
