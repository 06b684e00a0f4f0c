//! The password is changed: its counters begin anew, and every other session of the login group ends.

use sea_orm::Value;

use super::Changing;
use crate::domain::clock::Micros;
use crate::domain::id::EnrolmentId;
use crate::domain::outbox::OutboxMessage;
use crate::store::audit::{self, Entry};
use crate::store::{Store, StoreError, Transaction, outbox, sql};

impl Store {
    /// The stored hash of an enrolment's password.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn password_hash(&self, id: EnrolmentId) -> Result<Option<String>, StoreError> {
        const SQL: &str = "SELECT secret FROM credentials WHERE enrolment_id = $1 AND kind = 'password'";
        let row = sql::first(self.reader(), "credentials", SQL, [id.uuid().into()]).await?;
        row.map(|row| row.get("secret")).transpose()
    }

    /// Replaces the password's hash. Answers how many other sessions it ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_password(
        &self,
        id: EnrolmentId,
        hash: String,
        changing: Changing,
        notices: Vec<OutboxMessage>,
        now: Micros,
        entry: Entry,
    ) -> Result<u64, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE credentials SET secret = $2, changed_at = $3, failures = 0, \
                     locked_until = NULL, member_failures = 0, member_locked_until = NULL \
                     WHERE enrolment_id = $1 AND kind = 'password'";
                let values: [Value; 3] = [id.uuid().into(), hash.into(), now.0.into()];
                sql::execute(transaction, SQL, values).await?;
                let ended = end_other_sessions(transaction, changing, now).await?;
                for notice in &notices {
                    outbox::enqueue(transaction, notice).await?;
                }
                audit::append(transaction, &entry).await?;
                Ok(ended)
            })
        })
        .await
    }
}

async fn end_other_sessions(transaction: &Transaction, changing: Changing, now: Micros) -> Result<u64, StoreError> {
    const SQL: &str = "UPDATE member_sessions SET ended_at = $3 WHERE ended_at IS NULL AND id <> $2 \
                       AND enrolment_id IN (SELECT id FROM enrolments WHERE login_group = $1)";
    let values: [Value; 3] = [changing.login_group.into(), changing.session_id.uuid().into(), now.0.into()];
    sql::execute(transaction, SQL, values).await
}
