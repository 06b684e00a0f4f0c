//! Bundles of policies: what was submitted, who approved it, what decides since when, which instance runs what, and the
//! figures by which a change is watched.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, &STATEMENTS).await?;
        for table in ["bundles", "bundle_checks", "bundle_approvals", "bundle_reviews"] {
            super::make_append_only(manager, table).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const STATEMENTS: [&str; 14] = [
    // `content` is a JSON object of paths and texts; the digest is taken over it.
    "CREATE TABLE bundles (
        digest TEXT PRIMARY KEY,
        facts_version BIGINT NOT NULL,
        content TEXT NOT NULL,
        author TEXT NOT NULL,
        message TEXT NOT NULL,
        submitted_at BIGINT NOT NULL
    )",
    "CREATE INDEX bundles_submitted ON bundles (submitted_at)",
    // Each submission judges the same content anew; the row with the largest number counts. `results` is what check, test
    // and proof said, `weakens` what the bundle takes away from `against`, the one that was live then.
    "CREATE TABLE bundle_checks (
        digest TEXT NOT NULL REFERENCES bundles (digest),
        number BIGINT NOT NULL,
        against TEXT NOT NULL,
        submitted_by TEXT NOT NULL,
        checked_at BIGINT NOT NULL,
        passed BIGINT NOT NULL,
        results TEXT NOT NULL,
        weakens TEXT NOT NULL,
        signing_key TEXT,
        signature {bytes},
        PRIMARY KEY (digest, number)
    )",
    // One word per person and judgement, and it counts for that judgement alone. `emergency` passes over what failed, for a
    // reason that stands beside it.
    "CREATE TABLE bundle_approvals (
        digest TEXT NOT NULL,
        judgement BIGINT NOT NULL,
        person TEXT NOT NULL,
        roles TEXT NOT NULL,
        decision TEXT NOT NULL,
        emergency BIGINT NOT NULL,
        note TEXT NOT NULL,
        decided_at BIGINT NOT NULL,
        PRIMARY KEY (digest, judgement, person),
        FOREIGN KEY (digest, judgement) REFERENCES bundle_checks (digest, number)
    )",
    "CREATE TABLE bundle_reviews (
        digest TEXT PRIMARY KEY REFERENCES bundles (digest),
        person TEXT NOT NULL,
        note TEXT NOT NULL,
        reviewed_at BIGINT NOT NULL
    )",
    // Shares are basis points. `judgement` is the one by which the bundle might be used. `band` is JSON: the bounds that a
    // canary must not leave.
    "CREATE TABLE bundle_activations (
        id {uuid} PRIMARY KEY,
        digest TEXT NOT NULL REFERENCES bundles (digest),
        judgement BIGINT NOT NULL,
        mode TEXT NOT NULL,
        share BIGINT NOT NULL,
        band TEXT,
        until BIGINT,
        started_by TEXT NOT NULL,
        started_at BIGINT NOT NULL,
        ended_by TEXT,
        ended_at BIGINT,
        end_reason TEXT
    )",
    // One bundle at a time in each mode: of two activations at once, one fails here.
    "CREATE UNIQUE INDEX bundle_activations_current ON bundle_activations (mode) WHERE ended_at IS NULL",
    "CREATE TABLE bundle_instances (
        instance TEXT PRIMARY KEY,
        program TEXT NOT NULL,
        started_at BIGINT NOT NULL,
        seen_at BIGINT NOT NULL,
        live_digest TEXT NOT NULL,
        canary_digest TEXT,
        shadow_digest TEXT,
        loaded_at BIGINT NOT NULL,
        error TEXT,
        error_at BIGINT
    )",
    // Counted by every instance in memory and added here about once a second; `span` is `minute`, `hour` or
    // `activation`, whose bucket is the moment from which the bundle has been in use.
    "CREATE TABLE policy_figures (
        bucket BIGINT NOT NULL,
        span TEXT NOT NULL,
        digest TEXT NOT NULL,
        mode TEXT NOT NULL,
        figure TEXT NOT NULL,
        word TEXT NOT NULL,
        count BIGINT NOT NULL,
        PRIMARY KEY (span, bucket, digest, mode, figure, word)
    )",
    "CREATE TABLE shadow_differences (
        digest TEXT NOT NULL,
        authentication_id {uuid} NOT NULL,
        live_outcome TEXT NOT NULL,
        shadow_outcome TEXT NOT NULL,
        live_policies TEXT NOT NULL,
        shadow_policies TEXT NOT NULL,
        recorded_at BIGINT NOT NULL,
        PRIMARY KEY (digest, authentication_id)
    )",
    "CREATE INDEX shadow_differences_recorded ON shadow_differences (recorded_at)",
    "CREATE INDEX shadow_differences_of_digest ON shadow_differences (digest, recorded_at)",
    // Which programmes have cards is asked whenever a bundle is submitted or put into use.
    "CREATE INDEX cards_programme ON cards (programme) WHERE status <> 'closed'",
    // What turned out to be fraud, and what to be genuine.
    "CREATE TABLE labels (
        authentication_id {uuid} PRIMARY KEY,
        label TEXT NOT NULL,
        source TEXT NOT NULL,
        imported_by TEXT NOT NULL,
        imported_at BIGINT NOT NULL
    )",
];
