//! What ends by itself: trials whose time is over, and a canary that errs or leaves its band.

use super::{current, end_alone};
use crate::app::App;
use crate::domain::bundle::end_reason::EndReason;
use crate::domain::bundle::{BundleActivation, BundleMode, SHARE_WHOLE};
use crate::domain::clock::Micros;
use crate::domain::policy_figure::{FigureKind, FigureSpan, PolicyFigure};
use crate::domain::verdict::Outcome;
use crate::store::StoreError;
use crate::store::policy_figures::FigureQuery;

pub use crate::domain::bundle::end_reason::percent;

/// Ends trials whose time is over; answers how many this process ended.
///
/// # Errors
/// [`StoreError`].
pub async fn end_what_is_over(app: &App) -> Result<usize, StoreError> {
    let now = app.now();
    let over = |used: &BundleActivation| used.until.is_some_and(|until| until <= now);
    let mut ended = 0;
    for trial in app.store.current_bundles().await?.into_iter().filter(over) {
        ended += usize::from(end_alone(app, trial, "policy.end", &EndReason::TimeOver).await?);
    }
    Ok(ended)
}

/// Ends the canary when it erred or its shares left the band, counted over all instances. Answers why, when this process
/// ended it.
///
/// # Errors
/// [`StoreError`].
pub async fn judge(app: &App) -> Result<Option<String>, StoreError> {
    let Some(canary) = current(app, BundleMode::Canary).await? else { return Ok(None) };
    let Some(reason) = fault(&canary, &counted(app, &canary).await?) else { return Ok(None) };
    let digest = canary.digest.clone();
    if !end_alone(app, canary, "policy.abort", &reason).await? {
        return Ok(None);
    }
    tracing::error!(digest, %reason, "the canary was ended");
    app.metrics.bundles.canary_aborted();
    Ok(Some(reason.to_string()))
}

/// What was counted of a bundle since it has been in this use.
///
/// # Errors
/// [`StoreError`].
pub async fn counted(app: &App, used: &BundleActivation) -> Result<Vec<PolicyFigure>, StoreError> {
    let query = FigureQuery {
        span: FigureSpan::Activation,
        from: used.started_at,
        until: Micros(used.started_at.0 + 1),
        mode: Some(used.mode),
        digest: Some(&used.digest),
        kind: None,
    };
    app.store.policy_figures(&query).await
}

fn fault(canary: &BundleActivation, figures: &[PolicyFigure]) -> Option<EndReason> {
    let sum = |kind, word: Option<&str>| -> i64 {
        let fits = |figure: &&PolicyFigure| figure.kind == kind && word.is_none_or(|word| figure.word == word);
        figures.iter().filter(fits).map(|figure| figure.count).sum()
    };
    let errors = sum(FigureKind::Error, None);
    if errors > 0 {
        return Some(EndReason::Erred { count: errors });
    }
    let band = canary.band?;
    let decisions = sum(FigureKind::Outcome, None);
    if decisions < i64::from(band.decisions_min) {
        return None;
    }
    let left = |outcome: Outcome, (least, most): (u16, u16)| {
        let share = sum(FigureKind::Outcome, Some(outcome.as_str())) * i64::from(SHARE_WHOLE) / decisions;
        let (least, most) = (i64::from(least), i64::from(most));
        (share < least || share > most).then_some(EndReason::LeftBand { outcome, share, least, most })
    };
    left(Outcome::Challenge, band.challenge).or_else(|| left(Outcome::Reject, band.reject))
}
