//! What `sekisho doctor` says of the bundle that decides, before an upgrade among other times.

use super::Finding;
use crate::app;
use crate::config::Config;
use crate::domain::bundle::{BundleMode, StoredBundle};
use crate::domain::facts::{FACTS_VERSION, FACTS_VERSION_OLDEST};
use crate::policy::{Bundle, BundleSource};
use crate::store::Store;

/// The bundle that decides, or the one that will be the first.
pub(super) async fn look(config: &Config, store: Option<&Store>) -> Finding {
    match stored(store).await.map_err(|error| error.to_string())? {
        Some(live) => decides(config, live),
        None => first(config),
    }
}

/// The live bundle of a database that has one.
pub(super) async fn stored(store: Option<&Store>) -> Result<Option<StoredBundle>, crate::store::StoreError> {
    let Some(store) = store else { return Ok(None) };
    if store.check_schema().await.is_err() {
        return Ok(None);
    }
    let current = store.current_bundles().await?;
    match current.into_iter().find(|used| used.mode == BundleMode::Live) {
        Some(live) => store.bundle(&live.digest).await,
        None => Ok(None),
    }
}

fn first(config: &Config) -> Finding {
    let bundle = app::load_bundle(config).map_err(|error| error.to_string())?;
    let from = config.bundle_folder().map_or("shipped with the program".to_owned(), |path| path.display().to_string());
    Ok(format!("{}, {from}; it will be the first one of the database", describe(&bundle)))
}

fn decides(config: &Config, live: StoredBundle) -> Finding {
    let head = live.head;
    if !(FACTS_VERSION_OLDEST..=FACTS_VERSION).contains(&head.facts_version) {
        return Err(format!(
            "the live bundle {} is written for facts version {}, and this program knows {FACTS_VERSION_OLDEST} to {FACTS_VERSION}\nhint: run the program that knows it, and activate a bundle for version {FACTS_VERSION} before the upgrade",
            short(&head.digest),
            head.facts_version
        ));
    }
    let source = BundleSource::of(live.files);
    if source.digest() != head.digest {
        return Err(format!(
            "the stored files of the live bundle {} do not have its digest\nhint: find out who changed the database",
            short(&head.digest)
        ));
    }
    let shipped = BundleSource::shipped().digest();
    if head.digest != shipped {
        let keys = app::signing_keys(config).map_err(|error| error.to_string())?;
        keys.check(&head.digest, head.signature.as_ref()).map_err(|error| error.to_string())?;
    }
    let bundle = Bundle::build(source).map_err(|error| error.to_string())?;
    app::load_brands(config, &bundle).map_err(|error| error.to_string())?;
    let mut lines = vec![format!("{}, live in the database", describe(&bundle))];
    if head.facts_version == FACTS_VERSION_OLDEST {
        lines.push(format!(
            "warning: it is written for facts version {FACTS_VERSION_OLDEST}, the oldest that this program knows; the next release may not: activate a bundle for version {FACTS_VERSION}"
        ));
    }
    lines.extend(other_than(config, &head.digest, &shipped));
    Ok(lines.join("\n"))
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
