//! What people said about submitted bundles. A word is never taken back, and nobody has two about the same judgement.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, Value};

use super::sql::{self, Row};
use super::staff::words;
use super::{Store, StoreError, Transaction};
use crate::domain::bundle::{ApprovalDecision, BundleApproval, BundleReview};
use crate::domain::clock::Micros;
use crate::domain::staff::Role;

const WORD: &str = "digest, judgement, person, roles, decision, emergency, note, decided_at";

/// Keeps one person's word on a judgement of a bundle.
///
/// # Errors
/// [`StoreError::Duplicate`] when she has had it.
pub(crate) async fn insert(transaction: &Transaction, word: &BundleApproval) -> Result<(), StoreError> {
    let sql = format!("INSERT INTO bundle_approvals ({WORD}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    let values: [Value; 8] = [
        word.digest.clone().into(),
        word.judgement.into(),
        word.person.clone().into(),
        words(&word.roles).into(),
        word.decision.as_str().into(),
        i64::from(word.emergency).into(),
        word.note.clone().into(),
        word.decided_at.0.into(),
    ];
    sql::execute(transaction, &sql, values).await.map(|_| ())
}

/// Keeps what somebody found who reviewed a bundle.
///
/// # Errors
/// [`StoreError::Duplicate`] when it was reviewed before.
pub(crate) async fn review(transaction: &Transaction, review: &BundleReview) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO bundle_reviews (digest, person, note, reviewed_at) VALUES ($1, $2, $3, $4)";
    let values: [Value; 4] = [
        review.digest.clone().into(),
        review.person.clone().into(),
        review.note.clone().into(),
        review.reviewed_at.0.into(),
    ];
    sql::execute(transaction, SQL, values).await.map(|_| ())
}

/// What was said about a bundle, in the order in which it was said.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn of(connection: &impl ConnectionTrait, digest: &str) -> Result<Vec<BundleApproval>, StoreError> {
    let sql = format!("SELECT {WORD} FROM bundle_approvals WHERE digest = $1 ORDER BY decided_at, person");
    sql::all(connection, "bundle_approvals", &sql, [digest.into()]).await?.iter().map(approval).collect()
}

/// Whether somebody reviewed a bundle.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn is_reviewed(connection: &impl ConnectionTrait, digest: &str) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT 1 AS one FROM bundle_reviews WHERE digest = $1";
    Ok(sql::first(connection, "bundle_reviews", SQL, [digest.into()]).await?.is_some())
}

impl Store {
    /// What was said about a bundle, in the order in which it was said.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bundle_approvals(&self, digest: &str) -> Result<Vec<BundleApproval>, StoreError> {
        of(self.reader(), digest).await
    }

    /// The bundles that somebody refused.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refused_bundles(&self) -> Result<BTreeSet<String>, StoreError> {
        const SQL: &str = "SELECT DISTINCT digest FROM bundle_approvals WHERE decision = 'refused'";
        let rows = sql::all(self.reader(), "bundle_approvals", SQL, []).await?;
        rows.iter().map(|row| row.get("digest")).collect()
    }

    /// What was said about these bundles, in the order in which it was said.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn approvals_of_bundles(&self, digests: &[&str]) -> Result<Vec<BundleApproval>, StoreError> {
        if digests.is_empty() {
            return Ok(Vec::new());
        }
        let places: Vec<String> = (1..=digests.len()).map(|place| format!("${place}")).collect();
        let sql = format!(
            "SELECT {WORD} FROM bundle_approvals WHERE digest IN ({}) ORDER BY decided_at, person",
            places.join(", ")
        );
        let values: Vec<Value> = digests.iter().map(|digest| (*digest).into()).collect();
        let rows = sql::all(self.reader(), "bundle_approvals", &sql, values).await?;
        rows.iter().map(approval).collect()
    }

    /// The review of a bundle that was let through in an emergency, if there was one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bundle_review(&self, digest: &str) -> Result<Option<BundleReview>, StoreError> {
        const SQL: &str = "SELECT digest, person, note, reviewed_at FROM bundle_reviews WHERE digest = $1";
        let row = sql::first(self.reader(), "bundle_reviews", SQL, [digest.into()]).await?;
        let read = |row: Row| {
            Ok(BundleReview {
                digest: row.get("digest")?,
                person: row.get("person")?,
                note: row.get("note")?,
                reviewed_at: Micros(row.get("reviewed_at")?),
            })
        };
        row.map(read).transpose()
    }

    /// The digests of bundles that were used although their checks had not passed, and that nobody has reviewed, sorted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unreviewed_emergencies(&self) -> Result<Vec<String>, StoreError> {
        const SQL: &str = "SELECT DISTINCT bundle_approvals.digest FROM bundle_approvals \
                           JOIN bundle_activations ON bundle_activations.digest = bundle_approvals.digest \
                           AND bundle_activations.judgement = bundle_approvals.judgement \
                           WHERE emergency = 1 AND NOT EXISTS (SELECT 1 FROM bundle_reviews \
                           WHERE bundle_reviews.digest = bundle_approvals.digest) ORDER BY bundle_approvals.digest";
        let rows = sql::all(self.reader(), "bundle_approvals", SQL, []).await?;
        rows.iter().map(|row| row.get("digest")).collect()
    }
}

fn approval(row: &Row) -> Result<BundleApproval, StoreError> {
    let roles: String = row.get("roles")?;
    let roles = roles.split_whitespace().map(Role::parse).collect::<Option<BTreeSet<Role>>>();
    Ok(BundleApproval {
        digest: row.get("digest")?,
        judgement: row.get("judgement")?,
        person: row.get("person")?,
        roles: roles.ok_or_else(|| row.corrupt("roles"))?,
        decision: row.word("decision", ApprovalDecision::parse)?,
        emergency: row.get::<i64>("emergency")? == 1,
        note: row.get("note")?,
        decided_at: Micros(row.get("decided_at")?),
    })
}
