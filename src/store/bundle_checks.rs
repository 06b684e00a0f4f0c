//! Judgements of submitted bundles: what the checks said, each time somebody submitted the same content. The newest counts.

use sea_orm::{ConnectionTrait, DatabaseBackend, Value};

use super::bundles::{HEAD, head, json};
use super::sql::{self, nullable_bytes};
use super::{Store, StoreError, Transaction};
use crate::domain::bundle::BundleHead;

/// Bundles with their newest judgement.
pub(super) const NEWEST: &str = "bundles JOIN bundle_checks ON bundle_checks.digest = bundles.digest \
                                 AND bundle_checks.number = (SELECT MAX(newest.number) FROM bundle_checks newest \
                                 WHERE newest.digest = bundles.digest)";

/// Holds a bundle until the transaction ends: what is said and done about it comes one after another. SQLite has one writer
/// anyway.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn hold(transaction: &Transaction, digest: &str) -> Result<(), StoreError> {
    const SQL: &str = "SELECT 1 AS held FROM bundles WHERE digest = $1 FOR UPDATE";
    if transaction.get_database_backend() == DatabaseBackend::Sqlite {
        return Ok(());
    }
    sql::first(transaction, "bundles", SQL, [digest.into()]).await.map(|_| ())
}

/// Keeps a judgement.
///
/// # Errors
/// [`StoreError::Duplicate`] when there is one with this number.
pub(crate) async fn insert(transaction: &Transaction, head: &BundleHead) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO bundle_checks (digest, number, against, submitted_by, checked_at, passed, results, \
                       weakens, signing_key, signature) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let signature = head.signature.as_ref();
    let values: [Value; 10] = [
        head.digest.clone().into(),
        head.judgement.into(),
        head.against.clone().into(),
        head.judged_by.clone().into(),
        head.judged_at.0.into(),
        i64::from(head.findings.passed()).into(),
        json(&head.findings)?.into(),
        json(&head.weakens)?.into(),
        signature.map(|signature| signature.key.clone()).into(),
        nullable_bytes(signature.map(|signature| signature.bytes.as_slice())),
    ];
    sql::execute(transaction, SQL, values).await.map(|_| ())
}

/// Every judgement of a bundle, the newest first.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn of(connection: &impl ConnectionTrait, digest: &str) -> Result<Vec<BundleHead>, StoreError> {
    let sql = format!(
        "SELECT {HEAD} FROM bundles JOIN bundle_checks ON bundle_checks.digest = bundles.digest \
         WHERE bundles.digest = $1 ORDER BY number DESC"
    );
    sql::all(connection, "bundle_checks", &sql, [digest.into()]).await?.iter().map(head).collect()
}

impl Store {
    /// The bundle with this digest as it was judged last, without its files.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bundle_head(&self, digest: &str) -> Result<Option<BundleHead>, StoreError> {
        let sql = format!("SELECT {HEAD} FROM {NEWEST} WHERE bundles.digest = $1");
        sql::first(self.reader(), "bundles", &sql, [digest.into()]).await?.as_ref().map(head).transpose()
    }
}
