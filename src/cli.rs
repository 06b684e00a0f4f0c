//! The command line: a file per verb. Exit codes: 0 fine, 1 policies, cases or checks fail, 2 usage, 3 ours.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

mod ask;
mod card;
mod cardholder;
mod consent;
mod demo;
mod doctor;
mod login;
mod merchant;
mod migrate;
mod outbox;
pub mod policy;
mod retention;
mod serve;
mod sharing;
mod staff;
mod webhook;

use crate::config::Config;

/// Something failed that the user cannot have meant.
pub const OURS: u8 = 3;
/// The command was not understood.
pub const USAGE: u8 = 2;
/// What was checked is not as it should be.
pub const FAILED: u8 = 1;

/// Sekisho, the checkpoint: an authentication service for card issuers
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    /// Settings file; without it defaults and environment alone
    #[arg(long, global = true, env = "SEKISHO_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data folder: database, keys
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Database, `sqlite:PATH` or `postgres://…`; without it SQLite in the data folder
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Serve the API and the pages
    Serve(serve::ServeArgs),
    /// Run a shop, the service and a stand-in analysis company on this machine
    Demo(demo::DemoArgs),
    /// Bring the database to this program's schema
    Migrate,
    /// Check database, migrations, bundle, keys, provider and clock, and say what to do
    Doctor,
    /// Sign in as a staff person; commands that change something need it
    Login(login::LoginArgs),
    /// End the session of the command line
    Logout,
    /// Add, reset, disable and list staff people
    #[command(subcommand)]
    Staff(staff::StaffCommand),
    /// Register merchants, make API keys, and say where they are told
    #[command(subcommand)]
    Merchant(merchant::MerchantCommand),
    /// Make and list the keys of the issuer's core system
    #[command(subcommand)]
    Issuer(merchant::IssuerCommand),
    /// Import cardholders and cards, and issue activation codes
    #[command(subcommand)]
    Card(card::CardCommand),
    /// Record what a cardholder says about data sharing
    #[command(subcommand)]
    Consent(consent::ConsentCommand),
    /// Prove what was shared; one person's record; the checkpoint of objections
    #[command(subcommand)]
    Sharing(sharing::SharingCommand),
    /// Erase a cardholder
    #[command(subcommand)]
    Cardholder(cardholder::CardholderCommand),
    /// Delete what is older than its period
    #[command(subcommand)]
    Retention(retention::RetentionCommand),
    /// Messages on their way out: list them, send dead ones again
    #[command(subcommand)]
    Outbox(outbox::OutboxCommand),
    /// Messages to merchants: list them, send them again
    #[command(subcommand)]
    Webhook(webhook::WebhookCommand),
    /// Check and test policy bundles
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
}

/// Why a command failed: a message for a person and an exit code.
#[derive(Debug)]
struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// What was checked, imported or asked for is wrong.
    fn failed(message: impl Into<String>) -> Self {
        Self { code: FAILED, message: message.into() }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { code: OURS, message: error.to_string() }
    }
}

/// Runs the command line and answers the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let to: &mut dyn Write = if error.use_stderr() { err } else { out };
            // Nobody is left to tell when the terminal is gone.
            let _ = write!(to, "{error}");
            return if error.use_stderr() { USAGE } else { 0 };
        }
    };
    match dispatch(cli, out) {
        Ok(code) => code,
        Err(failure) => {
            let _ = writeln!(err, "error: {}", failure.message);
            failure.code
        }
    }
}

fn dispatch(cli: Cli, out: &mut dyn Write) -> Result<u8, Failure> {
    if let Verb::Policy(command) = cli.verb {
        return Ok(policy::run(command, out)?);
    }
    if let Verb::Demo(args) = cli.verb {
        return runtime()?.block_on(demo::run(cli.data, cli.database_url, args, out));
    }
    let config = settings(&cli).map_err(|error| Failure { code: USAGE, message: error.to_string() })?;
    runtime()?.block_on(async {
        match cli.verb {
            Verb::Serve(args) => serve::run(config, args, out).await,
            Verb::Migrate => migrate::run(&config, out).await,
            Verb::Doctor => doctor::run(config, out).await,
            Verb::Login(args) => login::login(config, args, out).await,
            Verb::Logout => login::logout(config, out).await,
            Verb::Staff(command) => staff::run(config, command, out).await,
            Verb::Merchant(command) => merchant::run(config, command, out).await,
            Verb::Issuer(command) => merchant::run_issuer(config, command, out).await,
            Verb::Card(command) => card::run(config, command, out).await,
            Verb::Consent(command) => consent::run(config, command, out).await,
            Verb::Sharing(command) => sharing::run(config, command, out).await,
            Verb::Cardholder(command) => cardholder::run(config, command, out).await,
            Verb::Retention(command) => retention::run(config, command, out).await,
            Verb::Outbox(command) => outbox::run(config, command, out).await,
            Verb::Webhook(command) => webhook::run(config, command, out).await,
            Verb::Policy(command) => Ok(policy::run(command, out)?),
            Verb::Demo(args) => demo::run(cli.data, cli.database_url, args, out).await,
        }
    })
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

/// The settings, with what the command line says on top.
fn settings(cli: &Cli) -> Result<Config, crate::config::ConfigError> {
    let mut environment: Vec<(String, String)> = std::env::vars().collect();
    if let Some(data) = &cli.data {
        environment.retain(|(name, _)| name != "SEKISHO__DATA_DIR");
        environment.push(("SEKISHO__DATA_DIR".to_owned(), data.display().to_string()));
    }
    if let Some(url) = &cli.database_url {
        environment.retain(|(name, _)| name != "SEKISHO__DATABASE__URL");
        environment.push(("SEKISHO__DATABASE__URL".to_owned(), url.clone()));
    }
    Config::load(cli.config.as_deref(), environment)
}

/// The service's parts for a command that works on its data: the real clock, real randomness.
async fn open(config: Config) -> Result<crate::app::App, Failure> {
    let clock = std::sync::Arc::new(crate::system::SystemClock);
    let randomness = std::sync::Arc::new(crate::system::SystemRandomness);
    // Wiring the parts takes more room than a caller's stack should give.
    Ok(Box::pin(crate::app::App::build(config, clock, randomness)).await?)
}
