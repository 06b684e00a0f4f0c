//! `sekisho sharing`: proves from the records that nothing was let out against an objection, and keeps what is needed for it.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{FAILED, Failure, login};
use crate::app::App;
use crate::config::Config;
use crate::domain::consent::line::{LineEntry, LineRow};
use crate::domain::consent::proof::Totals;
use crate::domain::id::CardholderId;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::consent::checkpoint;
use crate::flow::export;
use crate::flow::prove::{self, ExportFile, ProveError, Scope};

/// No export of one person is longer, in bytes.
const PERSON_BYTES_MAX: u64 = 64 << 20;

#[derive(Debug, Subcommand)]
pub(super) enum SharingCommand {
    /// Prove that nothing was let out against an objection
    Prove(ProveArgs),
    /// Write everything recorded about one cardholder's consent and disclosures, as JSON
    Export {
        /// The issuer's reference of the cardholder, or her id
        #[arg(long, value_name = "REFERENCE")]
        cardholder: String,
        /// Where to write it; standard output without it
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Show the checkpoint of objections, which is kept outside of the database
    Checkpoint {
        #[command(subcommand)]
        command: Option<CheckpointCommand>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum CheckpointCommand {
    /// Take the database as it is for the truth: after a restored backup was looked through
    Accept,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("whose").required(true).args(["cardholder", "all", "from"]))]
pub(super) struct ProveArgs {
    /// One cardholder, by the issuer's reference or her id; tells each of her disclosures
    #[arg(long, value_name = "REFERENCE")]
    cardholder: Option<String>,
    /// All cardholders
    #[arg(long)]
    all: bool,
    /// Write what is proved to this file, as JSON Lines
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    export: Option<PathBuf>,
    /// Prove an export instead of the database
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
}

pub(super) async fn run(config: Config, command: SharingCommand, out: &mut dyn Write) -> Result<u8, Failure> {
    match command {
        SharingCommand::Prove(ProveArgs { from: Some(path), .. }) => {
            let file = File::open(&path).map_err(|error| named(&path, &error))?;
            let totals = from(BufReader::with_capacity(1 << 16, file)).map_err(failure)?;
            tell(&totals, out)?;
            Ok(0)
        }
        SharingCommand::Prove(args) => prove(&super::open(config).await?, args, out).await,
        SharingCommand::Export { cardholder, file } => {
            let app = super::open(config).await?;
            let id = find(&app, &cardholder).await?;
            let who = login::require(&app, Act::CardholderExport, &ActSubject::of(id)).await?;
            let person = export::person(&app, &who.actor(), id).await?;
            let json = serde_json::to_string_pretty(&person.json())?;
            match file {
                Some(path) => std::fs::write(&path, json).map_err(|error| named(&path, &error))?,
                None => writeln!(out, "{json}")?,
            }
            Ok(0)
        }
        SharingCommand::Checkpoint { command } => {
            let app = super::open(config).await?;
            if command.is_some() {
                let who = login::require(&app, Act::SharingCheckpointAccept, &ActSubject::none()).await?;
                checkpoint::accept(&app, &who.actor()).await?;
            }
            show_checkpoint(&app, out).await
        }
    }
}

async fn prove(app: &App, args: ProveArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let scope = match &args.cardholder {
        Some(reference) => Scope::One(find(app, reference).await?),
        None => Scope::All,
    };
    let export = match &args.export {
        Some(path) => {
            let (act, subject) = match scope {
                Scope::One(id) => (Act::CardholderExport, ActSubject::of(id)),
                Scope::All => (Act::SharingExport, ActSubject::none()),
            };
            let who = login::require(app, act, &subject).await?;
            prove::note_export(app, &who.actor(), scope).await?;
            Some(create(path)?)
        }
        None => None,
    };
    let totals = prove::prove(app, scope, export).await.map_err(failure)?;
    if let Scope::One(id) = scope {
        app.store.line(id).await?.iter().try_for_each(|row| disclosure(row, out))?;
    }
    tell(&totals, out)?;
    Ok(0)
}

/// An export of all, line by line; or the export of one person, which is one JSON document.
fn from(mut file: BufReader<File>) -> Result<Totals, ProveError> {
    if file.fill_buf()?.starts_with(b"{\"header\"") {
        return prove::prove_export(file);
    }
    let mut json = String::new();
    file.take(PERSON_BYTES_MAX).read_to_string(&mut json)?;
    prove::prove_person(&json)
}

/// A cardholder by the issuer's reference, or by her id: who was erased has no reference any more.
pub(super) async fn find(app: &App, reference: &str) -> Result<CardholderId, Failure> {
    if let Ok(id) = reference.parse::<CardholderId>()
        && app.store.cardholder_since(id).await?.is_some()
    {
        return Ok(id);
    }
    let holder = app.store.cardholder_key(reference).await?;
    let unknown = || Failure::failed(format!("no cardholder has the reference `{reference}`"));
    holder.map(|(id, ..)| id).ok_or_else(unknown)
}

fn create(path: &std::path::Path) -> Result<ExportFile, Failure> {
    let file = File::create(path).map_err(|error| named(path, &error))?;
    Ok(Box::new(BufWriter::with_capacity(1 << 16, file)))
}

fn named(path: &std::path::Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("`{}`: {error}", path.display()))
}

fn failure(error: ProveError) -> Failure {
    if error.is_violation() { Failure { code: FAILED, message: format!("violated: {error}") } } else { error.into() }
}

fn disclosure(row: &LineRow, out: &mut dyn Write) -> std::io::Result<()> {
    let LineEntry::Disclosure(disclosure) = &row.entry else { return Ok(()) };
    let end = row.settlement.as_ref().map_or(disclosure.state.as_str(), |settlement| settlement.state.as_str());
    writeln!(
        out,
        "{}  {}  {} to {}: {end}, basis {}, relies on {}",
        disclosure.recorded_at.rfc3339(),
        disclosure.id,
        disclosure.purpose.as_str(),
        disclosure.recipient,
        disclosure.basis,
        disclosure.consent_event_id,
    )?;
    writeln!(out, "    items {}", disclosure.items.join(", "))?;
    let (rules, digest) = (&disclosure.transform_version, &disclosure.body_digest);
    writeln!(out, "    rules {rules}, policies {}, digest {digest}", disclosure.bundle_digest)
}

fn tell(totals: &Totals, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "proved: {} people, {} events, {} disclosures", totals.people, totals.events, totals.disclosures())?;
    let Totals { sent, not_sent, unknown, open, erase, objections, after_objection, .. } = totals;
    writeln!(out, "sent {sent}, not sent {not_sent}, unknown {unknown}, open {open}; {erase} of them asked to erase")?;
    writeln!(out, "objections {objections}; disclosures against an objection {after_objection}")?;
    match totals.time_to_effect() {
        Some(time) => {
            let [p50, p99, max] = [time.p50, time.p99, time.max].map(seconds);
            writeln!(out, "from request to effect: p50 {p50}, p99 {p99}, max {max}")
        }
        None => Ok(()),
    }
}

fn seconds(micros: u64) -> String {
    format!("{}.{:06} s", micros / 1_000_000, micros % 1_000_000)
}

async fn show_checkpoint(app: &App, out: &mut dyn Write) -> Result<u8, Failure> {
    let state = app.compare_checkpoint().await?;
    let (objections, _) = app.store.objection_count().await?;
    let known = match app.sharing.read_checkpoint() {
        Ok(Some(checkpoint)) => format!("{} objections", checkpoint.objections),
        Ok(None) => "no checkpoint yet".to_owned(),
        Err(error) => format!("cannot be read: {error}"),
    };
    writeln!(out, "{}: {known}", app.sharing.checkpoint_file().display())?;
    writeln!(out, "database: {objections} objections")?;
    writeln!(out, "sharing: {}", state.as_str())?;
    Ok(if app.sharing.is_on() { 0 } else { FAILED })
}
