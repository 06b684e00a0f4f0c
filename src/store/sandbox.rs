//! A database of made-up purchases: it is marked as one, and filled many rows at a time.

use std::fmt::Write as _;

use sea_orm::{ConnectionTrait, Value};

use super::labels::{self, Labelled};
use super::sql;
use super::{Store, StoreError, Transaction, authentications, policy_figures};
use crate::domain::authentication::Authentication;
use crate::domain::challenge::ChallengeState;
use crate::domain::clock::Micros;
use crate::domain::facts::Method;
use crate::domain::id::{AuthenticationId, CardId, ChallengeId};
use crate::domain::policy_figure::PolicyFigure;

/// Values of one statement: below SQLite's limit of 32,766.
const VALUES_MAX: usize = 24_000;

/// What the database says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody is registered and nothing recorded.
    Empty,
    /// A sandbox, with what was made up in it.
    Sandbox(String),
    /// It holds what no sandbox made.
    Foreign,
}

/// A challenge that is over.
#[derive(Clone, Debug)]
pub struct PastChallenge {
    /// Its id.
    pub id: ChallengeId,
    /// The authentication.
    pub authentication_id: AuthenticationId,
    /// A digest of no token: nobody can open its page.
    pub token_digest: [u8; 32],
    /// How it ended.
    pub state: ChallengeState,
    /// What was offered.
    pub methods: Vec<Method>,
    /// Proofs that were tried.
    pub attempts: i64,
    /// When its page was opened.
    pub visited_at: Option<Micros>,
    /// When it had to be visited.
    pub first_visit_by: Micros,
    /// When it would have ended by itself.
    pub expires_at: Micros,
    /// When it began.
    pub created_at: Micros,
}

/// What a card passed with for the first time.
#[derive(Clone, Debug)]
pub struct Familiar {
    /// The card.
    pub card_id: CardId,
    /// `device`, `address` or `merchant`.
    pub kind: &'static str,
    /// What it is known by.
    pub digest: Vec<u8>,
    /// Since when.
    pub first_at: Micros,
}

/// What a card did in one hour.
#[derive(Clone, Copy, Debug)]
pub struct CardHour {
    /// The card.
    pub card_id: CardId,
    /// The hour since the Unix epoch.
    pub hour: i64,
    /// Requests.
    pub requests: i64,
    /// Their sum, minor units of the base currency.
    pub sum_base_minor: i64,
    /// Failed challenges.
    pub failed_challenges: i64,
    /// Challenge pages opened.
    pub challenge_pages: i64,
    /// When the last request came.
    pub last_at: Micros,
}

/// Rows that belong together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Decisions.
    pub authentications: Vec<Authentication>,
    /// Their challenges.
    pub challenges: Vec<PastChallenge>,
    /// What they turned out to be.
    pub labels: Vec<Labelled>,
    /// What cards passed with for the first time.
    pub familiars: Vec<Familiar>,
    /// What cards did by hour.
    pub hours: Vec<CardHour>,
    /// What was counted about the decisions, sorted.
    pub figures: Vec<PolicyFigure>,
}

impl Store {
    /// Whether the database is empty, a sandbox, or somebody's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sandbox_standing(&self) -> Result<Standing, StoreError> {
        const MARK: &str = "SELECT value FROM deployment WHERE name = 'sandbox'";
        if let Some(row) = sql::first(self.reader(), "deployment", MARK, []).await? {
            return Ok(Standing::Sandbox(row.get("value")?));
        }
        for table in ["authentications", "cardholders", "merchants"] {
            let sql = format!("SELECT 1 AS one FROM {table} LIMIT 1");
            if sql::first(self.reader(), "authentications", &sql, []).await?.is_some() {
                return Ok(Standing::Foreign);
            }
        }
        Ok(Standing::Empty)
    }

    /// Marks the database as a sandbox, if its mark is still `before`; answers whether it was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mark_sandbox(&self, before: Option<String>, mark: String) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const FIRST: &str =
                    "INSERT INTO deployment (name, value) VALUES ('sandbox', $1) ON CONFLICT DO NOTHING";
                const NEXT: &str = "UPDATE deployment SET value = $1 WHERE name = 'sandbox' AND value = $2";
                let changed = match before {
                    None => sql::execute(transaction, FIRST, [mark.into()]).await?,
                    Some(before) => sql::execute(transaction, NEXT, [mark.into(), before.into()]).await?,
                };
                Ok(changed == 1)
            })
        })
        .await
    }

    /// Writes made-up rows, all of them or none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn fill_sandbox(&self, batch: Batch, by: &'static str, at: Micros) -> Result<(), StoreError> {
        self.write(move |transaction| Box::pin(async move { fill(transaction, batch, by, at).await })).await
    }
}

async fn fill(transaction: &Transaction, batch: Batch, by: &str, at: Micros) -> Result<(), StoreError> {
    let rows = batch.authentications.iter().map(authentications::values);
    insert(transaction, &format!("authentications ({})", authentications::COLUMNS), rows, "").await?;
    const CHALLENGES: &str = "challenges (id, authentication_id, token_digest, state, methods, attempts, visited_at, \
                              first_visit_by, expires_at, created_at)";
    insert(transaction, CHALLENGES, batch.challenges.iter().map(challenge), "").await?;
    for labels in batch.labels.chunks(VALUES_MAX / 8) {
        labels::put(transaction, labels, by, at).await?;
    }
    const FAMILIARS: &str = "familiars (card_id, kind, digest, first_at)";
    let familiars = batch
        .familiars
        .iter()
        .map(|one| vec![one.card_id.uuid().into(), one.kind.into(), one.digest.clone().into(), one.first_at.0.into()]);
    insert(transaction, FAMILIARS, familiars, " ON CONFLICT DO NOTHING").await?;
    const HOURS: &str =
        "card_hours (card_id, hour, requests, sum_base_minor, failed_challenges, challenge_pages, last_at)";
    // An hour may be told in two batches.
    const ADD: &str = " ON CONFLICT (card_id, hour) DO UPDATE SET requests = card_hours.requests + excluded.requests, \
        sum_base_minor = card_hours.sum_base_minor + excluded.sum_base_minor, \
        failed_challenges = card_hours.failed_challenges + excluded.failed_challenges, \
        challenge_pages = card_hours.challenge_pages + excluded.challenge_pages, last_at = excluded.last_at";
    insert(transaction, HOURS, batch.hours.iter().map(hour), ADD).await?;
    policy_figures::put(transaction, &batch.figures).await
}

fn challenge(past: &PastChallenge) -> Vec<Value> {
    let methods: Vec<&str> = past.methods.iter().map(|method| method.as_str()).collect();
    vec![
        past.id.uuid().into(),
        past.authentication_id.uuid().into(),
        past.token_digest.to_vec().into(),
        past.state.as_str().into(),
        methods.join(",").into(),
        past.attempts.into(),
        past.visited_at.map(|at| at.0).into(),
        past.first_visit_by.0.into(),
        past.expires_at.0.into(),
        past.created_at.0.into(),
    ]
}

fn hour(hour: &CardHour) -> Vec<Value> {
    vec![
        hour.card_id.uuid().into(),
        hour.hour.into(),
        hour.requests.into(),
        hour.sum_base_minor.into(),
        hour.failed_challenges.into(),
        hour.challenge_pages.into(),
        hour.last_at.0.into(),
    ]
}

/// Inserts rows, as many in one statement as it takes.
async fn insert(
    connection: &impl ConnectionTrait,
    into: &str,
    rows: impl Iterator<Item = Vec<Value>>,
    end: &str,
) -> Result<(), StoreError> {
    let (mut places, mut values) = (String::new(), Vec::new());
    for row in rows {
        let first = values.len() + 1;
        let last = values.len() + row.len();
        places.push_str(if places.is_empty() { "(" } else { ", (" });
        for place in first..=last {
            let comma = if place == first { "" } else { ", " };
            let _ = write!(places, "{comma}${place}");
        }
        places.push(')');
        let wide = row.len();
        values.extend(row);
        if values.len() + wide > VALUES_MAX {
            send(connection, into, &mut places, &mut values, end).await?;
        }
    }
    send(connection, into, &mut places, &mut values, end).await
}

async fn send(
    connection: &impl ConnectionTrait,
    into: &str,
    places: &mut String,
    values: &mut Vec<Value>,
    end: &str,
) -> Result<(), StoreError> {
    if values.is_empty() {
        return Ok(());
    }
    let sql = format!("INSERT INTO {into} VALUES {places}{end}");
    places.clear();
    sql::execute(connection, &sql, std::mem::take(values)).await.map(|_| ())
}
