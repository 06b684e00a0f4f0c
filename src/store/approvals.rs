//! Requests that wait for a second person.

use sea_orm::{ConnectionTrait, Value};

use super::sql::{self, Row};
use super::{Store, StoreError, Transaction};
use crate::domain::approval::{Approval, ApprovalKind, ApprovalState};
use crate::domain::clock::Micros;
use crate::domain::id::ApprovalId;

const COLUMNS: &str = "id, kind, subject, request, requested_by, requested_at, state, decided_by, decided_at, note";

/// Adds a request.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn insert(transaction: &Transaction, approval: &Approval) -> Result<(), StoreError> {
    let sql = format!("INSERT INTO approvals ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, NULL, NULL)");
    let values: [Value; 7] = [
        approval.id.uuid().into(),
        approval.kind.as_str().into(),
        approval.subject.clone().into(),
        approval.request.clone().into(),
        approval.requested_by.clone().into(),
        approval.requested_at.0.into(),
        approval.state.as_str().into(),
    ];
    sql::execute(transaction, &sql, values).await.map(|_| ())
}

/// Decides a request that waits. Nobody decides her own; one person decides once. Answers whether it was decided now.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn decide(
    transaction: &Transaction,
    id: ApprovalId,
    state: ApprovalState,
    decided_by: &str,
    decided_at: Micros,
    note: Option<&str>,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE approvals SET state = $2, decided_by = $3, decided_at = $4, note = $5 \
                       WHERE id = $1 AND state = 'waiting' AND requested_by <> $3";
    let values: [Value; 5] = [
        id.uuid().into(),
        state.as_str().into(),
        decided_by.into(),
        decided_at.0.into(),
        note.map(ToOwned::to_owned).into(),
    ];
    Ok(sql::execute(transaction, SQL, values).await? == 1)
}

impl Store {
    /// One request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn approval(&self, id: ApprovalId) -> Result<Option<Approval>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM approvals WHERE id = $1");
        let row = sql::first(self.reader(), "approvals", &sql, [id.uuid().into()]).await?;
        row.map(|row| read(&row)).transpose()
    }

    /// Requests in a state, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn approvals(&self, state: ApprovalState, limit: i64) -> Result<Vec<Approval>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM approvals WHERE state = $1 ORDER BY requested_at, id LIMIT $2");
        let values: [Value; 2] = [state.as_str().into(), limit.into()];
        sql::all(self.reader(), "approvals", &sql, values).await?.iter().map(read).collect()
    }

    /// Requests about one record, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn approvals_about(&self, subject: &str, limit: i64) -> Result<Vec<Approval>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM approvals WHERE subject = $1 ORDER BY requested_at DESC, id LIMIT $2");
        let values: [Value; 2] = [subject.into(), limit.into()];
        sql::all(self.reader(), "approvals", &sql, values).await?.iter().map(read).collect()
    }
}

fn read(row: &Row) -> Result<Approval, StoreError> {
    Ok(Approval {
        id: ApprovalId::from_uuid(row.get("id")?),
        kind: row.word("kind", ApprovalKind::parse)?,
        subject: row.get("subject")?,
        request: row.get("request")?,
        requested_by: row.get("requested_by")?,
        requested_at: Micros(row.get("requested_at")?),
        state: row.word("state", ApprovalState::parse)?,
        decided_by: row.get("decided_by")?,
        decided_at: row.get::<Option<i64>>("decided_at")?.map(Micros),
        note: row.get("note")?,
    })
}

/// Whether a request of a kind about a record waits already.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn is_waiting(
    connection: &impl ConnectionTrait,
    kind: ApprovalKind,
    subject: &str,
) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT 1 AS one FROM approvals WHERE subject = $1 AND kind = $2 AND state = 'waiting'";
    let values: [Value; 2] = [subject.into(), kind.as_str().into()];
    Ok(sql::first(connection, "approvals", SQL, values).await?.is_some())
}
