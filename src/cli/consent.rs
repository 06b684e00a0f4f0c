//! `sekisho consent`: records what a cardholder says about data sharing.

use std::io::Write;

use clap::{Args, Subcommand};

use super::{FAILED, Failure, login};
use crate::config::Config;
use crate::domain::consent::{Channel, ConsentState};
use crate::domain::staff::{Act, ActSubject};
use crate::flow::consent::{self, ConsentError};

#[derive(Debug, Subcommand)]
pub(super) enum ConsentCommand {
    /// She objects: nothing about her leaves any more
    Object(ConsentArgs),
    /// She takes her objection back
    Resume(ConsentArgs),
}

#[derive(Debug, Args)]
pub(super) struct ConsentArgs {
    /// The issuer's reference of the cardholder
    #[arg(long, value_name = "REFERENCE")]
    cardholder: String,
    /// How it came: phone, web, letter, branch, system
    #[arg(long, value_parser = channel)]
    channel: Channel,
}

fn channel(text: &str) -> Result<Channel, String> {
    Channel::parse(text).ok_or_else(|| "expected phone, web, letter, branch or system".to_owned())
}

pub(super) async fn run(config: Config, command: ConsentCommand, out: &mut dyn Write) -> Result<u8, Failure> {
    let app = super::open(config).await?;
    let act = match &command {
        ConsentCommand::Object(_) => Act::ConsentObject,
        ConsentCommand::Resume(_) => Act::ConsentResumeRequest,
    };
    let actor = login::require(&app, act, &ActSubject::none()).await?.actor();
    let (event, maybe_sent) = match &command {
        ConsentCommand::Object(args) => {
            let objection = consent::object(&app, &actor, &args.cardholder, args.channel).await.map_err(failure)?;
            (objection.event, objection.maybe_sent)
        }
        ConsentCommand::Resume(args) => {
            let event = consent::resume(&app, &actor, &args.cardholder, args.channel).await.map_err(failure)?;
            (event, Vec::new())
        }
    };
    let word = if event.state == ConsentState::OptedOut { "nothing leaves any more" } else { "data may be shared" };
    writeln!(out, "recorded {} at {}: {word}", event.id, event.recorded_at.rfc3339())?;
    for id in maybe_sent {
        writeln!(out, "{id} began before and may still have been sent")?;
    }
    Ok(0)
}

fn failure(error: ConsentError) -> Failure {
    match error {
        ConsentError::UnknownCardholder(_) => Failure { code: FAILED, message: error.to_string() },
        ConsentError::Store(error) => error.into(),
    }
}
