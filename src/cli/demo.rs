//! `sekisho demo`: a shop, the service and a stand-in analysis company on this machine.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use secrecy::SecretString;

use crate::demo::{self, DemoError, DemoOptions, ReportFormat};

/// How the demo is run.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Port of the service; the stand-in provider and the shop take the next two
    #[arg(long, default_value_t = 8480, value_parser = clap::value_parser!(u16).range(1..=65_533))]
    pub port: u16,
    /// Folder for keys and data; without it `sekisho-demo` in the user's data folder
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Database: `postgres://…` or `sqlite:path`; without it SQLite in the data folder
    #[arg(long, value_name = "URL")]
    pub database_url: Option<SecretString>,
    /// How to say what was made
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
}

/// Runs the demo until Ctrl-C or SIGTERM. The exit code is 0, or 3 when it could not run.
///
/// # Errors
/// When `errors` cannot be written.
pub async fn run(args: DemoArgs, out: &mut dyn Write, errors: &mut dyn Write) -> io::Result<u8> {
    let options = DemoOptions {
        port: args.port,
        data_dir: args.data.unwrap_or_else(user_folder),
        database_url: args.database_url,
        format: args.format,
    };
    match demo::run(options, out, stopped()).await {
        Ok(()) => Ok(0),
        // Who reads the report may leave before its end, such as `head`.
        Err(DemoError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
        Err(error) => writeln!(errors, "error: {error}").map(|()| 3),
    }
}

/// The same folder from wherever the demo is started (XDG Base Directory Specification).
fn user_folder() -> PathBuf {
    let named = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = named("XDG_DATA_HOME").or_else(|| named("HOME").map(|home| home.join(".local/share")));
    data.unwrap_or_default().join("sekisho-demo")
}

async fn stopped() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        // When the signal cannot be listened for, the system's own way of ending the process remains.
        result = tokio::signal::ctrl_c() => if result.is_err() { std::future::pending::<()>().await },
        () = terminated => {}
    }
}
