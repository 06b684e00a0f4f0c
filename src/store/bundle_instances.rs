//! Which process decides by what: each keeps its own row fresh.

use sea_orm::Value;

use super::sql::{self, Row};
use super::{Store, StoreError};
use crate::domain::bundle::BundleInstance;
use crate::domain::clock::Micros;

impl Store {
    /// Notes what a process decides by.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_bundle_instance(&self, instance: BundleInstance) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO bundle_instances (instance, program, started_at, seen_at, live_digest, \
                           canary_digest, shadow_digest, loaded_at, error, error_at) \
                           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (instance) DO UPDATE SET \
                           seen_at = excluded.seen_at, live_digest = excluded.live_digest, \
                           canary_digest = excluded.canary_digest, shadow_digest = excluded.shadow_digest, \
                           loaded_at = excluded.loaded_at, error = excluded.error, error_at = excluded.error_at";
        let (error, error_at) = instance.error.map_or((None, None), |(error, at)| (Some(error), Some(at.0)));
        let values: [Value; 10] = [
            instance.instance.into(),
            instance.program.into(),
            instance.started_at.0.into(),
            instance.seen_at.0.into(),
            instance.live.into(),
            instance.canary.into(),
            instance.shadow.into(),
            instance.loaded_at.0.into(),
            error.into(),
            error_at.into(),
        ];
        self.write(move |transaction| Box::pin(async move { sql::execute(transaction, SQL, values).await.map(|_| ()) }))
            .await
    }

    /// Every process that was there lately, sorted by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bundle_instances(&self) -> Result<Vec<BundleInstance>, StoreError> {
        const SQL: &str = "SELECT instance, program, started_at, seen_at, live_digest, canary_digest, shadow_digest, \
                           loaded_at, error, error_at FROM bundle_instances ORDER BY instance";
        sql::all(self.reader(), "bundle_instances", SQL, []).await?.iter().map(instance).collect()
    }

    /// Deletes processes that were not there since `before`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_bundle_instances(&self, before: Micros) -> Result<(), StoreError> {
        const SQL: &str = "DELETE FROM bundle_instances WHERE seen_at < $1";
        self.write(move |transaction| {
            Box::pin(async move { sql::execute(transaction, SQL, [before.0.into()]).await.map(|_| ()) })
        })
        .await
    }
}

fn instance(row: &Row) -> Result<BundleInstance, StoreError> {
    let error: Option<String> = row.get("error")?;
    let error_at: Option<i64> = row.get("error_at")?;
    Ok(BundleInstance {
        instance: row.get("instance")?,
        program: row.get("program")?,
        started_at: Micros(row.get("started_at")?),
        seen_at: Micros(row.get("seen_at")?),
        live: row.get("live_digest")?,
        canary: row.get("canary_digest")?,
        shadow: row.get("shadow_digest")?,
        loaded_at: Micros(row.get("loaded_at")?),
        error: error.zip(error_at.map(Micros)),
    })
}
