//! What people want to know of messages to merchants, and having one sent again.

use sea_orm::Value;
use uuid::Uuid;

use crate::domain::clock::Micros;
use crate::domain::id::{MerchantId, OutboxId};
use crate::domain::outbox::OutboxState;
use crate::store::audit::{self, Entry};
use crate::store::sql::{self, Row};
use crate::store::{Store, StoreError};

/// Which messages are listed.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebhookFilter {
    /// To this merchant alone.
    pub merchant_id: Option<MerchantId>,
    /// Of this state; without one all that are not done.
    pub state: Option<OutboxState>,
}

/// A message to a merchant as a person sees it in a list.
#[derive(Clone, Debug)]
pub struct WebhookMessage {
    /// Its id.
    pub id: OutboxId,
    /// To whom.
    pub merchant_id: MerchantId,
    /// Where to.
    pub url: String,
    /// The authentication that it is about.
    pub subject: String,
    /// Where it stands.
    pub state: OutboxState,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next; of one being sent, when its lease runs out.
    pub due_at: Micros,
    /// Why the last try failed.
    pub reason: Option<String>,
}

impl Store {
    /// Messages to merchants, oldest first, at most `limit` of them after `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn webhook_messages(
        &self,
        filter: WebhookFilter,
        after: Option<OutboxId>,
        limit: u32,
    ) -> Result<Vec<WebhookMessage>, StoreError> {
        // The state is written out, so that the partial indexes apply.
        let state = filter.state.map_or("<> 'done'".to_owned(), |state| format!("= '{}'", state.as_str()));
        let sql = format!(
            "SELECT o.id, e.merchant_id, e.url, o.subject, o.state, o.attempts, o.due_at, o.reason FROM outbox o \
             JOIN webhook_endpoints e ON e.lane = o.lane WHERE o.kind = 'webhook' AND o.state {state} AND o.id > $1 \
             AND ($2 OR e.merchant_id = $3) ORDER BY o.id LIMIT $4"
        );
        let values: [Value; 4] = [
            after.map_or(Uuid::nil(), OutboxId::uuid).into(),
            filter.merchant_id.is_none().into(),
            sql::nullable(filter.merchant_id.map(MerchantId::uuid)),
            i64::from(limit).into(),
        ];
        sql::all(self.reader(), "outbox", &sql, values).await?.iter().map(read).collect()
    }

    /// Has a message to a merchant sent at once and from its first try on, whether it is dead, waits, or arrived long
    /// ago. Answers false when there is none, or somebody is sending it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replay_webhook(&self, id: OutboxId, now: Micros, note: Entry) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE outbox SET state = 'waiting', attempts = 0, due_at = $2, finished_at = NULL \
                           WHERE id = $1 AND kind = 'webhook' AND state <> 'sending'";
        const LANE: &str = "UPDATE outbox_lanes SET paused_until = 0 WHERE kind = 'webhook' AND lane = \
                            (SELECT lane FROM outbox WHERE id = $1)";
        self.write(move |transaction| {
            Box::pin(async move {
                if sql::execute(transaction, SQL, [id.uuid().into(), now.0.into()]).await? == 0 {
                    return Ok(false);
                }
                sql::execute(transaction, LANE, [id.uuid().into()]).await?;
                audit::append(transaction, &note).await?;
                Ok(true)
            })
        })
        .await
    }
}

fn read(row: &Row) -> Result<WebhookMessage, StoreError> {
    Ok(WebhookMessage {
        id: OutboxId::from_uuid(row.get("id")?),
        merchant_id: MerchantId::from_uuid(row.get("merchant_id")?),
        url: row.get("url")?,
        subject: row.get("subject")?,
        state: row.word("state", OutboxState::parse)?,
        attempts: row.get("attempts")?,
        due_at: Micros(row.get("due_at")?),
        reason: row.get("reason")?,
    })
}
