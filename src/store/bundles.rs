//! Submitted bundles and what they are in use for. Rows of bundles never change.

use sea_orm::{ConnectionTrait, Value};

use super::bundle_checks::{self, NEWEST};
use super::sql::{self, Row};
use super::{Store, StoreError, Transaction};
use crate::domain::bundle::{BundleActivation, BundleHead, BundleMode, BundleSignature, StoredBundle};
use crate::domain::clock::Micros;
use crate::domain::id::BundleActivationId;

pub(super) const HEAD: &str = "bundles.digest AS digest, facts_version, author, message, submitted_at, number, against, \
                               submitted_by, checked_at, results, weakens, signing_key, signature";
pub(super) const ACTIVATION: &str =
    "id, digest, mode, share, band, until, started_by, started_at, ended_by, ended_at, end_reason";

/// Keeps a bundle with its first judgement; one that is kept already stays as it is. Answers whether it is new.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn insert(transaction: &Transaction, bundle: &StoredBundle) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO bundles (digest, facts_version, content, author, message, submitted_at) \
                       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    let head = &bundle.head;
    let values: [Value; 6] = [
        head.digest.clone().into(),
        i64::from(head.facts_version).into(),
        json(&bundle.files)?.into(),
        head.author.clone().into(),
        head.message.clone().into(),
        head.submitted_at.0.into(),
    ];
    let new = sql::execute(transaction, SQL, values).await? == 1;
    if new {
        bundle_checks::insert(transaction, head).await?;
    }
    Ok(new)
}

/// Begins a bundle's time in a mode.
///
/// # Errors
/// [`StoreError::Duplicate`] when another one is in use in this mode.
pub(crate) async fn begin(connection: &impl ConnectionTrait, activation: &BundleActivation) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO bundle_activations ({ACTIVATION}, judgement) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL, NULL, \
         NULL, (SELECT MAX(number) FROM bundle_checks WHERE digest = $2))"
    );
    let values: [Value; 8] = [
        activation.id.uuid().into(),
        activation.digest.clone().into(),
        activation.mode.as_str().into(),
        i64::from(activation.share).into(),
        activation.band.as_ref().map(json).transpose()?.into(),
        activation.until.map(|until| until.0).into(),
        activation.started_by.clone().into(),
        activation.started_at.0.into(),
    ];
    sql::execute(connection, &sql, values).await.map(|_| ())
}

/// Ends a bundle's time, if it is not over. Answers whether it ended now.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn end(
    connection: &impl ConnectionTrait,
    id: BundleActivationId,
    ended_by: &str,
    ended_at: Micros,
    reason: &str,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE bundle_activations SET ended_by = $2, ended_at = $3, end_reason = $4 \
                       WHERE id = $1 AND ended_at IS NULL";
    let values: [Value; 4] = [id.uuid().into(), ended_by.into(), ended_at.0.into(), reason.into()];
    Ok(sql::execute(connection, SQL, values).await? == 1)
}

/// What is in use now, at most one bundle in each mode.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn current(connection: &impl ConnectionTrait) -> Result<Vec<BundleActivation>, StoreError> {
    let sql = format!("SELECT {ACTIVATION} FROM bundle_activations WHERE ended_at IS NULL ORDER BY mode");
    sql::all(connection, "bundle_activations", &sql, []).await?.iter().map(activation).collect()
}

impl Store {
    /// The bundle with this digest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bundle(&self, digest: &str) -> Result<Option<StoredBundle>, StoreError> {
        let sql = format!("SELECT {HEAD}, content FROM {NEWEST} WHERE bundles.digest = $1");
        let row = sql::first(self.reader(), "bundles", &sql, [digest.into()]).await?;
        let read = |row: Row| Ok(StoredBundle { files: parsed(&row, "content")?, head: head(&row)? });
        row.map(read).transpose()
    }

    /// The digests that begin so, two at most: more than one is not a name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn digests_beginning(&self, beginning: &str) -> Result<Vec<String>, StoreError> {
        const SQL: &str = "SELECT digest FROM bundles WHERE digest >= $1 AND digest <= $2 ORDER BY digest LIMIT 2";
        // The letter behind `f`, with which hexadecimal digits end.
        let values: [Value; 2] = [beginning.into(), format!("{beginning}g").into()];
        let rows = sql::all(self.reader(), "bundles", SQL, values).await?;
        rows.iter().map(|row| row.get("digest")).collect()
    }

    /// Submitted bundles, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bundles(&self, limit: i64) -> Result<Vec<BundleHead>, StoreError> {
        let sql = format!("SELECT {HEAD} FROM {NEWEST} ORDER BY submitted_at DESC, bundles.digest LIMIT $1");
        sql::all(self.reader(), "bundles", &sql, [limit.into()]).await?.iter().map(head).collect()
    }

    /// What is in use now, at most one bundle in each mode.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn current_bundles(&self) -> Result<Vec<BundleActivation>, StoreError> {
        current(self.reader()).await
    }

    /// When a use begins that begins now: after all that began before, whatever the clocks of other machines said.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bundle_use_begins(&self, now: Micros) -> Result<Micros, StoreError> {
        const SQL: &str = "SELECT MAX(started_at) AS latest FROM bundle_activations";
        let row = sql::first(self.reader(), "bundle_activations", SQL, []).await?;
        let latest: Option<i64> = row.map_or(Ok(None), |row| row.get("latest"))?;
        Ok(latest.map_or(now, |latest| now.max(Micros(latest + 1))))
    }

    /// The programmes of cards that are not closed, sorted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn programmes_in_use(&self) -> Result<Vec<String>, StoreError> {
        // From one programme to the next in the index, instead of over all cards.
        const SQL: &str = "WITH RECURSIVE used (programme) AS (\
                           SELECT MIN(programme) FROM cards WHERE status <> 'closed' UNION ALL \
                           SELECT (SELECT MIN(cards.programme) FROM cards WHERE cards.status <> 'closed' \
                           AND cards.programme > used.programme) FROM used WHERE used.programme IS NOT NULL) \
                           SELECT programme FROM used WHERE programme IS NOT NULL ORDER BY programme";
        let rows = sql::all(self.reader(), "cards", SQL, []).await?;
        rows.iter().map(|row| row.get("programme")).collect()
    }

    /// What was in use, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bundle_activations(&self, limit: i64) -> Result<Vec<BundleActivation>, StoreError> {
        let sql = format!("SELECT {ACTIVATION} FROM bundle_activations ORDER BY started_at DESC, id DESC LIMIT $1");
        sql::all(self.reader(), "bundle_activations", &sql, [limit.into()]).await?.iter().map(activation).collect()
    }
}

pub(super) fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|_| StoreError::Corrupt { table: "bundles", reason: "a value that JSON cannot hold".to_owned() })
}

fn parsed<T: serde::de::DeserializeOwned>(row: &Row, column: &str) -> Result<T, StoreError> {
    serde_json::from_str(&row.get::<String>(column)?).map_err(|_| row.corrupt(column))
}

pub(super) fn head(row: &Row) -> Result<BundleHead, StoreError> {
    let key: Option<String> = row.get("signing_key")?;
    let bytes: Option<Vec<u8>> = row.get("signature")?;
    Ok(BundleHead {
        digest: row.get("digest")?,
        facts_version: u16::try_from(row.get::<i64>("facts_version")?).map_err(|_| row.corrupt("facts_version"))?,
        author: row.get("author")?,
        message: row.get("message")?,
        submitted_at: Micros(row.get("submitted_at")?),
        judgement: row.get("number")?,
        judged_by: row.get("submitted_by")?,
        judged_at: Micros(row.get("checked_at")?),
        against: row.get("against")?,
        findings: parsed(row, "results")?,
        weakens: parsed(row, "weakens")?,
        signature: key.zip(bytes).map(|(key, bytes)| BundleSignature { key, bytes }),
    })
}

pub(super) fn activation(row: &Row) -> Result<BundleActivation, StoreError> {
    let band: Option<String> = row.get("band")?;
    Ok(BundleActivation {
        id: BundleActivationId::from_uuid(row.get("id")?),
        digest: row.get("digest")?,
        mode: row.word("mode", BundleMode::parse)?,
        share: u16::try_from(row.get::<i64>("share")?).map_err(|_| row.corrupt("share"))?,
        band: band.map(|band| serde_json::from_str(&band).map_err(|_| row.corrupt("band"))).transpose()?,
        until: row.get::<Option<i64>>("until")?.map(Micros),
        started_by: row.get("started_by")?,
        started_at: Micros(row.get("started_at")?),
        ended_by: row.get("ended_by")?,
        ended_at: row.get::<Option<i64>>("ended_at")?.map(Micros),
        end_reason: row.get("end_reason")?,
    })
}
