//! `sekisho policy rollback`: back to what was before, by one command.

use std::io::Write;

use clap::Args;

use super::life::{failure, short};
use super::which;
use crate::app::App;
use crate::cli::{Failure, login};
use crate::flow::policies::rollback::{RolledBack, rollback, what, what_of};

/// What to take back.
#[derive(Debug, Args)]
pub(in crate::cli) struct RollbackArgs {
    /// The bundle that must go, 8 digits or more; without it, what is tried, and the live one where nothing is
    digest: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "rolled back")]
    reason: String,
    /// Go back to the bundle before the live one, also while another one is tried
    #[arg(long, conflicts_with = "digest")]
    live: bool,
    /// A one-time password, where the session's is too old; asked for when it is not given
    #[arg(long)]
    code: Option<String>,
}

pub(super) async fn run(app: &App, args: RollbackArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    // What is in use now must go, and nothing that somebody puts into use while a password is asked for.
    let what = match args.digest {
        Some(digest) => what_of(app, &which::one_beginning(&app.store, &digest).await?).await,
        None => what(app, args.live).await,
    };
    let what = what.map_err(failure)?;
    let who = login::fresh(app, args.code, out).await?;
    match rollback(app, &who, &args.reason, what).await.map_err(failure)? {
        RolledBack::Ended(trials) => {
            for trial in trials {
                writeln!(out, "{} is {} no more", short(&trial.digest), trial.mode.as_str())?;
            }
            writeln!(out, "the live bundle decides as before; once more, and the one before it does")?;
        }
        RolledBack::Live(activation) => {
            writeln!(out, "{} decides again; every process follows within two seconds", short(&activation.digest))?;
        }
    }
    Ok(0)
}
