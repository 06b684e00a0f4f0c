//! `sekisho serve`: the service, until it is told to stop.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, OURS};
use crate::app::bundles::Origin;
use crate::app::{self, App};
use crate::config::Config;
use crate::domain::merchant::Environment;
use crate::policy::BundleSource;
use crate::{service, telemetry};

/// How to serve.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Address and port to listen on; overrides the settings
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Bring the database to this program's schema first
    #[arg(long)]
    migrate: bool,
    /// Decide by the bundle in this folder and follow its changes; for development: nothing of it is recorded
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
}

pub(super) async fn run(config: Config, args: ServeArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    telemetry::begin(&config.log)?;
    let origin = args.policies.map_or(Origin::Database, Origin::Folder);
    development_only(&origin, &config)?;
    // The embedded database belongs to this program alone, so a fresh one needs no separate step.
    let fresh = config.database_url_is_embedded() && !config.embedded_database().exists();
    if args.migrate || fresh {
        app::migrate(&config).await?;
    }
    let listen = args.listen.unwrap_or(config.server.listen);
    let listener = bind(listen).await?;
    let app = Arc::new(super::open_with(config, origin).await?);
    let address = listener.local_addr()?;
    let url = app.config.server.public_url.as_str().trim_end_matches('/');
    let by = match &app.bundle.origin {
        Origin::Database => String::new(),
        Origin::Folder(folder) => format!(", by the folder {} as it changes: for development only", folder.display()),
    };
    // One line: whoever starts it may read no more and close the pipe.
    writeln!(out, "sekisho serves {url} on {address} ({}){by}", app.store.backend_name())?;
    if let Origin::Folder(folder) = &app.bundle.origin {
        tracing::warn!(folder = %folder.display(), "a folder decides, whatever the database says");
    }
    tell_of_folder(&app);
    out.flush()?;
    service::serve(app, listener, stopped()?).await?;
    Ok(0)
}

/// Refuses a folder where only what was approved, or signed, may decide.
fn development_only(origin: &Origin, config: &Config) -> Result<(), Failure> {
    let why = match origin {
        Origin::Folder(_) if config.environment == Environment::Live => "`environment` is `live`",
        Origin::Folder(_) if !config.policies.signing_keys.is_empty() => "`policies.signing_keys` asks for signatures",
        Origin::Database | Origin::Folder(_) => return Ok(()),
    };
    Err(Failure::failed(format!(
        "`--policies` is for development, and {why}\nhint: `sekisho policy submit` the folder, and leave `--policies` out"
    )))
}

/// Says when the configured folder is not what decides: it was the first bundle of the database at most.
fn tell_of_folder(app: &App) {
    let Some(folder) = app.config.bundle_folder() else { return };
    let decides =
        app.bundle.snapshot().live.digest() == BundleSource::read(folder).map_or(String::new(), |it| it.digest());
    if app.bundle.origin == Origin::Database && !decides {
        tracing::warn!(
            folder = %folder.display(),
            "the folder of `bundle.path` is not what decides: `sekisho policy submit` it, or leave the setting out"
        );
    }
}

/// Listens, or says in one line why not.
async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| Failure {
        code: OURS,
        message: format!(
            "cannot listen on {address}: {error}\nhint: stop what uses the port, or choose another with --listen"
        ),
    })
}

/// Done when the process is asked to end: SIGTERM or SIGINT.
pub(super) fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
