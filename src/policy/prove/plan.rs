//! The plan: every claim about a bundle, as queries that a solver can answer. Asks nothing itself.

use std::cell::LazyCell;
use std::sync::Arc;

use cedar_policy::pst::Expr;
use cedar_policy::{EntityUid, RequestEnv, Schema};

use super::piece::{Piece, Unaskable, set};
use super::premise;
use super::solver::Query;
use super::witness::Witnesses;
use crate::policy::bundle::Bundle;
use crate::policy::question::Question;
use crate::policy::schema;

mod invariants;
mod rules;
mod staff;

/// One query about one type of request.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) question: Question,
    pub(super) env: RequestEnv,
    pub(super) query: Query,
}

/// What must come of some queries.
#[derive(Clone, Debug)]
pub(super) enum Check {
    /// Each must hold; where one fails, this is why nothing can be said.
    Need(Vec<Asked>, String),
    /// Each must hold; where one fails, this is why the claim is refuted.
    Hold(Vec<Asked>, String),
    /// At least one must fail; where all hold, this is why the claim is refuted.
    Fail(Vec<Asked>, String),
    /// Where all hold, this is worth a warning, and the checks after it are not made.
    Warn(Vec<Asked>, String),
}

/// One claim, ready to be asked.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) about: About,
    /// In the order in which they are made; what could not be put into queries is not proved.
    pub(super) checks: Result<Vec<Check>, String>,
    pub(super) schema: Arc<Schema>,
}

/// What a claim is about, to hold a counterexample against.
#[derive(Clone, Debug)]
pub(super) enum About {
    /// An invariant of `judge`, by its id.
    Invariant { id: String, of_live: bool },
    /// A rule fails to be evaluated.
    Errors(String),
    /// What may be approved may be challenged.
    Ladder,
    /// Nothing that one purchase shows.
    Nothing,
}

/// Every claim about `new`: the live bundle's invariants too, where they differ from its own. Only those that are wanted, by
/// their ids, are put into queries.
pub(super) fn specs(live: &Bundle, new: &Bundle, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Spec>, Unaskable> {
    let schema = Arc::new(schema::parse(new.facts_version()).map_err(Unaskable::new)?);
    let scene = Scene {
        new,
        judge: new,
        of_live: false,
        askings: ASKED.map(|question| Asking::new(new, new, question)),
        witnesses: LazyCell::new(Box::new(move || Witnesses::of(new, live))),
        schema,
        wanted,
    };
    let mut specs = invariants::of(&scene);
    specs.push(invariants::ladder(&scene));
    specs.extend(ASKED.map(|question| invariants::possible(&scene, question)));
    specs.extend(rules::of(&scene));
    specs.extend(staff::of(new, &Arc::new(schema::parse_staff().map_err(Unaskable::new)?), wanted));
    let askings = ASKED.map(|question| Asking::new(live, new, question));
    let judged = Scene { judge: live, of_live: true, askings, ..scene };
    specs.extend(invariants::of(&judged));
    Ok(specs)
}

/// The query that no purchase at all can be; none where the premise cannot be put to the solver, as each claim then tells.
pub(super) fn possible(new: &Bundle) -> Result<Option<(Asked, Schema)>, Unaskable> {
    let schema = schema::parse(new.facts_version()).map_err(Unaskable::new)?;
    let asked = Asking::new(new, new, Question::Approve).and_then(|asking| asking.possible());
    Ok(asked.ok().map(|asked| (asked, schema)))
}

/// What claims about a bundle are made from.
struct Scene<'a> {
    new: &'a Bundle,
    /// Whose invariants and assumptions are meant.
    judge: &'a Bundle,
    of_live: bool,
    /// How `new` answers each question, under the judge's assumptions.
    askings: [Result<Asking, Unaskable>; ASKED.len()],
    witnesses: LazyCell<Witnesses, Box<dyn FnOnce() -> Witnesses + 'a>>,
    schema: Arc<Schema>,
    wanted: &'a dyn Fn(&str) -> bool,
}

impl Scene<'_> {
    fn asking(&self, question: Question) -> Result<&Asking, Unaskable> {
        let place = ASKED.iter().position(|asked| *asked == question);
        let asking = place.and_then(|place| self.askings.get(place));
        let none = || Unaskable(format!("`{}` is not asked of facts", question.as_str()));
        asking.ok_or_else(none)?.as_ref().map_err(|error| Unaskable(error.0.clone()))
    }

    /// A claim; nobody makes queries of one that is not wanted.
    fn spec(
        &self,
        id: String,
        title: String,
        about: About,
        checks: impl FnOnce() -> Result<Vec<Check>, Unaskable>,
    ) -> Spec {
        let checks = if (self.wanted)(&id) { checks() } else { Ok(Vec::new()) };
        Spec { id, title, about, checks: checks.map_err(|error| error.to_string()), schema: self.schema.clone() }
    }
}

/// The rules that answer a question, as pieces, under its premise.
pub(super) struct Asking {
    pub(super) question: Question,
    pub(super) env: RequestEnv,
    pub(super) rules: Vec<(String, Piece)>,
    /// What the assumptions claim of every request.
    pub(super) assumed: Vec<Arc<Expr>>,
    /// What follows from the reference data.
    pub(super) given: Vec<Arc<Expr>>,
}

impl Asking {
    /// How `new` answers a question, where the assumptions are those of `judge` that `new` has, too: no other is enforced.
    pub(super) fn new(judge: &Bundle, new: &Bundle, question: Question) -> Result<Self, Unaskable> {
        // The assumptions of a bundle for other facts speak of words that those did not have.
        let judge = if judge.facts_version() == new.facts_version() { judge } else { new };
        let answers = |rule: Question| {
            let group = matches!(question, Question::Approve | Question::Challenge);
            rule == question || (group && rule == Question::Authenticate)
        };
        let rules = new.rules().iter().filter(|rule| answers(rule.question));
        let pieces = rules.map(|rule| Ok((rule.id.clone(), Piece::of(&rule.policy)?)));
        Ok(Self {
            question,
            env: env(question)?,
            rules: pieces.collect::<Result<_, Unaskable>>()?,
            assumed: premise::assumed(judge, new, question)?,
            given: premise::given(new, question)?,
        })
    }

    pub(super) fn pieces(&self) -> impl Iterator<Item = Piece> {
        self.rules.iter().map(|(_, piece)| piece.clone())
    }

    /// Everything that may be taken for granted.
    pub(super) fn claims(&self) -> Vec<Arc<Expr>> {
        self.assumed.iter().chain(&self.given).cloned().collect()
    }

    /// Forbids of whatever breaks the premise.
    pub(super) fn premise(&self) -> impl Iterator<Item = Piece> {
        self.claims().into_iter().map(Piece::only_if)
    }

    pub(super) fn asked(&self, query: Query) -> Asked {
        Asked { question: self.question, env: self.env.clone(), query }
    }

    /// Nothing that keeps the premise and these pieces is allowed.
    pub(super) fn never_allows(&self, pieces: impl IntoIterator<Item = Piece>) -> Result<Asked, Unaskable> {
        let pieces: Vec<Piece> = pieces.into_iter().chain(self.premise()).collect();
        Ok(self.asked(Query::NeverAllows(Box::new(set(&pieces)?))))
    }

    /// No request at all keeps the premise.
    pub(super) fn possible(&self) -> Result<Asked, Unaskable> {
        self.never_allows([Piece::anything()])
    }

    /// Whatever keeps the premise and is allowed by the first pieces is allowed by the others.
    pub(super) fn implies(
        &self,
        first: impl IntoIterator<Item = Piece>,
        second: impl IntoIterator<Item = Piece>,
    ) -> Result<Asked, Unaskable> {
        let first: Vec<Piece> = first.into_iter().chain(self.premise()).collect();
        let second: Vec<Piece> = second.into_iter().collect();
        Ok(self.asked(Query::Implies(Box::new(set(&first)?), Box::new(set(&second)?))))
    }
}

/// The questions that are asked of facts.
pub(super) const ASKED: [Question; 4] = [Question::Approve, Question::Challenge, Question::Offer, Question::Share];

/// The type of a question's requests.
fn env(question: Question) -> Result<RequestEnv, Unaskable> {
    let resource = match question {
        Question::Offer => "Method",
        Question::Share => "Recipient",
        _ => "Merchant",
    };
    let action: EntityUid = format!("Action::\"{}\"", question.as_str()).parse().map_err(Unaskable::new)?;
    let kind = |name: &str| name.parse().map_err(Unaskable::new);
    Ok(RequestEnv::new(kind("Card")?, action, kind(resource)?))
}
