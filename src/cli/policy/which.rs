//! Which bundle is meant: a folder, one that the database keeps, the one that decides, or the one that ships.

use std::path::Path;

use miette::Severity;

use super::life::short;
use super::report::{counted, show};
use crate::app;
use crate::cli::{FAILED, Failure, Settings, USAGE};
use crate::domain::bundle::BundleMode;
use crate::policy::{Bundle, BundleErrors, BundleSource, Fault};
use crate::store::Store;

/// What every command says about how a bundle is named.
pub(super) const NAMES: &str =
    "A folder, a digest from the database (8 digits or more), `live`, or `shipped` for the one inside the program";

/// The fewest digits of a digest that are a name.
const DIGITS_MIN: usize = 8;

/// The folder that is meant where none is named and one is there.
pub(super) const FOLDER: &str = "policies";

const SHIPPED: &str = "shipped";
const LIVE: &str = "live";

/// The bundle that is meant where none is named: the folder `policies` if it is there, else the one that ships.
pub(super) fn usual() -> String {
    if Path::new(FOLDER).is_dir() { FOLDER } else { SHIPPED }.to_owned()
}

/// A bundle as its results name it: as it was asked for, with its digest.
pub(super) fn titled(name: &str, digest: &str) -> String {
    format!("`{name}` ({})", short(digest))
}

/// Why there is no bundle under a name.
#[derive(Debug)]
pub(super) enum Unusable {
    /// There is none of this name, or it cannot be read or built.
    Bundle(Box<Broken>),
    /// Settings or database failed.
    Failure(Failure),
}

/// A bundle with faults.
#[derive(Debug)]
pub(super) struct Broken {
    /// As it was asked for.
    pub(super) name: String,
    /// What could be read of it.
    pub(super) source: BundleSource,
    /// What is wrong.
    pub(super) faults: Vec<Fault>,
    /// What the command exits with.
    pub(super) code: u8,
    colours: bool,
}

impl From<Failure> for Unusable {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Unusable> for Failure {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::Failure(failure) => failure,
            Unusable::Bundle(broken) => broken.failure(),
        }
    }
}

impl Broken {
    /// For people: every fault with its place underlined.
    fn failure(&self) -> Failure {
        let mut shown = Vec::new();
        // Writing into memory does not fail.
        let _ = show(&self.faults, Severity::Error, &self.source, self.colours, &mut shown);
        let (name, count, shown) = (&self.name, counted(self.faults.len(), "fault"), String::from_utf8_lossy(&shown));
        let message = format!("the bundle `{name}` cannot be used: {count}\n\n{}", shown.trim_end());
        Failure { code: self.code, message }
    }
}

/// The files of the bundle that is meant. Only `live` and digests need settings and database.
pub(super) async fn source(name: &str, settings: &Settings) -> Result<BundleSource, Unusable> {
    match name {
        SHIPPED => Ok(BundleSource::shipped()),
        // A folder wins over a digest that looks the same: it stands before the eyes of whoever types.
        path if path != LIVE && Path::new(path).is_dir() => folder(Path::new(path), settings),
        name if name == LIVE || is_digest(name) => stored(settings, name).await.map_err(Unusable::Failure),
        name => {
            Err(none(name, &format!("there is no bundle `{name}`"), &format!("name one of these: {NAMES}"), settings))
        }
    }
}

/// The files of a folder.
pub(super) fn folder(path: &Path, settings: &Settings) -> Result<BundleSource, Unusable> {
    let name = path.display().to_string();
    if !path.is_dir() {
        let hint = "name the folder that holds its `bundle.toml`, or copy the shipped one";
        return Err(none(&name, &format!("there is no folder `{name}`"), hint, settings));
    }
    BundleSource::read(path).map_err(|errors| broken(&name, BundleSource::default(), errors, settings))
}

/// The bundle that is meant, built.
pub(super) async fn bundle(name: &str, settings: &Settings) -> Result<Bundle, Unusable> {
    build(name, source(name, settings).await?, settings)
}

/// The bundle of these files, built.
pub(super) fn build(name: &str, source: BundleSource, settings: &Settings) -> Result<Bundle, Unusable> {
    Bundle::build(source.clone()).map_err(|errors| broken(name, source, errors, settings))
}

/// A bundle that has faults.
pub(super) fn broken(name: &str, source: BundleSource, errors: BundleErrors, settings: &Settings) -> Unusable {
    let (name, faults, colours) = (name.to_owned(), errors.0, settings.colours);
    Unusable::Bundle(Box::new(Broken { name, source, faults, code: FAILED, colours }))
}

/// A name that names nothing.
fn none(name: &str, message: &str, hint: &str, settings: &Settings) -> Unusable {
    let (file, message, hint) = (name.to_owned(), message.to_owned(), Some(hint.to_owned()));
    let faults = vec![Fault { file, line: None, message, hint, span: None }];
    let (name, source) = (name.to_owned(), BundleSource::default());
    Unusable::Bundle(Box::new(Broken { name, source, faults, code: USAGE, colours: settings.colours }))
}

fn is_digest(name: &str) -> bool {
    let hex = name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    hex && (DIGITS_MIN..=64).contains(&name.len())
}

async fn stored(settings: &Settings, name: &str) -> Result<BundleSource, Failure> {
    let store = app::connect(&settings.load()?).await?;
    let found = find(&store, name).await;
    store.close().await;
    found
}

async fn find(store: &Store, name: &str) -> Result<BundleSource, Failure> {
    store.check_schema().await?;
    let digest = digest_of(store, name).await?;
    let none = || unknown(format!("the database has no bundle `{digest}`"));
    let stored = store.bundle(&digest).await?.ok_or_else(none)?;
    Ok(BundleSource::of(stored.files))
}

/// The digest that is meant by `live`, or by its own beginning.
pub(super) async fn digest_of(store: &Store, name: &str) -> Result<String, Failure> {
    if name == LIVE { live(store).await } else { one_beginning(store, name).await }
}

/// The one digest that begins so.
pub(super) async fn one_beginning(store: &Store, beginning: &str) -> Result<String, Failure> {
    if !is_digest(beginning) {
        return Err(unknown(format!(
            "`{beginning}` is no digest\nhint: give {DIGITS_MIN} digits or more; `sekisho policy history` lists them"
        )));
    }
    let mut found = store.digests_beginning(beginning).await?.into_iter();
    match (found.next(), found.next()) {
        (Some(digest), None) => Ok(digest),
        (Some(_), Some(_)) => Err(unknown(format!("several digests begin with `{beginning}`\nhint: give more digits"))),
        (None, _) => Err(unknown(format!(
            "the database has no bundle whose digest begins with `{beginning}`\nhint: `sekisho policy history` lists them"
        ))),
    }
}

fn unknown(message: String) -> Failure {
    Failure { code: USAGE, message }
}

async fn live(store: &Store) -> Result<String, Failure> {
    let current = store.current_bundles().await?;
    let live = current.into_iter().find(|activation| activation.mode == BundleMode::Live);
    let none = || Failure::failed("no bundle is live yet\nhint: the first start of `sekisho serve` records one");
    live.map(|activation| activation.digest).ok_or_else(none)
}
