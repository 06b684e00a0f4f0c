//! What can go wrong with the database, without any value of a row.

use sea_orm::{DbErr, RuntimeErr};

/// Why the store did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database does not answer, or refused in a way nobody can act on.
    #[error("the database failed: {message}")]
    Unavailable {
        /// The database's own message, without values.
        message: String,
    },
    /// A lock was not to be had in time (PostgreSQL's `lock_timeout`).
    #[error("a lock in the database was not to be had in time")]
    LockTimeout,
    /// A unique key already exists.
    #[error("`{constraint}` already holds this")]
    Duplicate {
        /// The constraint (PostgreSQL) or the columns (SQLite).
        constraint: String,
    },
    /// The database lacks migrations of this program.
    #[error("the database's schema is older than this program: {} missing", missing.join(", "))]
    OlderSchema {
        /// Their names.
        missing: Vec<String>,
    },
    /// The database has migrations that this program does not know.
    #[error("the database's schema is newer than this program: {} unknown", unknown.join(", "))]
    NewerSchema {
        /// Their names.
        unknown: Vec<String>,
    },
    /// A row holds what this program never writes.
    #[error("a row of `{table}` cannot be read: {reason}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The work in the transaction was given up on purpose; nothing of it was kept.
    #[error("the transaction was given up")]
    GivenUp,
}

impl StoreError {
    /// Whether a later try may go better.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::LockTimeout)
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        let (DbErr::Exec(RuntimeErr::SqlxError(inner)) | DbErr::Query(RuntimeErr::SqlxError(inner))) = &error else {
            return Self::Unavailable { message: error.to_string() };
        };
        let Some(database) = inner.as_database_error() else {
            return Self::Unavailable { message: inner.to_string() };
        };
        // PostgreSQL keeps offending values in a detail field, which is never read here.
        let message = database.message();
        if database.is_unique_violation() {
            let columns = message.rsplit(": ").next().unwrap_or_default();
            return Self::Duplicate { constraint: database.constraint().unwrap_or(columns).to_owned() };
        }
        // 55P03 lock_not_available, 40P01 deadlock_detected (PostgreSQL, appendix A); 5 SQLITE_BUSY.
        if matches!(database.code().as_deref(), Some("55P03" | "40P01" | "5")) {
            return Self::LockTimeout;
        }
        Self::Unavailable { message: message.to_owned() }
    }
}
