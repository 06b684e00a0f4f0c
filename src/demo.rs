//! A whole payment world on one machine: the service, stand-ins for the analysis company and a telephone, and a shop. Nothing else
//! depends on it.

mod listeners;
pub mod provider;
mod report;
pub mod sandbox;
mod secrets;
mod seed;
mod service;
mod shop;
pub mod telephone;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::domain::clock::SharedClock;
use crate::domain::randomness::SharedRandomness;
use crate::system::{SystemClock, SystemRandomness};
use listeners::Listeners;
pub use provider::ProviderState;
use report::Report;
pub use report::{CardReport, MerchantReport, ReportFormat, Words};
use secrets::Secrets;
pub use telephone::Telephone;

/// How the demo is run.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// The service's port; the stand-in provider and the shop take the next two. 0: any that are free.
    pub port: u16,
    /// Where keys and, without a database's address, the data are kept.
    pub data_dir: PathBuf,
    /// The database's address; none: SQLite in the data folder.
    pub database_url: Option<SecretString>,
    /// How the demo says what it made.
    pub format: ReportFormat,
}

/// Why the demo does not run.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A port is not to be had.
    #[error("cannot listen on port {port}: {source}\nhint: {hint}")]
    Port {
        /// The port.
        port: u16,
        /// What the operating system says.
        source: std::io::Error,
        /// What to do.
        hint: &'static str,
    },
    /// The data folder cannot be used.
    #[error("cannot use the data folder `{path}`: {reason}\nhint: name a writable one with --data")]
    Folder {
        /// The folder.
        path: String,
        /// Why.
        reason: String,
    },
    /// The database cannot be used.
    #[error("cannot use the database: {reason}\nhint: {hint}")]
    Database {
        /// Why, without the address, which may hold a password.
        reason: String,
        /// What to do.
        hint: &'static str,
    },
    /// A part of the service refused to start.
    #[error("{0}")]
    Part(String),
    /// The report cannot be written.
    #[error("cannot write the report: {0}")]
    Output(#[from] std::io::Error),
}

/// The demo, listening and seeded.
pub struct Demo {
    /// Where everything is and what there is to buy with.
    pub report: Report,
    /// The stand-in provider, to be steered and asked for its calls.
    pub provider: ProviderState,
    /// The telephone that short messages arrive on.
    pub telephone: Telephone,
    running: JoinSet<std::io::Result<()>>,
    stop: CancellationToken,
}

/// Starts the demo, says what it made, and runs it until `shutdown` is done.
///
/// # Errors
/// [`DemoError`]: it did not start, or one of its servers broke.
pub async fn run(
    options: DemoOptions,
    out: &mut dyn Write,
    shutdown: impl Future<Output = ()>,
) -> Result<(), DemoError> {
    let format = options.format;
    let demo = Demo::start(options).await?;
    demo.report.write(format, out)?;
    out.flush()?;
    demo.until(shutdown).await
}

impl Demo {
    /// Opens the ports, makes keys and database where there are none, seeds them, and serves.
    ///
    /// # Errors
    /// [`DemoError`].
    pub async fn start(options: DemoOptions) -> Result<Self, DemoError> {
        crate::outbound::install_tls_provider();
        let clock: SharedClock = Arc::new(SystemClock);
        let randomness: SharedRandomness = Arc::new(SystemRandomness);
        let listeners = Listeners::open(options.port).await?;
        let secrets = Secrets::load_or_create(&options.data_dir, &*randomness, clock.now())?;
        let addresses = listeners.addresses();
        let provider = ProviderState::new(service::ORG_ID, secrets.provider_key(), clock.clone());
        let telephone = Telephone::new(secrets.provider_key(), clock.clone());
        let app = service::open(&options, &addresses, &secrets, clock, randomness).await?;
        let merchants = seed::merchants(&app, &secrets, &addresses).await?;
        let people = seed::people(&app).await?;
        seed::staff::staff(&app).await?;
        let codes = seed::activation_codes(&app, &people).await?;
        let shop = shop::State::new(app.clone(), provider.clone(), &addresses, &merchants, &people)?;

        let stop = CancellationToken::new();
        let mut running = JoinSet::new();
        let stopped = || stop.clone().cancelled_owned();
        let outside = provider::router(provider.clone()).merge(telephone.router());
        running.spawn(served(listeners.provider, outside, stopped()));
        running.spawn(crate::service::serve(app.clone(), listeners.service, stopped()));
        for listener in listeners.shop {
            running.spawn(served(listener, shop::router(shop.clone()), stopped()));
        }
        shop.past_purchases().await?;
        provider.forget();
        let report = Report::of(&addresses, &options, &secrets, &merchants, (&people, &codes));
        Ok(Self { report, provider, telephone, running, stop })
    }

    /// Serves until `shutdown` is done or a server breaks, and stops everything in order.
    ///
    /// # Errors
    /// [`DemoError::Part`] when a server broke.
    pub async fn until(mut self, shutdown: impl Future<Output = ()>) -> Result<(), DemoError> {
        let broken = tokio::select! {
            () = shutdown => None,
            ended = self.running.join_next() => ended,
        };
        self.stop.cancel();
        let mut result = broken.map_or(Ok(()), of_server);
        while let Some(ended) = self.running.join_next().await {
            result = result.and(of_server(ended));
        }
        result
    }
}

fn of_server(ended: Result<std::io::Result<()>, tokio::task::JoinError>) -> Result<(), DemoError> {
    match ended {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(DemoError::Part(format!("a server of the demo broke: {error}"))),
        Err(error) => Err(DemoError::Part(format!("a server of the demo broke: {error}"))),
    }
}

async fn served(
    listener: tokio::net::TcpListener,
    router: axum::Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}
