//! `sekisho merchant` and `sekisho issuer`: who may call, their keys, and where merchants are told. A key is shown once.

pub(super) mod webhook;

use std::io::Write;

use clap::{Args, Subcommand};

use super::{Failure, login};
use crate::app::App;
use crate::config::Config;
use crate::domain::challenge::{ReturnBy, TimeBase};
use crate::domain::id::{ApiKeyId, MerchantId};
use crate::domain::staff::{Act, ActSubject};
use crate::flow::keys::{self, KeyFlowError};
use crate::flow::merchant::{MerchantEntry, register_merchant};
use crate::store::merchants::KeyOwner;

#[derive(Debug, Subcommand)]
pub(super) enum MerchantCommand {
    /// Register a merchant and make its first key
    Create(CreateArgs),
    /// Make, list or revoke keys of a merchant
    Key {
        /// The merchant's id (`mer_…`)
        #[arg(long, value_name = "ID")]
        merchant: MerchantId,
        #[command(subcommand)]
        action: KeyAction,
    },
    /// Add, list, rotate, enable or remove a merchant's webhook endpoints
    #[command(subcommand)]
    Webhook(webhook::WebhookAction),
    /// List the merchants
    List,
}

#[derive(Debug, Subcommand)]
pub(super) enum IssuerCommand {
    /// Make, list or revoke keys of the issuer's core system
    Key {
        #[command(subcommand)]
        action: KeyAction,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum KeyAction {
    /// Make a key; two can be live, so that one can replace the other without a pause
    Create,
    /// List the keys by their last four characters
    List,
    /// Revoke a key
    Revoke {
        /// The key's id (`key_…`)
        id: ApiKeyId,
    },
}

#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// The name that the challenge page shows
    #[arg(long)]
    name: String,
    /// ISO 18245 merchant category code, four digits
    #[arg(long, value_name = "CODE")]
    category_code: String,
    /// ISO 3166-1 alpha-2
    #[arg(long, default_value = "JP")]
    country: String,
    /// Time in which the page states the date of use: japan or gmt
    #[arg(long, default_value = "japan", value_parser = time_base)]
    time_base: TimeBase,
    /// How buyers return: `form_post` or `redirect`
    #[arg(long, default_value = "form_post", value_parser = return_by)]
    return_by: ReturnBy,
    /// A URL that buyers may return to; may be given several times
    #[arg(long = "return-url", value_name = "URL")]
    return_urls: Vec<String>,
}

fn time_base(text: &str) -> Result<TimeBase, String> {
    TimeBase::parse(text).ok_or_else(|| "expected japan or gmt".to_owned())
}

fn return_by(text: &str) -> Result<ReturnBy, String> {
    ReturnBy::parse(text).ok_or_else(|| "expected form_post or redirect".to_owned())
}

pub(super) async fn run(config: Config, command: MerchantCommand, out: &mut dyn Write) -> Result<u8, Failure> {
    let app = super::open(config).await?;
    match command {
        MerchantCommand::Create(args) => create(&app, args, out).await,
        MerchantCommand::Key { merchant, action } => {
            let known = app.store.merchant(merchant, app.config.environment).await?;
            known.ok_or_else(|| failure(KeyFlowError::UnknownMerchant))?;
            key(&app, KeyOwner::Merchant(merchant), action, out).await
        }
        MerchantCommand::Webhook(action) => webhook::run(&app, action, out).await,
        MerchantCommand::List => {
            for merchant in app.store.merchants(app.config.environment).await? {
                writeln!(out, "{}  {}  {}", merchant.id, merchant.category_code, merchant.name)?;
            }
            Ok(0)
        }
    }
}

pub(super) async fn run_issuer(config: Config, command: IssuerCommand, out: &mut dyn Write) -> Result<u8, Failure> {
    let IssuerCommand::Key { action } = command;
    key(&super::open(config).await?, KeyOwner::Issuer, action, out).await
}

async fn create(app: &App, args: CreateArgs, out: &mut dyn Write) -> Result<u8, Failure> {
    let entry = MerchantEntry {
        name: args.name,
        category_code: args.category_code,
        country: args.country,
        time_base: args.time_base,
        return_by: args.return_by,
        return_urls: args.return_urls,
    };
    let who = login::require(app, Act::MerchantManage, &ActSubject::none()).await?;
    let id = register_merchant(app, &who.actor(), entry).await.map_err(|error| Failure::failed(error.to_string()))?;
    writeln!(out, "merchant  {id}")?;
    key(app, KeyOwner::Merchant(id), KeyAction::Create, out).await
}

async fn key(app: &App, owner: KeyOwner, action: KeyAction, out: &mut dyn Write) -> Result<u8, Failure> {
    match action {
        KeyAction::Create => {
            let actor = require(app, owner).await?;
            let (id, key) = keys::create(app, &actor, owner).await.map_err(failure)?;
            writeln!(out, "key       {id}\n          {}\n\nThis is the only time the key is shown.", key.expose())?;
        }
        KeyAction::Revoke { id } => {
            let actor = require(app, owner).await?;
            keys::revoke(app, &actor, owner, id).await.map_err(failure)?;
            writeln!(out, "revoked {id}; instances that saw it lately may take it for 2 more seconds")?;
        }
        KeyAction::List => {
            for key in app.store.keys(owner).await? {
                let state = key.revoked_at.map_or("live".to_owned(), |at| format!("revoked {}", at.rfc3339()));
                writeln!(out, "{}  …{}  created {}  {state}", key.id, key.last_four, key.created_at.rfc3339())?;
            }
        }
    }
    Ok(0)
}

/// Who makes or revokes a key of this owner, when she may.
async fn require(app: &App, owner: KeyOwner) -> Result<String, Failure> {
    let (act, subject) = match owner {
        KeyOwner::Issuer => (Act::IssuerKeyManage, ActSubject::none()),
        KeyOwner::Merchant(id) => (Act::MerchantManage, ActSubject::of(id)),
    };
    Ok(login::require(app, act, &subject).await?.actor())
}

fn failure(error: KeyFlowError) -> Failure {
    match error {
        KeyFlowError::Store(error) => error.into(),
        other => Failure::failed(other.to_string()),
    }
}
