//! `sekisho demo`: a shop, the service and a stand-in analysis company on this machine.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::serve::stopped;
use super::{Failure, OURS};
use crate::demo::{self, DemoError, DemoOptions, ReportFormat};

/// How the demo is run.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Port of the service; the stand-in provider and the shop take the next two
    #[arg(long, default_value_t = 8480, value_parser = clap::value_parser!(u16).range(1..=65_533))]
    port: u16,
    /// How to say what was made
    #[arg(long, value_enum, default_value_t)]
    format: ReportFormat,
}

/// Runs the demo until SIGINT or SIGTERM. Without a data folder it takes `sekisho-demo` in the user's own.
pub(super) async fn run(
    data: Option<PathBuf>,
    database_url: Option<String>,
    args: DemoArgs,
    out: &mut dyn Write,
) -> Result<u8, Failure> {
    let options = DemoOptions {
        port: args.port,
        data_dir: data.unwrap_or_else(user_folder),
        database_url: database_url.map(Into::into),
        format: args.format,
    };
    match demo::run(options, out, stopped()?).await {
        Ok(()) => Ok(0),
        // Who reads the report may leave before its end, such as `head`.
        Err(DemoError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
        Err(error) => Err(Failure { code: OURS, message: error.to_string() }),
    }
}

/// The same folder from wherever the demo is started (XDG Base Directory Specification).
fn user_folder() -> PathBuf {
    let named = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = named("XDG_DATA_HOME").or_else(|| named("HOME").map(|home| home.join(".local/share")));
    data.unwrap_or_default().join("sekisho-demo")
}
