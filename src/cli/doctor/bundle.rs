//! What `sekisho doctor` says of the bundle that decides, before an upgrade among other times.

use super::Finding;
use crate::app;
use crate::config::Config;
use crate::domain::bundle::{BundleHead, BundleMode, StoredBundle};
use crate::domain::facts::{FACTS_VERSION, FACTS_VERSION_OLDEST};
use crate::policy::{Bundle, BundleSource};
use crate::store::{Store, StoreError};

/// The bundle that decides, or the one that will be the first; then what is tried.
pub(super) async fn look(config: &Config, store: Option<&Store>) -> Finding {
    let used = used(store).await.map_err(|error| error.to_string())?;
    let (live, tried): (Vec<_>, Vec<_>) = used.into_iter().partition(|(mode, _)| *mode == BundleMode::Live);
    let Some((_, live)) = live.into_iter().next() else { return first(config) };
    let mut lines = vec![decides(config, &live)?];
    for (mode, stored) in tried {
        sound(config, mode, &stored)?;
        lines.push(format!("{} {}", mode.as_str(), short(&stored.head.digest)));
        lines.extend(ages(mode, &stored.head));
    }
    Ok(lines.join("\n"))
}

/// The live bundle of a database that has one.
pub(super) async fn stored(store: Option<&Store>) -> Result<Option<StoredBundle>, StoreError> {
    Ok(used(store).await?.into_iter().find(|(mode, _)| *mode == BundleMode::Live).map(|(_, stored)| stored))
}

/// Every bundle in use, also before the migrations of an upgrade; none where there are no tables for them yet.
async fn used(store: Option<&Store>) -> Result<Vec<(BundleMode, StoredBundle)>, StoreError> {
    let Some(store) = store else { return Ok(Vec::new()) };
    let read = async {
        let mut found = Vec::new();
        for used in store.current_bundles().await? {
            found.extend(store.bundle(&used.digest).await?.map(|stored| (used.mode, stored)));
        }
        Ok::<_, StoreError>(found)
    };
    match read.await {
        Err(_) if store.check_schema().await.is_err() => Ok(Vec::new()),
        read => read,
    }
}

fn first(config: &Config) -> Finding {
    let bundle = app::load_bundle(config).map_err(|error| error.to_string())?;
    let from = config.bundle_folder().map_or("shipped with the program".to_owned(), |path| path.display().to_string());
    Ok(format!("{}, {from}; it will be the first one of the database", describe(&bundle)))
}

fn decides(config: &Config, live: &StoredBundle) -> Finding {
    let bundle = sound(config, BundleMode::Live, live)?;
    app::load_brands(config, &bundle).map_err(|error| error.to_string())?;
    let mut lines = vec![format!("{}, live in the database", describe(&bundle))];
    lines.extend(ages(BundleMode::Live, &live.head));
    lines.extend(other_than(config, &live.head.digest, &BundleSource::shipped().digest()));
    Ok(lines.join("\n"))
}

/// A bundle in use, if this program can use it.
fn sound(config: &Config, mode: BundleMode, stored: &StoredBundle) -> Result<Bundle, String> {
    let (head, mode) = (&stored.head, mode.as_str());
    let digest = short(&head.digest);
    if !(FACTS_VERSION_OLDEST..=FACTS_VERSION).contains(&head.facts_version) {
        return Err(format!(
            "the {mode} bundle {digest} is written for facts version {}, and this program knows {FACTS_VERSION_OLDEST} to {FACTS_VERSION}\nhint: run the program that knows it, and activate a bundle for version {FACTS_VERSION} before the upgrade",
            head.facts_version
        ));
    }
    let source = BundleSource::of(stored.files.clone());
    if source.digest() != head.digest {
        return Err(format!(
            "the stored files of the {mode} bundle {digest} do not have its digest\nhint: find out who changed the database"
        ));
    }
    if head.digest != BundleSource::shipped().digest() {
        let keys = app::signing_keys(config).map_err(|error| error.to_string())?;
        keys.check(&head.digest, head.signature.as_ref()).map_err(|error| error.to_string())?;
    }
    Bundle::build(source).map_err(|error| format!("the {mode} bundle {digest}: {error}"))
}

/// Warns of a bundle that the next release may not know.
fn ages(mode: BundleMode, head: &BundleHead) -> Option<String> {
    (head.facts_version == FACTS_VERSION_OLDEST && FACTS_VERSION_OLDEST < FACTS_VERSION).then(|| {
        format!(
            "warning: the {} bundle is written for facts version {FACTS_VERSION_OLDEST}, the oldest that this program knows; the next release may not: activate a bundle for version {FACTS_VERSION}",
            mode.as_str()
        )
    })
}

/// Says what does not decide although one might think so.
fn other_than(config: &Config, live: &str, shipped: &str) -> Option<String> {
    if let Some(folder) = config.bundle_folder() {
        let digest = BundleSource::read(folder).ok()?.digest();
        let folder = folder.display();
        let text = format!(
            "warning: `bundle.path` ({folder}) is not what decides: `sekisho policy submit {folder} --message TEXT`"
        );
        return (digest != live).then_some(text);
    }
    let text = "the program ships another bundle: `sekisho policy submit shipped --message TEXT` proposes it";
    (shipped != live).then(|| text.to_owned())
}

fn describe(bundle: &Bundle) -> String {
    format!("{} rules, digest {}…", bundle.rules().len(), short(bundle.digest()))
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
