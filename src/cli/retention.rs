//! `sekisho retention run`: deletes what is older than its period.

use std::io::Write;

use clap::Subcommand;

use super::{Failure, login};
use crate::config::Config;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::retention::{self, RetentionError};

#[derive(Debug, Subcommand)]
pub(super) enum RetentionCommand {
    /// Delete what is older than the periods in the settings; may be stopped and begun again
    Run {
        /// Count, and delete nothing
        #[arg(long)]
        dry_run: bool,
    },
}

pub(super) async fn run(config: Config, command: RetentionCommand, out: &mut dyn Write) -> Result<u8, Failure> {
    let RetentionCommand::Run { dry_run } = command;
    let app = super::open(config).await?;
    let who = login::require(&app, Act::RetentionRun, &ActSubject::none()).await?;
    let pruned = retention::run(&app, &who.actor(), dry_run).await.map_err(|error| match error {
        RetentionError::Store(error) => error.into(),
        error @ RetentionError::Violation(_) => Failure::failed(error.to_string()),
    })?;
    let word = if dry_run { "would go" } else { "deleted" };
    for pruned in pruned {
        writeln!(out, "{:<16} {word} {}", pruned.kind, pruned.records)?;
    }
    Ok(0)
}
