//! `sekisho doctor`: looks at everything the service needs and says what to do.

mod bundle;

use std::io::{self, Write};

use secrecy::ExposeSecret;

use super::{FAILED, Failure};
use crate::analytics::settings::ProviderKind;
use crate::app::bundles::LoadError;
use crate::app::sharing::{Sharing, SharingState};
use crate::app::{self, StartError};
use crate::config::Config;
use crate::domain::bundle::StoredBundle;
use crate::domain::clock::Clock;
use crate::flow::consent::canary;
use crate::outbound::probe::probe;
use crate::policy::{Bundle, BundleSource};
use crate::store::{Store, StoreError};
use crate::system::{SystemClock, SystemRandomness};

/// The clocks of service and database may differ by so many seconds.
const CLOCK_SECONDS_MAX: i64 = 5;

/// What was found about one thing: what is fine, or what is wrong and what to do.
type Finding = Result<String, String>;

pub(super) async fn run(config: Config, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut all_fine = true;
    let mut tell = |thing: &str, finding: Finding| -> io::Result<()> {
        all_fine &= finding.is_ok();
        match finding {
            Ok(text) => writeln!(out, "ok    {thing:<11} {}", text.replace('\n', "\n                  ")),
            Err(text) => writeln!(out, "FAIL  {thing:<11} {}", text.replace('\n', "\n                  ")),
        }
    };
    let store = database(&config).await;
    tell("bundle", bundle::look(&config, store.as_ref().ok()).await)?;
    tell("keys", keys(&config, store.as_ref().ok()).await)?;
    let live = bundle::stored(store.as_ref().ok()).await.unwrap_or_default();
    match store {
        Err(finding) => tell("database", Err(finding))?,
        Ok(store) => {
            tell("database", Ok(format!("{} answers", store.backend_name())))?;
            tell("migrations", migrations(&store).await)?;
            tell("clock", clock(&store).await)?;
            if store.check_schema().await.is_ok() {
                tell("sharing", sharing(&config, &store).await)?;
            }
        }
    }
    tell("provider", provider(&config, live).await)?;
    tell("public url", Ok(format!("{} ({})", config.server.public_url, config.environment.as_str())))?;
    Ok(if all_fine { 0 } else { FAILED })
}

async fn keys(config: &Config, store: Option<&Store>) -> Finding {
    let (file, given) = (config.key_file(), config.keys.content.is_some());
    let filled_with = match store {
        Some(store) if store.check_schema().await.is_ok() => store.key_mark().await.map_err(|e| e.to_string())?,
        _ => None,
    };
    if !given && !file.exists() {
        return match filled_with {
            None => Ok(format!("none yet; `sekisho serve` makes them in {}", file.display())),
            Some(_) => Err(format!(
                "the key file `{}` is missing, and the database was filled with keys\nhint: restore it from a backup",
                file.display()
            )),
        };
    }
    let keys = app::load_keys(config, &SystemRandomness, SystemClock.now()).map_err(|error| error.to_string())?;
    if filled_with.is_some_and(|mark| mark != app::key_mark(&keys)) {
        return Err(StartError::OtherKeys.to_string());
    }
    Ok(if given { "given by the environment".to_owned() } else { file.display().to_string() })
}

async fn database(config: &Config) -> Result<Store, String> {
    if config.database_url_is_embedded() && !config.embedded_database().exists() {
        return Err(
            "there is no database yet\nhint: run `sekisho migrate`, or `sekisho serve`, which makes it".to_owned()
        );
    }
    app::connect(config).await.map_err(|error| error.to_string())
}

async fn migrations(store: &Store) -> Finding {
    match store.check_schema().await {
        Ok(()) => Ok("current".to_owned()),
        Err(error @ (StoreError::OlderSchema { .. } | StoreError::NewerSchema { .. })) => {
            Err(StartError::Schema(error).to_string())
        }
        Err(error) => Err(error.to_string()),
    }
}

/// Compares the checkpoint and looks at the canary, as the service does, and makes nothing.
async fn sharing(config: &Config, store: &Store) -> Finding {
    let file = config.checkpoint_file().display().to_string();
    let judged = Sharing::new(config.checkpoint_file()).judge(store).await.map_err(|error| error.to_string())?;
    let canary = canary::look(store).await.map_err(|error| error.to_string())?;
    let state = if canary == Some(false) { SharingState::CanaryViolated } else { judged.0 };
    let hint = match state {
        SharingState::On => return Ok(format!("may be on; checkpoint {file}")),
        SharingState::CheckpointMissing => "restore the file, or run `sekisho sharing checkpoint accept`",
        SharingState::Unchecked | SharingState::CheckpointUnreadable => {
            "the file must be readable and writable by the service: set `sharing.checkpoint`"
        }
        SharingState::DatabaseBehind => {
            "a backup was restored? Record the objections that are missing, then run `sekisho sharing checkpoint accept`"
        }
        SharingState::CanaryViolated => "run `sekisho sharing prove --all`, and find out who changed the database",
    };
    Err(format!("off: {} ({file})\nhint: {hint}", state.as_str()))
}

async fn clock(store: &Store) -> Finding {
    let theirs = store.clock().await.map_err(|error| error.to_string())?;
    let apart = (SystemClock.now().0 - theirs.0).abs() / crate::domain::clock::Micros::SECOND;
    if apart <= CLOCK_SECONDS_MAX {
        Ok(format!("{apart} s apart from the database"))
    } else {
        Err(format!("{apart} s apart from the database\nhint: run a time service (NTP) on both machines"))
    }
}

async fn provider(config: &Config, live: Option<StoredBundle>) -> Finding {
    let settings = &config.analytics;
    if settings.provider == ProviderKind::None {
        return Ok("none configured: decisions come from local signals".to_owned());
    }
    let bundle = match live {
        Some(live) => Bundle::build(BundleSource::of(live.files)),
        None => app::load_bundle(config),
    };
    let bundle = bundle.map_err(|_| "cannot be looked up while the bundle fails".to_owned())?;
    if bundle.reference().recipient(&settings.recipient).is_none() {
        return Err(LoadError::UnknownRecipient(settings.recipient.clone()).to_string());
    }
    if settings.api_key.expose_secret().is_empty() {
        return Err("`analytics.api_key` is empty\nhint: name a file or variable that holds it".to_owned());
    }
    let base = settings.base().map_err(|error| error.to_string())?;
    let (host, port) = (base.host_str().unwrap_or_default(), base.port_or_known_default().unwrap_or(443));
    // A connection, and not a byte on it: asking would be a disclosure.
    match probe(host, port, std::time::Duration::from_secs(3)).await {
        Ok(()) => Ok(format!("{} lets us connect, for recipient `{}`", settings.base_url, settings.recipient)),
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            Err(format!("{} does not answer within 3 s\nhint: check the firewall", settings.base_url))
        }
        Err(error) => Err(format!("{}: {error}\nhint: check `analytics.base_url` and the firewall", settings.base_url)),
    }
}
