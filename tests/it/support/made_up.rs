//! Databases that the sandbox filled, and bundles that differ from the shipped one in a rule.

use std::sync::Arc;

use sekisho::app::{App, connect};
use sekisho::config::Config;
use sekisho::demo::sandbox::{Made, SandboxOptions, generate};
use sekisho::policy::{Bundle, BundleSource};

use super::clock::ManualClock;
use super::database::{OwnDatabase, databases};
use super::randomness::SeededRandomness;

/// An instance on a database of its own, with its schema and nothing else.
pub(crate) async fn instance(database: &OwnDatabase) -> Arc<App> {
    sekisho::outbound::install_tls_provider();
    let variables = [("DATA_DIR", database.folder().display().to_string()), ("DATABASE__URL", database.url.clone())];
    let config = Config::load(None, variables.map(|(name, value)| (format!("SEKISHO__{name}"), value))).unwrap();
    let store = connect(&config).await.unwrap();
    store.migrate().await.unwrap();
    store.close().await;
    let clock = ManualClock::at("2026-11-22T03:00:00Z");
    Arc::new(App::build(config, clock, SeededRandomness::new(7)).await.unwrap())
}

/// A small sandbox.
pub(crate) fn small(cards: u32, days: u32) -> SandboxOptions {
    SandboxOptions { cards, days, seed: 7, until: jiff::civil::date(2026, 11, 20), labelled: 1.0 }
}

/// Runs a test on a sandbox in SQLite, and in PostgreSQL where there is a server for tests.
pub(crate) async fn in_every_sandbox(options: SandboxOptions, test: impl AsyncFn(&Arc<App>, &OwnDatabase, Made)) {
    for database in databases().await {
        let app = instance(&database).await;
        let made = generate(&app, options, |_, _| ()).await.unwrap_or_else(|error| panic!("{error}"));
        test(&app, &database, made).await;
        app.store.clone().close().await;
        database.remove().await;
    }
}

/// The shipped bundle with other words in one file.
pub(crate) fn edited(file: &str, from: &str, to: &str) -> Bundle {
    let shipped = BundleSource::shipped();
    let text = shipped.text(file).unwrap_or_else(|| panic!("no `{file}`"));
    assert!(text.contains(from), "`{file}` holds no `{from}`");
    let text = text.replace(from, to);
    let source = shipped.with(file, &text);
    Bundle::build(source).unwrap_or_else(|errors| panic!("{errors}"))
}
