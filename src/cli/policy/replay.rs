//! `sekisho policy replay`: recorded purchases once more under another bundle. Reads; writes only the files that are named.

mod checkpoint;
mod human;
mod notes;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tokio_util::sync::CancellationToken;

use self::checkpoint::{Checkpoint, Subject};
use self::notes::Notes;
use super::which;
use crate::cli::sandbox::share;
use crate::cli::serve::stopped;
use crate::cli::{FAILED, Failure, Settings, login};
use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::id::MerchantId;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::replay::{Report, SAMPLE_WHOLE, Selection, pinned, recipients, remaining, replay};
use crate::reports;

/// How a replay is run.
#[derive(Debug, Args)]
pub(in crate::cli) struct ReplayArgs {
    #[arg(value_name = "NEW", help = which::NAMES)]
    bundle: String,
    /// From this time on: RFC 3339, or a day in Japan's time
    #[arg(long, value_name = "TIME", value_parser = from)]
    from: Option<Micros>,
    /// Before this time: RFC 3339, or a day in Japan's time, which is taken in
    #[arg(long, value_name = "TIME", value_parser = to)]
    to: Option<Micros>,
    /// Only this merchant's purchases
    #[arg(long, value_name = "ID")]
    merchant: Option<MerchantId>,
    /// A share of the purchases, always the same ones
    #[arg(long, value_name = "SHARE", default_value = "100%", value_parser = share)]
    sample: f64,
    /// Ask every question again, also where no rule of it changed
    #[arg(long)]
    ask_all: bool,
    /// Keep here how far the run came, and go on from there
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Write a report with pictures: one page, which needs nothing else
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// The report's language
    #[arg(long, value_enum, default_value_t = ReportLanguage::Ja)]
    language: ReportLanguage,
    /// Write every decision that changes, for spreadsheets
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// How the sums are told
    #[arg(long, value_enum, default_value_t = ReplayFormat::Human)]
    format: ReplayFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ReportLanguage {
    Ja,
    En,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ReplayFormat {
    Human,
    Json,
}

fn from(text: &str) -> Result<Micros, String> {
    moment(text, 0)
}

fn to(text: &str) -> Result<Micros, String> {
    moment(text, 1)
}

/// A time, or the beginning of a day so many days later.
fn moment(text: &str, later: i64) -> Result<Micros, String> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(time.into());
    }
    let day = text.parse::<Date>().ok();
    let begins = day.and_then(|day| day.to_zoned(TimeZone::fixed(jiff::tz::offset(9))).ok());
    let begins: Micros = begins.ok_or("expected a day such as 2026-11-20, or a time in RFC 3339")?.timestamp().into();
    Ok(Micros(begins.0 + later * Micros::DAY))
}

impl ReplayArgs {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share lies between 0 and 1")]
    fn selection(&self) -> Selection {
        Selection {
            from: self.from,
            to: self.to,
            merchant: self.merchant,
            sample: (self.sample * f64::from(SAMPLE_WHOLE)).round() as u32,
            ask_all: self.ask_all,
        }
    }
}

pub(in crate::cli) async fn run(args: ReplayArgs, settings: &Settings, out: &mut dyn Write) -> Result<u8, Failure> {
    let new = Arc::new(which::bundle(&args.bundle, settings).await?);
    let app = Arc::new(crate::cli::open(settings.load()?).await?);
    login::require(&app, Act::PolicyLook, &ActSubject::none()).await?;
    // Before anything is written: from here on a signal ends the run and not the process.
    let (stop, signal) = (CancellationToken::new(), stopped()?);
    let asked = args.selection();
    let pinned = pinned(&app, &asked).await?;
    let subject = Subject { bundle: new.digest().to_owned(), recipients: recipients(&app, &new), asked };
    let checkpoint = Checkpoint::open(args.checkpoint.clone(), subject, pinned)?;
    let (selection, mut progress) = (checkpoint.selection().clone(), checkpoint.progress());
    let left = remaining(&app, &selection, &progress).await?;
    let mut notes = Notes::begin(args.csv.as_deref(), checkpoint, left, app.clock.clone())?;

    let asked = stop.clone();
    let watch = tokio::spawn(async move {
        signal.await;
        asked.cancel();
    });
    let finished = replay(&app, Arc::clone(&new), &selection, &mut progress, &mut notes, &stop).await;
    watch.abort();
    // What was found before an error is kept too: the run can go on from there.
    notes.end(&progress)?;
    let finished = finished?;

    let report = Report::of(&app, &new, selection, progress, finished).await?;
    if let Some(path) = &args.html {
        let language = match args.language {
            ReportLanguage::Ja => Language::Ja,
            ReportLanguage::En => Language::En,
        };
        std::fs::write(path, reports::replay::page(&report, language)?).map_err(|error| unwritable(path, &error))?;
    }
    match args.format {
        ReplayFormat::Human => human::tell(&report, out)?,
        ReplayFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, &report)?;
            writeln!(out)?;
        }
    }
    if finished {
        notes.forget()?;
        return Ok(0);
    }
    Ok(FAILED)
}

/// What is said of a file that cannot be written.
fn unwritable(path: &std::path::Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("cannot write `{}`: {error}\nhint: name a file in a folder that exists", path.display()))
}
