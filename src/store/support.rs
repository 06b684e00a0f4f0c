//! What is read while a cardholder is on the telephone: by her cards' indexes, never over a whole table.

use sea_orm::ConnectionTrait;

use super::authentications;
use super::sql;
use super::{Store, StoreError};
use crate::domain::authentication::Authentication;
use crate::domain::card::CardStatus;
use crate::domain::challenge::ChallengeState;
use crate::domain::clock::Micros;
use crate::domain::facts::Method;
use crate::domain::id::{AuthenticationId, CardId, CardholderId};

/// A challenge, in so far as it concerns the cardholder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChallengeTries {
    /// Where it stands.
    pub state: ChallengeState,
    /// Proofs counted so far.
    pub tries: i64,
    /// When its page was first opened.
    pub visited_at: Option<Micros>,
    /// When it ends, or would have ended, by itself.
    pub expires_at: Micros,
}

/// One of a card's methods, in so far as it is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodLock {
    /// Which one.
    pub method: Method,
    /// Wrong proofs in a row.
    pub failures: i64,
    /// Until when it is locked.
    pub locked_until: Option<Micros>,
}

impl Store {
    /// Whose card this is, and the issuer's word on it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn card_holder(&self, id: CardId) -> Result<Option<(CardholderId, CardStatus)>, StoreError> {
        const SQL: &str = "SELECT cardholder_id, status FROM cards WHERE id = $1";
        let row = sql::first(self.reader(), "cards", SQL, [id.uuid().into()]).await?;
        let read = |row: sql::Row| {
            Ok((CardholderId::from_uuid(row.get("cardholder_id")?), row.word("status", CardStatus::parse)?))
        };
        row.map(read).transpose()
    }

    /// The challenge of an authentication.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn challenge_tries(&self, id: AuthenticationId) -> Result<Option<ChallengeTries>, StoreError> {
        const SQL: &str = "SELECT state, attempts, visited_at, expires_at FROM challenges WHERE authentication_id = $1";
        let row = sql::first(self.reader(), "challenges", SQL, [id.uuid().into()]).await?;
        let read = |row: sql::Row| {
            Ok(ChallengeTries {
                state: row.word("state", ChallengeState::parse)?,
                tries: row.get("attempts")?,
                visited_at: row.get::<Option<i64>>("visited_at")?.map(Micros),
                expires_at: Micros(row.get("expires_at")?),
            })
        };
        row.map(read).transpose()
    }

    /// The locks of a card's methods, sorted by method.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn method_locks(&self, card_id: CardId) -> Result<Vec<MethodLock>, StoreError> {
        const SQL: &str = "SELECT k.kind, k.failures, k.locked_until FROM credentials k \
                           JOIN enrolments e ON e.id = k.enrolment_id WHERE e.card_id = $1 ORDER BY k.kind";
        let rows = sql::all(self.reader(), "credentials", SQL, [card_id.uuid().into()]).await?;
        rows.iter()
            .map(|row| {
                Ok(MethodLock {
                    method: row.word("kind", Method::parse)?,
                    failures: row.get("failures")?,
                    locked_until: row.get::<Option<i64>>("locked_until")?.map(Micros),
                })
            })
            .collect()
    }

    /// The newest authentications of all cards of a person, at most `limit`, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recent_of_cardholder(
        &self,
        id: CardholderId,
        limit: usize,
    ) -> Result<Vec<Authentication>, StoreError> {
        // Card by card: each is one walk along an index, which a join over all of them is not on both databases.
        let mut found = Vec::new();
        for card_id in cards_of(self.reader(), id).await? {
            found.extend(authentications::newest_of_card(self.reader(), card_id, limit).await?);
        }
        found.sort_by_key(|authentication| std::cmp::Reverse(authentication.id));
        found.truncate(limit);
        Ok(found)
    }
}

async fn cards_of(connection: &impl ConnectionTrait, id: CardholderId) -> Result<Vec<CardId>, StoreError> {
    const SQL: &str = "SELECT id FROM cards WHERE cardholder_id = $1";
    let rows = sql::all(connection, "cards", SQL, [id.uuid().into()]).await?;
    rows.iter().map(|row| Ok(CardId::from_uuid(row.get("id")?))).collect()
}
