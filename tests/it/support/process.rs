//! The real program as a process, with a data folder of its own: commands that end, and a service that is killed when
//! the test is over.

mod service;

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use sekisho::app::App;
use sekisho::config::Config;
use sekisho::flow::enrol::{EnrolmentEntry, enrol};
use sekisho::system::{SystemClock, SystemRandomness};

pub(crate) use service::{Answer, Service};

use super::staff::{needs_session, session_of_operator};

/// After so long a condition counts as never met.
const DEADLINE: Duration = Duration::from_mins(1);
/// The pause between two looks at a condition.
const LOOK: Duration = Duration::from_millis(20);

/// The member's password in [`Deployment::enrol`].
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A data folder, a database and settings, and the program that works on them.
pub(crate) struct Deployment {
    folder: tempfile::TempDir,
    database: Option<String>,
    /// A session for the commands that need one, begun when the first of them runs.
    session: OnceLock<Option<String>>,
}

impl Drop for Deployment {
    fn drop(&mut self) {
        let (Some(url), Ok(server)) = (&self.database, std::env::var("SEKISHO_TEST_POSTGRES")) else { return };
        let name = url.rsplit('/').next().unwrap_or_default();
        block_on(async {
            // A database that stays behind does no harm to other tests.
            if let Ok(connection) = Database::connect(&server).await {
                let _ = connection.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
            }
        });
    }
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Deployment {
    /// On the embedded database, with nothing there yet.
    pub(crate) fn fresh() -> Self {
        // Instances in the test's own process may call the company too.
        sekisho::outbound::install_tls_provider();
        Self { folder: tempfile::tempdir().unwrap(), database: None, session: OnceLock::new() }
    }

    /// On the embedded database, with its schema.
    pub(crate) fn migrated() -> Self {
        let deployment = Self::fresh();
        deployment.fine(&["migrate"]);
        deployment
    }

    /// One on SQLite, and one on PostgreSQL where there is a server for tests.
    pub(crate) fn on_every_database() -> Vec<Self> {
        let mut deployments = vec![Self::migrated()];
        if let Ok(server) = std::env::var("SEKISHO_TEST_POSTGRES") {
            let name = format!("process_{:016x}", rand::random::<u64>());
            block_on(async {
                let connection = Database::connect(&server).await.unwrap();
                connection.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
            });
            let mut url = url::Url::parse(&server).unwrap();
            url.set_path(&name);
            let mut deployment = Self::fresh();
            deployment.database = Some(url.into());
            deployment.fine(&["migrate"]);
            deployments.push(deployment);
        }
        deployments
    }

    /// Whether the database is one on a server.
    pub(crate) fn is_on_a_server(&self) -> bool {
        self.database.is_some()
    }

    /// A path in the deployment's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where the key file is.
    pub(crate) fn key_file(&self) -> PathBuf {
        self.path("data/keys.toml")
    }

    /// Writes a file into the deployment's folder.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Writes the settings file that every command reads from now on.
    pub(crate) fn settings(&self, text: &str) {
        self.write("sekisho.toml", text);
    }

    /// Puts other keys in the place of the key file.
    pub(crate) fn other_keys(&self) {
        let other = Self::fresh();
        other.fine(&["migrate"]);
        other.fine(&["merchant", "list"]);
        std::fs::copy(other.key_file(), self.key_file()).unwrap();
        std::fs::set_permissions(self.key_file(), std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
        command.env_clear().current_dir(self.folder.path()).stdin(Stdio::null());
        command.arg("--data").arg(self.path("data"));
        if let Some(url) = &self.database {
            command.args(["--database-url", url]);
        }
        if self.path("sekisho.toml").exists() {
            command.arg("--config").arg(self.path("sekisho.toml"));
        }
        let begin = || block_on(session_of_operator(self.config()));
        if let Some(token) = needs_session(arguments).then(|| self.session.get_or_init(begin).as_ref()).flatten() {
            command.env("SEKISHO_SESSION", token);
        }
        command.args(arguments);
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, &[])
    }

    /// The same with variables.
    pub(crate) fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
        let output = self.command(arguments).envs(variables.iter().copied()).output().unwrap();
        Ended {
            code: output.status.code().expect("not ended by a signal"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Begins a command with variables, whose end is waited for later.
    pub(crate) fn begin_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Child {
        let mut command = self.command(arguments);
        command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Runs a command that must end well, and answers what it said.
    pub(crate) fn fine(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, 0, "{arguments:?}: {ended:?}");
        ended.out
    }

    /// Registers a grocer and answers its id and key.
    pub(crate) fn merchant(&self) -> (String, String) {
        let said = self.fine(&["merchant", "create", "--name", "みどり食品", "--category-code", "5411"]);
        (word(&said, "mer_"), word(&said, "sk_test_"))
    }

    /// A key of the issuer's core system.
    pub(crate) fn issuer_key(&self) -> String {
        word(&self.fine(&["issuer", "key", "create"]), "ik_test_")
    }

    /// Registers the card's member with [`PASSWORD`] and this message.
    pub(crate) fn enrol(&self, card_reference: &str, personal_message: &str) {
        block_on(async {
            let entry = EnrolmentEntry {
                card_reference: card_reference.to_owned(),
                member_id: format!("member-of-{card_reference}"),
                password: PASSWORD.to_owned(),
                personal_message: personal_message.to_owned(),
                provisional: false,
                terms_version: Some("2026-04".to_owned()),
            };
            let app = self.beside().await;
            enrol(&app, "test", entry).await.unwrap();
            app.store.close().await;
        });
    }

    /// One more instance on the same database, in the test's own process.
    pub(crate) async fn beside(&self) -> App {
        App::build(self.config(), Arc::new(SystemClock), Arc::new(SystemRandomness)).await.unwrap()
    }

    fn config(&self) -> Config {
        let settings = self.path("sekisho.toml");
        let mut variables = vec![("SEKISHO__DATA_DIR".to_owned(), self.path("data").display().to_string())];
        variables.extend(self.database.clone().map(|url| ("SEKISHO__DATABASE__URL".to_owned(), url)));
        Config::load(settings.exists().then_some(settings.as_path()), variables).unwrap()
    }

    /// Runs a statement on the database, beside the program.
    pub(crate) fn sql(&self, sql: &str) {
        block_on(async { self.connection().await.execute_unprepared(sql).await.unwrap() });
    }

    /// The number that a statement answers.
    pub(crate) fn count(&self, sql: &str) -> i64 {
        block_on(async {
            let connection = self.connection().await;
            let statement = Statement::from_string(connection.get_database_backend(), sql);
            connection.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
        })
    }

    /// The ids of a table's rows, the oldest first.
    pub(crate) fn ids(&self, table: &str) -> Vec<uuid::Uuid> {
        block_on(async {
            let connection = self.connection().await;
            let sql = format!("SELECT id FROM {table} ORDER BY id");
            let statement = Statement::from_string(connection.get_database_backend(), sql);
            let rows = connection.query_all_raw(statement).await.unwrap();
            rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
        })
    }

    async fn connection(&self) -> DatabaseConnection {
        let embedded = || format!("sqlite:{}", self.path("data/sekisho.db").display());
        Database::connect(self.database.clone().unwrap_or_else(embedded)).await.unwrap()
    }

    /// Starts the service on a free port and waits until it says that it serves.
    pub(crate) fn serve(&self) -> Service {
        self.serve_with(&[])
    }

    /// The same with variables.
    pub(crate) fn serve_with(&self, variables: &[(&str, &str)]) -> Service {
        self.start(0, &[], variables)
    }

    /// The same, deciding by a folder.
    pub(crate) fn serve_folder(&self, folder: &Path) -> Service {
        self.start(0, &["--policies", folder.to_str().unwrap()], &[])
    }

    /// The same on this port.
    pub(crate) fn serve_on(&self, port: u16) -> Service {
        self.start(port, &[], &[])
    }

    fn start(&self, port: u16, more: &[&str], variables: &[(&str, &str)]) -> Service {
        let log = self.path(&format!("log-{:08x}", rand::random::<u32>()));
        let mut command = self.command(&["serve", "--listen", &format!("127.0.0.1:{port}")]);
        command.args(more);
        command.envs(variables.iter().copied());
        command.stdout(Stdio::piped()).stderr(std::fs::File::create(&log).unwrap());
        let mut child = command.spawn().unwrap();
        let out = child.stdout.take().unwrap();
        let mut service = Service::starting(child, log);
        service.said = first_line(out).unwrap_or_else(|| panic!("it does not serve: {}", service.log()));
        let (_, rest) = service.said.split_once(" on ").expect("the address");
        service.address = rest.split_whitespace().next().unwrap().parse().unwrap();
        service
    }
}

/// The first line of what a process says; none when it ends without one or never says it.
fn first_line(out: impl Read + Send + 'static) -> Option<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(out).read_line(&mut line);
        // Nobody listens any more when the deadline is over.
        let _ = sender.send(read.is_ok_and(|length| length > 0).then_some(line));
    });
    receiver.recv_timeout(DEADLINE).ok().flatten()
}

/// The word of a text that begins like this.
pub(crate) fn word(text: &str, prefix: &str) -> String {
    let word = text.split_whitespace().find(|word| word.starts_with(prefix));
    word.unwrap_or_else(|| panic!("no `{prefix}…` in {text}")).to_owned()
}

/// Looks until there is something to see.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(began.elapsed() < DEADLINE, "never came: {what}");
        std::thread::sleep(LOOK);
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a real process takes is measured by the real clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// The permission bits of a file.
pub(crate) fn mode_of(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}
