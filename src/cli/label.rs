//! `sekisho label import`: which decisions turned out to be fraud and which genuine, from a CSV file, all of it or nothing.

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;

use super::{FAILED, Failure, login, table};
use crate::config::Config;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::label::{COLUMNS, LabelError, import};

#[derive(Debug, Subcommand)]
pub(super) enum LabelCommand {
    /// Import a CSV file with the columns `authentication_id`, `label` (fraud or genuine) and `source`: all of it, or nothing
    Import {
        /// The file
        file: PathBuf,
    },
}

pub(super) async fn run(config: Config, command: LabelCommand, out: &mut dyn Write) -> Result<u8, Failure> {
    let LabelCommand::Import { file } = command;
    let rows = table::read(&file, &COLUMNS)?;
    let app = super::open(config).await?;
    let who = login::require(&app, Act::LabelImport, &ActSubject::none()).await?;
    let imported = import(&app, &who.actor(), rows).await.map_err(|error| match error {
        LabelError::Rows(_) => Failure { code: FAILED, message: error.to_string() },
        LabelError::Store(error) => error.into(),
    })?;
    writeln!(out, "labelled {} decisions as fraud and {} as genuine", imported.frauds, imported.genuine)?;
    Ok(0)
}
