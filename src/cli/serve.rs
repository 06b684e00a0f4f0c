//! `sekisho serve`: the service, until it is told to stop.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, OURS};
use crate::app;
use crate::config::Config;
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
}

pub(super) async fn run(config: Config, args: ServeArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    telemetry::begin(&config.log)?;
    // The embedded database belongs to this program alone, so a fresh one needs no separate step.
    let fresh = config.database_url_is_embedded() && !config.embedded_database().exists();
    if args.migrate || fresh {
        app::migrate(&config).await?;
    }
    let listen = args.listen.unwrap_or(config.server.listen);
    let listener = bind(listen).await?;
    let app = Arc::new(super::open(config).await?);
    let address = listener.local_addr()?;
    let url = app.config.server.public_url.as_str().trim_end_matches('/');
    writeln!(out, "sekisho serves {url} on {address} ({})", app.store.backend_name())?;
    out.flush()?;
    service::serve(app, listener, stopped()?).await?;
    Ok(0)
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
