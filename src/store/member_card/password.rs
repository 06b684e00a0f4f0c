//! The password is changed: its counters begin anew, and every other session of the login group ends.

use sea_orm::Value;
use uuid::Uuid;

use crate::domain::clock::Micros;
use crate::domain::id::{EnrolmentId, MemberSessionId};
use crate::domain::outbox::OutboxMessage;
use crate::store::audit::{self, Entry};
use crate::store::member::sessions;
use crate::store::{Store, StoreError, outbox, sql};

/// Another password.
#[derive(Debug)]
pub struct PasswordChange {
    /// Of which card.
    pub enrolment_id: EnrolmentId,
    /// Its hash.
    pub hash: String,
    /// The login group whose sessions end.
    pub login_group: Uuid,
    /// The session in which it is changed; it goes on.
    pub goes_on: MemberSessionId,
    /// Who is told.
    pub notices: Vec<OutboxMessage>,
}

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
    pub async fn set_password(&self, change: PasswordChange, now: Micros, entry: Entry) -> Result<u64, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE credentials SET secret = $2, changed_at = $3, failures = 0, \
                     locked_until = NULL, member_failures = 0, member_locked_until = NULL \
                     WHERE enrolment_id = $1 AND kind = 'password'";
                let values: [Value; 3] = [change.enrolment_id.uuid().into(), change.hash.into(), now.0.into()];
                sql::execute(transaction, SQL, values).await?;
                let ended = sessions::end_all(transaction, change.login_group, Some(change.goes_on), now).await?;
                for notice in &change.notices {
                    outbox::enqueue(transaction, notice).await?;
                }
                audit::append(transaction, &entry).await?;
                Ok(ended)
            })
        })
        .await
    }
}
