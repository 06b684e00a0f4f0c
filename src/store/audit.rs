//! The audit log: one function appends, inside the transaction that changes something.
//!
//! A row carries a UUIDv7 and no number: a counter inside every transaction would make all writers wait for
//! one another. Its hash is taken over canonical bytes, so that a log can be sealed over the rows later.

pub mod log;

use sea_orm::{ConnectionTrait, Value};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Store, StoreError, sql};
use crate::domain::clock::{Micros, rfc3339};
use crate::domain::id::AuditId;

/// Something that was done, by whom, to what.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The row's id.
    pub id: AuditId,
    /// When.
    pub recorded_at: Micros,
    /// Who: `merchant:<id>`, `staff:<id>`, `issuer`, `buyer`, `operator`, `system`.
    pub actor: String,
    /// What was done: `authentication.create`, `consent.object` and the like.
    pub action: &'static str,
    /// To which record: its id.
    pub subject: String,
    /// What came of it.
    pub result: String,
}

impl Entry {
    /// The canonical bytes: a version, then every field as its length (8 bytes, big endian) and its bytes.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        let recorded_at = self.recorded_at.0.to_be_bytes();
        let id = self.id.uuid();
        let fields: [&[u8]; 6] = [
            id.as_bytes(),
            &recorded_at,
            self.actor.as_bytes(),
            self.action.as_bytes(),
            self.subject.as_bytes(),
            self.result.as_bytes(),
        ];
        let mut bytes = vec![1];
        for field in fields {
            bytes.extend((field.len() as u64).to_be_bytes());
            bytes.extend(field);
        }
        bytes
    }

    /// SHA-256 over a zero byte and the canonical bytes: a leaf hash (RFC 6962, section 2.1).
    pub fn hash(&self) -> [u8; 32] {
        Sha256::new().chain_update([0]).chain_update(self.canonical_bytes()).finalize().into()
    }

    pub(crate) fn values(&self) -> [Value; 7] {
        [
            self.id.uuid().into(),
            self.recorded_at.0.into(),
            self.actor.clone().into(),
            self.action.into(),
            self.subject.clone().into(),
            self.result.clone().into(),
            self.hash().to_vec().into(),
        ]
    }
}

/// Appends an entry within the transaction whose change it tells of.
///
/// # Errors
/// [`StoreError`]; the transaction must then be given up.
pub async fn append(transaction: &impl ConnectionTrait, entry: &Entry) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO audit_entries (id, recorded_at, actor, action, subject, result, hash) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7)";
    sql::execute(transaction, SQL, entry.values()).await.map(|_| ())
}

/// An entry as it is shown to somebody who may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// When.
    #[serde(with = "rfc3339")]
    pub recorded_at: Micros,
    /// Who.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// What came of it.
    pub result: String,
}

impl Store {
    /// What was done to, or seen of, one record; the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_about(&self, subject: &str, limit: i64) -> Result<Vec<Seen>, StoreError> {
        const SQL: &str = "SELECT recorded_at, actor, action, result FROM audit_entries WHERE subject = $1 \
                           ORDER BY id DESC LIMIT $2";
        let rows = sql::all(self.reader(), "audit_entries", SQL, [subject.into(), limit.into()]).await?;
        let read = |row: &sql::Row| {
            Ok(Seen {
                recorded_at: Micros(row.get("recorded_at")?),
                actor: row.get("actor")?,
                action: row.get("action")?,
                result: row.get("result")?,
            })
        };
        rows.iter().map(read).collect()
    }
}
