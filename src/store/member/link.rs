//! Registered cards come to be shown together after one sign-in, and apart again.

use sea_orm::Value;
use uuid::Uuid;

use super::sign_in::{MemberFactor, reset_counter, use_up};
use crate::domain::clock::Micros;
use crate::domain::id::EnrolmentId;
use crate::domain::outbox::OutboxMessage;
use crate::store::audit::{self, Entry};
use crate::store::{Store, StoreError, outbox, sql};

/// A card that was proved and is to be shown with others.
#[derive(Debug)]
pub struct Linking {
    /// The card.
    pub enrolment_id: EnrolmentId,
    /// The group that it was in when it was proved.
    pub from: Uuid,
    /// The group that it comes to.
    pub to: Uuid,
    /// What proved it beside the password.
    pub factor: MemberFactor,
    /// Who is told.
    pub notices: Vec<OutboxMessage>,
}

impl Store {
    /// Moves a card into a login group; sessions that were begun with it end, because they would see the other cards.
    /// Answers whether the factor was still unused and the card still where it was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn link(&self, linking: Linking, now: Micros, entry: Entry) -> Result<bool, StoreError> {
        let linked = self.write(move |transaction| {
            Box::pin(async move {
                const END: &str =
                    "UPDATE member_sessions SET ended_at = $2 WHERE enrolment_id = $1 AND ended_at IS NULL";
                let id: Value = linking.enrolment_id.uuid().into();
                if !use_up(transaction, linking.factor, now).await?
                    || !reset_counter(transaction, linking.enrolment_id).await?
                    || !move_to(transaction, linking.enrolment_id, linking.from, linking.to).await?
                {
                    return Err(StoreError::GivenUp);
                }
                sql::execute(transaction, END, [id, now.0.into()]).await?;
                for notice in &linking.notices {
                    outbox::enqueue(transaction, notice).await?;
                }
                audit::append(transaction, &entry).await
            })
        });
        match linked.await {
            Ok(()) => Ok(true),
            Err(StoreError::GivenUp) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Takes a card out of its login group into one of its own. Answers whether it was in the group and not alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unlink(
        &self,
        enrolment: EnrolmentId,
        group: Uuid,
        fresh: Uuid,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const ALONE: &str = "SELECT COUNT(*) AS cards FROM enrolments WHERE login_group = $1";
                let row = sql::first(transaction, "enrolments", ALONE, [group.into()]).await?;
                let cards: i64 = row.map_or(Ok(0), |row| row.get("cards"))?;
                if cards < 2 || !move_to(transaction, enrolment, group, fresh).await? {
                    return Ok(false);
                }
                audit::append(transaction, &entry).await?;
                Ok(true)
            })
        })
        .await
    }
}

async fn move_to(
    transaction: &crate::store::Transaction,
    enrolment: EnrolmentId,
    from: Uuid,
    to: Uuid,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE enrolments SET login_group = $3 WHERE id = $1 AND login_group = $2";
    let values: [Value; 3] = [enrolment.uuid().into(), from.into(), to.into()];
    Ok(sql::execute(transaction, SQL, values).await? == 1)
}
