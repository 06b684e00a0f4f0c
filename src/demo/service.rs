//! The service as the demo runs it: the shipped settings, a stand-in to ask, one folder for everything.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::listeners::Addresses;
use super::secrets::Secrets;
use super::{DemoError, DemoOptions, telephone};
use crate::app::{self, App, StartError};
use crate::config::Config;
use crate::domain::clock::SharedClock;
use crate::domain::randomness::SharedRandomness;

/// The service's account at the stand-in provider.
pub(super) const ORG_ID: &str = "sekisho-demo";
/// The stand-in provider in the bundle's register of recipients.
const RECIPIENT: &str = "tmx";
const DATABASE_HINT: &str =
    "give --database-url as `postgres://user:password@host/name` or `sqlite:path`, or leave it out";

/// The parts of the service over a migrated database.
pub(super) async fn open(
    options: &DemoOptions,
    addresses: &Addresses,
    secrets: &Secrets,
    clock: SharedClock,
    randomness: SharedRandomness,
) -> Result<Arc<App>, DemoError> {
    let config = config(options, addresses, secrets)?;
    let store = app::connect(&config).await.map_err(unusable)?;
    let migrated = store.migrate().await;
    store.close().await;
    migrated.map_err(|error| database_error(error.to_string()))?;
    App::build(config, clock, randomness).await.map(Arc::new).map_err(unusable)
}

fn unusable(error: StartError) -> DemoError {
    match error {
        StartError::Database(error) => database_error(error.to_string()),
        StartError::DataFolder { path, source } => DemoError::Folder { path, reason: source.to_string() },
        other => part(other),
    }
}

fn config(options: &DemoOptions, addresses: &Addresses, secrets: &Secrets) -> Result<Config, DemoError> {
    let database = options.database_url.clone().unwrap_or_else(|| SecretString::from(""));
    let settings = [
        ("DATA_DIR", options.data_dir.display().to_string()),
        ("SERVER__LISTEN", addresses.service.to_string()),
        ("SERVER__PUBLIC_URL", addresses.service_url.to_string()),
        ("SERVER__DRAIN_TIMEOUT_MS", "2000".to_owned()),
        ("DATABASE__URL", database.expose_secret().to_owned()),
        ("ANALYTICS__PROVIDER", "threatmetrix".to_owned()),
        ("ANALYTICS__RECIPIENT", RECIPIENT.to_owned()),
        ("ANALYTICS__BASE_URL", addresses.provider_url.to_string()),
        ("ANALYTICS__ORG_ID", ORG_ID.to_owned()),
        ("ANALYTICS__API_KEY__ENV", "PROVIDER_KEY".to_owned()),
        ("ANALYTICS__POLICY", "default".to_owned()),
        ("ANALYTICS__DEADLINE_MS", "800".to_owned()),
        ("ANALYTICS__LIMIT_MS", "1600".to_owned()),
        ("ANALYTICS__DESTINATIONS", "public_and_loopback".to_owned()),
        ("SMS__URL", format!("{}{}", addresses.provider_url, telephone::MESSAGES.trim_start_matches('/'))),
        ("SMS__API_KEY__ENV", "PROVIDER_KEY".to_owned()),
        ("SMS__SENDER", "Sekisho".to_owned()),
        ("SMS__DESTINATIONS", "public_and_loopback".to_owned()),
        ("WEBHOOKS__DESTINATIONS", "public_and_loopback".to_owned()),
    ];
    let mut environment: Vec<(String, String)> =
        settings.into_iter().map(|(name, value)| (format!("SEKISHO__{name}"), value)).collect();
    environment.push(("PROVIDER_KEY".to_owned(), secrets.provider_key().to_owned()));
    Config::load(None, environment).map_err(|error| {
        let wrong_url = options.database_url.is_some() && error.to_string().contains("database.url");
        if wrong_url { database_error("the address is not one of a database") } else { part(error) }
    })
}

fn database_error(reason: impl Into<String>) -> DemoError {
    DemoError::Database { reason: reason.into(), hint: DATABASE_HINT }
}

/// A part that says itself what to do.
pub(super) fn part(error: impl std::fmt::Display) -> DemoError {
    DemoError::Part(error.to_string())
}
