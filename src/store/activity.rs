//! What agents did and how sharing went, by day: bounded ranges along indexes, and figures that were counted as they came.

use std::collections::BTreeMap;

use sea_orm::Value;

use super::sql;
use super::{Store, StoreError};
use crate::domain::clock::Micros;
use crate::domain::id::AuditId;

/// The acts that are counted: what an agent does with cardholders, and what she was not let do.
pub const ACTS: [&str; 10] = [
    "cardholder.search",
    "cardholder.look",
    "authentication.look",
    "consent.object",
    "consent.withdraw",
    "consent.unmatched",
    "consent.resume_request",
    "authentication.vouch",
    "challenge.unlock",
    "staff.denied",
];

/// So many objections at most are looked at for the times to effect; the newest.
const EFFECTS_MAX: i64 = 20_000;
/// The day in Japan of a time, as SQL: whole days since 1970-01-01.
const DAY: &str = "(recorded_at + 32400000000) / 86400000000";

/// How often one actor did one thing on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActCount {
    /// The day.
    pub day: i64,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// How often.
    pub count: i64,
}

/// One objection: when it took effect, and how long after it was said, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The day on which it took effect.
    pub day: i64,
    /// How long that took.
    pub took: i64,
}

/// How often something happened on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyFigure {
    /// The day.
    pub day: i64,
    /// What was counted: `disclosure` or `provider`.
    pub figure: String,
    /// What came of it.
    pub word: String,
    /// How often.
    pub count: i64,
}

/// The day in Japan, in days since 1970-01-01.
pub fn day_of(at: Micros) -> i64 {
    (at.0 + 9 * 3_600 * Micros::SECOND).div_euclid(86_400 * Micros::SECOND)
}

impl Store {
    /// What staff people did from `from` until before `until`, by day, person and act.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn staff_acts(&self, from: Micros, until: Micros) -> Result<Vec<ActCount>, StoreError> {
        let sql = format!(
            "SELECT {DAY} AS day, actor, COUNT(*) AS count FROM audit_entries \
             WHERE action = $1 AND id >= $2 AND id < $3 AND actor LIKE 'staff:%' GROUP BY {DAY}, actor ORDER BY 1, 2"
        );
        let mut counts = Vec::new();
        for action in ACTS {
            // Act by act: each is one walk along the index of acts.
            let values: [Value; 3] =
                [action.into(), AuditId::before(from).uuid().into(), AuditId::before(until).uuid().into()];
            for row in sql::all(self.reader(), "audit_entries", &sql, values).await? {
                let (day, actor, count) = (row.get("day")?, row.get("actor")?, row.get("count")?);
                counts.push(ActCount { day, actor, action: action.to_owned(), count });
            }
        }
        Ok(counts)
    }

    /// How many checks of callers failed, by actor, from `from` until before `until`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn failed_checks(&self, from: Micros, until: Micros) -> Result<Vec<ActCount>, StoreError> {
        let sql = format!(
            "SELECT {DAY} AS day, actor, COUNT(*) AS count FROM consent_events WHERE pending AND recorded_at >= $1 \
             AND recorded_at < $2 AND actor LIKE 'staff:%' GROUP BY {DAY}, actor ORDER BY 1, 2"
        );
        let rows = sql::all(self.reader(), "consent_events", &sql, [from.0.into(), until.0.into()]).await?;
        let rows = rows.iter().map(|row| {
            let action = "failed_check".to_owned();
            Ok(ActCount { day: row.get("day")?, actor: row.get("actor")?, action, count: row.get("count")? })
        });
        rows.collect()
    }

    /// The objections from `from` until before `until`, with how long each took to take effect; not the canary's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn effects(&self, from: Micros, until: Micros) -> Result<Vec<Effect>, StoreError> {
        let sql = format!(
            "SELECT {DAY} AS day, recorded_at - COALESCE(effective_from, recorded_at) AS took FROM consent_events \
             WHERE action = $1 AND recorded_at >= $2 AND recorded_at < $3 \
             AND NOT (actor = 'system' AND channel = 'system') ORDER BY recorded_at DESC LIMIT $4"
        );
        let mut effects = Vec::new();
        for action in ["object", "withdraw"] {
            let values: [Value; 4] = [action.into(), from.0.into(), until.0.into(), EFFECTS_MAX.into()];
            for row in sql::all(self.reader(), "consent_events", &sql, values).await? {
                effects.push(Effect { day: row.get("day")?, took: row.get("took")? });
            }
        }
        Ok(effects)
    }

    /// Figures of the days from `first` to `last`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn daily_figures(&self, first: i64, last: i64) -> Result<Vec<DailyFigure>, StoreError> {
        const SQL: &str = "SELECT day, figure, word, count FROM daily_figures WHERE day >= $1 AND day <= $2 \
                           ORDER BY day, figure, word";
        let rows = sql::all(self.reader(), "daily_figures", SQL, [first.into(), last.into()]).await?;
        let rows = rows.iter().map(|row| {
            Ok(DailyFigure {
                day: row.get("day")?,
                figure: row.get("figure")?,
                word: row.get("word")?,
                count: row.get("count")?,
            })
        });
        rows.collect()
    }

    /// Adds what one instance counted to a day's figures.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was added.
    pub async fn add_daily_figures(
        &self,
        day: i64,
        counted: BTreeMap<(&'static str, &'static str), u64>,
    ) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO daily_figures (day, figure, word, count) VALUES ($1, $2, $3, $4) \
                           ON CONFLICT (day, figure, word) DO UPDATE SET count = daily_figures.count + excluded.count";
        if counted.is_empty() {
            return Ok(());
        }
        self.write(move |transaction| {
            Box::pin(async move {
                // In one order everywhere, so that instances do not lock each other out.
                for ((figure, word), count) in counted {
                    let count = i64::try_from(count).unwrap_or(i64::MAX);
                    let values: [Value; 4] = [day.into(), figure.into(), word.into(), count.into()];
                    sql::execute(transaction, SQL, values).await?;
                }
                Ok(())
            })
        })
        .await
    }
}
