//! Labels of decided purchases: one for each, the latest word counts.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sea_orm::{ConnectionTrait, Value};

use super::audit::{self, Entry};
use super::sql;
use super::{Store, StoreError};
use crate::domain::clock::Micros;
use crate::domain::id::AuthenticationId;
use crate::domain::label::Label;

/// So many rows go into one statement: four values each stay below SQLite's limit.
const ROWS: usize = 500;

/// What somebody says of one purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// Which purchase.
    pub id: AuthenticationId,
    /// What it turned out to be.
    pub label: Label,
    /// Where that is known from.
    pub source: String,
}

impl Store {
    /// Those of `ids` that are recorded.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn known_authentications(
        &self,
        ids: &[AuthenticationId],
    ) -> Result<BTreeSet<AuthenticationId>, StoreError> {
        let mut known = BTreeSet::new();
        for batch in ids.chunks(ROWS) {
            let places: Vec<String> = (1..=batch.len()).map(|place| format!("${place}")).collect();
            let sql = format!("SELECT id FROM authentications WHERE id IN ({})", places.join(", "));
            let values: Vec<Value> = batch.iter().map(|id| id.uuid().into()).collect();
            for row in sql::all(self.reader(), "authentications", &sql, values).await? {
                known.insert(AuthenticationId::from_uuid(row.get("id")?));
            }
        }
        Ok(known)
    }

    /// Keeps labels, all of them or none; a later word replaces an earlier one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_labels(&self, labels: Vec<Labelled>, entry: Entry) -> Result<(), StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                for batch in labels.chunks(ROWS) {
                    put(transaction, batch, &entry.actor, entry.recorded_at).await?;
                }
                audit::append(transaction, &entry).await
            })
        })
        .await
    }
}

/// Writes labels in one statement.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn put(
    connection: &impl ConnectionTrait,
    labels: &[Labelled],
    by: &str,
    at: Micros,
) -> Result<(), StoreError> {
    if labels.is_empty() {
        return Ok(());
    }
    let mut sql = "INSERT INTO labels (authentication_id, label, source, imported_by, imported_at) VALUES ".to_owned();
    let mut values: Vec<Value> = vec![by.into(), at.0.into()];
    for (row, labelled) in labels.iter().enumerate() {
        let first = values.len() + 1;
        let comma = if row == 0 { "" } else { ", " };
        let _ = write!(sql, "{comma}(${first}, ${}, ${}, $1, $2)", first + 1, first + 2);
        values.push(labelled.id.uuid().into());
        values.push(labelled.label.as_str().into());
        values.push(labelled.source.clone().into());
    }
    sql.push_str(
        " ON CONFLICT (authentication_id) DO UPDATE SET label = excluded.label, source = excluded.source, \
         imported_by = excluded.imported_by, imported_at = excluded.imported_at",
    );
    sql::execute(connection, &sql, values).await.map(|_| ())
}
