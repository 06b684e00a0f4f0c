//! The personal message is changed.

use sea_orm::Value;

use crate::domain::clock::Micros;
use crate::domain::id::EnrolmentId;
use crate::store::audit::{self, Entry};
use crate::store::sql;
use crate::store::{Store, StoreError};

impl Store {
    /// Keeps a message that its member has chosen, sealed under her key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_personal_message(
        &self,
        id: EnrolmentId,
        sealed: Vec<u8>,
        now: Micros,
        entry: Entry,
    ) -> Result<(), StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE enrolments SET personal_message = $2, personal_message_provisional = FALSE, \
                                   personal_message_at = $3 WHERE id = $1";
                let values: [Value; 3] = [id.uuid().into(), sealed.into(), now.0.into()];
                sql::execute(transaction, SQL, values).await?;
                audit::append(transaction, &entry).await
            })
        })
        .await
    }
}
