//! The verbs of a change's life: from its submission to taking it back. A file for each that has something to say.

use std::io::Write;

use clap::Subcommand;

use super::{activate, decide, history, rollback, sign, status, submit};
use crate::app::App;
use crate::cli::{Failure, Settings, login};
use crate::flow::policies::PoliciesError;

/// What to do with a change.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum LifeCommand {
    /// Submit a bundle: it is checked, tested, proved, and kept with what came of it
    Submit(submit::SubmitArgs),
    /// Approve somebody else's bundle, or let it through in an emergency
    Approve(decide::ApproveArgs),
    /// Refuse somebody else's bundle
    Refuse(decide::RefuseArgs),
    /// Review a bundle that was let through in an emergency
    Review(decide::ReviewArgs),
    /// Have an approved bundle decide: about all cards, about a share of them, or beside the live one
    Activate(activate::ActivateArgs),
    /// Show what is in use, what came of it so far, and what every process decides by
    Status(status::StatusArgs),
    /// End what is tried, or have the bundle before the live one decide again
    Rollback(rollback::RollbackArgs),
    /// List bundles and what they were in use for
    History(history::HistoryArgs),
    /// Show one bundle: its checks, what it takes away, who said what about it
    Show(history::ShowArgs),
    /// Write a bundle's files into a folder
    Export(history::ExportArgs),
    /// Make a key that bundles are signed by
    Keygen(sign::KeygenArgs),
    /// Sign a bundle
    Sign(sign::SignArgs),
}

/// Runs a verb.
pub(super) async fn run(command: LifeCommand, settings: &Settings, out: &mut dyn Write) -> Result<u8, Failure> {
    match command {
        LifeCommand::Keygen(args) => return sign::keygen(&args, out),
        LifeCommand::Sign(args) => return sign::sign(&args, settings, out).await,
        LifeCommand::Submit(args) => return submit::run(args, settings, out).await,
        _ => {}
    }
    let app = Box::pin(crate::cli::open(settings.load()?)).await?;
    let done = on_database(&app, command, out).await;
    app.store.clone().close().await;
    done
}

async fn on_database(app: &App, command: LifeCommand, out: &mut dyn Write) -> Result<u8, Failure> {
    match command {
        LifeCommand::Approve(args) => decide::approve(app, args, out).await,
        LifeCommand::Refuse(args) => decide::refuse(app, args, out).await,
        LifeCommand::Review(args) => decide::review(app, args, out).await,
        LifeCommand::Activate(args) => activate::run(app, args, out).await,
        LifeCommand::Status(args) => status::run(app, &args, out).await,
        LifeCommand::Rollback(args) => rollback::run(app, args, out).await,
        LifeCommand::History(args) => history::run(app, &args, out).await,
        LifeCommand::Show(args) => history::show(app, &args, out).await,
        LifeCommand::Export(args) => history::export(app, &args, out).await,
        LifeCommand::Keygen(_) | LifeCommand::Sign(_) | LifeCommand::Submit(_) => Ok(0),
    }
}

/// What a refusal means on the command line.
pub(super) fn failure(error: PoliciesError) -> Failure {
    match error {
        PoliciesError::Rights(error) => login::denied(error),
        PoliciesError::Store(error) => error.into(),
        PoliciesError::Broken => Failure { code: crate::cli::OURS, message: error.to_string() },
        error => Failure::failed(error.to_string()),
    }
}

/// The digits by which people know a digest.
pub(super) fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
