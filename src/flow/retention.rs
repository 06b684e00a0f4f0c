//! Records are deleted when their period is over. A person's line loses its beginning alone: what is older than the period
//! and stands before the oldest event that still counts. Where it begins then is kept, so that the rest is still proved.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::app::App;
use crate::domain::clock::Micros;
use crate::domain::consent::line::{DisclosureState, LineEntry, LineRow};
use crate::domain::consent::proof::{LineCheck, LineStart, Totals, Violation};
use crate::domain::id::{CardholderId, ConsentEventId, DisclosureId};
use crate::flow::register::note;
use crate::store::StoreError;
use crate::store::retention::{
    ACTIVATION_CODES, AUDIT, AUTHENTICATIONS, Aged, DEVICE_SESSIONS, MEMBER_SESSIONS, MEMBER_SIGN_INS, OUTBOX,
    STAFF_SESSIONS, UNMATCHED,
};

/// So many rows go in one transaction.
const BATCH: i64 = 500;

/// Why a run ended early. What was deleted before stays deleted.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// A line does not hold as it is: nothing of it may be deleted.
    #[error("{0}\nhint: run `sekisho sharing prove --all` before anything is deleted")]
    Violation(#[from] Violation),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a run came to for one kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// The kind.
    pub kind: &'static str,
    /// How many records.
    pub records: u64,
}

/// Deletes what is older than its period; `dry` only counts. Each batch is a transaction of its own, so that a run may be
/// stopped at any time and begun again.
///
/// # Errors
/// [`RetentionError`].
pub async fn run(app: &App, actor: &str, dry: bool) -> Result<Vec<Pruned>, RetentionError> {
    let periods = &app.config.retention;
    let kinds = [
        (AUTHENTICATIONS, periods.authentications_days),
        (DEVICE_SESSIONS, periods.device_sessions_days),
        (STAFF_SESSIONS, periods.staff_sessions_days),
        (MEMBER_SESSIONS, periods.member_days),
        (MEMBER_SIGN_INS, periods.member_days),
        (ACTIVATION_CODES, periods.member_days),
        (OUTBOX, periods.outbox_days),
        (UNMATCHED, periods.unmatched_days),
        (AUDIT, periods.audit_days),
    ];
    let mut pruned = Vec::new();
    for (kind, days) in kinds {
        let records = delete(app, actor, kind, before(app, days), dry).await?;
        pruned.push(Pruned { kind: kind.name, records });
    }
    let records = prune_lines(app, actor, before(app, periods.sharing_days), dry).await?;
    pruned.push(Pruned { kind: "sharing", records });
    Ok(pruned)
}

fn before(app: &App, days: u32) -> Micros {
    Micros(app.now().0.saturating_sub(i64::from(days).saturating_mul(Micros::DAY)))
}

async fn delete(app: &App, actor: &str, kind: Aged, before: Micros, dry: bool) -> Result<u64, StoreError> {
    if dry {
        return app.store.count_aged(kind, before).await;
    }
    let mut records = 0;
    loop {
        let entry = note(app, actor, "retention.delete", kind.name.to_owned());
        let gone = app.store.delete_aged(kind, before, BATCH, entry).await?;
        records += gone;
        if gone == 0 {
            return Ok(records);
        }
    }
}

async fn prune_lines(app: &App, actor: &str, before: Micros, dry: bool) -> Result<u64, RetentionError> {
    let (mut after, mut records) = (Uuid::nil(), 0);
    loop {
        let persons = app.store.persons_with_old_rows(before, after, BATCH).await?;
        let Some(last) = persons.last() else { return Ok(records) };
        after = last.uuid();
        for person in persons {
            records += prune_line(app, actor, person, before, dry).await?;
        }
    }
}

async fn prune_line(
    app: &App,
    actor: &str,
    id: CardholderId,
    before: Micros,
    dry: bool,
) -> Result<u64, RetentionError> {
    let Some(ends) = app.store.ends(id).await? else { return Ok(0) };
    let rows = app.store.line(id).await?;
    let mut keep = Keep { before, events: standing_events(app, id).await?, disclosures: BTreeSet::new() };
    keep.disclosures.extend(app.store.disclosures_being_erased(id).await?);
    let now = app.now();
    let Some((start, records)) = beginning(id, ends.start.as_ref(), &rows, &keep, now)? else { return Ok(0) };
    if !dry {
        let mut entry = note(app, actor, "retention.prune", id.to_string());
        // Who changes afterwards where the line begins cannot change this.
        entry.result = format!("{records} {}", hex::encode(Sha256::digest(serde_json::json!(start).to_string())));
        app.store.prune_line(id, start, before, entry).await?;
    }
    Ok(records)
}

/// The events that still count: those that permit or forbid, and the one that the checkpoint names.
async fn standing_events(app: &App, id: CardholderId) -> Result<BTreeSet<ConsentEventId>, StoreError> {
    let standing = app.store.standing(id).await?;
    let permits = standing.permits.iter().map(|permit| permit.event);
    let objections = standing.objections.iter().map(|objection| objection.event);
    let (_, last) = app.store.objection_count().await?;
    Ok(permits.chain(objections).chain(last).collect())
}

/// What of a line must stay.
struct Keep {
    before: Micros,
    events: BTreeSet<ConsentEventId>,
    disclosures: BTreeSet<DisclosureId>,
}

impl Keep {
    fn is_old(&self, row: &LineRow) -> bool {
        match &row.entry {
            LineEntry::Event(event) => event.recorded_at < self.before && !self.events.contains(&event.id),
            LineEntry::Disclosure(disclosure) => {
                let open = disclosure.state == DisclosureState::Intended && row.settlement.is_none();
                disclosure.recorded_at < self.before && !open && !self.disclosures.contains(&disclosure.id)
            }
        }
    }
}

/// How far the beginning of a line may go, and how many rows that is; none when nothing may.
fn beginning(
    id: CardholderId,
    start: Option<&LineStart>,
    rows: &[LineRow],
    keep: &Keep,
    now: Micros,
) -> Result<Option<(LineStart, u64)>, Violation> {
    let mut check = LineCheck::begin(id, start);
    let mut count = 0;
    for row in rows.iter().take_while(|row| keep.is_old(row)) {
        check.add(row, &mut Totals::default())?;
        count += 1;
    }
    let (sequence, hash, standing) = (check.sequence(), check.hash(), check.standing().clone());
    Ok((count > 0).then_some((LineStart { sequence, hash, standing, pruned_at: now }, count)))
}
