//! `sekisho cardholder erase`: destroys a person's key and everything readable about her.

use std::io::Write;

use clap::Subcommand;

use super::{Failure, login};
use crate::config::Config;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::consent::ConsentError;
use crate::flow::erase::{EraseError, erase_cardholder};

#[derive(Debug, Subcommand)]
pub(super) enum CardholderCommand {
    /// Erase a cardholder for good: nothing of hers can be read or found afterwards; her line stays for the proof
    Erase {
        /// The issuer's reference of the cardholder
        #[arg(long, value_name = "REFERENCE")]
        cardholder: String,
        /// The reference once more: what is erased does not come back
        #[arg(long, value_name = "REFERENCE")]
        confirm: String,
    },
}

pub(super) async fn run(config: Config, command: CardholderCommand, out: &mut dyn Write) -> Result<u8, Failure> {
    let CardholderCommand::Erase { cardholder, confirm } = command;
    if cardholder != confirm {
        return Err(Failure::failed("--confirm is not the reference\nhint: give the same reference twice"));
    }
    let app = super::open(config).await?;
    let id = super::sharing::find(&app, &cardholder).await?;
    let who = login::require(&app, Act::CardholderErase, &ActSubject::of(id)).await?;
    let objection = erase_cardholder(&app, &who.actor(), id).await.map_err(failure)?;
    writeln!(out, "erased {id}; her objection {} stays", objection.event.id)?;
    for id in &objection.receipt.maybe_sent {
        writeln!(out, "{id} began before and may still have been sent")?;
    }
    Ok(0)
}

fn failure(error: EraseError) -> Failure {
    match error {
        EraseError::Store(error) | EraseError::Consent(ConsentError::Store(error)) => error.into(),
        error => Failure::failed(error.to_string()),
    }
}
