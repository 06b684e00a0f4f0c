//! Sends what is due in the outbox, a few messages of each kind at once, until it is told to stop.
//!
//! Each kind has places of its own, so that a receiver that hangs delays its own kind alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::domain::outbox::OutboxKind;
use crate::flow::outbox;
use crate::store::StoreError;

/// How often is looked for messages when nobody rings.
const BEAT: Duration = Duration::from_secs(1);

/// Goes on until `stop`; then takes nothing more, and ends when what is under way has ended.
pub(super) async fn run(app: Arc<App>, stop: CancellationToken) {
    let mut beats = tokio::time::interval(BEAT);
    beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut rounds: BTreeMap<OutboxKind, JoinSet<()>> = BTreeMap::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = beats.tick() => {}
            () = app.bell.notified() => {}
        }
        if let Err(error) = begin(&app, &mut rounds).await {
            tracing::warn!(%error, "the outbox cannot be read");
            app.metrics.database_error();
        }
    }
    for round in rounds.values_mut() {
        while round.join_next().await.is_some() {}
    }
}

/// Begins with what is due, as far as there are places.
async fn begin(app: &Arc<App>, rounds: &mut BTreeMap<OutboxKind, JoinSet<()>>) -> Result<(), StoreError> {
    for kind in outbox::due_kinds(app).await? {
        let round = rounds.entry(kind).or_default();
        while round.try_join_next().is_some() {}
        let taken = u32::try_from(round.len()).unwrap_or(u32::MAX);
        let free = kind.schedule().places.saturating_sub(taken);
        if free == 0 {
            continue;
        }
        for claimed in outbox::take(app, kind, free).await? {
            let app = app.clone();
            round.spawn(async move {
                if let Err(error) = outbox::send(&app, &claimed).await {
                    tracing::warn!(%error, id = %claimed.message.id, "what became of a message cannot be written down");
                    app.metrics.database_error();
                }
            });
        }
    }
    Ok(())
}

/// Writes how much waits into the figures.
pub(super) async fn measure(app: &App) {
    for kind in OutboxKind::ALL {
        match app.store.outbox_backlog(*kind).await {
            Ok(backlog) => {
                let age =
                    backlog.oldest.map_or(0, |at| (app.now().0 - at.0).max(0) / crate::domain::clock::Micros::SECOND);
                app.metrics.set_outbox(kind.as_str(), backlog.waiting, age, backlog.dead);
            }
            Err(error) => {
                tracing::warn!(%error, "the outbox cannot be counted");
                app.metrics.database_error();
                return;
            }
        }
    }
}
