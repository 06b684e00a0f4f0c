//! Endpoints of merchants' webhooks: added, given other secrets, disabled, enabled and removed. How a message goes there
//! is in [`telling`].

mod telling;

use zeroize::Zeroizing;

pub(super) use self::telling::attempt;

use crate::app::App;
use crate::credential::webhook_secret::WebhookSecret;
use crate::domain::clock::Micros;
use crate::domain::id::{MerchantId, OutboxId, WebhookEndpointId};
use crate::domain::outbox::OutboxState;
use crate::domain::webhook::{ENDPOINTS_MAX, WebhookEndpoint, WebhookUrl, WebhookUrlError};
use crate::flow::register::note;
use crate::keys::{SealError, SealedSecret};
use crate::store::StoreError;
use crate::store::webhooks::{Added, Receiver, SealedWebhookSecret, WebhookFilter};

/// Messages are sent again in batches of so many.
const BATCH: u32 = 200;

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// There is no such merchant.
    #[error("no merchant has this id\nhint: `sekisho merchant list` shows them")]
    UnknownMerchant,
    /// It is no address for webhooks.
    #[error("`{0}`: {1}")]
    Url(String, WebhookUrlError),
    /// The merchant has as many as it may have.
    #[error("the merchant has {ENDPOINTS_MAX} endpoints already\nhint: remove one first")]
    TooMany,
    /// The merchant has this one.
    #[error(
        "the merchant has an endpoint at `{0}` already\nhint: `sekisho merchant webhook rotate` gives it another secret"
    )]
    Known(String),
    /// The merchant has no such endpoint.
    #[error("the merchant has no endpoint at `{0}`\nhint: `sekisho merchant webhook list` shows them")]
    Unknown(String),
    /// It is not disabled.
    #[error("the endpoint at `{0}` is not disabled")]
    NotDisabled(String),
    /// There is no such message, or it is being sent at this moment.
    #[error("no webhook with the id `{0}` can be sent again\nhint: `sekisho webhook list` shows them")]
    NoMessage(OutboxId),
    /// The secret cannot be sealed or opened.
    #[error("the secret cannot be sealed or opened: {0}")]
    Seal(#[from] SealError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Adds an endpoint and answers its secret, which can be shown only now.
///
/// # Errors
/// [`WebhookError`]; then nothing was added.
pub async fn add(
    app: &App,
    actor: &str,
    merchant_id: MerchantId,
    url: &str,
) -> Result<(WebhookEndpointId, WebhookSecret), WebhookError> {
    let known = app.store.merchant(merchant_id, app.config.environment).await?;
    known.ok_or(WebhookError::UnknownMerchant)?;
    let url = parse(app, url)?;
    let id = WebhookEndpointId::new(app.now(), app.randomness.as_ref());
    let secret = WebhookSecret::generate(app.randomness.as_ref());
    let sealed = seal(app, id, &secret)?;
    let address = url.as_str().to_owned();
    let endpoint = WebhookEndpoint { id, merchant_id, url, older_until: None, disabled: None, created_at: app.now() };
    let mut entry = note(app, actor, "webhook.add", merchant_id.to_string());
    entry.result = id.to_string();
    match app.store.add_webhook(endpoint, sealed, entry).await? {
        Added::Added => Ok((id, secret)),
        Added::TooMany => Err(WebhookError::TooMany),
        Added::Known => Err(WebhookError::Known(address)),
    }
}

/// Gives an endpoint another secret. The one before signs too for a while, or not at all any more when it leaked.
///
/// # Errors
/// [`WebhookError`].
pub async fn rotate(
    app: &App,
    actor: &str,
    merchant_id: MerchantId,
    url: &str,
    at_once: bool,
) -> Result<WebhookSecret, WebhookError> {
    let endpoint = find(app, merchant_id, url).await?;
    let secret = WebhookSecret::generate(app.randomness.as_ref());
    let sealed = seal(app, endpoint.id, &secret)?;
    let hours = if at_once { 0 } else { i64::from(app.config.webhooks.rotation_hours) };
    let older_until = Micros(app.now().0.saturating_add(hours.saturating_mul(Micros::HOUR)));
    let entry = note(app, actor, "webhook.rotate", endpoint.id.to_string());
    let rotated = app.store.rotate_webhook(endpoint.id, sealed, older_until, entry).await?;
    if rotated { Ok(secret) } else { Err(WebhookError::Unknown(url.to_owned())) }
}

/// Removes an endpoint; what waits for it is given up.
///
/// # Errors
/// [`WebhookError`].
pub async fn remove(app: &App, actor: &str, merchant_id: MerchantId, url: &str) -> Result<(), WebhookError> {
    let endpoint = find(app, merchant_id, url).await?;
    let entry = note(app, actor, "webhook.remove", endpoint.id.to_string());
    let removed = app.store.remove_webhook(endpoint.id, app.now(), entry).await?;
    if removed { Ok(()) } else { Err(WebhookError::Unknown(url.to_owned())) }
}

/// Lets an endpoint be sent to again that was disabled because it answered 410 or failed for days.
///
/// # Errors
/// [`WebhookError`].
pub async fn enable(app: &App, actor: &str, merchant_id: MerchantId, url: &str) -> Result<(), WebhookError> {
    let endpoint = find(app, merchant_id, url).await?;
    let entry = note(app, actor, "webhook.enable", endpoint.id.to_string());
    let enabled = app.store.enable_webhook(endpoint.id, entry).await?;
    if enabled { Ok(()) } else { Err(WebhookError::NotDisabled(url.to_owned())) }
}

/// Has a message sent again at once, whether it is dead, waits, or arrived before.
///
/// # Errors
/// [`WebhookError`].
pub async fn replay(app: &App, actor: &str, id: OutboxId) -> Result<(), WebhookError> {
    let entry = note(app, actor, "webhook.replay", id.to_string());
    let replayed = app.store.replay_webhook(id, app.now(), entry).await?;
    if replayed { Ok(()) } else { Err(WebhookError::NoMessage(id)) }
}

/// Has all dead messages sent again, or those to one merchant; answers which.
///
/// # Errors
/// [`StoreError`].
pub async fn replay_dead(app: &App, actor: &str, merchant_id: Option<MerchantId>) -> Result<Vec<OutboxId>, StoreError> {
    let filter = WebhookFilter { merchant_id, state: Some(OutboxState::Dead) };
    let mut replayed = Vec::new();
    let mut after = None;
    loop {
        let dead = app.store.webhook_messages(filter, after, BATCH).await?;
        let Some(last) = dead.last() else { return Ok(replayed) };
        after = Some(last.id);
        for message in &dead {
            let entry = note(app, actor, "webhook.replay", message.id.to_string());
            if app.store.replay_webhook(message.id, app.now(), entry).await? {
                replayed.push(message.id);
            }
        }
    }
}

/// The secrets of an endpoint that sign now, the newest first.
///
/// # Errors
/// [`SealError`].
pub fn secrets(app: &App, receiver: &Receiver) -> Result<Vec<WebhookSecret>, SealError> {
    let open = |sealed: &SealedWebhookSecret| {
        let sealed = SealedSecret { key_id: sealed.key_id.clone(), bytes: sealed.bytes.clone() };
        let bytes: Zeroizing<Vec<u8>> = app.keys.open_webhook_secret(receiver.endpoint.id, &sealed)?;
        Ok(WebhookSecret::of(bytes))
    };
    receiver.secrets.iter().map(open).collect()
}

fn seal(app: &App, id: WebhookEndpointId, secret: &WebhookSecret) -> Result<SealedWebhookSecret, SealError> {
    let sealed = app.keys.seal_webhook_secret(id, secret.bytes(), app.randomness.as_ref())?;
    Ok(SealedWebhookSecret { key_id: sealed.key_id, bytes: sealed.bytes })
}

fn parse(app: &App, url: &str) -> Result<WebhookUrl, WebhookError> {
    WebhookUrl::parse(url, app.config.environment).map_err(|error| WebhookError::Url(url.to_owned(), error))
}

async fn find(app: &App, merchant_id: MerchantId, url: &str) -> Result<WebhookEndpoint, WebhookError> {
    let wanted = parse(app, url)?;
    let endpoints = app.store.webhooks(Some(merchant_id), app.config.environment).await?;
    let found = endpoints.into_iter().find(|endpoint| endpoint.url == wanted);
    found.ok_or_else(|| WebhookError::Unknown(url.to_owned()))
}
