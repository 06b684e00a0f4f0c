//! `sekisho policy approve`, `refuse`, `review`: what somebody says about somebody else's bundle.

use std::io::Write;

use clap::Args;

use super::life::{failure, short};
use super::{history, submit, which};
use crate::app::App;
use crate::cli::{Failure, login};
use crate::domain::bundle::standing::Standing;
use crate::flow::policies::approve::{Word, decide};
use crate::flow::policies::review as reviews;
use crate::flow::staff::names::Names;

/// What to approve.
#[derive(Debug, Args)]
pub(in crate::cli) struct ApproveArgs {
    /// The digest, 8 digits or more
    digest: String,
    /// What others should know
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// Let it through although its checks did not pass: needs two people and a reason, and is shown until reviewed
    #[arg(long, requires = "reason")]
    emergency: bool,
    /// Why that cannot wait
    #[arg(long, value_name = "TEXT", requires = "emergency")]
    reason: Option<String>,
    /// A one-time password, where the session's is too old; asked for when it is not given
    #[arg(long)]
    code: Option<String>,
}

/// What to refuse.
#[derive(Debug, Args)]
pub(in crate::cli) struct RefuseArgs {
    /// The digest, 8 digits or more
    digest: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    note: String,
    /// A one-time password, where the session's is too old; asked for when it is not given
    #[arg(long)]
    code: Option<String>,
}

/// What was reviewed.
#[derive(Debug, Args)]
pub(in crate::cli) struct ReviewArgs {
    /// The digest, 8 digits or more
    digest: String,
    /// What was found
    #[arg(long, value_name = "TEXT")]
    note: String,
    /// A one-time password, where the session's is too old; asked for when it is not given
    #[arg(long)]
    code: Option<String>,
}

pub(super) async fn approve(app: &App, args: ApproveArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let word = match args.reason {
        Some(reason) if args.emergency => Word::LetThrough { reason },
        _ => Word::Approve { note: args.note },
    };
    say(app, &args.digest, word, args.code, out).await
}

pub(super) async fn refuse(app: &App, args: RefuseArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    say(app, &args.digest, Word::Refuse { note: args.note }, args.code, out).await
}

async fn say(app: &App, digest: &str, word: Word, code: Option<String>, out: &mut dyn Write) -> Result<u8, Failure> {
    let digest = which::one_beginning(&app.store, digest).await?;
    let who = login::fresh(app, code, out).await?;
    if let Some(head) = app.store.bundle_head(&digest).await? {
        submit::describe(&head, out)?;
    }
    let standing = decide(app, &who, &digest, word).await.map_err(failure)?;
    writeln!(out, "{}: {}", short(&digest), history::words(&standing, &Names::read(app).await?))?;
    if standing == Standing::ApprovedInEmergency {
        writeln!(out, "it is shown until somebody else runs `sekisho policy review {}`", short(&digest))?;
    }
    Ok(0)
}

pub(super) async fn review(app: &App, args: ReviewArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let digest = which::one_beginning(&app.store, &args.digest).await?;
    let who = login::fresh(app, args.code, out).await?;
    reviews::review(app, &who, &digest, &args.note).await.map_err(failure)?;
    writeln!(out, "{} is reviewed", short(&digest))?;
    Ok(0)
}
