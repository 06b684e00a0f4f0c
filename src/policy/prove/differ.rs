//! Where two bundles answer differently: the solver's part of a comparison.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::counterexample;
use super::piece::{Piece, Unaskable, set};
use super::plan::{self, About, Asking, Check, Spec};
use super::premise;
use super::solver::{Process, Query as Asked};
use super::work::{self, Found};
use super::{Options, ready};
use crate::domain::facts::Facts;
use crate::policy::assumption::Assumption;
use crate::policy::bundle::Bundle;
use crate::policy::compare::Side;
use crate::policy::difference::Difference;
use crate::policy::question::Question;
use crate::policy::schema;
use crate::policy::yardstick::Query;

/// What one bundle allows and another does not.
pub(in crate::policy) struct Row<'a> {
    pub(in crate::policy) allows: &'a Bundle,
    pub(in crate::policy) denies: &'a Bundle,
    pub(in crate::policy) question: Question,
    /// What narrows the question to a type of request, as Cedar.
    pub(in crate::policy) only: Option<String>,
}

/// Whether facts are allowed by the first bundle and not by the second.
type Differs = dyn Fn(&Bundle, &Bundle, &Facts, &Query) -> bool;

/// Asks the solver where bundles differ.
pub(in crate::policy) struct Asker {
    options: Options,
}

impl Asker {
    /// Sees that there is a solver, which does not deny a purchase that the bundle's cases show.
    pub(in crate::policy) async fn start(bundle: &Bundle, options: &Options) -> Result<Self, String> {
        ready(&mut Process::new(options), bundle).await?;
        Ok(Self { options: options.clone() })
    }

    /// Every row's answer, in their order.
    pub(in crate::policy) async fn differ(
        &self,
        old: &Bundle,
        new: &Bundle,
        rows: Vec<Row<'_>>,
        differs: &Differs,
    ) -> Vec<Side> {
        let specs = rows.iter().map(|row| spec(row, old, new)).collect::<Result<Vec<_>, _>>();
        let specs = match specs {
            Ok(specs) => specs,
            Err(error) => return rows.iter().map(|_| Side::Undecided(error.to_string())).collect(),
        };
        let process = Process::new(&self.options);
        let done = work::run(specs, process, &self.options).await;
        let side = |(row, found): (&Row<'_>, Found)| match found {
            Found::Proved | Found::Warned(_) => Side::No,
            Found::NotProved(why) => Side::Undecided(why),
            Found::Refuted(_, example) => Side::Yes(example.map(|example| {
                let fails = |facts: &Facts, query: &Query| differs(row.allows, row.denies, facts, query);
                Box::new(counterexample::tell(new, &example.0, &example.1, fails))
            })),
        };
        rows.iter().zip(done.into_iter().map(|done| done.found)).map(side).collect()
    }
}

fn spec(row: &Row<'_>, old: &Bundle, new: &Bundle) -> Result<Spec, Unaskable> {
    let checks = if old.facts_version() == new.facts_version() {
        query(row, old, new).map_err(|error| error.to_string())
    } else {
        Err("the bundles are written for different facts".to_owned())
    };
    Ok(Spec {
        id: row.question.as_str().to_owned(),
        title: String::new(),
        about: About::Nothing,
        checks,
        schema: Arc::new(schema::parse(new.facts_version()).map_err(Unaskable::new)?),
    })
}

/// Each bundle denies what breaks its own assumptions, as it does when it decides.
fn query(row: &Row<'_>, old: &Bundle, new: &Bundle) -> Result<Vec<Check>, Unaskable> {
    let allows = Asking::new(row.allows, row.allows, row.question)?;
    let denies = Asking::new(row.denies, row.denies, row.question)?;
    let difference = Difference::between(old, new);
    let answers = |asking: &Asking| -> Vec<Piece> {
        asking.pieces().chain(asking.assumed.iter().cloned().map(Piece::only_if)).collect()
    };
    let mut first = answers(&allows);
    // What the reference data say is taken for granted where both bundles say it.
    if difference.reference_data().next().is_none() {
        first.extend(allows.given.iter().chain(&denies.given).cloned().map(Piece::only_if));
    }
    if let Some(only) = &row.only {
        first.push(Piece::only_if(premise::expression(only)?));
    }
    let asked = allows.asked(Asked::Implies(Box::new(set(&first)?), Box::new(set(&answers(&denies))?)));
    let fails = never_errors((row.allows, &allows), &difference)?
        .into_iter()
        .chain(never_errors((row.denies, &denies), &difference)?);
    let why = "a rule or an assumption that differs can fail to be evaluated: `policy prove` shows where".to_owned();
    Ok(vec![Check::Need(fails.collect(), why), Check::Hold(vec![asked], String::new())])
}

/// That what differs in a bundle never fails to be evaluated: a forbid that fails is a no to the engine, and nothing to
/// Cedar. What both bundles have fails in both.
fn never_errors((bundle, asking): (&Bundle, &Asking), difference: &Difference) -> Result<Vec<plan::Asked>, Unaskable> {
    let changed: BTreeSet<&str> = difference.rules.values().flatten().map(|changed| changed.id.as_str()).collect();
    let rules = asking.rules.iter().filter(|(id, piece)| !piece.permits() && changed.contains(id.as_str()));
    let mut queries = Vec::new();
    for (_, piece) in rules {
        let (alone, assumed) = (piece.policy("rule")?, piece.after(&asking.claims()).policy("rule")?);
        queries.push(asking.asked(Asked::NeverErrors(Box::new(alone), Box::new(assumed))));
    }
    let other = |id: &str| difference.assumptions.iter().any(|changed| changed.id == id);
    let about = |one: &&Assumption| other(&one.id) && one.is_about(asking.question);
    for assumption in bundle.assumptions().iter().filter(about) {
        let alone = Box::new(Piece::of(&assumption.rule.policy)?.policy("assumption")?);
        queries.push(asking.asked(Asked::NeverErrors(alone.clone(), alone)));
    }
    Ok(queries)
}
