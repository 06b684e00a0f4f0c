//! Statements and rows: the thin layer between SQL text and values.

use sea_orm::{ConnectionTrait, QueryResult, Statement, TryGetable, Value};
use uuid::Uuid;

use super::StoreError;

/// One row of an answer, read by the columns' names.
#[derive(Debug)]
pub struct Row {
    table: &'static str,
    inner: QueryResult,
}

impl Row {
    /// The value of a column.
    pub(crate) fn get<T: TryGetable>(&self, column: &str) -> Result<T, StoreError> {
        self.inner.try_get_by(column).map_err(|_| self.corrupt(column))
    }

    /// The value of a column that holds one of a closed set of words.
    pub(crate) fn word<T>(&self, column: &str, parse: fn(&str) -> Option<T>) -> Result<T, StoreError> {
        parse(&self.get::<String>(column)?).ok_or_else(|| self.corrupt(column))
    }

    /// The same for a column that may be empty.
    pub(crate) fn optional_word<T>(&self, column: &str, parse: fn(&str) -> Option<T>) -> Result<Option<T>, StoreError> {
        let word: Option<String> = self.get(column)?;
        word.map(|word| parse(&word).ok_or_else(|| self.corrupt(column))).transpose()
    }

    /// The error for a column that this program cannot have written.
    pub(crate) fn corrupt(&self, column: &str) -> StoreError {
        StoreError::Corrupt { table: self.table, reason: format!("column `{column}`") }
    }
}

/// Runs a statement and answers how many rows it changed.
pub(crate) async fn execute(
    connection: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<u64, StoreError> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(connection.execute_raw(statement).await?.rows_affected())
}

/// Runs a statement and answers its first row.
pub(crate) async fn first(
    connection: &impl ConnectionTrait,
    table: &'static str,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Option<Row>, StoreError> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Ok(connection.query_one_raw(statement).await?.map(|inner| Row { table, inner }))
}

/// Runs a statement and answers all its rows.
pub(crate) async fn all(
    connection: &impl ConnectionTrait,
    table: &'static str,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<Row>, StoreError> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    let rows = connection.query_all_raw(statement).await?;
    Ok(rows.into_iter().map(|inner| Row { table, inner }).collect())
}

/// The names of the migrations that were applied; none on a fresh database.
pub(crate) async fn applied_migrations(connection: &impl ConnectionTrait) -> Result<Vec<String>, StoreError> {
    let catalogue = match connection.get_database_backend() {
        sea_orm::DatabaseBackend::Sqlite => "SELECT name FROM sqlite_master WHERE name = 'seaql_migrations'",
        _ => {
            "SELECT tablename AS name FROM pg_tables \
             WHERE tablename = 'seaql_migrations' AND schemaname = current_schema()"
        }
    };
    if first(connection, "catalogue", catalogue, []).await?.is_none() {
        return Ok(Vec::new());
    }
    let rows = all(connection, "seaql_migrations", "SELECT version FROM seaql_migrations ORDER BY version", []).await?;
    rows.iter().map(|row| row.get("version")).collect()
}

/// A value for a nullable UUID column.
pub(crate) fn nullable(uuid: Option<Uuid>) -> Value {
    Value::Uuid(uuid)
}

/// A value for a nullable column of bytes.
pub(crate) fn nullable_bytes(bytes: Option<&[u8]>) -> Value {
    Value::Bytes(bytes.map(<[u8]>::to_vec))
}
