//! Bundles and their times in use, for those who look back.

use super::bundle_checks::NEWEST;
use super::bundles::{ACTIVATION, HEAD, activation, head};
use super::{Store, StoreError, sql};
use crate::domain::bundle::{BundleActivation, BundleHead, BundleMode};

impl Store {
    /// Bundles that were submitted before this one, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bundles_before(&self, newer: &BundleHead, limit: i64) -> Result<Vec<BundleHead>, StoreError> {
        let sql = format!(
            "SELECT {HEAD} FROM {NEWEST} WHERE submitted_at < $1 OR (submitted_at = $1 AND bundles.digest > $2) \
             ORDER BY submitted_at DESC, bundles.digest LIMIT $3"
        );
        let values: [sea_orm::Value; 3] = [newer.submitted_at.0.into(), newer.digest.as_str().into(), limit.into()];
        sql::all(self.reader(), "bundles", &sql, values).await?.iter().map(head).collect()
    }

    /// A bundle's times in use, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn uses_of_bundle(&self, digest: &str, limit: i64) -> Result<Vec<BundleActivation>, StoreError> {
        let sql = format!(
            "SELECT {ACTIVATION} FROM bundle_activations WHERE digest = $1 ORDER BY started_at DESC, id DESC LIMIT $2"
        );
        let rows = sql::all(self.reader(), "bundle_activations", &sql, [digest.into(), limit.into()]).await?;
        rows.iter().map(activation).collect()
    }

    /// The last time in this use that is over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_ended_use(&self, mode: BundleMode) -> Result<Option<BundleActivation>, StoreError> {
        let sql = format!(
            "SELECT {ACTIVATION} FROM bundle_activations WHERE mode = $1 AND ended_at IS NOT NULL \
             ORDER BY ended_at DESC, id DESC LIMIT 1"
        );
        let row = sql::first(self.reader(), "bundle_activations", &sql, [mode.as_str().into()]).await?;
        row.as_ref().map(activation).transpose()
    }
}
