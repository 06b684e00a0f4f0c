//! Databases of a test's own: SQLite in a folder, and PostgreSQL where there is a server for tests.

use sea_orm::{
    ConnectionTrait, Database, DatabaseBackend, DatabaseConnection, DatabaseTransaction, Statement, TransactionTrait,
    TryGetable, Value,
};

/// A fresh database; [`OwnDatabase::remove`] drops it.
pub(crate) struct OwnDatabase {
    /// Where it is.
    pub(crate) url: String,
    /// The server and the database's name; none on SQLite, where the folder is all.
    on_server: Option<(String, String)>,
    folder: tempfile::TempDir,
}

/// One of each kind that can be had: always SQLite, and PostgreSQL when `SEKISHO_TEST_POSTGRES` names a server.
pub(crate) async fn databases() -> Vec<OwnDatabase> {
    let mut databases = vec![OwnDatabase::on_sqlite()];
    if let Ok(server) = std::env::var("SEKISHO_TEST_POSTGRES") {
        databases.push(OwnDatabase::on_server(server).await);
    }
    databases
}

impl OwnDatabase {
    pub(crate) fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        Self { url, on_server: None, folder }
    }

    async fn on_server(server: String) -> Self {
        let name = format!("sekisho_{:016x}", rand::random::<u64>());
        run(&connect(&server).await, &format!("CREATE DATABASE {name}")).await;
        let mut url = url::Url::parse(&server).unwrap();
        url.set_path(&name);
        Self { url: url.into(), on_server: Some((server, name)), folder: tempfile::tempdir().unwrap() }
    }

    /// A folder that goes with the database.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A connection of the test's own.
    pub(crate) async fn connect(&self) -> Connection {
        Connection(connect(&self.url).await)
    }

    /// Ends everybody's connections, as a restart of the server does; nobody gets in while `closed`.
    pub(crate) async fn cut_off(&self, closed: bool) {
        let (server, name) = self.on_server.as_ref().expect("only a server can cut connections");
        let connection = connect(server).await;
        run(&connection, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {}", !closed)).await;
        let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        run(&connection, &end).await;
    }

    /// Drops the database, whoever is still connected.
    pub(crate) async fn remove(self) {
        if let Some((server, name)) = &self.on_server {
            run(&connect(server).await, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

async fn connect(url: &str) -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.unwrap()
}

async fn run(connection: &DatabaseConnection, sql: &str) {
    connection.execute_unprepared(sql).await.unwrap();
}

/// A connection that sees every table and every column.
pub(crate) struct Connection(DatabaseConnection);

impl Connection {
    pub(crate) fn is_sqlite(&self) -> bool {
        self.0.get_database_backend() == DatabaseBackend::Sqlite
    }

    /// Runs one statement that writes, and answers the database's refusal, if any.
    pub(crate) async fn run(&self, sql: &str, values: Vec<Value>) -> Result<u64, String> {
        let statement = Statement::from_sql_and_values(self.0.get_database_backend(), sql, values);
        let done = self.0.execute_raw(statement).await;
        done.map(|done| done.rows_affected()).map_err(|error| error.to_string())
    }

    /// Runs one statement in a transaction and leaves it open: its locks are held until the answer is dropped.
    pub(crate) async fn hold(&self, sql: &str) -> DatabaseTransaction {
        #[expect(clippy::disallowed_methods, reason = "a stranger to the service, who locks as strangers do")]
        let transaction = self.0.begin().await.unwrap();
        transaction.execute_unprepared(sql).await.unwrap();
        transaction
    }

    /// Rows of one column.
    pub(crate) async fn column<T: TryGetable>(&self, sql: &str, values: Vec<Value>) -> Vec<T> {
        let rows = self.rows(sql, values).await;
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    /// The one value that a statement answers.
    pub(crate) async fn value<T: TryGetable>(&self, sql: &str, values: Vec<Value>) -> T {
        self.column(sql, values).await.into_iter().next().unwrap()
    }

    /// Rows.
    pub(crate) async fn rows(&self, sql: &str, values: Vec<Value>) -> Vec<sea_orm::QueryResult> {
        let statement = Statement::from_sql_and_values(self.0.get_database_backend(), sql, values);
        self.0.query_all_raw(statement).await.unwrap()
    }

    /// The names of all tables.
    pub(crate) async fn tables(&self) -> Vec<String> {
        let sql = if self.is_sqlite() {
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        } else {
            "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public'"
        };
        self.column(sql, Vec::new()).await
    }

    /// Every column of every row of every table: the bytes themselves.
    pub(crate) async fn dump(&self) -> Vec<(String, Vec<u8>)> {
        let mut dump = Vec::new();
        for table in self.tables().await {
            for column in self.columns(&table).await {
                let bytes = if self.is_sqlite() {
                    format!("SELECT hex(CAST(\"{column}\" AS BLOB)) FROM {table} WHERE \"{column}\" IS NOT NULL")
                } else {
                    // A bytea is dumped as it is, all else as its text.
                    format!(
                        "SELECT CASE pg_typeof(\"{column}\")::text WHEN 'bytea' THEN substr(\"{column}\"::text, 3) \
                         ELSE encode(convert_to(\"{column}\"::text, 'UTF8'), 'hex') END FROM {table} \
                         WHERE \"{column}\" IS NOT NULL"
                    )
                };
                for digits in self.column::<String>(&bytes, Vec::new()).await {
                    dump.push((format!("{table}.{column}"), hex::decode(digits).unwrap()));
                }
            }
        }
        dump
    }

    async fn columns(&self, table: &str) -> Vec<String> {
        let sql = if self.is_sqlite() {
            format!("SELECT name FROM pragma_table_info('{table}')")
        } else {
            format!("SELECT column_name::text FROM information_schema.columns WHERE table_name = '{table}'")
        };
        self.column(&sql, Vec::new()).await
    }
}
