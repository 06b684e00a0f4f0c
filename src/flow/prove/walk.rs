//! Walks through the lines of the database: by person, and each line in the order of its sequences.
//!
//! Where the lines of a range of persons end is read before their rows. A row beyond such an end is left out when the line
//! has grown since, and is a violation when it has not.

use std::collections::VecDeque;

use tokio::sync::mpsc::Sender;
use uuid::Uuid;

use super::{ProveError, Scope};
use crate::domain::consent::line::LineRow;
use crate::domain::consent::proof::{Fault, Violation};
use crate::domain::id::CardholderId;
use crate::store::consent::line::LineEnds;
use crate::store::{Store, StoreError};

/// So many rows are handed over at a time.
const BATCH: usize = 2_000;

/// What the walk comes by.
pub(super) enum Item {
    /// A person's line begins.
    Person(Box<LineEnds>),
    /// A row of it.
    Row(Box<LineRow>),
    /// Nothing more comes.
    End,
}

/// Hands over everything in `scope`, in order; ends early when nobody listens any more.
pub(super) async fn walk(store: &Store, scope: Scope, to: Sender<Vec<Item>>) -> Result<(), ProveError> {
    let mut walk = Walk { store, to, batch: Vec::with_capacity(BATCH), listened: true };
    match scope {
        Scope::One(id) => {
            let before = before(id.uuid());
            let ends = store.ends(id).await?;
            walk.range(ends.into_iter().collect(), before, id.uuid()).await?;
        }
        Scope::All => {
            let mut after = Uuid::nil();
            while walk.listened {
                let ends = store.ends_after(after).await?;
                // Behind the last person there may still be rows that belong to nobody.
                let last = ends.last().map_or(Uuid::max(), |ends| ends.head.cardholder_id.uuid());
                walk.range(ends, after, last).await?;
                if last == Uuid::max() {
                    break;
                }
                after = last;
            }
        }
    }
    walk.batch.push(Item::End);
    walk.hand_over().await;
    Ok(())
}

/// The id just before this one.
fn before(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().saturating_sub(1))
}

struct Walk<'a> {
    store: &'a Store,
    to: Sender<Vec<Item>>,
    batch: Vec<Item>,
    listened: bool,
}

impl Walk<'_> {
    /// Everything about the persons after `after` up to `last`, whose lines end at `ends`.
    async fn range(&mut self, ends: Vec<LineEnds>, after: Uuid, last: Uuid) -> Result<(), ProveError> {
        let mut rows = Rows::new(self.store, (after, i64::MAX), last);
        for ends in ends {
            let (id, head) = (ends.head.cardholder_id, ends.head.sequence);
            self.give(Item::Person(Box::new(ends))).await;
            let mut beyond = None;
            while let Some(row) = rows.next_up_to(id).await? {
                if row.entry.cardholder_id() != id {
                    self.refuse_unless_new(&row).await?;
                } else if row.sequence <= head {
                    self.give(Item::Row(Box::new(row))).await;
                } else {
                    beyond = Some(row.sequence);
                }
            }
            if let Some(sequence) = beyond {
                self.refuse_unless_grown(id, sequence).await?;
            }
            if !self.listened {
                return Ok(());
            }
        }
        while let Some(row) = rows.next_up_to(CardholderId::from_uuid(last)).await? {
            self.refuse_unless_new(&row).await?;
        }
        Ok(())
    }

    /// Rows of a person who had no row of her own: she may have come meanwhile.
    async fn refuse_unless_new(&self, row: &LineRow) -> Result<(), ProveError> {
        self.refuse_unless(row.entry.cardholder_id(), row.sequence).await
    }

    /// Rows beyond the end: the line may have grown meanwhile.
    async fn refuse_unless_grown(&self, id: CardholderId, sequence: i64) -> Result<(), ProveError> {
        self.refuse_unless(id, sequence).await
    }

    async fn refuse_unless(&self, cardholder: CardholderId, sequence: i64) -> Result<(), ProveError> {
        let head = self.store.ends(cardholder).await?.map(|ends| ends.head.sequence);
        let fault = match head {
            None => Fault::NoHead,
            Some(head) if head < sequence => Fault::Beyond { head },
            Some(_) => return Ok(()),
        };
        Err(Violation { cardholder, sequence, fault }.into())
    }

    async fn give(&mut self, item: Item) {
        self.batch.push(item);
        if self.batch.len() >= BATCH {
            self.hand_over().await;
        }
    }

    async fn hand_over(&mut self) {
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        self.listened = self.listened && self.to.send(batch).await.is_ok();
    }
}

/// Events and disclosures of a range of persons, merged.
struct Rows<'a> {
    store: &'a Store,
    last: Uuid,
    events: Page,
    disclosures: Page,
}

struct Page {
    rows: VecDeque<LineRow>,
    after: (Uuid, i64),
    over: bool,
}

impl Page {
    fn after(after: (Uuid, i64)) -> Self {
        Self { rows: VecDeque::new(), after, over: false }
    }

    fn wants_more(&self) -> bool {
        self.rows.is_empty() && !self.over
    }

    fn fill(&mut self, rows: Vec<LineRow>) {
        match rows.last() {
            Some(row) => self.after = place(row),
            None => self.over = true,
        }
        self.rows = rows.into();
    }

    fn first(&self) -> Option<(Uuid, i64)> {
        self.rows.front().map(place)
    }
}

fn place(row: &LineRow) -> (Uuid, i64) {
    (row.entry.cardholder_id().uuid(), row.sequence)
}

impl<'a> Rows<'a> {
    fn new(store: &'a Store, after: (Uuid, i64), last: Uuid) -> Self {
        Self { store, last, events: Page::after(after), disclosures: Page::after(after) }
    }

    /// The next row, unless it belongs to somebody after `id`.
    async fn next_up_to(&mut self, id: CardholderId) -> Result<Option<LineRow>, StoreError> {
        self.fill().await?;
        let (event, disclosure) = (self.events.first(), self.disclosures.first());
        let from_events = match (event, disclosure) {
            (Some(event), Some(disclosure)) => event <= disclosure,
            (event, _) => event.is_some(),
        };
        let page = if from_events { &mut self.events } else { &mut self.disclosures };
        match page.first() {
            Some((person, _)) if person <= id.uuid() => Ok(page.rows.pop_front()),
            _ => Ok(None),
        }
    }

    async fn fill(&mut self) -> Result<(), StoreError> {
        if self.events.wants_more() {
            self.events.fill(self.store.events_after(self.events.after, self.last).await?);
        }
        if self.disclosures.wants_more() {
            self.disclosures.fill(self.store.disclosures_after(self.disclosures.after, self.last).await?);
        }
        Ok(())
    }
}
