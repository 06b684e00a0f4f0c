//! What was counted about decisions, by span of time, bundle and use. Instances add to the same rows.

use sea_orm::Value;

use super::sql;
use super::{Store, StoreError, Transaction};
use crate::domain::bundle::BundleMode;
use crate::domain::clock::Micros;
use crate::domain::policy_figure::{FigureKind, FigureSpan, PolicyFigure};

/// So many rows in one statement: databases bound the number of values.
const ROWS_MAX: usize = 500;
/// The columns of a row.
const COLUMNS: usize = 7;
/// Figures by the minute are kept for so long, seconds.
pub const MINUTES_KEPT_SECONDS: i64 = 3 * 86_400;
/// Figures by the hour are kept for so long, seconds.
const HOURS_KEPT_SECONDS: i64 = 92 * 86_400;
/// Figures of a bundle's time in use are kept for so long after it began, seconds.
const ACTIVATIONS_KEPT_SECONDS: i64 = 365 * 86_400;

/// Which figures are asked for.
#[derive(Clone, Copy, Debug)]
pub struct FigureQuery<'a> {
    /// By which span.
    pub span: FigureSpan,
    /// From this moment.
    pub from: Micros,
    /// Until before this one.
    pub until: Micros,
    /// Only of bundles in this use.
    pub mode: Option<BundleMode>,
    /// Only of this bundle, by its whole digest.
    pub digest: Option<&'a str>,
    /// Only of this kind.
    pub kind: Option<FigureKind>,
}

impl Store {
    /// Figures, sorted by time, digest, use, kind and word.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn policy_figures(&self, query: &FigureQuery<'_>) -> Result<Vec<PolicyFigure>, StoreError> {
        // An empty word asks for all.
        const SQL: &str = "SELECT bucket, digest, mode, figure, word, count FROM policy_figures WHERE span = $1 \
                           AND bucket >= $2 AND bucket < $3 AND ($4 = '' OR mode = $4) AND ($5 = '' OR digest = $5) \
                           AND ($6 = '' OR figure = $6) ORDER BY bucket, digest, mode, figure, word";
        let values: [Value; 6] = [
            query.span.as_str().into(),
            query.from.0.into(),
            query.until.0.into(),
            query.mode.map_or("", BundleMode::as_str).into(),
            query.digest.unwrap_or_default().into(),
            query.kind.map_or("", FigureKind::as_str).into(),
        ];
        let rows = sql::all(self.reader(), "policy_figures", SQL, values).await?;
        let read = |row: &sql::Row| {
            Ok(PolicyFigure {
                span: query.span,
                bucket: Micros(row.get("bucket")?),
                digest: row.get("digest")?,
                mode: row.word("mode", BundleMode::parse)?,
                kind: row.word("figure", FigureKind::parse)?,
                word: row.get("word")?,
                count: row.get("count")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Adds what one instance counted. In one order everywhere, so that instances do not lock each other out: the caller
    /// sorts.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was added.
    pub async fn add_policy_figures(&self, figures: Vec<PolicyFigure>) -> Result<(), StoreError> {
        if figures.is_empty() {
            return Ok(());
        }
        self.write(move |transaction| Box::pin(async move { put(transaction, &figures).await })).await
    }

    /// Deletes figures that are older than they are kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_policy_figures(&self, now: Micros) -> Result<(), StoreError> {
        const SQL: &str = "DELETE FROM policy_figures WHERE span = $1 AND bucket < $2";
        let kept = [
            (FigureSpan::Minute, MINUTES_KEPT_SECONDS),
            (FigureSpan::Hour, HOURS_KEPT_SECONDS),
            (FigureSpan::Activation, ACTIVATIONS_KEPT_SECONDS),
        ];
        for (span, seconds) in kept {
            let values: [Value; 2] = [span.as_str().into(), now.plus_seconds(-seconds).0.into()];
            self.write(move |transaction| {
                Box::pin(async move { sql::execute(transaction, SQL, values).await.map(|_| ()) })
            })
            .await?;
        }
        Ok(())
    }
}

/// Adds figures, which the caller sorted, in a transaction that others begin.
pub(super) async fn put(transaction: &Transaction, figures: &[PolicyFigure]) -> Result<(), StoreError> {
    for figures in figures.chunks(ROWS_MAX) {
        let values = figures.iter().flat_map(values).collect::<Vec<_>>();
        sql::execute(transaction, &insert(figures.len()), values).await?;
    }
    Ok(())
}

fn insert(rows: usize) -> String {
    let row = |at: usize| {
        let places: Vec<String> = (1..=COLUMNS).map(|column| format!("${}", at * COLUMNS + column)).collect();
        format!("({})", places.join(", "))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!(
        "INSERT INTO policy_figures (span, bucket, digest, mode, figure, word, count) VALUES {} \
         ON CONFLICT (span, bucket, digest, mode, figure, word) \
         DO UPDATE SET count = policy_figures.count + excluded.count",
        rows.join(", ")
    )
}

fn values(figure: &PolicyFigure) -> [Value; COLUMNS] {
    [
        figure.span.as_str().into(),
        figure.bucket.0.into(),
        figure.digest.clone().into(),
        figure.mode.as_str().into(),
        figure.kind.as_str().into(),
        figure.word.clone().into(),
        figure.count.into(),
    ]
}
