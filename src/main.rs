//! Reads the command line, runs it, ends with its exit code.

use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    sekisho::outbound::install_tls_provider();
    ExitCode::from(sekisho::cli::run(std::env::args_os(), &mut io::stdout().lock(), &mut io::stderr()))
}
