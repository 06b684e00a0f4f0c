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
mod label;
mod login;
mod merchant;
mod migrate;
mod outbox;
mod policy;
mod retention;
mod sandbox;
mod serve;
mod sharing;
mod staff;
mod table;
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
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    verb: Verb,
}

/// Where settings come from; read only by the verbs that need them.
#[derive(Debug, clap::Args)]
struct Settings {
    /// Settings file; without it defaults and environment alone
    #[arg(long, global = true, env = "SEKISHO_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data folder: database, keys
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Database, `sqlite:PATH` or `postgres://…`; without it SQLite in the data folder
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Whether what is printed may have colours.
    #[arg(skip)]
    colours: bool,
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
    /// Say which decisions turned out to be fraud and which genuine
    #[command(subcommand)]
    Label(label::LabelCommand),
    /// Fill a database of its own with made-up purchases
    #[command(subcommand)]
    Sandbox(sandbox::SandboxCommand),
    /// Write, prove, replay and explain policies, and lead a change through its life
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

/// Runs the command line without colours and answers the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    run_at(false, arguments, out, err)
}

/// Runs the command line, with colours where a terminal shows them, and answers the exit code.
pub fn run_at(
    colours: bool,
    arguments: impl IntoIterator<Item = OsString>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let mut cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let to: &mut dyn Write = if error.use_stderr() { err } else { out };
            // Nobody is left to tell when the terminal is gone.
            let _ = write!(to, "{error}");
            return if error.use_stderr() { USAGE } else { 0 };
        }
    };
    cli.settings.colours = colours;
    match dispatch(cli, out) {
        Ok(code) => code,
        Err(failure) => {
            let _ = writeln!(err, "error: {}", failure.message);
            failure.code
        }
    }
}

fn dispatch(cli: Cli, out: &mut dyn Write) -> Result<u8, Failure> {
    let Cli { settings, verb } = cli;
    runtime()?.block_on(async {
        match verb {
            Verb::Serve(args) => serve::run(settings.load()?, args, out).await,
            Verb::Migrate => migrate::run(&settings.load()?, out).await,
            Verb::Doctor => doctor::run(settings.load()?, out).await,
            Verb::Login(args) => login::login(settings.load()?, args, out).await,
            Verb::Logout => login::logout(settings.load()?, out).await,
            Verb::Staff(command) => staff::run(settings.load()?, command, out).await,
            Verb::Merchant(command) => merchant::run(settings.load()?, command, out).await,
            Verb::Issuer(command) => merchant::run_issuer(settings.load()?, command, out).await,
            Verb::Card(command) => card::run(settings.load()?, command, out).await,
            Verb::Consent(command) => consent::run(settings.load()?, command, out).await,
            Verb::Sharing(command) => Box::pin(sharing::run(settings.load()?, command, out)).await,
            Verb::Cardholder(command) => cardholder::run(settings.load()?, command, out).await,
            Verb::Retention(command) => retention::run(settings.load()?, command, out).await,
            Verb::Outbox(command) => outbox::run(settings.load()?, command, out).await,
            Verb::Webhook(command) => webhook::run(settings.load()?, command, out).await,
            Verb::Label(command) => label::run(settings.load()?, command, out).await,
            Verb::Sandbox(command) => sandbox::run(settings.load()?, command, out).await,
            Verb::Policy(command) => policy::run(command, &settings, out).await,
            Verb::Demo(args) => demo::run(settings.data, settings.database_url, args, out).await,
        }
    })
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

impl Settings {
    /// The settings, with what the command line says on top.
    fn load(&self) -> Result<Config, Failure> {
        let mut environment: Vec<(String, String)> = std::env::vars().collect();
        let mut put = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                environment.retain(|(other, _)| other != name);
                environment.push((name.to_owned(), value));
            }
        };
        put("SEKISHO__DATA_DIR", self.data.as_ref().map(|data| data.display().to_string()));
        put("SEKISHO__DATABASE__URL", self.database_url.clone());
        let config = Config::load(self.config.as_deref(), environment);
        config.map_err(|error| Failure { code: USAGE, message: error.to_string() })
    }
}

/// The service's parts for a command that works on its data: the real clock, real randomness.
async fn open(config: Config) -> Result<crate::app::App, Failure> {
    open_with(config, crate::app::bundles::Origin::Database).await
}

/// The same, with the bundle from where `origin` says.
async fn open_with(config: Config, origin: crate::app::bundles::Origin) -> Result<crate::app::App, Failure> {
    let clock = std::sync::Arc::new(crate::system::SystemClock);
    let randomness = std::sync::Arc::new(crate::system::SystemRandomness);
    // Wiring the parts takes more room than a caller's stack should give.
    Ok(Box::pin(crate::app::App::build_with(config, clock, randomness, origin)).await?)
}
