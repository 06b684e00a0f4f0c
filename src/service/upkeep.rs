//! What has to happen without anybody asking: challenges end in time, ledger rows are settled, old counters go, birth
//! dates of before become findable.
//!
//! Every instance does it; each step is one conditional statement, so that they do not get into each other's way.

use std::sync::Arc;
use std::time::Duration;

use crate::api::caller::Callers;
use crate::app::App;
use crate::flow::consent::canary;
use crate::flow::policies::instance;
use crate::flow::{activity, challenge, search};
use crate::store::StoreError;

/// How often challenges are looked at.
const BEAT: Duration = Duration::from_secs(1);
/// Old rows are forgotten every so many beats.
const BEATS_PER_HOUR: u64 = 3_600;
/// Callers are forgotten every so many beats.
const BEATS_PER_MINUTE: u64 = 60;
/// Checkpoint and canary are looked at every so many beats.
const BEATS_BETWEEN_WATCHES: u64 = 10;
/// At most so many rows at a time.
const BATCH: i64 = 500;
/// After so many seconds nobody is any more at an unsettled disclosure: longer than any request may take.
const ABANDONED_SECONDS: i64 = 60;

/// Goes on until it is stopped.
pub(super) async fn run(app: Arc<App>, callers: Arc<Callers>) {
    let mut beats = tokio::time::interval(BEAT);
    beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for beat in 0_u64.. {
        beats.tick().await;
        if let Err(error) = challenge::expire_due(&app, BATCH).await {
            tracing::warn!(%error, "challenges cannot be ended in time");
        }
        if beat.is_multiple_of(BEATS_BETWEEN_WATCHES) {
            watch(&app).await;
        }
        if beat.is_multiple_of(BEATS_PER_MINUTE) {
            callers.forget_idle();
            if let Err(error) = activity::write_down(&app).await {
                tracing::warn!(%error, "the figures of the day cannot be written down");
            }
        }
        if let Err(error) = settle_and_forget(&app, beat.is_multiple_of(BEATS_PER_HOUR)).await {
            tracing::warn!(%error, "the upkeep of the database failed");
            app.metrics.database_error();
        }
    }
}

/// Compares the checkpoint and looks at the canary; what is found turns sharing off, and on again where it may be.
pub(super) async fn watch(app: &App) {
    if let Err(error) = app.compare_checkpoint().await {
        tracing::warn!(%error, "the checkpoint of objections cannot be compared");
        app.metrics.database_error();
    }
    if let Err(error) = canary::check(app).await {
        tracing::warn!(%error, "the canary cannot be looked at");
        app.metrics.database_error();
    }
}

async fn settle_and_forget(app: &App, hourly: bool) -> Result<(), StoreError> {
    let now = app.now();
    let abandoned = app.store.settle_abandoned(now.plus_seconds(-ABANDONED_SECONDS), now, BATCH).await?;
    app.metrics.daily.add("disclosure", "unknown", abandoned);
    search::index_birth_dates(app, BATCH).await?;
    if hourly {
        app.store.forget_old(now).await?;
        app.store.forget_policy_figures(now).await?;
        app.store.forget_shadow_differences(now).await?;
        instance::forget(app).await?;
    }
    Ok(())
}
