//! Finding cardholders by keyed digests. Every statement goes by an index and has a limit: none walks a table.

use sea_orm::Value;

use super::cardholders::{SEALED_COLUMNS, SealedCardholder};
use super::sql::{self, Row};
use super::{Store, StoreError};
use crate::domain::clock::Micros;
use crate::domain::id::CardholderId;

/// The canary's reference begins like this, and nobody else's: she is never found.
const NEVER_FOUND: &str = "sekisho:";

/// The digests that a name may have in each spelling of a record: kanji, kana, Latin letters.
#[derive(Clone, Debug, Default)]
pub struct NameDigests(pub [Vec<[u8; 32]>; 3]);

/// A sealed birth date that has no digest yet, with its person's wrapped key.
#[derive(Clone, Debug)]
pub struct UnindexedBirthDate {
    /// Whose.
    pub cardholder_id: CardholderId,
    /// The id of the key that wraps hers.
    pub person_key_id: String,
    /// Her key, wrapped.
    pub person_key: Vec<u8>,
    /// The sealed date.
    pub birth_date: Vec<u8>,
}

/// A statement that is put together with its values, in their order.
struct Query {
    sql: String,
    values: Vec<Value>,
}

impl Query {
    fn new(sql: &str) -> Self {
        Self { sql: sql.to_owned(), values: Vec::new() }
    }

    fn text(mut self, sql: &str) -> Self {
        self.sql.push_str(sql);
        self
    }

    fn value(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self.sql.extend(["$", &self.values.len().to_string()]);
        self
    }

    /// `column IN (…)`; never true without digests.
    fn one_of(self, column: &str, digests: &[[u8; 32]]) -> Self {
        let mut query = self.text(column).text(" IN (");
        for (at, digest) in digests.iter().enumerate() {
            query = if at == 0 { query } else { query.text(", ") };
            query = query.value(digest.to_vec());
        }
        if digests.is_empty() { query.text("NULL)") } else { query.text(")") }
    }

    fn has_name(self, name: &NameDigests) -> Self {
        let NameDigests([kanji, kana, latin]) = name;
        self.text(" AND (")
            .one_of("h.name_kanji_digest", kanji)
            .text(" OR ")
            .one_of("h.name_kana_digest", kana)
            .text(" OR ")
            .one_of("h.name_latin_digest", latin)
            .text(")")
    }

    async fn holders(self, store: &Store, limit: i64) -> Result<Vec<CardholderId>, StoreError> {
        let query =
            self.text(" AND h.reference NOT LIKE ").value(format!("{NEVER_FOUND}%")).text(" LIMIT ").value(limit);
        let rows = sql::all(store.reader(), "cardholders", &query.sql, query.values).await?;
        rows.iter().map(|row| Ok(CardholderId::from_uuid(row.get("id")?))).collect()
    }
}

const FROM_HOLDERS: &str = "SELECT h.id FROM cardholders h WHERE ";
const FROM_NUMBERS: &str = "SELECT DISTINCT h.id FROM card_numbers n JOIN cards c ON c.id = n.card_id \
     JOIN cardholders h ON h.id = c.cardholder_id WHERE ";
const FROM_MEMBERS: &str = "SELECT DISTINCT h.id FROM enrolments e JOIN cards c ON c.id = e.card_id \
     JOIN cardholders h ON h.id = c.cardholder_id WHERE e.member_id = ";

impl Store {
    /// Who has this member id or this reference of the issuer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn holders_by_reference(&self, text: &str) -> Result<Vec<CardholderId>, StoreError> {
        let mut found = Query::new(FROM_MEMBERS).value(text).holders(self, 2).await?;
        for id in Query::new(FROM_HOLDERS).text("h.reference = ").value(text).holders(self, 1).await? {
            if !found.contains(&id) {
                found.push(id);
            }
        }
        Ok(found)
    }

    /// Whose card has, or had, a number with one of these digests.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn holders_by_card_number(&self, digests: &[[u8; 32]]) -> Result<Vec<CardholderId>, StoreError> {
        Query::new(FROM_NUMBERS).one_of("n.digest", digests).holders(self, 2).await
    }

    /// Who has this telephone number, and this name where one is given; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn holders_by_phone(
        &self,
        digests: &[[u8; 32]],
        name: Option<&NameDigests>,
        limit: i64,
    ) -> Result<Vec<CardholderId>, StoreError> {
        let query = Query::new(FROM_HOLDERS).one_of("h.phone_digest", digests);
        let query = if let Some(name) = name { query.has_name(name) } else { query };
        query.holders(self, limit).await
    }

    /// Who was born on this day and has this name; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn holders_by_birth_date(
        &self,
        digests: &[[u8; 32]],
        name: &NameDigests,
        limit: i64,
    ) -> Result<Vec<CardholderId>, StoreError> {
        Query::new(FROM_HOLDERS).one_of("h.birth_date_digest", digests).has_name(name).holders(self, limit).await
    }

    /// Whose card ends, or ended, in these four digits, by her name; at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn holders_by_last_four(
        &self,
        last_four: &str,
        name: &NameDigests,
        limit: i64,
    ) -> Result<Vec<CardholderId>, StoreError> {
        Query::new(FROM_NUMBERS).text("n.last_four = ").value(last_four).has_name(name).holders(self, limit).await
    }

    /// A cardholder's whole sealed record, and since when she is on record.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sealed_cardholder(&self, id: CardholderId) -> Result<Option<(SealedCardholder, Micros)>, StoreError> {
        let sql = format!(
            "SELECT reference, person_key_id, person_key, {}, created_at FROM cardholders WHERE id = $1",
            SEALED_COLUMNS.join(", ")
        );
        let row = sql::first(self.reader(), "cardholders", &sql, [id.uuid().into()]).await?;
        row.map(|row| read(&row, id)).transpose()
    }

    /// Birth dates that are sealed and cannot be found by yet, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unindexed_birth_dates(&self, limit: i64) -> Result<Vec<UnindexedBirthDate>, StoreError> {
        const SQL: &str = "SELECT id, person_key_id, person_key, birth_date FROM cardholders \
                           WHERE birth_date IS NOT NULL AND birth_date_digest IS NULL LIMIT $1";
        let rows = sql::all(self.reader(), "cardholders", SQL, [limit.into()]).await?;
        let read = |row: &Row| {
            Ok(UnindexedBirthDate {
                cardholder_id: CardholderId::from_uuid(row.get("id")?),
                person_key_id: row.get("person_key_id")?,
                person_key: row.get("person_key")?,
                birth_date: row.get("birth_date")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Keeps digests of birth dates. A date that did not open has none: it is not tried again. A record that was
    /// registered anew meanwhile stays as it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn index_birth_dates(&self, digests: Vec<(CardholderId, Option<[u8; 32]>)>) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE cardholders SET birth_date_digest = $2 WHERE id = $1 AND birth_date_digest IS NULL";
        self.write(move |transaction| {
            Box::pin(async move {
                for (id, digest) in digests {
                    let bytes = digest.map_or_else(Vec::new, |digest| digest.to_vec());
                    sql::execute(transaction, SQL, [id.uuid().into(), bytes.into()]).await?;
                }
                Ok(())
            })
        })
        .await
    }
}

fn read(row: &Row, id: CardholderId) -> Result<(SealedCardholder, Micros), StoreError> {
    let mut sealed = [const { None }; 5];
    for (column, place) in SEALED_COLUMNS.iter().zip(sealed.iter_mut()) {
        *place = row.get::<Option<Vec<u8>>>(column)?;
    }
    let cardholder = SealedCardholder {
        id,
        reference: row.get("reference")?,
        person_key_id: row.get("person_key_id")?,
        person_key: row.get("person_key")?,
        sealed,
        digests: [None; 7],
    };
    Ok((cardholder, Micros(row.get("created_at")?)))
}
