//! The one store: rows in, domain values out. The only module that knows SQL, sea-orm and the tables.
//!
//! It decides nothing about authentications; it keeps what must hold of rows by conditional statements and
//! unique keys, never by isolation levels.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::domain::clock::Micros;
use migrations::MigratorTrait;
use sea_orm::{
    ConnectOptions, Database, DatabaseBackend, DatabaseConnection, DatabaseTransaction, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};

pub mod activation_codes;
pub mod activity;
pub mod approvals;
pub mod audit;
pub mod authentications;
pub mod bundle_approvals;
pub(crate) mod bundle_checks;
pub mod bundle_instances;
mod bundle_uses;
pub mod bundles;
pub mod cardholders;
pub mod cards;
pub mod challenges;
pub mod consent;
pub mod contacts;
pub mod decisions;
pub mod device_sessions;
pub mod erase;
pub mod erasures;
mod error;
pub mod idempotency;
pub mod issuer_requests;
pub mod labels;
pub mod member;
pub mod member_card;
pub mod merchants;
pub mod outbox;
pub mod passkeys;
pub mod policy_course;
pub mod policy_figures;
pub mod receipts;
pub mod receive;
mod receive_sql;
pub mod recorded;
pub mod retention;
pub mod sandbox;
pub mod search;
pub mod sent_codes;
pub mod shadow_differences;
mod sql;
pub mod staff;
pub mod support;
pub mod unlock;
pub mod unmatched;
pub mod used_steps;
pub mod vouches;
pub mod webhooks;
mod writer;

pub use error::StoreError;
pub use sql::Row;

/// A transaction that is under way; taken by the store's functions that change something.
pub type Transaction = DatabaseTransaction;

/// A boxed future that lives as long as the transaction it works in.
pub type InTransaction<'t, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 't>>;

/// Where the data is: embedded SQLite or PostgreSQL.
#[derive(Clone, Debug)]
pub struct Store {
    reader: DatabaseConnection,
    writer: Option<writer::Writer>,
}

impl Store {
    /// Connects to `sqlite:<path>` or `postgres://…` with at most `max_connections` connections.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database does not answer.
    pub async fn connect(url: &str, max_connections: u32) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            let reader = Database::connect(sqlite(url, max_connections.clamp(1, 8))).await?;
            let connection = Database::connect(sqlite(url, 1)).await?;
            return Ok(Self { reader, writer: Some(writer::Writer::start(connection)) });
        }
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(max_connections)
            .sqlx_logging(false)
            .record_stmt_in_spans(false)
            .test_before_acquire_if_idle_for(Duration::from_secs(30))
            .acquire_timeout(Duration::from_secs(3))
            .connect_timeout(Duration::from_secs(3));
        Ok(Self { reader: Database::connect(options).await?, writer: None })
    }

    /// `sqlite` or `postgresql`.
    pub fn backend_name(&self) -> &'static str {
        if self.is_sqlite() { "sqlite" } else { "postgresql" }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.reader.get_database_backend() == DatabaseBackend::Sqlite
    }

    /// The connections for statements that read, and on PostgreSQL for single statements that write.
    pub(crate) fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Runs `work` in one transaction: all of it is durable when this returns `Ok`, nothing of it otherwise.
    ///
    /// On SQLite the one writer takes several waiting callers into one commit, a savepoint each.
    ///
    /// # Errors
    /// What `work` answers, or [`StoreError::Unavailable`] when the commit fails.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t Transaction) -> InTransaction<'t, T> + Send + 'static,
    {
        if let Some(writer) = &self.writer {
            return writer.run(work).await;
        }
        let transaction = begin(&self.reader).await?;
        match work(&transaction).await {
            Ok(value) => {
                transaction.commit().await?;
                Ok(value)
            }
            Err(error) => {
                transaction.rollback().await?;
                Err(error)
            }
        }
    }

    /// Applies the migrations that are missing and says how many there were.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::NewerSchema`] when the database is ahead of this program.
    pub async fn migrate(&self) -> Result<usize, StoreError> {
        let pending = match self.check_schema().await {
            Ok(()) => return Ok(0),
            Err(StoreError::OlderSchema { missing }) => missing.len(),
            Err(error) => return Err(error),
        };
        migrations::Migrator::up(&self.reader, None).await?;
        Ok(pending)
    }

    /// Refuses a schema that is not exactly this program's.
    ///
    /// # Errors
    /// [`StoreError::OlderSchema`] or [`StoreError::NewerSchema`], with the names of the migrations.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        let known: Vec<String> =
            migrations::Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        let applied = sql::applied_migrations(&self.reader).await?;
        let unknown: Vec<String> = applied.iter().filter(|name| !known.contains(name)).cloned().collect();
        if !unknown.is_empty() {
            return Err(StoreError::NewerSchema { unknown });
        }
        let missing: Vec<String> = known.into_iter().filter(|name| !applied.contains(name)).collect();
        if missing.is_empty() { Ok(()) } else { Err(StoreError::OlderSchema { missing }) }
    }

    /// Whether the database was filled with the keys that have this mark. A fresh one takes the mark on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn belongs_to(&self, mark: String) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const TAKE: &str = "INSERT INTO deployment (name, value) VALUES ('keys', $1) ON CONFLICT DO NOTHING";
                sql::execute(transaction, TAKE, [mark.clone().into()]).await?;
                const READ: &str = "SELECT value FROM deployment WHERE name = 'keys'";
                let row = sql::first(transaction, "deployment", READ, []).await?;
                Ok(row.map(|row| row.get::<String>("value")).transpose()?.as_deref() == Some(mark.as_str()))
            })
        })
        .await
    }

    /// The mark of the keys that the database was filled with; none while it is fresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn key_mark(&self) -> Result<Option<String>, StoreError> {
        const READ: &str = "SELECT value FROM deployment WHERE name = 'keys'";
        let row = sql::first(&self.reader, "deployment", READ, []).await?;
        row.map(|row| row.get("value")).transpose()
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.reader.ping().await.map_err(StoreError::from)
    }

    /// The database's own clock, for a comparison with ours; never for a decision.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn clock(&self) -> Result<Micros, StoreError> {
        let sql = if self.is_sqlite() {
            "SELECT CAST(unixepoch('subsec') * 1000000 AS BIGINT) AS micros"
        } else {
            "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS micros"
        };
        let row = sql::first(&self.reader, "clock", sql, []).await?;
        Ok(Micros(row.ok_or(StoreError::GivenUp)?.get("micros")?))
    }

    /// Waits for the writer to finish what it has taken and closes all connections.
    pub async fn close(self) {
        if let Some(writer) = self.writer {
            writer.stop().await;
        }
        // Closing can only fail when the connection is gone already.
        let _ = self.reader.close().await;
    }
}

/// Starts a transaction; on SQLite an immediate one, so that it never has to upgrade a read lock.
async fn begin(connection: &DatabaseConnection) -> Result<Transaction, StoreError> {
    let options =
        TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() };
    let options = match connection.get_database_backend() {
        DatabaseBackend::Sqlite => options,
        _ => TransactionOptions::default(),
    };
    connection.begin_with_options(options).await.map_err(StoreError::from)
}

fn sqlite(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .test_before_acquire(false)
        .map_sqlx_sqlite_opts(|options| {
            options
                .create_if_missing(true)
                .busy_timeout(Duration::from_secs(5))
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "FULL")
                .pragma("foreign_keys", "ON")
                .pragma("cache_size", "-8192")
        });
    options
}
