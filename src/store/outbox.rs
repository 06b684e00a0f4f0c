//! The outbox: messages put in by the transactions whose consequence they are, and taken out by whoever sends.
//!
//! A message is taken with a lease. As long as the lease lives nobody else gets the message; when its holder dies,
//! the lease runs out and the message is tried again. Each step is one conditional statement.

mod lanes;
mod upkeep;

use std::time::Duration;

use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

pub use self::upkeep::{Backlog, OutboxFilter, OutboxRow};

use super::audit::{self, Entry};
use super::sql::{self, Row, nullable};
use super::{Store, StoreError};
use crate::domain::clock::Micros;
use crate::domain::id::{CardholderId, OutboxId};
use crate::domain::outbox::{Lane, OutboxKind, OutboxMessage};

/// A message that was taken out to be sent.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The message.
    pub message: OutboxMessage,
    /// Which try this is, from 1.
    pub attempt: u32,
    /// The lease, without which nothing can be said about the message.
    pub lease: Uuid,
}

/// How a try ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The message arrived.
    Done,
    /// It is tried again.
    Again {
        /// When.
        at: Micros,
        /// Why not this time.
        reason: String,
    },
    /// It is not tried any more; the audit log says so.
    Dead {
        /// Why not.
        reason: String,
        /// The audit entry.
        note: Entry,
    },
}

/// Puts a message into the outbox, within the transaction whose consequence it is.
///
/// # Errors
/// [`StoreError`]; the transaction must then be given up.
pub async fn enqueue(transaction: &impl ConnectionTrait, message: &OutboxMessage) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO outbox (id, kind, lane, cardholder_id, subject, body, state, due_at, created_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7, $8)";
    let values: [Value; 8] = [
        message.id.uuid().into(),
        message.kind.as_str().into(),
        message.lane.clone().into(),
        nullable(message.cardholder_id.map(CardholderId::uuid)),
        message.subject.clone().into(),
        message.body.clone().into(),
        message.next_attempt_at.0.into(),
        message.created_at.0.into(),
    ];
    sql::execute(transaction, SQL, values).await.map(|_| ())
}

impl Store {
    /// Takes up to `limit` messages of a lane that are due, oldest first, and holds them until the lease runs out. From
    /// a lane that rests none are taken, and one alone from a lane whose last try failed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_outbox(
        &self,
        lane: &Lane,
        limit: u32,
        lease: Uuid,
        now: Micros,
        hold: Duration,
    ) -> Result<Vec<Claimed>, StoreError> {
        // INVARIANT: the condition stands outside once more. Of two instances that chose the same row the second waits
        // for the first, looks at the row as it has become, and finds a lease that lives.
        const SQL: &str = "UPDATE outbox SET state = 'sending', lease = $1, due_at = $2, attempts = attempts + 1 \
             WHERE id IN (SELECT id FROM outbox WHERE kind = $3 AND lane = $6 AND state IN ('waiting', 'sending') \
             AND due_at <= $4 ORDER BY due_at LIMIT (SELECT COALESCE(MIN(CASE WHEN paused_until > $4 THEN 0 \
             WHEN failures > 0 THEN 1 ELSE $5 END), $5) FROM outbox_lanes WHERE kind = $3 AND lane = $6)) \
             AND state IN ('waiting', 'sending') AND due_at <= $4 \
             RETURNING id, kind, lane, cardholder_id, subject, body, attempts, due_at, created_at";
        let until = now.0.saturating_add(i64::try_from(hold.as_micros()).unwrap_or(i64::MAX));
        let values: [Value; 6] = [
            lease.into(),
            until.into(),
            lane.kind.as_str().into(),
            now.0.into(),
            i64::from(limit).into(),
            lane.name.clone().into(),
        ];
        self.write(move |transaction| {
            Box::pin(async move {
                let rows = sql::all(transaction, "outbox", SQL, values).await?;
                rows.iter().map(|row| read(row, lease)).collect()
            })
        })
        .await
    }

    /// Writes down how a try ended. Answers false, and changes nothing, when the lease is no longer ours.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settle_outbox(&self, claimed: &Claimed, outcome: Outcome, now: Micros) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE outbox SET state = $3, due_at = $4, reason = $5, finished_at = $6, lease = NULL \
                           WHERE id = $1 AND state = 'sending' AND lease = $2";
        let (state, due_at, reason, finished_at, note) = match outcome {
            Outcome::Done => ("done", now, None, Some(now.0), None),
            Outcome::Again { at, reason } => ("waiting", at, Some(reason), None, None),
            Outcome::Dead { reason, note } => ("dead", now, Some(reason), Some(now.0), Some(note)),
        };
        let (kind, lane) = (claimed.message.kind, claimed.message.lane.clone());
        let values: [Value; 6] = [
            claimed.message.id.uuid().into(),
            claimed.lease.into(),
            state.into(),
            due_at.0.into(),
            reason.into(),
            finished_at.into(),
        ];
        self.write(move |transaction| {
            Box::pin(async move {
                let ours = sql::execute(transaction, SQL, values).await? > 0;
                if let (true, Some(note)) = (ours, &note) {
                    audit::append(transaction, note).await?;
                }
                if ours && !lane.is_empty() {
                    lanes::note(transaction, (kind, &lane), state == "done", now).await?;
                }
                Ok(ours)
            })
        })
        .await
    }
}

fn read(row: &Row, lease: Uuid) -> Result<Claimed, StoreError> {
    let attempts: i64 = row.get("attempts")?;
    Ok(Claimed {
        message: OutboxMessage {
            id: OutboxId::from_uuid(row.get("id")?),
            kind: row.word("kind", OutboxKind::parse)?,
            lane: row.get("lane")?,
            cardholder_id: row.get::<Option<Uuid>>("cardholder_id")?.map(CardholderId::from_uuid),
            subject: row.get("subject")?,
            body: row.get("body")?,
            created_at: Micros(row.get("created_at")?),
            next_attempt_at: Micros(row.get("due_at")?),
        },
        attempt: u32::try_from(attempts).map_err(|_| row.corrupt("attempts"))?,
        lease,
    })
}
