//! Recorded decisions in the order of their ids, a page at a time, with what people said of them afterwards.

use std::fmt::Write as _;

use iso_currency::Currency;
use sea_orm::Value;

use super::sql::{self, Row};
use super::{Store, StoreError};
use crate::domain::clock::Micros;
use crate::domain::id::{AuthenticationId, MerchantId};
use crate::domain::label::Label;
use crate::domain::money::Money;

/// Which records are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Only behind this one.
    pub after: AuthenticationId,
    /// Only before this one.
    pub before: Option<AuthenticationId>,
    /// Only this merchant's.
    pub merchant: Option<MerchantId>,
}

/// A decision as it was recorded.
#[derive(Clone, Debug)]
pub struct RecordedDecision {
    /// Its id.
    pub id: AuthenticationId,
    /// Whose it is.
    pub merchant_id: MerchantId,
    /// When it was asked for.
    pub created_at: Micros,
    /// The amount.
    pub money: Money,
    /// The bundle that decided, 64 hexadecimal digits.
    pub bundle_digest: String,
    /// The facts as JSON; none when nothing was gathered.
    pub facts: Option<String>,
    /// The verdict as JSON; none when no policy was asked.
    pub verdict: Option<String>,
    /// What it turned out to be, and who said so.
    pub label: Option<(Label, String)>,
}

impl Store {
    /// At most `limit` records of a span, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recorded(&self, span: &Span, limit: i64) -> Result<Vec<RecordedDecision>, StoreError> {
        let (condition, mut values) = condition(span);
        values.push(limit.into());
        let sql = page_of(&condition, values.len());
        sql::all(self.reader(), "authentications", &sql, values).await?.iter().map(read).collect()
    }

    /// The newest record; none where there are none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest_recorded(&self) -> Result<Option<AuthenticationId>, StoreError> {
        const SQL: &str = "SELECT id FROM authentications ORDER BY id DESC LIMIT 1";
        let row = sql::first(self.reader(), "authentications", SQL, []).await?;
        row.map(|row| Ok(AuthenticationId::from_uuid(row.get("id")?))).transpose()
    }

    /// How many records a span holds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_recorded(&self, span: &Span) -> Result<u64, StoreError> {
        let (condition, values) = condition(span);
        let sql = format!("SELECT COUNT(*) AS count FROM authentications a WHERE {condition}");
        let row = sql::first(self.reader(), "authentications", &sql, values).await?;
        let count: i64 = row.ok_or(StoreError::GivenUp)?.get("count")?;
        Ok(count.unsigned_abs())
    }
}

/// The statement of one page. Labels are bounded as records are: PostgreSQL merges the two by their ids and would read
/// the labels from their beginning for every page, so that a run's time grew with the square of their number.
fn page_of(condition: &str, limit: usize) -> String {
    format!(
        "SELECT a.id, a.merchant_id, a.created_at, a.amount_minor, a.currency, a.bundle_digest, a.facts, a.verdict, \
         l.label, l.source FROM authentications a \
         LEFT JOIN labels l ON l.authentication_id = a.id AND l.authentication_id > $1 \
         WHERE {condition} ORDER BY a.id LIMIT ${limit}"
    )
}

fn condition(span: &Span) -> (String, Vec<Value>) {
    let mut condition = "a.id > $1".to_owned();
    let mut values: Vec<Value> = vec![span.after.uuid().into()];
    let further: [(&str, Option<Value>); 2] = [
        ("a.id <", span.before.map(|id| id.uuid().into())),
        ("a.merchant_id =", span.merchant.map(|id| id.uuid().into())),
    ];
    for (text, value) in further {
        if let Some(value) = value {
            values.push(value);
            let _ = write!(condition, " AND {text} ${}", values.len());
        }
    }
    (condition, values)
}

fn read(row: &Row) -> Result<RecordedDecision, StoreError> {
    let label = row.optional_word("label", Label::parse)?;
    let source: Option<String> = row.get("source")?;
    Ok(RecordedDecision {
        id: AuthenticationId::from_uuid(row.get("id")?),
        merchant_id: MerchantId::from_uuid(row.get("merchant_id")?),
        created_at: Micros(row.get("created_at")?),
        money: Money { amount_minor: row.get("amount_minor")?, currency: row.word("currency", Currency::from_code)? },
        bundle_digest: row.get("bundle_digest")?,
        facts: row.get("facts")?,
        verdict: row.get("verdict")?,
        label: label.zip(source),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_from_where_the_page_begins() {
        let after = AuthenticationId::from_uuid(uuid::Uuid::from_u128(7));
        let (condition, values) = condition(&Span { after, before: None, merchant: None });
        let sql = page_of(&condition, values.len() + 1);
        assert_eq!(values, [Value::from(after.uuid())]);
        assert!(sql.contains("l.authentication_id > $1") && sql.contains("a.id > $1"), "{sql}");
    }
}
