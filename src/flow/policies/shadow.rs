//! The shadow is asked about decisions that were answered: what it says changes nothing, and differences are kept.

use std::sync::Arc;

use crate::app::App;
use crate::app::shadow::Waiting;
use crate::domain::policy_figure::FigureKind;
use crate::domain::verdict::Verdict;
use crate::policy;
use crate::store::StoreError;
use crate::store::shadow_differences::ShadowDifference;

/// So many decisions are asked about at once.
const BATCH: usize = 64;

/// Asks about what waits, a batch; answers how many decisions that were.
///
/// # Errors
/// [`StoreError`] when differences cannot be kept; they are lost, and counted all the same.
pub async fn work_off(app: &Arc<App>) -> Result<usize, StoreError> {
    let waiting = app.shadow.take(BATCH);
    let count = waiting.len();
    if count == 0 {
        return Ok(0);
    }
    let asked = Arc::clone(app);
    let differences = tokio::task::spawn_blocking(move || {
        waiting.iter().filter_map(|decision| ask(&asked, decision)).collect::<Vec<_>>()
    });
    let differences = differences.await.unwrap_or_else(|error| {
        tracing::error!(%error, "asking the shadow broke down");
        Vec::new()
    });
    app.store.add_shadow_differences(differences).await?;
    Ok(count)
}

fn ask(app: &App, decision: &Waiting) -> Option<ShadowDifference> {
    let (live, now) = (&decision.verdict, app.now());
    let verdict = policy::decide(&decision.shadow.loaded.bundle, &decision.facts);
    let differs = differs(live, &verdict);
    let word = if live.outcome == verdict.outcome && !differs {
        "same".to_owned()
    } else {
        format!("{}_to_{}", live.outcome.as_str(), verdict.outcome.as_str())
    };
    let errors = verdict.errors.iter().map(|error| (FigureKind::Error, error.policy.clone()));
    let outcome = (FigureKind::Outcome, verdict.outcome.as_str().to_owned());
    app.figures.add(&decision.shadow, now, errors.chain([outcome, (FigureKind::Shadow, word)]));
    app.metrics.bundles.shadowed(if differs { "different" } else { "same" });
    differs.then(|| ShadowDifference {
        digest: decision.shadow.digest().to_owned(),
        authentication_id: decision.id,
        live_outcome: live.outcome,
        shadow_outcome: verdict.outcome,
        live_policies: live.policies.clone(),
        shadow_policies: verdict.policies,
        recorded_at: now,
    })
}

/// What somebody would notice: another outcome, other reasons, other methods.
fn differs(live: &Verdict, shadow: &Verdict) -> bool {
    live.outcome != shadow.outcome || live.reasons != shadow.reasons || live.methods != shadow.methods
}
