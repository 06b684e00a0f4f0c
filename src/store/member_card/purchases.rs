//! Purchases with a card as its holder sees them, and what follows when one was not hers.

use sea_orm::Value;

use crate::domain::authentication::Authentication;
use crate::domain::clock::Micros;
use crate::domain::id::{AuthenticationId, CardId, ChallengeId, EnrolmentId};
use crate::domain::outbox::OutboxMessage;
use crate::store::audit::{self, Entry};
use crate::store::{Store, StoreError, Transaction, authentications, outbox, sql};

/// A purchase that a member says was not hers.
#[derive(Debug)]
pub struct Disowned {
    /// Which one.
    pub authentication_id: AuthenticationId,
    /// By whose word.
    pub enrolment_id: EnrolmentId,
    /// The card that it was made with.
    pub card_id: CardId,
    /// Who is told.
    pub messages: Vec<OutboxMessage>,
}

impl Store {
    /// The newest authentications with a card, at most `limit`, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recent_of_card(&self, id: CardId, limit: usize) -> Result<Vec<Authentication>, StoreError> {
        authentications::newest_of_card(self.reader(), id, limit).await
    }

    /// Which authentications with a card its holder has disowned.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn disowned_of_card(&self, id: CardId) -> Result<Vec<AuthenticationId>, StoreError> {
        const SQL: &str = "SELECT d.authentication_id FROM disowned_authentications d \
                           JOIN enrolments e ON e.id = d.enrolment_id WHERE e.card_id = $1";
        let rows = sql::all(self.reader(), "disowned_authentications", SQL, [id.uuid().into()]).await?;
        rows.iter().map(|row| Ok(AuthenticationId::from_uuid(row.get("authentication_id")?))).collect()
    }

    /// Keeps that a purchase was not its cardholder's, blocks the card and ends what staff vouched for it. Answers whether
    /// it was said for the first time: then the messages are put into the outbox.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn disown(&self, disowned: Disowned, now: Micros, entry: Entry) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const KEEP: &str = "INSERT INTO disowned_authentications (authentication_id, enrolment_id, recorded_at) \
                     SELECT $1, $2, $3 FROM authentications WHERE id = $1 AND card_id = $4 ON CONFLICT DO NOTHING";
                let values: [Value; 4] = [
                    disowned.authentication_id.uuid().into(),
                    disowned.enrolment_id.uuid().into(),
                    now.0.into(),
                    disowned.card_id.uuid().into(),
                ];
                if sql::execute(transaction, KEEP, values).await? == 0 {
                    return Ok(false);
                }
                block(transaction, disowned.card_id, now).await?;
                for message in &disowned.messages {
                    outbox::enqueue(transaction, message).await?;
                }
                audit::append(transaction, &entry).await?;
                Ok(true)
            })
        })
        .await
    }

    /// The open challenges of a card.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_challenges_of(&self, id: CardId) -> Result<Vec<ChallengeId>, StoreError> {
        const SQL: &str = "SELECT c.id FROM challenges c JOIN authentications a ON a.id = c.authentication_id \
                           WHERE a.card_id = $1 AND c.state = 'open' ORDER BY c.id";
        let rows = sql::all(self.reader(), "challenges", SQL, [id.uuid().into()]).await?;
        rows.iter().map(|row| Ok(ChallengeId::from_uuid(row.get("id")?))).collect()
    }

    /// Since when a card's holder has blocked it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn blocked_since(&self, id: CardId) -> Result<Option<Micros>, StoreError> {
        const SQL: &str = "SELECT blocked_at FROM cards WHERE id = $1 AND blocked_at IS NOT NULL";
        let row = sql::first(self.reader(), "cards", SQL, [id.uuid().into()]).await?;
        row.map(|row| row.get("blocked_at").map(Micros)).transpose()
    }

    /// Opens a blocked card. Answers whether it was blocked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_card(&self, id: CardId, now: Micros, entry: Entry) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE cards SET blocked_at = NULL, updated_at = $2 WHERE id = $1 \
                                   AND blocked_at IS NOT NULL";
                if sql::execute(transaction, SQL, [id.uuid().into(), now.0.into()]).await? == 0 {
                    return Ok(false);
                }
                audit::append(transaction, &entry).await?;
                Ok(true)
            })
        })
        .await
    }
}

async fn block(transaction: &Transaction, id: CardId, now: Micros) -> Result<(), StoreError> {
    const BLOCK: &str = "UPDATE cards SET blocked_at = $2, updated_at = $2 WHERE id = $1 AND blocked_at IS NULL";
    const VOUCHES: &str =
        "UPDATE vouches SET ended_at = $2 WHERE card_id = $1 AND ended_at IS NULL AND used_at IS NULL";
    sql::execute(transaction, BLOCK, [id.uuid().into(), now.0.into()]).await?;
    sql::execute(transaction, VOUCHES, [id.uuid().into(), now.0.into()]).await.map(|_| ())
}
