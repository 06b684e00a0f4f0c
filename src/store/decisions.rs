//! Decisions as they are searched: by time, merchant, rule, outcome, reason and bundle, the newest first.
//!
//! No statement reads more than a bounded piece of the table, along an index; who searches for what is rare goes on piece
//! by piece.

use std::fmt::Write as _;

use iso_currency::Currency;
use sea_orm::Value;

use super::sql::{self, Row};
use super::{Store, StoreError};
use crate::domain::authentication::{Ending, Status};
use crate::domain::clock::Micros;
use crate::domain::id::{AuthenticationId, MerchantId};
use crate::domain::money::Money;
use crate::domain::verdict::{Outcome, Verdict};

/// One step of a search looks at so many decisions.
pub const STEP: i64 = 2_000;

/// Which decisions are wanted. Nothing named is every one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecisionFilter {
    /// From this time on.
    pub from: Option<Micros>,
    /// Until before this time.
    pub until: Option<Micros>,
    /// Of these merchants; empty: of all.
    pub merchants: Vec<MerchantId>,
    /// Determined by this rule.
    pub rule: Option<String>,
    /// What the policies answered.
    pub outcome: Option<Outcome>,
    /// With this internal reason code.
    pub reason: Option<String>,
    /// Decided by this bundle, by its whole digest.
    pub bundle: Option<String>,
}

/// One decision in a line.
#[derive(Clone, Debug)]
pub struct DecisionRow {
    /// Its id.
    pub id: AuthenticationId,
    /// The merchant.
    pub merchant_id: MerchantId,
    /// The merchant's name; empty where it is not registered any more.
    pub merchant_name: String,
    /// The amount.
    pub money: Money,
    /// Where it stands.
    pub status: Status,
    /// How it came to its status.
    pub ending: Ending,
    /// Internal reason codes, sorted.
    pub reasons: Vec<String>,
    /// What the policies answered; none where none was asked, or where another version of the program wrote it: one such
    /// record must not hide all others.
    pub verdict: Option<Verdict>,
    /// The bundle that decided, 64 hexadecimal digits.
    pub bundle_digest: String,
    /// When the request came.
    pub created_at: Micros,
}

/// What one step of a search found.
#[derive(Clone, Debug)]
pub struct DecisionStep {
    /// Decisions that fit, the newest first.
    pub rows: Vec<DecisionRow>,
    /// The oldest decision that was looked at, where there may be older ones.
    pub looked_until: Option<AuthenticationId>,
}

impl Store {
    /// Looks at the next [`STEP`] decisions before `before` and answers those that fit, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn search_decisions(
        &self,
        filter: &DecisionFilter,
        before: Option<AuthenticationId>,
        limit: i64,
    ) -> Result<DecisionStep, StoreError> {
        let mut range = Conditions::default();
        range.time(filter, before);
        // One merchant's decisions lie together in an index; those of several do not.
        let (alone, several) = match filter.merchants.as_slice() {
            [only] => (std::slice::from_ref(only), [].as_slice()),
            several => ([].as_slice(), several),
        };
        range.merchants(alone);
        let sql = format!(
            "SELECT a.id FROM authentications a WHERE {} ORDER BY a.id DESC LIMIT 1 OFFSET {}",
            range.sql,
            STEP - 1
        );
        let last = sql::first(self.reader(), "authentications", &sql, range.values.clone()).await?;
        let last = last.map(|row| row.get("id").map(AuthenticationId::from_uuid)).transpose()?;
        if let Some(last) = last {
            range.add("a.id >=", last.uuid().into());
        }
        range.merchants(several);
        range.content(filter);
        range.values.push(limit.into());
        let sql = format!(
            "SELECT a.id, a.merchant_id, a.amount_minor, a.currency, a.status, a.ending, a.reasons, a.verdict, a.bundle_digest, \
             a.created_at, COALESCE(m.name, '') AS merchant_name FROM authentications a \
             LEFT JOIN merchants m ON m.id = a.merchant_id WHERE {} ORDER BY a.id DESC LIMIT ${}",
            range.sql,
            range.values.len()
        );
        let rows = sql::all(self.reader(), "authentications", &sql, range.values).await?;
        Ok(DecisionStep { rows: rows.iter().map(read).collect::<Result<_, _>>()?, looked_until: last })
    }

    /// The merchants whose name holds this text, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn merchants_named(&self, text: &str, limit: i64) -> Result<Vec<MerchantId>, StoreError> {
        // The database lowers both: SQLite knows the letters of ASCII alone.
        const SQL: &str = "SELECT id FROM merchants WHERE LOWER(name) LIKE LOWER($1) ESCAPE '\\' ORDER BY id LIMIT $2";
        let pattern = format!("%{}%", escaped(text));
        let rows = sql::all(self.reader(), "merchants", SQL, [pattern.into(), limit.into()]).await?;
        rows.iter().map(|row| Ok(MerchantId::from_uuid(row.get("id")?))).collect()
    }
}

/// Conditions of a statement, joined by `AND`, with their values.
#[derive(Default)]
struct Conditions {
    sql: String,
    values: Vec<Value>,
}

impl Conditions {
    fn add(&mut self, condition: &str, value: Value) {
        self.values.push(value);
        let and = if self.sql.is_empty() { "" } else { " AND " };
        let _ = write!(self.sql, "{and}{condition} ${}", self.values.len());
    }

    /// Ids sort by time: the range of time is a range of the index.
    fn time(&mut self, filter: &DecisionFilter, before: Option<AuthenticationId>) {
        let begin = filter.from.map_or(AuthenticationId::from_uuid(uuid::Uuid::nil()), AuthenticationId::before);
        self.add("a.id >=", begin.uuid().into());
        let end = filter.until.map(AuthenticationId::before);
        if let Some(end) = [before, end].into_iter().flatten().min() {
            self.add("a.id <", end.uuid().into());
        }
    }

    fn merchants(&mut self, merchants: &[MerchantId]) {
        let places = merchants.iter().map(|id| {
            self.values.push(id.uuid().into());
            format!("${}", self.values.len())
        });
        let places: Vec<String> = places.collect();
        if !places.is_empty() {
            let _ = write!(self.sql, " AND a.merchant_id IN ({})", places.join(", "));
        }
    }

    /// What stands within a row. Lists are searched as texts, by what stands around each id and each code.
    fn content(&mut self, filter: &DecisionFilter) {
        if let Some(bundle) = &filter.bundle {
            self.add("a.bundle_digest =", bundle.clone().into());
        }
        if let Some(outcome) = filter.outcome {
            self.like("a.verdict LIKE", &format!("\"outcome\":\"{}\"", outcome.as_str()));
        }
        if let Some(rule) = &filter.rule {
            // As the verdict is written: the ids stand between these two names.
            let (before, after) = (escaped("\"policies\":["), escaped("],\"methods\""));
            self.pattern("a.verdict LIKE", &format!("%{before}%{}%{after}%", escaped(&format!("\"{rule}\""))));
        }
        if let Some(reason) = &filter.reason {
            self.like("',' || a.reasons || ',' LIKE", &format!(",{reason},"));
        }
    }

    fn like(&mut self, condition: &str, text: &str) {
        self.pattern(condition, &format!("%{}%", escaped(text)));
    }

    fn pattern(&mut self, condition: &str, pattern: &str) {
        self.add(condition, pattern.into());
        self.sql.push_str(" ESCAPE '\\'");
    }
}

/// A text in which no sign stands for others.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

fn read(row: &Row) -> Result<DecisionRow, StoreError> {
    let reasons: String = row.get("reasons")?;
    let verdict: Option<String> = row.get("verdict")?;
    let currency = row.word("currency", Currency::from_code)?;
    Ok(DecisionRow {
        id: AuthenticationId::from_uuid(row.get("id")?),
        merchant_id: MerchantId::from_uuid(row.get("merchant_id")?),
        merchant_name: row.get("merchant_name")?,
        money: Money { amount_minor: row.get("amount_minor")?, currency },
        status: row.word("status", Status::parse)?,
        ending: row.word("ending", Ending::parse)?,
        reasons: reasons.split(',').filter(|code| !code.is_empty()).map(str::to_owned).collect(),
        verdict: verdict.and_then(|json| serde_json::from_str(&json).ok()),
        bundle_digest: row.get("bundle_digest")?,
        created_at: Micros(row.get("created_at")?),
    })
}
