//! Reads the command line, runs it, ends with its exit code.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

fn main() -> ExitCode {
    sekisho::outbound::install_tls_provider();
    let mut out = io::stdout().lock();
    let colours = out.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    ExitCode::from(sekisho::cli::run_at(colours, std::env::args_os(), &mut out, &mut io::stderr()))
}
