//! Unlocking: the counters behind a card's locks, set back in one transaction.

use super::audit::{self, Entry};
use super::challenges::attempts::FAILURES_TO_CLOSE;
use super::sql;
use super::{Store, StoreError, Transaction};
use crate::domain::clock::Micros;
use crate::domain::facts::Method;
use crate::domain::id::CardId;

/// What was unlocked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlocked {
    /// How many methods were set back.
    pub methods: u64,
    /// How many of the last 24 hours had failed challenges or opened pages to set back.
    pub hours: u64,
    /// Methods that are locked for good and stay so until they are changed.
    pub closed: Vec<Method>,
}

impl Store {
    /// Sets back what locks a card's challenges. The audit entry is written when something was set back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unlock_card(&self, card_id: CardId, now: Micros, entry: Entry) -> Result<Unlocked, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                // In the order of all locks: the card's counter before its credentials.
                let hours = set_hours_back(transaction, card_id, now).await?;
                let methods = set_methods_back(transaction, card_id).await?;
                if hours + methods > 0 {
                    audit::append(transaction, &entry).await?;
                }
                Ok(Unlocked { methods, hours, closed: closed(transaction, card_id).await? })
            })
        })
        .await
    }
}

async fn set_hours_back(transaction: &Transaction, card_id: CardId, now: Micros) -> Result<u64, StoreError> {
    const SQL: &str = "UPDATE card_hours SET failed_challenges = 0, challenge_pages = 0 WHERE card_id = $1 \
                       AND hour >= $2 - 24 AND (failed_challenges > 0 OR challenge_pages > 0)";
    sql::execute(transaction, SQL, [card_id.uuid().into(), now.hour_bucket().into()]).await
}

async fn set_methods_back(transaction: &Transaction, card_id: CardId) -> Result<u64, StoreError> {
    const SQL: &str = "UPDATE credentials SET failures = 0, locked_until = NULL \
         WHERE enrolment_id IN (SELECT id FROM enrolments WHERE card_id = $1) \
         AND failures < $2 AND (failures > 0 OR locked_until IS NOT NULL)";
    sql::execute(transaction, SQL, [card_id.uuid().into(), FAILURES_TO_CLOSE.into()]).await
}

async fn closed(transaction: &Transaction, card_id: CardId) -> Result<Vec<Method>, StoreError> {
    const SQL: &str = "SELECT kind FROM credentials WHERE enrolment_id IN (SELECT id FROM enrolments \
                       WHERE card_id = $1) AND failures >= $2 ORDER BY kind";
    let rows = sql::all(transaction, "credentials", SQL, [card_id.uuid().into(), FAILURES_TO_CLOSE.into()]).await?;
    rows.iter().map(|row| row.word("kind", Method::parse)).collect()
}
