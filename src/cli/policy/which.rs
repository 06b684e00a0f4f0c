//! Which bundle is meant: a folder, one that the database keeps, the one that decides, or the one that ships.

use std::path::Path;

use crate::app;
use crate::cli::{Failure, Settings};
use crate::domain::bundle::BundleMode;
use crate::policy::{Bundle, BundleSource};
use crate::store::Store;

/// What every command says about how a bundle is named.
pub(super) const NAMES: &str =
    "A folder, a digest from the database (8 digits or more), `live`, or `shipped` for the one inside the program";

/// The fewest digits of a digest that are a name.
const DIGITS_MIN: usize = 8;

/// The files of the bundle that is meant. Only `live` and digests need settings and database.
pub(super) async fn source(name: &str, settings: &Settings) -> Result<BundleSource, Failure> {
    match name {
        "shipped" => Ok(BundleSource::shipped()),
        "live" => stored(settings, None).await,
        // A folder wins over a digest that looks the same: it stands before the eyes of whoever types.
        name if Path::new(name).is_dir() => {
            BundleSource::read(Path::new(name)).map_err(|errors| Failure::failed(errors.to_string()))
        }
        name if is_digest(name) => stored(settings, Some(name)).await,
        name => Err(Failure::failed(format!("there is no bundle `{name}`\nhint: name one of these: {NAMES}"))),
    }
}

/// The bundle that is meant, built.
pub(super) async fn bundle(name: &str, settings: &Settings) -> Result<Bundle, Failure> {
    Bundle::build(source(name, settings).await?).map_err(|errors| Failure::failed(errors.to_string()))
}

fn is_digest(name: &str) -> bool {
    let hex = name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    hex && (DIGITS_MIN..=64).contains(&name.len())
}

async fn stored(settings: &Settings, digest: Option<&str>) -> Result<BundleSource, Failure> {
    let store = app::connect(&settings.load()?).await?;
    let found = find(&store, digest).await;
    store.close().await;
    found
}

async fn find(store: &Store, digest: Option<&str>) -> Result<BundleSource, Failure> {
    store.check_schema().await?;
    let digest = match digest {
        Some(beginning) => one_beginning(store, beginning).await?,
        None => live(store).await?,
    };
    let none = || Failure::failed(format!("the database has no bundle `{digest}`"));
    let stored = store.bundle(&digest).await?.ok_or_else(none)?;
    Ok(BundleSource::of(stored.files))
}

/// The one digest that begins so.
pub(super) async fn one_beginning(store: &Store, beginning: &str) -> Result<String, Failure> {
    let mut found = store.digests_beginning(beginning).await?.into_iter();
    match (found.next(), found.next()) {
        (Some(digest), None) => Ok(digest),
        (Some(_), Some(_)) => {
            Err(Failure::failed(format!("several digests begin with `{beginning}`\nhint: give more digits")))
        }
        (None, _) => Err(Failure::failed(format!(
            "the database has no bundle whose digest begins with `{beginning}`\nhint: `sekisho policy history` lists them"
        ))),
    }
}

async fn live(store: &Store) -> Result<String, Failure> {
    let current = store.current_bundles().await?;
    let live = current.into_iter().find(|activation| activation.mode == BundleMode::Live);
    let none = || Failure::failed("no bundle is live yet\nhint: the first start of `sekisho serve` records one");
    live.map(|activation| activation.digest).ok_or_else(none)
}
