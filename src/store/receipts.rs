//! Receipts of consent events, as they were given.

use sea_orm::Value;

use super::sql;
use super::{Store, StoreError};
use crate::domain::clock::Micros;
use crate::domain::id::ConsentEventId;
use crate::domain::receipt::Receipt;

impl Store {
    /// Keeps a receipt; the first one of an event stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_receipt(&self, receipt: &Receipt, now: Micros) -> Result<(), StoreError> {
        const SQL: &str =
            "INSERT INTO receipts (id, event_id, body, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        let values: [Value; 4] = [
            receipt.id.uuid().into(),
            receipt.event_id.uuid().into(),
            serde_json::json!(receipt).to_string().into(),
            now.0.into(),
        ];
        self.write(move |transaction| Box::pin(async move { sql::execute(transaction, SQL, values).await.map(|_| ()) }))
            .await
    }

    /// The receipt of an event; none when none was given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn receipt(&self, event_id: ConsentEventId) -> Result<Option<Receipt>, StoreError> {
        const SQL: &str = "SELECT body FROM receipts WHERE event_id = $1";
        let row = sql::first(self.reader(), "receipts", SQL, [event_id.uuid().into()]).await?;
        row.map(|row| {
            let body: String = row.get("body")?;
            serde_json::from_str(&body).map_err(|_| row.corrupt("body"))
        })
        .transpose()
    }
}
