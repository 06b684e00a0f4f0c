//! What people and figures want to know of the outbox, and what a person may do: have a dead message sent again.

use sea_orm::Value;
use uuid::Uuid;

use super::super::audit::{self, Entry};
use super::super::sql::{self, Row, nullable};
use super::super::{Store, StoreError};
use crate::domain::clock::Micros;
use crate::domain::id::{CardholderId, OutboxId};
use crate::domain::outbox::{OutboxKind, OutboxState};

/// A message as a person sees it in a list.
#[derive(Clone, Debug)]
pub struct OutboxRow {
    /// Its id.
    pub id: OutboxId,
    /// What it is.
    pub kind: OutboxKind,
    /// About whom.
    pub cardholder_id: Option<CardholderId>,
    /// The id of the record that it is about.
    pub subject: String,
    /// Where it stands.
    pub state: OutboxState,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next; of one being sent, when its lease runs out.
    pub due_at: Micros,
    /// Why the last try failed.
    pub reason: Option<String>,
    /// When it was put in.
    pub created_at: Micros,
}

/// Which messages are listed.
#[derive(Clone, Copy, Debug, Default)]
pub struct OutboxFilter {
    /// Of this state; without one all that are not done.
    pub state: Option<OutboxState>,
    /// Of this kind.
    pub kind: Option<OutboxKind>,
    /// About this person.
    pub cardholder_id: Option<CardholderId>,
}

/// How much is waiting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Messages that wait or are being sent.
    pub waiting: i64,
    /// When the oldest of them was put in.
    pub oldest: Option<Micros>,
    /// Messages that are dead.
    pub dead: i64,
}

impl Store {
    /// Messages, oldest first, at most `limit` of them after `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn outbox(
        &self,
        filter: OutboxFilter,
        after: Option<OutboxId>,
        limit: u32,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        // The state is written out, so that the partial indexes apply.
        let state = filter.state.map_or("<> 'done'".to_owned(), |state| format!("= '{}'", state.as_str()));
        let sql = format!(
            "SELECT id, kind, cardholder_id, subject, state, attempts, due_at, reason, created_at FROM outbox \
             WHERE state {state} AND id > $1 AND (kind = $2 OR $2 = '') AND ($3 OR cardholder_id = $4) \
             ORDER BY id LIMIT $5"
        );
        let values: [Value; 5] = [
            after.map_or(Uuid::nil(), OutboxId::uuid).into(),
            filter.kind.map_or("", OutboxKind::as_str).into(),
            filter.cardholder_id.is_none().into(),
            nullable(filter.cardholder_id.map(CardholderId::uuid)),
            i64::from(limit).into(),
        ];
        sql::all(self.reader(), "outbox", &sql, values).await?.iter().map(read).collect()
    }

    /// Has a dead message sent again, from its first try on. Answers false when it is not dead.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replay_outbox(&self, id: OutboxId, now: Micros, note: Entry) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE outbox SET state = 'waiting', attempts = 0, due_at = $2, finished_at = NULL \
                           WHERE id = $1 AND state = 'dead'";
        self.write(move |transaction| {
            Box::pin(async move {
                let was_dead = sql::execute(transaction, SQL, [id.uuid().into(), now.0.into()]).await? > 0;
                if was_dead {
                    audit::append(transaction, &note).await?;
                }
                Ok(was_dead)
            })
        })
        .await
    }

    /// How much of a kind is waiting, and how much is dead.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn outbox_backlog(&self, kind: OutboxKind) -> Result<Backlog, StoreError> {
        const SQL: &str = "SELECT (SELECT COUNT(*) FROM outbox WHERE kind = $1 AND state IN ('waiting', 'sending')) \
             AS waiting, (SELECT MIN(created_at) FROM outbox WHERE kind = $1 AND state IN ('waiting', 'sending')) \
             AS oldest, (SELECT COUNT(*) FROM outbox WHERE kind = $1 AND state = 'dead') AS dead";
        let row = sql::first(self.reader(), "outbox", SQL, [kind.as_str().into()]).await?;
        row.map_or(Ok(Backlog::default()), |row| {
            Ok(Backlog {
                waiting: row.get("waiting")?,
                oldest: row.get::<Option<i64>>("oldest")?.map(Micros),
                dead: row.get("dead")?,
            })
        })
    }
}

fn read(row: &Row) -> Result<OutboxRow, StoreError> {
    Ok(OutboxRow {
        id: OutboxId::from_uuid(row.get("id")?),
        kind: row.word("kind", OutboxKind::parse)?,
        cardholder_id: row.get::<Option<Uuid>>("cardholder_id")?.map(CardholderId::from_uuid),
        subject: row.get("subject")?,
        state: row.word("state", OutboxState::parse)?,
        attempts: row.get("attempts")?,
        due_at: Micros(row.get("due_at")?),
        reason: row.get("reason")?,
        created_at: Micros(row.get("created_at")?),
    })
}
