//! `sekisho policy rollback`: back to what was before, by one command.

use std::io::Write;

use clap::Args;

use super::life::{failure, short};
use crate::app::App;
use crate::cli::{Failure, login};
use crate::flow::policies::rollback::{RolledBack, rollback};

/// What to take back.
#[derive(Debug, Args)]
pub(in crate::cli) struct RollbackArgs {
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "rolled back")]
    reason: String,
    /// Go back to the bundle before the live one, also while another one is tried
    #[arg(long)]
    live: bool,
    /// A one-time password, where the session's is too old; asked for when it is not given
    #[arg(long)]
    code: Option<String>,
}

pub(super) async fn run(app: &App, args: RollbackArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let who = login::fresh(app, args.code, out).await?;
    match rollback(app, &who, &args.reason, args.live).await.map_err(failure)? {
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
