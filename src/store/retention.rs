//! What is older than its period is deleted, a batch in a transaction. Append-only tables let go only of what lies before
//! the floor that is set within the same transaction.

use sea_orm::Value;
use uuid::Uuid;

use super::audit::{self, Entry};
use super::sql;
use super::{Store, StoreError, Transaction};
use crate::domain::clock::Micros;
use crate::domain::consent::proof::LineStart;
use crate::domain::id::{CardholderId, DisclosureId};

/// A kind of record that goes by its age alone.
#[derive(Clone, Copy, Debug)]
pub struct Aged {
    /// Its name.
    pub name: &'static str,
    table: &'static str,
    /// Which rows are older than `$1`.
    old: &'static str,
    /// What hangs on them, deleted first; `{ids}` stands for the batch.
    first: &'static [&'static str],
    /// Whether the table is append-only.
    floor: bool,
}

/// Results of authentications that are final, with their challenges.
pub const AUTHENTICATIONS: Aged = Aged {
    name: "authentications",
    table: "authentications",
    old: "created_at < $1 AND finished_at IS NOT NULL",
    first: &[
        "DELETE FROM challenge_answers WHERE challenge_id IN \
         (SELECT id FROM challenges WHERE authentication_id IN ({ids}))",
        "DELETE FROM challenges WHERE authentication_id IN ({ids})",
    ],
    floor: false,
};
/// Device sessions that have expired.
pub const DEVICE_SESSIONS: Aged =
    Aged { name: "device_sessions", table: "device_sessions", old: "expires_at < $1", first: &[], floor: false };
/// Sessions of the staff.
pub const STAFF_SESSIONS: Aged =
    Aged { name: "staff_sessions", table: "staff_sessions", old: "created_at < $1", first: &[], floor: false };
/// Sessions of members.
pub const MEMBER_SESSIONS: Aged =
    Aged { name: "member_sessions", table: "member_sessions", old: "created_at < $1", first: &[], floor: false };
/// The history of sign-ins on the members' pages.
pub const MEMBER_SIGN_INS: Aged =
    Aged { name: "member_sign_ins", table: "member_sign_ins", old: "recorded_at < $1", first: &[], floor: false };
/// Activation codes that are used, replaced or expired.
pub const ACTIVATION_CODES: Aged = Aged {
    name: "activation_codes",
    table: "activation_codes",
    old: "created_at < $1 AND COALESCE(used_at, replaced_at, expires_at) < $1",
    first: &[],
    floor: false,
};
/// Messages that were sent, or are dead.
pub const OUTBOX: Aged = Aged {
    name: "outbox",
    table: "outbox",
    old: "state IN ('done', 'dead') AND COALESCE(finished_at, created_at) < $1",
    first: &[],
    floor: false,
};
/// Objections of people who were not known, after they were matched or closed.
pub const UNMATCHED: Aged = Aged {
    name: "unmatched",
    table: "unmatched_objections",
    old: "state = 'settled' AND settled_at < $1",
    first: &["DELETE FROM unmatched_marks WHERE unmatched_id IN ({ids})"],
    floor: false,
};
/// The audit log.
pub const AUDIT: Aged =
    Aged { name: "audit", table: "audit_entries", old: "recorded_at < $1", first: &[], floor: true };

impl Store {
    /// How many records of a kind are older.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_aged(&self, kind: Aged, before: Micros) -> Result<u64, StoreError> {
        let sql = format!("SELECT COUNT(*) AS count FROM {} WHERE {}", kind.table, kind.old);
        let row = sql::first(self.reader(), kind.table, &sql, [before.0.into()]).await?.ok_or(StoreError::GivenUp)?;
        Ok(u64::try_from(row.get::<i64>("count")?).unwrap_or(0))
    }

    /// Deletes at most `limit` of them, and says in the audit log how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_aged(&self, kind: Aged, before: Micros, limit: i64, entry: Entry) -> Result<u64, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let ids = format!("SELECT id FROM {} WHERE {} ORDER BY id LIMIT $2", kind.table, kind.old);
                let values: [Value; 2] = [before.0.into(), limit.into()];
                if kind.floor {
                    set_floor(transaction, &[kind.table], Some(before)).await?;
                }
                for statement in kind.first {
                    sql::execute(transaction, &statement.replace("{ids}", &ids), values.clone()).await?;
                }
                let delete = format!("DELETE FROM {} WHERE id IN ({ids})", kind.table);
                let gone = sql::execute(transaction, &delete, values).await?;
                if kind.floor {
                    set_floor(transaction, &[kind.table], None).await?;
                }
                if gone > 0 {
                    let entry = Entry { result: gone.to_string(), ..entry };
                    audit::append(transaction, &entry).await?;
                }
                Ok(gone)
            })
        })
        .await
    }

    /// Persons after `after` who have rows older than `before` in their lines, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn persons_with_old_rows(
        &self,
        before: Micros,
        after: Uuid,
        limit: i64,
    ) -> Result<Vec<CardholderId>, StoreError> {
        const SQL: &str = "SELECT cardholder_id FROM disclosures WHERE recorded_at < $1 AND cardholder_id > $2 \
             UNION SELECT cardholder_id FROM consent_events WHERE recorded_at < $1 AND cardholder_id > $2 \
             ORDER BY cardholder_id LIMIT $3";
        let values: [Value; 3] = [before.0.into(), after.into(), limit.into()];
        let rows = sql::all(self.reader(), "disclosures", SQL, values).await?;
        rows.iter().map(|row| Ok(CardholderId::from_uuid(row.get("cardholder_id")?))).collect()
    }

    /// The disclosures about a person that recipients are still asked to erase.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn disclosures_being_erased(&self, id: CardholderId) -> Result<Vec<DisclosureId>, StoreError> {
        const SQL: &str = "SELECT disclosure_id FROM erasures WHERE cardholder_id = $1 AND state = 'queued'";
        let rows = sql::all(self.reader(), "erasures", SQL, [id.uuid().into()]).await?;
        rows.iter().map(|row| Ok(DisclosureId::from_uuid(row.get("disclosure_id")?))).collect()
    }

    /// Deletes the beginning of a person's line up to and with `start`, and keeps where it begins now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn prune_line(
        &self,
        id: CardholderId,
        start: LineStart,
        before: Micros,
        entry: Entry,
    ) -> Result<(), StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                keep_start(transaction, id, &start).await?;
                const TABLES: [&str; 3] = ["consent_events", "disclosures", "disclosure_settlements"];
                set_floor(transaction, &TABLES, Some(before)).await?;
                const DISCLOSED: &str = "SELECT id FROM disclosures WHERE cardholder_id = $1 AND sequence <= $2";
                const EVENTS: &str = "SELECT id FROM consent_events WHERE cardholder_id = $1 AND sequence <= $2";
                for statement in [
                    format!("DELETE FROM erasures WHERE disclosure_id IN ({DISCLOSED})"),
                    format!("DELETE FROM disclosure_settlements WHERE disclosure_id IN ({DISCLOSED})"),
                    "DELETE FROM disclosures WHERE cardholder_id = $1 AND sequence <= $2".to_owned(),
                    format!("DELETE FROM receipts WHERE event_id IN ({EVENTS})"),
                    "DELETE FROM consent_events WHERE cardholder_id = $1 AND sequence <= $2".to_owned(),
                ] {
                    let values: [Value; 2] = [id.uuid().into(), start.sequence.into()];
                    sql::execute(transaction, &statement, values).await?;
                }
                set_floor(transaction, &TABLES, None).await?;
                audit::append(transaction, &entry).await
            })
        })
        .await
    }
}

async fn keep_start(transaction: &Transaction, id: CardholderId, start: &LineStart) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO line_starts (cardholder_id, sequence, hash, standing, pruned_at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (cardholder_id) DO UPDATE SET sequence = excluded.sequence, \
         hash = excluded.hash, standing = excluded.standing, pruned_at = excluded.pruned_at \
         WHERE line_starts.sequence < excluded.sequence";
    let values: [Value; 5] = [
        id.uuid().into(),
        start.sequence.into(),
        start.hash.bytes().to_vec().into(),
        serde_json::json!(start.standing).to_string().into(),
        start.pruned_at.0.into(),
    ];
    sql::execute(transaction, SQL, values).await.map(|_| ())
}

async fn set_floor(transaction: &Transaction, tables: &[&str], floor: Option<Micros>) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE retention_floors SET floor = $2 WHERE name = $1";
    for table in tables {
        sql::execute(transaction, SQL, [(*table).into(), floor.map(|floor| floor.0).into()]).await?;
    }
    Ok(())
}
