//! The service as the demo runs it: the shipped settings, another company to ask, one folder for everything.

use std::sync::Arc;

use prometheus_client::registry::Registry;
use secrecy::{ExposeSecret, SecretString};
use tokio::net::TcpListener;

use super::listeners::Addresses;
use super::secrets::Secrets;
use super::{DemoError, DemoOptions};
use crate::analytics::Provider;
use crate::analytics::pseudonym::Pseudonyms;
use crate::analytics::settings::{AnalyticsConfig, ProviderKind};
use crate::analytics::threatmetrix::ThreatMetrix;
use crate::app::{App, LoadedBundle};
use crate::config::Config;
use crate::credential::hasher::Hasher;
use crate::credential::password::Cost;
use crate::domain::clock::SharedClock;
use crate::domain::randomness::SharedRandomness;
use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::outbound::destination::Destinations;
use crate::outbound::{Outbound, OutboundSettings};
use crate::policy::{Bundle, BundleSource};
use crate::store::{Store, StoreError};
use crate::{api, pages, server};

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
    let keys = Keys::load_or_create(&config.key_file(), &*randomness, clock.now()).map_err(part)?;
    let keys = Arc::new(keys);
    let store = store(&config).await?;
    let bundle = Bundle::build(BundleSource::shipped()).map_err(part)?;
    let provider = provider(&config, secrets, &keys, clock.clone())?;
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cost = Cost {
        memory_kib: config.password.memory_kib,
        iterations: config.password.iterations,
        parallel: config.password.parallel,
    };
    let hasher =
        Hasher::new(keys.clone(), randomness.clone(), cost, processors, config.password.queue).map_err(part)?;
    let bundle = LoadedBundle { bundle, loaded_at: clock.now() };
    Ok(Arc::new(App {
        config,
        keys,
        store,
        hasher,
        bundle: arc_swap::ArcSwap::from_pointee(bundle),
        provider: Some(provider),
        geo: None,
        clock,
        randomness,
    }))
}

/// Serves the service until `stop`.
pub(super) async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    stop: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let router = api::router(api::State::new(app.clone())).merge(pages::router(app.clone()));
    let parts = server::Parts {
        clock: app.clock.clone(),
        randomness: app.randomness.clone(),
        metrics: Arc::new(Metrics::new(&mut Registry::default())),
    };
    server::serve(listener, router, &app.config.server, parts, stop).await
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
    ];
    let mut environment: Vec<(String, String)> =
        settings.into_iter().map(|(name, value)| (format!("SEKISHO__{name}"), value)).collect();
    environment.push(("PROVIDER_KEY".to_owned(), secrets.provider_key().to_owned()));
    Config::load(None, environment).map_err(|error| {
        let wrong_url = options.database_url.is_some() && error.to_string().contains("database.url");
        if wrong_url { database_error("the address is not one of a database") } else { part(error) }
    })
}

async fn store(config: &Config) -> Result<Store, DemoError> {
    let url = config.database_url();
    let unusable = |error: StoreError| database_error(error.to_string());
    let store = Store::connect(url.expose_secret(), config.database.max_connections).await.map_err(unusable)?;
    store.migrate().await.map_err(unusable)?;
    Ok(store)
}

fn database_error(reason: impl Into<String>) -> DemoError {
    DemoError::Database { reason: reason.into(), hint: DATABASE_HINT }
}

fn provider(
    config: &Config,
    secrets: &Secrets,
    keys: &Keys,
    clock: SharedClock,
) -> Result<Box<dyn Provider>, DemoError> {
    let asked = &config.analytics;
    let settings = AnalyticsConfig {
        provider: ProviderKind::Threatmetrix,
        recipient: asked.recipient.clone(),
        base_url: asked.base_url.clone(),
        org_id: asked.org_id.clone(),
        api_key: secrets.provider_key().into(),
        policy: asked.policy.clone(),
        deadline_ms: asked.deadline_ms,
        limit_ms: asked.limit_ms,
        destinations: Destinations::PublicAndLoopback,
        ..AnalyticsConfig::default()
    };
    let outbound = OutboundSettings { destinations: settings.destinations, ..OutboundSettings::default() };
    let outbound = Outbound::new(&outbound, clock.clone()).map_err(part)?;
    let (key_id, secret) = keys.pseudonym_secret();
    let pseudonyms = Pseudonyms::new(secret, key_id, &settings.recipient, &settings.modes);
    Ok(Box::new(ThreatMetrix::new(settings, pseudonyms, outbound, clock).map_err(part)?))
}

/// A part that says itself what to do.
pub(super) fn part(error: impl std::fmt::Display) -> DemoError {
    DemoError::Part(error.to_string())
}
