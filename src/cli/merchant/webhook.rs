//! `sekisho merchant webhook`: where a merchant is told of authentications that have ended. A secret is shown once.

use std::io::Write;

use clap::{Args, Subcommand};

use crate::app::App;
use crate::cli::{Failure, login};
use crate::credential::webhook_secret::WebhookSecret;
use crate::domain::id::MerchantId;
use crate::domain::staff::{Act, ActSubject};
use crate::domain::webhook::WebhookEndpoint;
use crate::flow::webhook::{self, WebhookError};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum WebhookAction {
    /// Add an endpoint and make its secret
    Add(Place),
    /// List the endpoints
    List {
        /// The merchant's id (`mer_…`) or its name; without it all merchants
        #[arg(value_name = "MERCHANT")]
        merchant: Option<String>,
    },
    /// Make another secret; the one before signs too for a while
    Rotate {
        #[command(flatten)]
        place: Place,
        /// The one before signs nothing more from now on: it leaked
        #[arg(long)]
        at_once: bool,
    },
    /// Send to an endpoint again that was disabled
    Enable(Place),
    /// Remove an endpoint; what waits for it is given up
    Remove(Place),
}

/// One endpoint of a merchant.
#[derive(Debug, Args)]
pub(in crate::cli) struct Place {
    /// The merchant's id (`mer_…`) or its name
    #[arg(value_name = "MERCHANT")]
    merchant: String,
    /// Where webhooks are posted to
    #[arg(value_name = "URL")]
    url: String,
}

pub(super) async fn run(app: &App, action: WebhookAction, out: &mut dyn Write) -> Result<u8, Failure> {
    match action {
        WebhookAction::Add(place) => {
            let (merchant, actor) = require(app, &place).await?;
            let (id, secret) = webhook::add(app, &actor, merchant, &place.url).await.map_err(failure)?;
            writeln!(out, "endpoint  {id}")?;
            show(&secret, out)?;
        }
        WebhookAction::Rotate { place, at_once } => {
            let (merchant, actor) = require(app, &place).await?;
            let secret = webhook::rotate(app, &actor, merchant, &place.url, at_once).await.map_err(failure)?;
            show(&secret, out)?;
            match app.config.webhooks.rotation_hours {
                hours if !at_once && hours > 0 => {
                    writeln!(out, "The one before signs too for {hours} hours.")?;
                }
                _ => writeln!(out, "The one before signs nothing more.")?,
            }
        }
        WebhookAction::Enable(place) => {
            let (merchant, actor) = require(app, &place).await?;
            webhook::enable(app, &actor, merchant, &place.url).await.map_err(failure)?;
            writeln!(out, "enabled; `sekisho webhook replay --dead --merchant {merchant}` sends what was given up")?;
        }
        WebhookAction::Remove(place) => {
            let (merchant, actor) = require(app, &place).await?;
            webhook::remove(app, &actor, merchant, &place.url).await.map_err(failure)?;
            writeln!(out, "removed")?;
        }
        WebhookAction::List { merchant } => {
            let merchant = match &merchant {
                Some(text) => Some(named(app, text).await?),
                None => None,
            };
            for endpoint in app.store.webhooks(merchant, app.config.environment).await? {
                line(&endpoint, app.now().0, out)?;
            }
        }
    }
    Ok(0)
}

fn show(secret: &WebhookSecret, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "secret    {}\n\nThis is the only time the secret is shown.", &*secret.expose())
}

fn line(endpoint: &WebhookEndpoint, now: i64, out: &mut dyn Write) -> std::io::Result<()> {
    let (id, merchant, url) = (endpoint.id, endpoint.merchant_id, endpoint.url.as_str());
    write!(out, "{id}  {merchant}  {url}")?;
    if let Some(until) = endpoint.older_until.filter(|until| until.0 > now) {
        write!(out, "  two secrets until {}", until.rfc3339())?;
    }
    match &endpoint.disabled {
        Some((at, reason)) => writeln!(out, "  disabled {} ({reason})", at.rfc3339()),
        None => writeln!(out, "  live"),
    }
}

/// The merchant, and who changes its endpoints, when she may.
async fn require(app: &App, place: &Place) -> Result<(MerchantId, String), Failure> {
    let merchant = named(app, &place.merchant).await?;
    let who = login::require(app, Act::MerchantManage, &ActSubject::of(merchant)).await?;
    Ok((merchant, who.actor()))
}

/// The merchant with this id or this name.
pub(in crate::cli) async fn named(app: &App, text: &str) -> Result<MerchantId, Failure> {
    let merchants = app.store.merchants(app.config.environment).await?;
    let id = text.parse::<MerchantId>().ok();
    let fits = |id_of: MerchantId, name: &str| id.map_or(name == text, |id| id == id_of);
    let mut found = merchants.iter().filter(|merchant| fits(merchant.id, &merchant.name)).map(|merchant| merchant.id);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(Failure::failed(format!(
            "several merchants are called `{text}`\nhint: name its id; `sekisho merchant list` shows them"
        ))),
        (None, _) => Err(Failure::failed(format!(
            "no merchant has the id or name `{text}`\nhint: `sekisho merchant list` shows them"
        ))),
    }
}

fn failure(error: WebhookError) -> Failure {
    match error {
        WebhookError::Store(error) => error.into(),
        WebhookError::Seal(error) => error.into(),
        other => Failure::failed(other.to_string()),
    }
}
