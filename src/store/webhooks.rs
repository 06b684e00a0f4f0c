//! Endpoints of merchants' webhooks, and the messages that are put into the outbox for them.
//!
//! An endpoint that was removed keeps its row for what the outbox still holds; its address may be added again.

mod messages;
mod telling;

use sea_orm::Value;

pub use self::messages::{WebhookFilter, WebhookMessage};
pub(super) use self::telling::Telling;

use super::audit::{self, Entry};
use super::sql::{self, Row};
use super::{Store, StoreError, Transaction};
use crate::domain::clock::Micros;
use crate::domain::id::{MerchantId, WebhookEndpointId};
use crate::domain::merchant::Environment;
use crate::domain::outbox::OutboxKind;
use crate::domain::webhook::{ENDPOINTS_MAX, WebhookEndpoint, WebhookUrl};

/// A secret as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedWebhookSecret {
    /// The id of the key that sealed it.
    pub key_id: String,
    /// The sealed secret.
    pub bytes: Vec<u8>,
}

/// What a message is sent with.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// The endpoint.
    pub endpoint: WebhookEndpoint,
    /// The secrets that sign, the newest first.
    pub secrets: Vec<SealedWebhookSecret>,
}

/// What adding an endpoint came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is there.
    Added,
    /// The merchant has as many as it may have.
    TooMany,
    /// The merchant has one with this address.
    Known,
}

const COLUMNS: &str = "id, merchant_id, url, key_id, secret, older_key_id, older_secret, older_until, disabled_at, \
                       disabled_for, created_at";

impl Store {
    /// Adds an endpoint with its secret, and opens its lane in the outbox.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_webhook(
        &self,
        endpoint: WebhookEndpoint,
        secret: SealedWebhookSecret,
        entry: Entry,
    ) -> Result<Added, StoreError> {
        let added = self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "INSERT INTO webhook_endpoints (id, merchant_id, url, lane, key_id, secret, \
                     created_at) SELECT $1, $2, $3, $4, $5, $6, $7 WHERE (SELECT COUNT(*) FROM webhook_endpoints \
                     WHERE merchant_id = $2 AND removed_at IS NULL) < $8";
                let limit = i64::try_from(ENDPOINTS_MAX).unwrap_or(i64::MAX);
                let values: [Value; 8] = [
                    endpoint.id.uuid().into(),
                    endpoint.merchant_id.uuid().into(),
                    endpoint.url.as_str().into(),
                    endpoint.id.to_string().into(),
                    secret.key_id.into(),
                    secret.bytes.into(),
                    endpoint.created_at.0.into(),
                    limit.into(),
                ];
                if sql::execute(transaction, SQL, values).await? == 0 {
                    return Err(StoreError::GivenUp);
                }
                const LANE: &str = "INSERT INTO outbox_lanes (kind, lane) VALUES ($1, $2)";
                let lane = [OutboxKind::Webhook.as_str().into(), endpoint.id.to_string().into()];
                sql::execute(transaction, LANE, lane).await?;
                audit::append(transaction, &entry).await
            })
        });
        match added.await {
            Ok(()) => Ok(Added::Added),
            Err(StoreError::GivenUp) => Ok(Added::TooMany),
            Err(StoreError::Duplicate { .. }) => Ok(Added::Known),
            Err(error) => Err(error),
        }
    }

    /// The endpoints of a merchant, or of all, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn webhooks(
        &self,
        merchant_id: Option<MerchantId>,
        environment: Environment,
    ) -> Result<Vec<WebhookEndpoint>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM webhook_endpoints WHERE removed_at IS NULL AND ($1 OR merchant_id = $2) ORDER BY id"
        );
        let values: [Value; 2] = [merchant_id.is_none().into(), sql::nullable(merchant_id.map(MerchantId::uuid))];
        let rows = sql::all(self.reader(), "webhook_endpoints", &sql, values).await?;
        rows.iter().map(|row| read(row, environment)).collect()
    }

    /// An endpoint with the secrets that sign at `now`, whether or not anything may be sent there; none when it was
    /// removed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn webhook_receiver(
        &self,
        id: WebhookEndpointId,
        environment: Environment,
        now: Micros,
    ) -> Result<Option<Receiver>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM webhook_endpoints WHERE id = $1 AND removed_at IS NULL");
        let row = sql::first(self.reader(), "webhook_endpoints", &sql, [id.uuid().into()]).await?;
        let Some(row) = row else { return Ok(None) };
        let endpoint = read(&row, environment)?;
        let mut secrets = vec![SealedWebhookSecret { key_id: row.get("key_id")?, bytes: row.get("secret")? }];
        if endpoint.older_until.is_some_and(|until| now < until) {
            secrets.push(SealedWebhookSecret { key_id: row.get("older_key_id")?, bytes: row.get("older_secret")? });
        }
        Ok(Some(Receiver { endpoint, secrets }))
    }

    /// Gives an endpoint another secret; the one before signs too until `older_until`. Answers whether there is such an
    /// endpoint.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rotate_webhook(
        &self,
        id: WebhookEndpointId,
        secret: SealedWebhookSecret,
        older_until: Micros,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE webhook_endpoints SET older_key_id = key_id, older_secret = secret, older_until = $2, \
                           key_id = $3, secret = $4 WHERE id = $1 AND removed_at IS NULL";
        let values = vec![id.uuid().into(), older_until.0.into(), secret.key_id.into(), secret.bytes.into()];
        self.change_webhook(SQL, values, None, entry).await
    }

    /// Lets an endpoint that was disabled be sent to again. Answers whether it was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn enable_webhook(&self, id: WebhookEndpointId, entry: Entry) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE webhook_endpoints SET disabled_at = NULL, disabled_for = NULL WHERE id = $1 \
                           AND disabled_at IS NOT NULL AND removed_at IS NULL";
        self.change_webhook(SQL, vec![id.uuid().into()], Some((id, Backlog::Unpaused)), entry).await
    }

    /// Sends nothing more to an endpoint, for this reason; what waits for it is dead. Answers whether it was live.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn disable_webhook(
        &self,
        id: WebhookEndpointId,
        reason: &str,
        now: Micros,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE webhook_endpoints SET disabled_at = $2, disabled_for = $3 WHERE id = $1 \
                           AND disabled_at IS NULL";
        let values = vec![id.uuid().into(), now.0.into(), reason.into()];
        self.change_webhook(SQL, values, Some((id, Backlog::Dead(now))), entry).await
    }

    /// Removes an endpoint; what waits for it is dead. Answers whether there was one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_webhook(&self, id: WebhookEndpointId, now: Micros, entry: Entry) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE webhook_endpoints SET removed_at = $2, disabled_at = COALESCE(disabled_at, $2), \
                           disabled_for = COALESCE(disabled_for, 'removed') WHERE id = $1 AND removed_at IS NULL";
        let values = vec![id.uuid().into(), now.0.into()];
        self.change_webhook(SQL, values, Some((id, Backlog::Dead(now))), entry).await
    }

    async fn change_webhook(
        &self,
        sql: &'static str,
        values: Vec<Value>,
        backlog: Option<(WebhookEndpointId, Backlog)>,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                if sql::execute(transaction, sql, values).await? == 0 {
                    return Ok(false);
                }
                if let Some((id, backlog)) = backlog {
                    backlog.settle(transaction, id).await?;
                }
                audit::append(transaction, &entry).await?;
                Ok(true)
            })
        })
        .await
    }
}

/// What becomes of the messages that wait for an endpoint.
#[derive(Clone, Copy)]
enum Backlog {
    /// They are given up at this time.
    Dead(Micros),
    /// They are tried without a pause.
    Unpaused,
}

impl Backlog {
    async fn settle(self, transaction: &Transaction, id: WebhookEndpointId) -> Result<(), StoreError> {
        const DEAD: &str = "UPDATE outbox SET state = 'dead', reason = 'endpoint_disabled', finished_at = $3 \
                            WHERE kind = $1 AND lane = $2 AND state = 'waiting'";
        const UNPAUSED: &str = "UPDATE outbox_lanes SET failures = 0, failing_since = NULL, paused_until = 0 \
                                WHERE kind = $1 AND lane = $2";
        let lane: [Value; 2] = [OutboxKind::Webhook.as_str().into(), id.to_string().into()];
        match self {
            Self::Dead(now) => sql::execute(transaction, DEAD, lane.into_iter().chain([now.0.into()])).await?,
            Self::Unpaused => sql::execute(transaction, UNPAUSED, lane).await?,
        };
        Ok(())
    }
}

fn read(row: &Row, environment: Environment) -> Result<WebhookEndpoint, StoreError> {
    let url: String = row.get("url")?;
    let disabled_at = row.get::<Option<i64>>("disabled_at")?.map(Micros);
    let reason: Option<String> = row.get("disabled_for")?;
    Ok(WebhookEndpoint {
        id: WebhookEndpointId::from_uuid(row.get("id")?),
        merchant_id: MerchantId::from_uuid(row.get("merchant_id")?),
        url: WebhookUrl::parse(&url, environment).map_err(|_| row.corrupt("url"))?,
        older_until: row.get::<Option<i64>>("older_until")?.map(Micros),
        disabled: disabled_at.map(|at| (at, reason.unwrap_or_default())),
        created_at: Micros(row.get("created_at")?),
    })
}
