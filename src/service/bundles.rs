//! Follows what the database says is in use, counts, asks the shadow, and watches the folder that somebody works on.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use notify_debouncer_mini::notify::RecursiveMode;
use notify_debouncer_mini::{DebounceEventResult, new_debouncer};
use tokio::sync::Notify;
use tokio::time::{Interval, MissedTickBehavior};

use crate::app::App;
use crate::app::bundles::{self, FolderError, InUse, Origin};
use crate::domain::clock::Micros;
use crate::flow::policies::{canary, figures, instance, shadow};
use crate::metrics::bundles::BundleFigure;
use crate::store::StoreError;

/// How often the database is asked: all instances follow within two seconds.
const BEAT: Duration = Duration::from_millis(500);
/// Figures are written down every so many beats.
const BEATS_BETWEEN_FIGURES: u64 = 2;
/// This process says that it is there every so many beats.
const BEATS_BETWEEN_SIGNS: u64 = 10;
/// A folder is looked at when nobody has written in it for so long.
const QUIET: Duration = Duration::from_millis(300);

/// Takes what changed into use, until it is stopped. Reads and nothing else: a write that has to wait holds nobody up.
pub(super) async fn follow(app: Arc<App>) {
    let mut beats = beats();
    loop {
        beats.tick().await;
        match bundles::refresh(&app).await {
            Ok(false) => {}
            Ok(true) => tracing::info!(live = app.bundle.snapshot().live.digest(), "other bundles are in use"),
            Err(error) => {
                tracing::warn!(%error, "what is in use cannot be followed");
                app.metrics.database_error();
            }
        }
    }
}

/// Writes down what was counted and what this process decides by, and ends what is over, until it is stopped.
pub(super) async fn run(app: Arc<App>) {
    let (mut beats, mut told) = (beats(), Vec::new());
    for number in 0_u64.. {
        beats.tick().await;
        if let Err(error) = beat(&app, number, &mut told).await {
            tracing::warn!(%error, "what was counted of the bundles cannot be written down");
            app.metrics.database_error();
        }
    }
}

fn beats() -> Interval {
    let mut beats = tokio::time::interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beats
}

/// One beat. `told` is what this process said last that it decides by.
async fn beat(app: &Arc<App>, number: u64, told: &mut Vec<String>) -> Result<(), StoreError> {
    let used: Vec<String> = app.bundle.snapshot().all().map(|used| used.digest().to_owned()).collect();
    if app.bundle.origin == Origin::Database && (used != *told || number.is_multiple_of(BEATS_BETWEEN_SIGNS)) {
        instance::write_down(app).await?;
        *told = used;
    }
    if number.is_multiple_of(BEATS_BETWEEN_FIGURES) {
        figures::write_down(app).await?;
        if app.bundle.origin == Origin::Database {
            canary::end_what_is_over(app).await?;
            canary::judge(app).await?;
        }
    }
    Ok(())
}

/// Asks the shadow about what waits, until it is stopped.
pub(super) async fn ask_shadow(app: Arc<App>) {
    loop {
        app.shadow.rung().await;
        loop {
            match shadow::work_off(&app).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "differences of the shadow cannot be kept");
                    app.metrics.database_error();
                }
            }
        }
    }
}

/// Watches the folder that somebody works on, until it is stopped; ends at once where the database says what decides.
pub(super) async fn watch(app: Arc<App>) {
    let Origin::Folder(folder) = app.bundle.origin.clone() else { return };
    let changed = Arc::new(Notify::new());
    let bell = Arc::clone(&changed);
    let heard = move |_: DebounceEventResult| bell.notify_one();
    let watching = new_debouncer(QUIET, heard).and_then(|mut debouncer| {
        debouncer.watcher().watch(Path::new(&folder), RecursiveMode::Recursive)?;
        Ok(debouncer)
    });
    let _debouncer = match watching {
        Ok(debouncer) => debouncer,
        Err(error) => {
            tracing::error!(%error, "the folder cannot be watched: changes are not seen");
            return;
        }
    };
    loop {
        changed.notified().await;
        loop {
            match bundles::take_folder(&app).await {
                // Somebody is writing: it is looked at again when there has been quiet.
                Err(FolderError::Changing) => tokio::time::sleep(QUIET).await,
                Err(error) => {
                    tracing::error!(%error, "the folder cannot be used: the last good bundle stays");
                    break;
                }
                Ok(true) => {
                    tracing::info!(digest = app.bundle.snapshot().live.digest(), "the folder's bundle decides");
                    break;
                }
                Ok(false) => break,
            }
        }
    }
}

/// Writes down what was counted since the last beat, when the process ends.
pub(super) async fn end(app: &App) {
    if let Err(error) = figures::write_down(app).await {
        tracing::warn!(%error, "the last figures cannot be written down");
    }
}

/// Writes what is in use into the figures.
pub(super) fn measure(app: &App) {
    let snapshot = app.bundle.snapshot();
    let figure = |used: &InUse| (used.digest().to_owned(), used.mode.as_str(), used.share);
    let used: Vec<_> = snapshot.all().map(figure).collect();
    let used: Vec<_> = used.iter().map(|(digest, mode, share)| BundleFigure { digest, mode, share: *share }).collect();
    let age = (app.now().0 - snapshot.live.loaded.loaded_at.0).max(0) / Micros::SECOND;
    app.metrics.bundles.set(&used, age, app.bundle.degraded().is_some());
}
