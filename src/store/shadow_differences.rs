//! Decisions about which a shadow would have answered otherwise.

use sea_orm::Value;

use super::sql;
use super::{Store, StoreError};
use crate::domain::clock::Micros;
use crate::domain::id::AuthenticationId;
use crate::domain::verdict::Outcome;

/// Differences are kept for so long, seconds.
const KEPT_SECONDS: i64 = 31 * 86_400;

/// One decision that would have been another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShadowDifference {
    /// The shadow.
    pub digest: String,
    /// The authentication.
    pub authentication_id: AuthenticationId,
    /// What was answered.
    pub live_outcome: Outcome,
    /// What the shadow says.
    pub shadow_outcome: Outcome,
    /// The rules that determined the answer, sorted.
    pub live_policies: Vec<String>,
    /// The rules that determine what the shadow says, sorted.
    pub shadow_policies: Vec<String>,
    /// When it was noticed.
    pub recorded_at: Micros,
}

impl Store {
    /// Keeps differences; one that is kept already stays as it is.
    ///
    /// # Errors
    /// [`StoreError`]; then none is kept.
    pub async fn add_shadow_differences(&self, differences: Vec<ShadowDifference>) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO shadow_differences (digest, authentication_id, live_outcome, shadow_outcome, \
                           live_policies, shadow_policies, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                           ON CONFLICT DO NOTHING";
        if differences.is_empty() {
            return Ok(());
        }
        self.write(move |transaction| {
            Box::pin(async move {
                for difference in &differences {
                    let values: [Value; 7] = [
                        difference.digest.clone().into(),
                        difference.authentication_id.uuid().into(),
                        difference.live_outcome.as_str().into(),
                        difference.shadow_outcome.as_str().into(),
                        difference.live_policies.join(" ").into(),
                        difference.shadow_policies.join(" ").into(),
                        difference.recorded_at.0.into(),
                    ];
                    sql::execute(transaction, SQL, values).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// What a shadow would have answered otherwise from `since` on, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn shadow_differences(
        &self,
        digest: &str,
        since: Micros,
        limit: i64,
    ) -> Result<Vec<ShadowDifference>, StoreError> {
        const SQL: &str = "SELECT digest, authentication_id, live_outcome, shadow_outcome, live_policies, \
                           shadow_policies, recorded_at FROM shadow_differences WHERE digest = $1 \
                           AND recorded_at >= $2 ORDER BY recorded_at DESC, authentication_id LIMIT $3";
        let rows =
            sql::all(self.reader(), "shadow_differences", SQL, [digest.into(), since.0.into(), limit.into()]).await?;
        rows.iter().map(read).collect()
    }

    /// Deletes differences that are older than they are kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_shadow_differences(&self, now: Micros) -> Result<(), StoreError> {
        const SQL: &str = "DELETE FROM shadow_differences WHERE recorded_at < $1";
        let before = now.plus_seconds(-KEPT_SECONDS).0;
        self.write(move |transaction| {
            Box::pin(async move { sql::execute(transaction, SQL, [before.into()]).await.map(|_| ()) })
        })
        .await
    }
}

fn read(row: &sql::Row) -> Result<ShadowDifference, StoreError> {
    let words = |text: String| text.split_whitespace().map(str::to_owned).collect();
    Ok(ShadowDifference {
        digest: row.get("digest")?,
        authentication_id: AuthenticationId::from_uuid(row.get("authentication_id")?),
        live_outcome: row.word("live_outcome", Outcome::parse)?,
        shadow_outcome: row.word("shadow_outcome", Outcome::parse)?,
        live_policies: words(row.get("live_policies")?),
        shadow_policies: words(row.get("shadow_policies")?),
        recorded_at: Micros(row.get("recorded_at")?),
    })
}
