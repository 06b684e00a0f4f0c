//! Figures about decisions added up by the database: over time in steps, and over the whole of a time.

use sea_orm::Value;

use super::sql;
use super::{Store, StoreError};
use crate::domain::bundle::BundleMode;
use crate::domain::clock::Micros;
use crate::domain::policy_figure::{FigureKind, FigureSpan};

/// A time that is cut into steps of one length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// By which span it is counted; no step is shorter.
    pub span: FigureSpan,
    /// When the first step begins.
    pub from: Micros,
    /// The length of a step, microseconds.
    pub length: i64,
    /// How many there are.
    pub count: i64,
}

impl Steps {
    /// When the last step ends.
    pub fn until(self) -> Micros {
        Micros(self.from.0 + self.length * self.count)
    }
}

/// How often something happened within one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepCount {
    /// The step, from nought.
    pub step: i64,
    /// Which of it.
    pub word: String,
    /// How often.
    pub count: i64,
}

/// How often something happened in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SumCount {
    /// What was counted.
    pub kind: FigureKind,
    /// Which of it.
    pub word: String,
    /// How often.
    pub count: i64,
}

impl Store {
    /// What was counted of one kind about answered decisions, step by step; what a shadow would have answered is left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn policy_course(&self, kind: FigureKind, steps: Steps) -> Result<Vec<StepCount>, StoreError> {
        const SQL: &str = "SELECT (bucket - $1) / $2 AS step, word, CAST(SUM(count) AS BIGINT) AS count \
                           FROM policy_figures WHERE span = $3 AND bucket >= $1 AND bucket < $4 AND figure = $5 \
                           AND mode <> 'shadow' GROUP BY (bucket - $1) / $2, word ORDER BY 1, 2";
        let values: [Value; 5] = [
            steps.from.0.into(),
            steps.length.into(),
            steps.span.as_str().into(),
            steps.until().0.into(),
            kind.as_str().into(),
        ];
        let rows = sql::all(self.reader(), "policy_figures", SQL, values).await?;
        let read =
            |row: &sql::Row| Ok(StepCount { step: row.get("step")?, word: row.get("word")?, count: row.get("count")? });
        rows.iter().map(read).collect()
    }

    /// What was counted about bundles in one use from a moment on, of every kind; of one bundle where its digest is given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn policy_sums(
        &self,
        span: FigureSpan,
        from: Micros,
        mode: BundleMode,
        digest: Option<&str>,
    ) -> Result<Vec<SumCount>, StoreError> {
        const SQL: &str = "SELECT figure, word, CAST(SUM(count) AS BIGINT) AS count FROM policy_figures \
                           WHERE span = $1 AND bucket >= $2 AND mode = $3 AND ($4 = '' OR digest = $4) \
                           GROUP BY figure, word ORDER BY 1, 2";
        let values: [Value; 4] =
            [span.as_str().into(), from.0.into(), mode.as_str().into(), digest.unwrap_or_default().into()];
        let rows = sql::all(self.reader(), "policy_figures", SQL, values).await?;
        let read = |row: &sql::Row| {
            Ok(SumCount {
                kind: row.word("figure", FigureKind::parse)?,
                word: row.get("word")?,
                count: row.get("count")?,
            })
        };
        rows.iter().map(read).collect()
    }
}
