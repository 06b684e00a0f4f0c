//! `sekisho consent`: records what a cardholder says about data sharing.

use std::io::Write;

use clap::{Args, Subcommand};

use super::{ACTOR, FAILED, Failure};
use crate::config::Config;
use crate::domain::consent::{Channel, ConsentState};
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
    let recorded = match &command {
        ConsentCommand::Object(args) => consent::object(&app, ACTOR, &args.cardholder, args.channel).await,
        ConsentCommand::Resume(args) => consent::resume(&app, ACTOR, &args.cardholder, args.channel).await,
    };
    let event = recorded.map_err(|error| match error {
        ConsentError::UnknownCardholder(_) => Failure { code: FAILED, message: error.to_string() },
        ConsentError::Store(error) => error.into(),
    })?;
    let word = if event.state == ConsentState::OptedOut { "nothing leaves any more" } else { "data may be shared" };
    writeln!(out, "recorded {} at {}: {word}", event.id, event.recorded_at.rfc3339())?;
    Ok(0)
}
