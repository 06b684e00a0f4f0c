//! Proofs: what holds of every possible request, shown by an SMT solver instead of by examples.
//!
//! Each item is one claim: an invariant of the bundle, or one that is built in. What the solver cannot decide, because it
//! is absent, crashes, answers nonsense or needs too long, is *not proved*, never proved. Needs no database and no network;
//! production needs no solver, since proofs are made when a bundle is submitted.

mod weakening;

use std::path::PathBuf;
use std::time::Duration;

use super::bundle::Bundle;
use super::question::Question;
use crate::domain::facts::Facts;

pub use weakening::weakening;

/// How proofs are made.
#[derive(Clone, Debug)]
pub struct Options {
    /// The solver's program; `cvc5` is looked for on `PATH`.
    pub solver: PathBuf,
    /// The items to prove; all when empty.
    pub only: Vec<String>,
    /// How long the solver may think about one query.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { solver: PathBuf::from("cvc5"), only: Vec::new(), patience: Duration::from_secs(10) }
    }
}

/// What was claimed of a bundle, and what came of it.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The bundle's digest.
    pub digest: String,
    /// Every item, invariants first.
    pub items: Vec<Item>,
    /// Why there is no solver; then nothing is proved.
    pub unavailable: Option<String>,
}

/// One claim.
#[derive(Clone, Debug)]
pub struct Item {
    /// The invariant's id, or what is claimed and of which rule: `never-errors:new-address`.
    pub id: String,
    /// The claim in one sentence.
    pub title: String,
    /// What came of it.
    pub outcome: Outcome,
    /// How long it took, compiling included.
    pub elapsed: Duration,
}

/// What came of a claim.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It holds of every request that keeps the assumptions.
    Proved,
    /// It does not hold.
    Refuted(Refutation),
    /// It holds, and what it says is worth a look: a rule that changes nothing.
    Warned(String),
    /// It could not be decided, and why.
    NotProved(String),
}

/// Why a claim does not hold.
#[derive(Clone, Debug)]
pub struct Refutation {
    /// In one sentence.
    pub why: String,
    /// A purchase of which it does not hold, where there is one.
    pub example: Option<Box<Counterexample>>,
}

/// A purchase of which a claim does not hold.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// The question about it.
    pub question: Question,
    /// The facts, changed from an ordinary purchase only where that matters; none when no facts lead to the request.
    pub facts: Option<Facts>,
    /// The request as the solver found it.
    pub request: String,
    /// Whether Cedar's own engine agrees on that request.
    pub confirmed: bool,
    /// What else is to be said about it, a sentence each.
    pub remarks: Vec<String>,
}

impl Proof {
    /// Whether everything is proved; warnings do not count.
    pub fn passed(&self) -> bool {
        self.unavailable.is_none() && self.items.iter().all(|item| item.outcome.holds())
    }

    /// Whether everything is proved without a warning.
    pub fn passed_strictly(&self) -> bool {
        self.passed() && !self.items.iter().any(|item| matches!(item.outcome, Outcome::Warned(_)))
    }
}

impl Outcome {
    /// Whether the claim holds.
    pub fn holds(&self) -> bool {
        matches!(self, Self::Proved | Self::Warned(_))
    }
}

/// Proves a bundle's own invariants and the built-in ones under its assumptions.
pub async fn prove(bundle: &Bundle, options: &Options) -> Proof {
    prove_between(bundle, bundle, options).await
}

/// Proves `new`, judged by the invariants and assumptions of `live` as well as by its own.
pub async fn prove_between(_live: &Bundle, new: &Bundle, _options: &Options) -> Proof {
    let unavailable = Some("this build asks no solver yet".to_owned());
    Proof { digest: new.digest().to_owned(), items: Vec::new(), unavailable }
}
