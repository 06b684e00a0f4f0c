//! Sends what is due in the outbox, a few messages of each lane at once, until it is told to stop.
//!
//! Each lane has a round and places of its own, so that a receiver that hangs delays its own lane alone.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::domain::outbox::{Lane, OutboxKind};
use crate::flow::outbox;
use crate::store::StoreError;
use crate::store::outbox::Claimed;

/// How often is looked for messages when nobody rings.
const BEAT: Duration = Duration::from_secs(1);
/// So many lanes with a name are under way at once, for the sake of connections; the others wait until one has ended.
const NAMED_LANES: usize = 128;
/// A round takes more messages when this share of its places is free, so that quick receivers get them in handfuls.
const FREE_SHARE: usize = 4;

/// The rounds that are under way.
#[derive(Default)]
struct Rounds {
    tasks: JoinSet<()>,
    lanes: HashMap<Id, Lane>,
}

/// Goes on until `stop`; then takes nothing more, and ends when what is under way has ended.
pub(super) async fn run(app: Arc<App>, stop: CancellationToken) {
    let mut beats = tokio::time::interval(BEAT);
    beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut rounds = Rounds::default();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = beats.tick() => {}
            () = app.bell.notified() => {}
        }
        rounds.forget_ended();
        if let Err(error) = rounds.begin(&app, &stop).await {
            tracing::warn!(%error, "the outbox cannot be read");
            app.metrics.database_error();
        }
    }
    while rounds.tasks.join_next().await.is_some() {}
}

impl Rounds {
    fn forget_ended(&mut self) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
            self.lanes.remove(&id);
        }
    }

    /// Begins a round in every lane in which something is due and none is under way.
    async fn begin(&mut self, app: &Arc<App>, stop: &CancellationToken) -> Result<(), StoreError> {
        for lane in outbox::due_lanes(app).await? {
            let busy = self.lanes.values().any(|other| *other == lane);
            let named = self.lanes.values().filter(|other| other.is_named()).count();
            if busy || (lane.is_named() && named >= NAMED_LANES) {
                continue;
            }
            let task = self.tasks.spawn(round(app.clone(), lane.clone(), stop.clone()));
            self.lanes.insert(task.id(), lane);
        }
        Ok(())
    }
}

/// Sends what is due in a lane, as far as there are places, until nothing is.
async fn round(app: Arc<App>, lane: Lane, stop: CancellationToken) {
    let places = usize::try_from(lane.kind.schedule().places).unwrap_or(usize::MAX);
    let mut under_way = JoinSet::new();
    loop {
        let free = places.saturating_sub(under_way.len());
        if !stop.is_cancelled() && free >= (places / FREE_SHARE).max(1) {
            match outbox::take_from(&app, &lane, u32::try_from(free).unwrap_or(u32::MAX)).await {
                Ok(taken) => taken.into_iter().for_each(|claimed| {
                    under_way.spawn(send(app.clone(), claimed));
                }),
                Err(error) => {
                    tracing::warn!(%error, "the outbox cannot be read");
                    app.metrics.database_error();
                }
            }
        }
        // Whoever hangs does not keep what comes meanwhile waiting for longer than a beat.
        if let Ok(None) = tokio::time::timeout(BEAT, under_way.join_next()).await {
            return;
        }
        while under_way.try_join_next().is_some() {}
    }
}

async fn send(app: Arc<App>, claimed: Claimed) {
    if let Err(error) = outbox::send(&app, &claimed).await {
        tracing::warn!(%error, id = %claimed.message.id, "what became of a message cannot be written down");
        app.metrics.database_error();
    }
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
