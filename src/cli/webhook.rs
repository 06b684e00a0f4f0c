//! `sekisho webhook`: messages to merchants that wait or never arrived, and another try for them.

use std::io::Write;

use clap::{Args, Subcommand};

use super::merchant::webhook::named;
use super::{Failure, login};
use crate::config::Config;
use crate::domain::id::{IdError, OutboxId};
use crate::domain::outbox::OutboxState;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::webhook::{self, WebhookError};
use crate::store::webhooks::{WebhookFilter, WebhookMessage};

/// So many rows are read at a time.
const PAGE: u32 = 500;

#[derive(Debug, Subcommand)]
pub(super) enum WebhookCommand {
    /// List messages that wait, are being sent, or are dead
    List(ListArgs),
    /// Send messages again at once
    Replay(ReplayArgs),
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Dead ones alone
    #[arg(long)]
    dead: bool,
    /// To this merchant alone: its id (`mer_…`) or its name
    #[arg(long)]
    merchant: Option<String>,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["ids", "dead"]))]
pub(super) struct ReplayArgs {
    /// The messages' ids (`out_…`), whether they are dead, wait, or arrived before
    #[arg(value_name = "ID", value_parser = id)]
    ids: Vec<OutboxId>,
    /// All that are dead
    #[arg(long)]
    dead: bool,
    /// With --dead: to this merchant alone, by its id (`mer_…`) or its name
    #[arg(long, requires = "dead", conflicts_with = "ids")]
    merchant: Option<String>,
}

fn id(text: &str) -> Result<OutboxId, IdError> {
    text.parse()
}

pub(super) async fn run(config: Config, command: WebhookCommand, out: &mut dyn Write) -> Result<u8, Failure> {
    let app = super::open(config).await?;
    let (WebhookCommand::List(ListArgs { merchant, .. }) | WebhookCommand::Replay(ReplayArgs { merchant, .. })) =
        &command;
    let merchant_id = match merchant {
        Some(text) => Some(named(&app, text).await?),
        None => None,
    };
    match command {
        WebhookCommand::List(args) => {
            let filter = WebhookFilter { merchant_id, state: args.dead.then_some(OutboxState::Dead) };
            let mut after = None;
            loop {
                let rows = app.store.webhook_messages(filter, after, PAGE).await?;
                let Some(last) = rows.last() else { break };
                after = Some(last.id);
                rows.iter().try_for_each(|row| line(row, out))?;
            }
        }
        WebhookCommand::Replay(args) if args.dead => {
            let subject = merchant_id.map_or_else(ActSubject::none, ActSubject::of);
            let actor = login::require(&app, Act::OutboxReplay, &subject).await?.actor();
            for id in webhook::replay_dead(&app, &actor, merchant_id).await? {
                writeln!(out, "{id} is tried again")?;
            }
        }
        WebhookCommand::Replay(args) => {
            for id in args.ids {
                let actor = login::require(&app, Act::OutboxReplay, &ActSubject::of(id)).await?.actor();
                webhook::replay(&app, &actor, id).await.map_err(failure)?;
                writeln!(out, "{id} is tried again")?;
            }
        }
    }
    Ok(0)
}

fn line(row: &WebhookMessage, out: &mut dyn Write) -> std::io::Result<()> {
    let state = row.state.as_str();
    write!(out, "{}  {}  {state:<7}  about {}  tries {}", row.id, row.merchant_id, row.subject, row.attempts)?;
    if row.state != OutboxState::Dead {
        write!(out, "  due {}", row.due_at.rfc3339())?;
    }
    if let Some(reason) = &row.reason {
        write!(out, "  last: {reason}")?;
    }
    writeln!(out, "  to {}", row.url)
}

fn failure(error: WebhookError) -> Failure {
    match error {
        WebhookError::Store(error) => error.into(),
        other => Failure::failed(other.to_string()),
    }
}
