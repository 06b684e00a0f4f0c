//! What is in use, what was, and what every process decides by.

use serde::Serialize;

use super::canary::counted;
use crate::app::App;
use crate::app::bundles::Origin;
use crate::domain::bundle::{BundleActivation, BundleInstance, BundleMode};
use crate::domain::clock::{Micros, rfc3339};
use crate::domain::policy_figure::FigureKind;
use crate::flow::staff::names::Names;
use crate::store::StoreError;

/// A process that was not there for so long is gone, seconds.
const GONE_SECONDS: i64 = 60;
/// A process that decides by another bundle for so long does not follow, seconds.
const BEHIND_SECONDS: i64 = 5;

/// Everything about what is in use now.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// The bundles in use, at most one in each mode.
    pub bundles: Vec<Used>,
    /// The processes, those that are gone since a day among them.
    pub instances: Vec<Process>,
    /// Digests of bundles that were let through in an emergency and that nobody reviewed.
    pub unreviewed_emergencies: Vec<String>,
}

/// A bundle in use.
#[derive(Clone, Debug, Serialize)]
pub struct Used {
    /// `live`, `canary` or `shadow`.
    pub mode: &'static str,
    /// The bundle.
    pub digest: String,
    /// What its author said.
    pub message: String,
    /// Since when.
    #[serde(with = "rfc3339")]
    pub since: Micros,
    /// Who began it: `staff:<id>`, or `system`.
    pub by: String,
    /// Her name.
    pub by_name: String,
    /// The share of cards or decisions, in basis points.
    pub share: u16,
    /// When it ends by itself, RFC 3339.
    pub until: Option<String>,
    /// What was counted since then, sorted by kind and word.
    pub counted: Vec<Count>,
}

/// How often something happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// What was counted.
    pub kind: FigureKind,
    /// Which of it.
    pub word: String,
    /// How often.
    pub count: i64,
}

/// A process.
#[derive(Clone, Debug, Serialize)]
pub struct Process {
    /// Its name.
    pub instance: String,
    /// The program and its version.
    pub program: String,
    /// `up`, `degraded`, `behind` (it decides by another bundle than the live one although it said nothing) or `gone`.
    pub state: &'static str,
    /// What decides there.
    pub live: String,
    /// What decides there about a share of the cards.
    pub canary: Option<String>,
    /// What is asked there beside.
    pub shadow: Option<String>,
    /// When what decides was loaded.
    #[serde(with = "rfc3339")]
    pub loaded_at: Micros,
    /// When it was there last.
    #[serde(with = "rfc3339")]
    pub seen_at: Micros,
    /// Why it does not use what the database says.
    pub error: Option<String>,
}

/// What is in use now.
///
/// # Errors
/// [`StoreError`].
pub async fn status(app: &App) -> Result<Status, StoreError> {
    let (names, mut bundles) = (Names::read(app).await?, Vec::new());
    let current = app.store.current_bundles().await?;
    let live = current.iter().find(|used| used.mode == BundleMode::Live).cloned();
    for used in current {
        bundles.push(describe(app, &names, used).await?);
    }
    let now = app.now();
    let instances =
        app.store.bundle_instances().await?.into_iter().map(|instance| process(instance, live.as_ref(), now));
    let instances = instances.collect();
    Ok(Status { bundles, instances, unreviewed_emergencies: app.store.unreviewed_emergencies().await? })
}

async fn describe(app: &App, names: &Names, used: BundleActivation) -> Result<Used, StoreError> {
    let counted = counted(app, &used).await?.into_iter();
    let counted = counted.map(|figure| Count { kind: figure.kind, word: figure.word, count: figure.count }).collect();
    let message = app.store.bundle_head(&used.digest).await?.map(|head| head.message);
    Ok(Used {
        mode: used.mode.as_str(),
        digest: used.digest,
        message: message.unwrap_or_default(),
        since: used.started_at,
        by_name: names.of(&used.started_by),
        by: used.started_by,
        share: used.share,
        until: used.until.map(Micros::rfc3339),
        counted,
    })
}

/// Whether it is too long that the live bundle is not the one that decides somewhere.
fn is_behind(digest: &str, live: Option<&BundleActivation>, now: Micros) -> bool {
    live.is_some_and(|live| live.digest != digest && live.started_at.plus_seconds(BEHIND_SECONDS) < now)
}

/// Why this process is behind although nothing failed; none while it follows.
///
/// # Errors
/// [`StoreError`].
pub async fn behind(app: &App) -> Result<Option<String>, StoreError> {
    if app.bundle.origin != Origin::Database {
        return Ok(None);
    }
    let live = super::current(app, BundleMode::Live).await?;
    let behind = is_behind(app.bundle.snapshot().live.digest(), live.as_ref(), app.now());
    let digest = live.map(|live| live.digest).unwrap_or_default();
    Ok(behind.then(|| format!("behind: {} is live in the database", digest.get(..12).unwrap_or(&digest))))
}

fn process(instance: BundleInstance, live: Option<&BundleActivation>, now: Micros) -> Process {
    let state = match &instance.error {
        _ if instance.seen_at.plus_seconds(GONE_SECONDS) < now => "gone",
        Some(_) => "degraded",
        None if is_behind(&instance.live, live, now) => "behind",
        None => "up",
    };
    Process {
        state,
        instance: instance.instance,
        program: instance.program,
        live: instance.live,
        canary: instance.canary,
        shadow: instance.shadow,
        loaded_at: instance.loaded_at,
        seen_at: instance.seen_at,
        error: instance.error.map(|(error, _)| error),
    }
}
