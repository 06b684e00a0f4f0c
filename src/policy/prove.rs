//! Proofs: what holds of every possible request, shown by an SMT solver instead of by examples.
//!
//! Each item is one claim: an invariant of the bundle, or one that is built in. What the solver cannot decide, because it
//! is absent, crashes, answers nonsense or needs too long, is *not proved*, never proved. Needs no database and no network;
//! production needs no solver, since proofs are made when a bundle is submitted.

mod counterexample;
mod differ;
mod facts;
mod instead;
mod ordinary;
mod piece;
mod plan;
mod premise;
mod purchase;
mod solver;
mod weakening;
mod witness;
mod work;

use std::path::PathBuf;
use std::time::Duration;

use super::bundle::Bundle;
use super::question::Question;
use super::yardstick::Query;
use crate::domain::facts::Facts;
use crate::domain::verdict::Verdict;
use plan::Spec;
use solver::Process;
use work::{Done, Found};

pub(super) use differ::{Asker, Row};
pub use weakening::weakening;

/// How proofs are made.
#[derive(Clone, Debug)]
pub struct Options {
    /// The solver's program; `cvc5` is looked for on `PATH`.
    pub solver: PathBuf,
    /// The items to prove; all when empty.
    pub only: Vec<String>,
    /// How long the solver may think about one query before it says that it does not know.
    pub limit: Duration,
    /// How long one query may take with all that belongs to it, before the solver is given up.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            solver: PathBuf::from("cvc5"),
            only: Vec::new(),
            limit: Duration::from_secs(5),
            patience: Duration::from_secs(10),
        }
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
    /// The request as the solver found it.
    pub request: String,
    /// Whether Cedar's own engine agrees on that request.
    pub confirmed: bool,
    /// The same as facts that the program could gather; none when no facts lead to such a request.
    pub purchase: Option<Purchase>,
    /// What else is to be said about it, a sentence each.
    pub remarks: Vec<String>,
}

/// A purchase of which a claim does not hold, as facts.
#[derive(Clone, Debug)]
pub struct Purchase {
    /// The facts, changed from an ordinary purchase only where that matters.
    pub facts: Facts,
    /// What was changed, by the facts' paths: `purchase.amount_base_minor: 3000001, ordinarily 4980`.
    pub differs: Vec<String>,
    /// The very question, with its method, recipient and data class.
    pub asked: Query,
    /// What the whole decision says about these facts.
    pub verdict: Verdict,
    /// The facts of the second request that the claim speaks of, and what the decision says about them.
    pub instead: Option<Box<(Facts, Verdict)>>,
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
pub async fn prove_between(live: &Bundle, new: &Bundle, options: &Options) -> Proof {
    let digest = new.digest().to_owned();
    let specs = match plan::specs(live, new, &|id| options.wants(id)) {
        Ok(specs) => specs,
        Err(error) => return Proof { digest, items: Vec::new(), unavailable: Some(error.to_string()) },
    };
    let specs: Vec<Spec> = specs.into_iter().filter(|spec| options.wants(&spec.id)).collect();
    let mut items = unknown(&specs, &options.only);
    let mut process = Process::new(options);
    if let Err(why) = ready(&mut process, new).await {
        items.extend(specs.into_iter().map(|spec| not_asked(spec, &why)));
        return Proof { digest, items, unavailable: Some(why) };
    }
    let done = work::run(specs, process, options).await;
    items.extend(done.into_iter().map(|done| item(live, new, done)));
    Proof { digest, items, unavailable: None }
}

/// Sees that the solver tells true from false, and does not deny a purchase that can be.
async fn ready(process: &mut Process, bundle: &Bundle) -> Result<(), String> {
    process.probe().await?;
    let possible = plan::possible(bundle).map_err(|error| error.to_string())?;
    match possible.filter(|_| witness::keeps_assumptions(bundle, &ordinary::purchase(bundle))) {
        Some((asked, schema)) => process.control(&asked.query, &asked.env, &schema).await,
        None => Ok(()),
    }
}

impl Options {
    /// Whether an item is among those to prove: named by its id, by its rule, or by what is claimed.
    fn wants(&self, id: &str) -> bool {
        let named =
            |name: &String| name == id || id.split_once(':').is_some_and(|(what, rule)| name == what || name == rule);
        self.only.is_empty() || self.only.iter().any(named)
    }
}

/// What was asked for and is no item: not proved, so that a typing error is found.
fn unknown(specs: &[Spec], only: &[String]) -> Vec<Item> {
    let is_item = |name: &&String| {
        let alone = Options { only: vec![(*name).clone()], ..Options::default() };
        specs.iter().any(|spec| alone.wants(&spec.id))
    };
    let item = |name: &String| Item {
        id: name.clone(),
        title: "nothing has this id".to_owned(),
        outcome: Outcome::NotProved("there is no such invariant, rule or claim".to_owned()),
        elapsed: Duration::ZERO,
    };
    only.iter().filter(|name| !is_item(name)).map(item).collect()
}

fn not_asked(spec: Spec, why: &str) -> Item {
    let why = why.lines().next().unwrap_or_default().to_owned();
    Item { id: spec.id, title: spec.title, outcome: Outcome::NotProved(why), elapsed: Duration::ZERO }
}

fn item(live: &Bundle, new: &Bundle, done: Done) -> Item {
    let Done { spec, found, elapsed } = done;
    let outcome = match found {
        Found::Proved => Outcome::Proved,
        Found::Warned(why) => Outcome::Warned(why),
        Found::NotProved(why) => Outcome::NotProved(why),
        Found::Refuted(why, example) => {
            let example = example.map(|example| Box::new(counterexample::of(live, new, &spec, &example.0, &example.1)));
            Outcome::Refuted(Refutation { why, example })
        }
    };
    Item { id: spec.id, title: spec.title, outcome, elapsed }
}
