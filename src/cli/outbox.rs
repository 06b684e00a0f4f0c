//! `sekisho outbox`: what waits to be sent, what never arrived, and another try for it.

use std::io::Write;

use clap::{Args, Subcommand};

use super::{Failure, login};
use crate::config::Config;
use crate::domain::id::{IdError, OutboxId};
use crate::domain::outbox::{OutboxKind, OutboxState};
use crate::domain::staff::{Act, ActSubject};
use crate::flow::outbox::{self, ReplayError};
use crate::store::outbox::{OutboxFilter, OutboxRow};

/// So many rows are read at a time.
const PAGE: u32 = 500;

#[derive(Debug, Subcommand)]
pub(super) enum OutboxCommand {
    /// List messages that wait, are being sent, or are dead
    List(ListArgs),
    /// Send dead messages again
    Replay(ReplayArgs),
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Dead ones alone
    #[arg(long)]
    dead: bool,
    /// Of this kind alone: `receipt_mail`, `pending_notice_mail`, `feedback`, `erasure`, `code_mail`, `code_sms`,
    /// `member_notice_mail`, `member_notice_sms`, `webhook`
    #[arg(long, value_parser = kind)]
    kind: Option<OutboxKind>,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["id", "dead"]))]
pub(super) struct ReplayArgs {
    /// The message's id, `out_…`
    #[arg(value_name = "ID", value_parser = id)]
    id: Option<OutboxId>,
    /// All that are dead
    #[arg(long)]
    dead: bool,
    /// With --dead: of this kind alone
    #[arg(long, requires = "dead", value_parser = kind)]
    kind: Option<OutboxKind>,
}

fn kind(text: &str) -> Result<OutboxKind, String> {
    let words: Vec<&str> = OutboxKind::ALL.iter().map(|kind| kind.as_str()).collect();
    OutboxKind::parse(text).ok_or_else(|| format!("expected one of {}", words.join(", ")))
}

fn id(text: &str) -> Result<OutboxId, IdError> {
    text.parse()
}

pub(super) async fn run(config: Config, command: OutboxCommand, out: &mut dyn Write) -> Result<u8, Failure> {
    let app = super::open(config).await?;
    match command {
        OutboxCommand::List(args) => {
            let state = args.dead.then_some(OutboxState::Dead);
            let filter = OutboxFilter { state, kind: args.kind, cardholder_id: None };
            let mut after = None;
            loop {
                let rows = app.store.outbox(filter, after, PAGE).await?;
                let Some(last) = rows.last() else { break };
                after = Some(last.id);
                rows.iter().try_for_each(|row| line(row, out))?;
            }
        }
        OutboxCommand::Replay(ReplayArgs { id: Some(id), .. }) => {
            let actor = login::require(&app, Act::OutboxReplay, &ActSubject::of(id)).await?.actor();
            outbox::replay(&app, &actor, id).await.map_err(failure)?;
            writeln!(out, "{id} is tried again")?;
        }
        OutboxCommand::Replay(args) => {
            let actor = login::require(&app, Act::OutboxReplay, &ActSubject::none()).await?.actor();
            for id in outbox::replay_dead(&app, &actor, args.kind).await? {
                writeln!(out, "{id} is tried again")?;
            }
        }
    }
    Ok(0)
}

fn line(row: &OutboxRow, out: &mut dyn Write) -> std::io::Result<()> {
    let (id, kind, state) = (row.id, row.kind.as_str(), row.state.as_str());
    write!(out, "{id}  {kind:<19}  {state:<7}  about {}  tries {}", row.subject, row.attempts)?;
    if row.state != OutboxState::Dead {
        write!(out, "  due {}", row.due_at.rfc3339())?;
    }
    match &row.reason {
        Some(reason) => writeln!(out, "  last: {reason}"),
        None => writeln!(out),
    }
}

fn failure(error: ReplayError) -> Failure {
    match error {
        ReplayError::NotDead(_) => Failure::failed(error.to_string()),
        ReplayError::Store(error) => error.into(),
    }
}
