//! From which bundles the records lead to the new one: each is looked up once.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::App;
use crate::policy::replay::{NotReplayable, Replay};
use crate::policy::{Bundle, BundleSource};
use crate::store::StoreError;
use crate::store::recorded::RecordedDecision;

/// The way of one old bundle; none where it cannot be gone.
pub(super) struct Way {
    pub(super) replay: Result<Replay, NotReplayable>,
    /// Whether the old bundle is known.
    pub(super) known: bool,
}

/// Ways by the old bundle's digest.
pub(super) type ByDigest = Arc<BTreeMap<String, Arc<Way>>>;

pub(super) struct Ways {
    app: Arc<App>,
    new: Arc<Bundle>,
    ask_all: bool,
    found: ByDigest,
}

impl Ways {
    pub(super) fn new(app: Arc<App>, new: Arc<Bundle>, ask_all: bool) -> Self {
        Self { app, new, ask_all, found: Arc::default() }
    }

    /// The ways of these records, and of those before them.
    pub(super) async fn of(&mut self, records: &[RecordedDecision]) -> Result<ByDigest, StoreError> {
        for record in records {
            let digest = &record.bundle_digest;
            if !self.found.contains_key(digest) {
                let way = self.find(digest).await?;
                Arc::make_mut(&mut self.found).insert(digest.clone(), Arc::new(way));
            }
        }
        Ok(Arc::clone(&self.found))
    }

    async fn find(&self, digest: &str) -> Result<Way, StoreError> {
        let old = self.old(digest).await?;
        Ok(Way { replay: Replay::between(old.as_ref(), &self.new, self.ask_all), known: old.is_some() })
    }

    async fn old(&self, digest: &str) -> Result<Option<Arc<Bundle>>, StoreError> {
        if self.new.digest() == digest {
            return Ok(Some(Arc::clone(&self.new)));
        }
        let live = self.app.bundle.load();
        let live = || Some(live.bundle.source().clone()).filter(|live| live.digest() == digest);
        let shipped = || Some(BundleSource::shipped()).filter(|shipped| shipped.digest() == digest);
        let stored = self.app.store.bundle(digest).await?.map(|stored| BundleSource::of(stored.files));
        // A bundle of an older program may not be accepted any more: then it is not known.
        Ok(stored.or_else(live).or_else(shipped).and_then(|source| Bundle::build(source).ok()).map(Arc::new))
    }
}
