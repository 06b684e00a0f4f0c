//! Where the demo's merchants are told: at the shop, wherever it listens this time.

use zeroize::Zeroizing;

use super::{ACTOR, DemoError, part};
use crate::app::App;
use crate::domain::id::MerchantId;
use crate::domain::merchant::Environment;
use crate::flow::webhook;

/// The keys that the merchant's webhooks are signed with. The endpoint is added where it is not there, and takes the place
/// of one at another address of the shop's.
pub(super) async fn keys(app: &App, merchant: MerchantId, url: &str) -> Result<Vec<Zeroizing<Vec<u8>>>, DemoError> {
    let endpoints = app.store.webhooks(Some(merchant), Environment::Test).await.map_err(part)?;
    let mut known = None;
    for endpoint in endpoints {
        if endpoint.url.as_str() == url {
            known = Some(endpoint.id);
        } else if endpoint.url.url().path() == url::Url::parse(url).map_err(part)?.path() {
            webhook::remove(app, ACTOR, merchant, endpoint.url.as_str()).await.map_err(part)?;
        }
    }
    let id = match known {
        Some(id) => id,
        None => webhook::add(app, ACTOR, merchant, url).await.map_err(part)?.0,
    };
    let receiver = app.store.webhook_receiver(id, Environment::Test, app.now()).await.map_err(part)?;
    let receiver = receiver.ok_or_else(|| part("the shop's webhook endpoint is gone"))?;
    let secrets = webhook::secrets(app, &receiver).map_err(part)?;
    Ok(secrets.iter().map(|secret| Zeroizing::new(secret.bytes().to_vec())).collect())
}
