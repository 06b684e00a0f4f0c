//! Two bundles held against each other, over every possible request: where the new one is stricter, where it is looser,
//! with a purchase that shows it. What a solver cannot decide is said to be undecided, never equivalent.

mod plan;

use super::bundle::Bundle;
use super::difference::Difference;
use super::prove::{Counterexample, Options, weakening};
use super::question::Question;
use super::yardstick::Yardstick;
use crate::domain::facts::Facts;
use crate::policy::yardstick::Query;

/// What differs between two bundles.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Every question, by type of request where the answers differ.
    pub questions: Vec<Compared>,
    /// Rules, invariants, assumptions and reference data that differ.
    pub difference: Difference,
    /// What the new bundle removes or changes of what judges it.
    pub weakening: Vec<String>,
    /// Why there is no solver; then nothing is decided.
    pub unavailable: Option<String>,
}

/// How one question is answered by both.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The question.
    pub question: Question,
    /// The question with its method, or its data class and recipient.
    pub about: String,
    /// Whether something that the old bundle allows is no longer allowed.
    pub stricter: Side,
    /// Whether something is allowed that the old bundle did not allow.
    pub looser: Side,
}

/// Whether the bundles differ in one direction.
#[derive(Clone, Debug)]
pub enum Side {
    /// On no request.
    No,
    /// On this one.
    Yes(Option<Box<Counterexample>>),
    /// It could not be decided, and why.
    Undecided(String),
}

impl Compared {
    /// `equivalent`, `stricter`, `looser`, `stricter and looser` or `not decided`.
    pub fn word(&self) -> &'static str {
        match (&self.stricter, &self.looser) {
            (Side::Undecided(_), _) | (_, Side::Undecided(_)) => "not decided",
            (Side::No, Side::No) => "equivalent",
            (Side::Yes(_), Side::No) => "stricter",
            (Side::No, Side::Yes(_)) => "looser",
            (Side::Yes(_), Side::Yes(_)) => "stricter and looser",
        }
    }

    /// Whether the new bundle is surely not looser here.
    pub fn is_surely_not_looser(&self) -> bool {
        matches!(self.looser, Side::No)
    }
}

impl Comparison {
    /// Whether the new bundle is surely not looser in a question; the group stands for approve and challenge.
    pub fn is_surely_not_looser(&self, question: Question) -> bool {
        let group = [Question::Approve, Question::Challenge];
        let about = |compared: &&Compared| {
            compared.question == question || (question == Question::Authenticate && group.contains(&compared.question))
        };
        let mut found = self.questions.iter().filter(about).peekable();
        self.unavailable.is_none() && found.peek().is_some() && found.all(Compared::is_surely_not_looser)
    }
}

/// Compares two bundles.
pub async fn compare(old: &Bundle, new: &Bundle, options: &Options) -> Comparison {
    let (difference, weakening) = (Difference::between(old, new), weakening(old, new));
    let (mut questions, unavailable) = plan::run(old, new, options).await;
    questions.extend(plan::WHOLE.into_iter().filter_map(|question| other_data(&difference, question)));
    questions.sort_by(|a, b| (a.question, &a.about).cmp(&(b.question, &b.about)));
    Comparison { questions, difference, weakening, unavailable }
}

/// The row of a question on which reference data that differ bear: what follows from them is no matter of rules, and so
/// not decided.
fn other_data(difference: &Difference, question: Question) -> Option<Compared> {
    let bears = |file: &str| match file {
        "reference/recipients.toml" | "reference/data_classes.toml" => question == Question::Share,
        "reference/categories.toml" | "reference/currencies.toml" => question != Question::Share,
        _ => true,
    };
    let files: Vec<&str> =
        difference.reference_data().map(|changed| changed.id.as_str()).filter(|file| bears(file)).collect();
    let side = || Side::Undecided(format!("other reference data: {}", files.join(", ")));
    let about = format!("{} by other reference data", question.as_str());
    (!files.is_empty()).then(|| Compared { question, about, stricter: side(), looser: side() })
}

/// Whether the facts are allowed by one bundle and not by the other, by the engine that decides.
fn differs(allows: &Bundle, denies: &Bundle, facts: &Facts, query: &Query) -> bool {
    let permits = |bundle: &Bundle| -> Option<bool> {
        let yardstick = Yardstick::new(bundle).ok()?;
        let prepared = yardstick.prepare(facts, query)?;
        Some(yardstick.engine_says_yes(&prepared))
    };
    permits(allows) == Some(true) && permits(denies) == Some(false)
}
