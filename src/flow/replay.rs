//! Recorded decisions under another bundle: read in the order of their ids, decided on every core, summed up.
//!
//! Nothing is written, and no analysis company is asked: this flow has no way to one. A run can be stopped after any page
//! and taken up again behind it; its sums are those of an uninterrupted run.

mod page;
mod report;
mod ways;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use self::page::Change;
use self::page::{Done, Page, work};
pub use self::report::Report;
use self::ways::Ways;
use crate::analytics::settings::ProviderKind;
use crate::app::App;
use crate::domain::clock::Micros;
use crate::domain::id::{AuthenticationId, MerchantId};
use crate::domain::replay::Tally;
use crate::fault_points::Point;
use crate::policy::Bundle;
use crate::store::StoreError;
use crate::store::recorded::Span;

/// So many records are read at a time.
const PAGE: i64 = 1_000;
/// So many pages wait for a free thread, and as many for being summed up: memory is bounded by them.
const WAITING: usize = 4;
/// More threads than a bundle has copies of its rules would wait for one another.
const THREADS_MAX: usize = 16;
/// A sample is stated in parts of so many.
pub const SAMPLE_WHOLE: u32 = 10_000;

/// Which records are decided once more, and how.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// From this time on.
    pub from: Option<Micros>,
    /// Before this time.
    pub to: Option<Micros>,
    /// Only this merchant's.
    pub merchant: Option<MerchantId>,
    /// A share of them, of [`SAMPLE_WHOLE`]; always the same ones.
    pub sample: u32,
    /// Whether questions are asked again whose rules did not change.
    pub ask_all: bool,
}

impl Selection {
    fn span(&self, after: Option<AuthenticationId>) -> Span {
        let from = self.from.map_or(Uuid::nil(), |from| AuthenticationId::before(from).uuid());
        let first = AuthenticationId::from_uuid(from);
        Span {
            after: after.map_or(first, |after| after.max(first)),
            before: self.to.map(AuthenticationId::before),
            merchant: self.merchant,
        }
    }

    /// Whether a record is in the sample: by the random part of its id, so that it is the same in every run.
    fn takes(&self, id: AuthenticationId) -> bool {
        let part = u32::try_from(id.uuid().as_u128() & 0xffff_ffff).unwrap_or(0);
        self.sample >= SAMPLE_WHOLE || part % SAMPLE_WHOLE < self.sample
    }
}

/// How far a run has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// The last record that is in the sums.
    pub position: Option<AuthenticationId>,
    /// When that one was asked for.
    pub reached: Option<Micros>,
    /// Records that lie behind it, in the sample or not.
    pub passed: u64,
    /// The sums.
    pub tally: Tally,
}

/// Is told what a run finds, page by page, in the order of the ids.
pub trait Listener: Send {
    /// Decisions that go elsewhere, and how far the run has come with them.
    ///
    /// # Errors
    /// What keeps it from noting them: the run ends.
    fn page(&mut self, changes: &[Change], progress: &Progress) -> std::io::Result<()>;
}

/// Why a run ended.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was found could not be noted.
    #[error("cannot note what was found: {0}")]
    Listener(#[from] std::io::Error),
    /// A worker ended before its work was done.
    #[error("a thread of the replay ended early")]
    Worker,
}

/// How many records lie before a run, those behind `progress`.
///
/// # Errors
/// [`StoreError`].
pub async fn remaining(app: &App, selection: &Selection, progress: &Progress) -> Result<u64, StoreError> {
    app.store.count_recorded(&selection.span(progress.position)).await
}

/// The same selection with an end: what is recorded while a run goes on is not part of it.
///
/// # Errors
/// [`StoreError`].
pub async fn pinned(app: &App, selection: &Selection) -> Result<Selection, StoreError> {
    let newest = app.store.newest_recorded().await?;
    let end = newest.map_or_else(|| app.now(), AuthenticationId::after);
    Ok(Selection { to: Some(selection.to.map_or(end, |to| to.min(end))), ..selection.clone() })
}

/// Decides once more behind `progress`, until the end or until it is stopped. Answers whether it came to the end.
///
/// # Errors
/// [`ReplayError`]. After [`ReplayError::Listener`] the sums hold a page that was not noted.
pub async fn replay(
    app: &Arc<App>,
    new: Arc<Bundle>,
    selection: &Selection,
    progress: &mut Progress,
    listener: &mut dyn Listener,
    stop: &CancellationToken,
) -> Result<bool, ReplayError> {
    let (pages, waiting) = mpsc::channel(WAITING);
    let (results, mut done) = mpsc::channel(WAITING);
    let waiting = Arc::new(Mutex::new(waiting));
    let recipients = Arc::new(recipients(app, &new));
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(THREADS_MAX);
    for _ in 0..threads {
        let (waiting, results) = (Arc::clone(&waiting), results.clone());
        let (new, recipients) = (Arc::clone(&new), Arc::clone(&recipients));
        tokio::task::spawn_blocking(move || {
            while let Some(page) = take(&waiting) {
                if results.blocking_send(work(&new, &recipients, page)).is_err() {
                    return;
                }
            }
        });
    }
    drop(results);
    // When the threads end, the queue ends with them: else the reader would wait for ever to hand a page on.
    drop(waiting);
    let reader = Reader {
        app: Arc::clone(app),
        ways: Ways::new(Arc::clone(app), new, selection.ask_all),
        selection: selection.clone(),
        stop: stop.clone(),
    };
    let reader = tokio::spawn(reader.read(progress.position, pages));
    let summed = sum_up(&mut done, progress, listener).await;
    // Without anybody to send to the threads end, and with them the reader.
    drop(done);
    let read = reader.await.map_err(|_| ReplayError::Worker)??;
    let pages = summed?;
    if read.pages == pages { Ok(read.to_the_end) } else { Err(ReplayError::Worker) }
}

/// The companies that could be asked: the configured one, or where none is configured all of the bundle's register.
pub fn recipients(app: &App, new: &Bundle) -> Vec<String> {
    let settings = &app.config.analytics;
    match settings.provider {
        ProviderKind::None => new.reference().recipients().map(|recipient| recipient.id.clone()).collect(),
        _ => vec![settings.recipient.clone()],
    }
}

fn take(waiting: &Mutex<mpsc::Receiver<Page>>) -> Option<Page> {
    waiting.blocking_lock().blocking_recv()
}

/// Adds page after page in their order, however they come. Answers how many there were.
async fn sum_up(
    done: &mut mpsc::Receiver<Done>,
    progress: &mut Progress,
    listener: &mut dyn Listener,
) -> Result<u64, ReplayError> {
    let (mut next, mut early) = (0, BTreeMap::new());
    while let Some(page) = done.recv().await {
        early.insert(page.number, page);
        while let Some(page) = early.remove(&next) {
            next += 1;
            progress.passed += page.passed;
            progress.tally.merge(&page.tally);
            progress.position = Some(page.last);
            progress.reached = Some(page.reached);
            listener.page(&page.changes, progress)?;
        }
    }
    Ok(next)
}

struct Reader {
    app: Arc<App>,
    ways: Ways,
    selection: Selection,
    stop: CancellationToken,
}

struct Read {
    pages: u64,
    to_the_end: bool,
}

impl Reader {
    async fn read(
        mut self,
        mut position: Option<AuthenticationId>,
        pages: mpsc::Sender<Page>,
    ) -> Result<Read, StoreError> {
        for number in 0.. {
            let stopped = Ok(Read { pages: number, to_the_end: false });
            let span = self.selection.span(position);
            let read = self.stop.run_until_cancelled(self.app.store.recorded(&span, PAGE)).await;
            let Some(records) = read.transpose()? else { return stopped };
            let Some((last, reached)) = records.last().map(|record| (record.id, record.created_at)) else {
                return Ok(Read { pages: number, to_the_end: true });
            };
            position = Some(last);
            let passed = records.len() as u64;
            let records: Vec<_> = records.into_iter().filter(|record| self.selection.takes(record.id)).collect();
            let ways = self.ways.of(&records).await?;
            let page = Page { number, passed, records, ways, last, reached };
            if !matches!(self.stop.run_until_cancelled(pages.send(page)).await, Some(Ok(()))) {
                return stopped;
            }
            self.stop.run_until_cancelled(self.app.faults.reach(Point::ReplayPage)).await;
        }
        Ok(Read { pages: 0, to_the_end: true })
    }
}
