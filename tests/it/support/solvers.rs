//! Solvers: the real one, and programs that only look like one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sekisho::policy::prove::Options;

/// The options for the real solver.
pub(crate) fn cvc5(only: &[&str]) -> Options {
    let solver = std::env::var_os("CVC5").map_or_else(|| PathBuf::from("cvc5"), PathBuf::from);
    let only = only.iter().map(|id| (*id).to_owned()).collect();
    // Machines that run the whole suite at once are slow.
    Options { solver, only, limit: Duration::from_secs(100), patience: Duration::from_mins(2) }
}

/// The path of a program in `tests/solvers`.
pub(crate) fn fake(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/solvers").join(format!("{name}.sh"))
}
