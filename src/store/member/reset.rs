//! A forgotten password is replaced: the counters begin anew, every session of the login group ends.

use sea_orm::Value;

use super::{OwnEnrolment, SELECT, read, sessions};
use crate::domain::card::Expiry;
use crate::domain::clock::Micros;
use crate::domain::id::{ActivationId, EnrolmentId};
use crate::domain::outbox::OutboxMessage;
use crate::store::audit::{self, Entry};
use crate::store::{Store, StoreError, activation_codes, outbox, sql};

/// A password that takes the place of a forgotten one.
#[derive(Debug)]
pub struct NewPassword {
    /// Whose.
    pub enrolment_id: EnrolmentId,
    /// The cards that are shown together with it.
    pub login_group: uuid::Uuid,
    /// The hash.
    pub hash: String,
    /// The activation code that is used up; none where a sent code was, before.
    pub activation: Option<ActivationId>,
    /// Who is told.
    pub notices: Vec<OutboxMessage>,
}

impl Store {
    /// The registration with this member id of the card with one of these numbers and this expiry.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn enrolment_of_claim(
        &self,
        member_id: &str,
        numbers: &[[u8; 32]],
        expiry: Expiry,
    ) -> Result<Option<OwnEnrolment>, StoreError> {
        let mut values: Vec<Value> = vec![member_id.into(), expiry.to_string().into()];
        values.extend(numbers.iter().map(|digest| Value::from(digest.to_vec())));
        let places: Vec<String> = (3..=values.len()).map(|place| format!("${place}")).collect();
        let sql = format!(
            "{SELECT} WHERE e.member_id = $1 AND n.expiry = $2 AND n.digest IN ({}) AND c.status = 'active'",
            places.join(", ")
        );
        sql::first(self.reader(), "enrolments", &sql, values).await?.as_ref().map(read).transpose()
    }

    /// Replaces the password. Answers `false`, and changes nothing, when the activation code is no longer good.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reset_password(&self, new: NewPassword, now: Micros, entry: Entry) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE credentials SET secret = $2, changed_at = $3, failures = 0, \
                     locked_until = NULL, member_failures = 0, member_locked_until = NULL \
                     WHERE enrolment_id = $1 AND kind = 'password'";
                if let Some(code) = new.activation
                    && !activation_codes::use_up(transaction, code, now).await?
                {
                    return Ok(false);
                }
                let values: [Value; 3] = [new.enrolment_id.uuid().into(), new.hash.into(), now.0.into()];
                sql::execute(transaction, SQL, values).await?;
                sessions::end_all(transaction, new.login_group, None, now).await?;
                for notice in &new.notices {
                    outbox::enqueue(transaction, notice).await?;
                }
                audit::append(transaction, &entry).await?;
                Ok(true)
            })
        })
        .await
    }
}
