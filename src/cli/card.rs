//! `sekisho card import`: cardholders and cards from a CSV file, all of it or nothing. `sekisho card activation-codes`:
//! codes for the letters to cardholders.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};

use super::{FAILED, Failure, login, table};
use crate::config::Config;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::activation::{self, ActivationError};
use crate::flow::import::{COLUMNS, ImportError, import};

#[derive(Debug, Subcommand)]
pub(super) enum CardCommand {
    /// Import a CSV file (UTF-8, with a heading row): all of it, or nothing
    Import {
        /// The file
        file: PathBuf,
    },
    /// Issue activation codes, as CSV to standard output: each is told this once
    ActivationCodes {
        /// A file with the reference of a card on each line
        file: PathBuf,
    },
}

pub(super) async fn run(config: Config, command: CardCommand, out: &mut dyn Write) -> Result<u8, Failure> {
    match command {
        CardCommand::Import { file } => import_file(config, &file, out).await,
        CardCommand::ActivationCodes { file } => issue_codes(config, &file, out).await,
    }
}

/// Each code is written as it is issued: what was written is good, whatever comes after.
async fn issue_codes(config: Config, file: &Path, out: &mut dyn Write) -> Result<u8, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::failed(format!(
            "cannot read `{}`: {error}\nhint: a text file in UTF-8 with the reference of a card on each line",
            file.display()
        ))
    };
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    let app = super::open(config).await?;
    let who = login::require(&app, Act::CardImport, &ActSubject::none()).await?;
    let mut rows = csv::Writer::from_writer(out);
    rows.write_record(["card_reference", "activation_code", "expires_at"])?;
    let mut refused = Vec::new();
    for (line, reference) in (1..).zip(text.lines().map(str::trim)).filter(|(_, reference)| !reference.is_empty()) {
        match activation::issue(&app, &who.actor(), reference).await {
            Ok(issued) => {
                rows.write_record([reference, issued.code.as_str(), &issued.expires_at.timestamp().to_string()])?;
                rows.flush()?;
            }
            Err(ActivationError::Store(error)) => return Err(error.into()),
            Err(error) => {
                refused.push(format!("line {line}: {}", error.to_string().lines().next().unwrap_or_default()));
            }
        }
    }
    if refused.is_empty() {
        return Ok(0);
    }
    Err(Failure::failed(format!(
        "no code was issued for {} of the cards:\n{}\nhint: the others have theirs; correct these lines and run them alone",
        refused.len(),
        refused.join("\n")
    )))
}

async fn import_file(config: Config, file: &Path, out: &mut dyn Write) -> Result<u8, Failure> {
    let rows = table::read(file, &COLUMNS)?;
    let app = super::open(config).await?;
    let who = login::require(&app, Act::CardImport, &ActSubject::none()).await?;
    let style =
        ProgressStyle::with_template("{bar:40} {pos}/{len} rows  {eta} left").unwrap_or(ProgressStyle::default_bar());
    let bar = ProgressBar::new(rows.len() as u64).with_style(style);
    let imported = import(&app, &who.actor(), rows, || bar.inc(1)).await;
    bar.finish_and_clear();
    let imported = imported.map_err(|error| match error {
        ImportError::Rows(_) => Failure { code: FAILED, message: error.to_string() },
        other => other.into(),
    })?;
    writeln!(out, "imported {} cards of {} cardholders", imported.cards, imported.cardholders)?;
    Ok(0)
}
