//! Cases: facts in, answer out. Runs the very same [`decide`](super::decide()) as live traffic.
//!
//! `cases/fixtures.yaml` holds the facts of an ordinary purchase and named cards, merchants and devices; a case states
//! what differs and what must come out.

mod compare;
mod every;
mod file;
mod fixtures;
mod near;
mod recipients;
mod render;
mod run;

use super::bundle::Bundle;
use super::explanation::Answered;
use super::fault::BundleErrors;

pub(crate) use every::facts;
pub use fixtures::Fixtures;
pub use near::closest;
pub use render::{render, render_share};

/// What running a bundle's cases showed.
#[derive(Debug, Default)]
pub struct Report {
    /// How many cases were run.
    pub run: usize,
    /// The cases that were run, in the order of the files.
    pub ran: Vec<Ran>,
    /// The cases that came out otherwise, in the order of the files.
    pub failures: Vec<Failure>,
    /// Rules that no case makes match, sorted.
    pub uncovered: Vec<String>,
    /// Rules that match in some case and never determine an answer, sorted.
    pub matched: Vec<String>,
    /// Rules that determine an answer in some case, sorted.
    pub decided: Vec<String>,
    /// How many rules some case makes match.
    pub covered: usize,
}

impl Report {
    /// The share of rules that match in some case, in percent, rounded down; 100 where there is no rule.
    pub fn coverage(&self) -> usize {
        let rules = self.covered + self.uncovered.len();
        (self.covered * 100).checked_div(rules).unwrap_or(100)
    }
}

/// A case that was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Its file.
    pub file: String,
    /// The line on which it begins.
    pub line: Option<usize>,
    /// Its name.
    pub name: String,
}

/// A case that came out otherwise.
#[derive(Debug)]
pub struct Failure {
    /// Its file.
    pub file: String,
    /// The line on which it begins.
    pub line: Option<usize>,
    /// Its name.
    pub name: String,
    /// Per differing field: what was expected and what came.
    pub differences: Vec<String>,
    /// The rules that it expected to determine the answer.
    pub expected: Vec<String>,
    /// What every rule said to each question; none for staff rights.
    pub questions: Vec<Answered>,
}

/// Runs every case of a bundle. A case that cannot be read is a fault of the bundle.
pub fn run(bundle: &Bundle) -> Result<Report, BundleErrors> {
    run_some(bundle, None)
}

/// Runs the cases in whose name, file or expected rule ids this text stands. Coverage is of these alone.
pub fn run_some(bundle: &Bundle, filter: Option<&str>) -> Result<Report, BundleErrors> {
    run::run(bundle, filter)
}
