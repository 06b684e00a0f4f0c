//! Lanes of the outbox: which of them have something due, and how long one rests whose receiver fails.

use sea_orm::{ConnectionTrait, Value};

use super::super::sql;
use super::super::{Store, StoreError};
use crate::domain::clock::Micros;
use crate::domain::outbox::{Lane, OutboxKind};

/// A lane rests for a second after the first failure in a row, then for two, up to sixty-four.
const PAUSE: &str = "CASE failures WHEN 0 THEN 1 WHEN 1 THEN 2 WHEN 2 THEN 4 WHEN 3 THEN 8 WHEN 4 THEN 16 \
                     WHEN 5 THEN 32 ELSE 64 END";

impl Store {
    /// The lanes in which something is due: it waits for its time, or was left by whoever had it. Lanes that rest are not
    /// among them; those that have waited the longest come first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_outbox_lanes(&self, now: Micros) -> Result<Vec<Lane>, StoreError> {
        const NAMED: &str = "SELECT kind, lane FROM (SELECT l.kind, l.lane, (SELECT MIN(o.due_at) FROM outbox o \
             WHERE o.kind = l.kind AND o.lane = l.lane AND o.state IN ('waiting', 'sending')) AS due_at \
             FROM outbox_lanes l WHERE l.paused_until <= $1) d WHERE due_at <= $1 ORDER BY due_at";
        // Kinds that only a newer program knows are left to it.
        let mut lanes = Vec::new();
        for kind in OutboxKind::ALL {
            const UNNAMED: &str = "SELECT 1 AS due FROM outbox WHERE kind = $1 AND lane = '' \
                                   AND state IN ('waiting', 'sending') AND due_at <= $2 LIMIT 1";
            let values: [Value; 2] = [kind.as_str().into(), now.0.into()];
            if sql::first(self.reader(), "outbox", UNNAMED, values).await?.is_some() {
                lanes.push(Lane::of(*kind));
            }
        }
        for row in sql::all(self.reader(), "outbox_lanes", NAMED, [now.0.into()]).await? {
            if let Some(kind) = OutboxKind::parse(&row.get::<String>("kind")?) {
                lanes.push(Lane { kind, name: row.get("lane")? });
            }
        }
        Ok(lanes)
    }

    /// Since when every try of a lane has failed; none while its receiver answers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn outbox_lane_failing_since(&self, lane: &Lane) -> Result<Option<Micros>, StoreError> {
        const SQL: &str = "SELECT failing_since FROM outbox_lanes WHERE kind = $1 AND lane = $2";
        let values: [Value; 2] = [lane.kind.as_str().into(), lane.name.clone().into()];
        let row = sql::first(self.reader(), "outbox_lanes", SQL, values).await?;
        Ok(row.map(|row| row.get::<Option<i64>>("failing_since")).transpose()?.flatten().map(Micros))
    }
}

/// Notes whether the receiver of a lane took a message. One that fails while its lane rests already was under way
/// before, and prolongs nothing.
pub(super) async fn note(
    transaction: &impl ConnectionTrait,
    (kind, lane): (OutboxKind, &str),
    taken: bool,
    now: Micros,
) -> Result<(), StoreError> {
    const TAKEN: &str = "UPDATE outbox_lanes SET failures = 0, failing_since = NULL, paused_until = 0 \
                         WHERE kind = $1 AND lane = $2 AND failures > 0";
    let place: [Value; 2] = [kind.as_str().into(), lane.into()];
    if taken {
        return sql::execute(transaction, TAKEN, place).await.map(|_| ());
    }
    let failed = format!(
        "UPDATE outbox_lanes SET failures = failures + 1, failing_since = COALESCE(failing_since, $3), \
         paused_until = $3 + ({PAUSE}) * $4 WHERE kind = $1 AND lane = $2 AND paused_until <= $3"
    );
    let values = place.into_iter().chain([now.0.into(), Micros::SECOND.into()]);
    sql::execute(transaction, &failed, values).await.map(|_| ())
}
