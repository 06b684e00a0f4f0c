//! Where two bundles answer differently: the solver's part of a comparison.

use std::sync::Arc;

use super::Options;
use super::counterexample;
use super::piece::{Piece, Unaskable, set};
use super::plan::{About, Asking, Check, Spec};
use super::premise;
use super::solver::{Process, Query as Asked};
use super::work::{self, Found};
use crate::domain::facts::Facts;
use crate::policy::bundle::Bundle;
use crate::policy::compare::Side;
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
    /// Sees that there is a solver.
    pub(in crate::policy) async fn start(options: &Options) -> Result<Self, String> {
        Process::new(options).probe().await?;
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
    let answers = |asking: &Asking| -> Vec<Piece> {
        asking.pieces().chain(asking.assumed.iter().cloned().map(Piece::only_if)).collect()
    };
    let mut first = answers(&allows);
    // What the reference data say is taken for granted where both bundles say it.
    let same = crate::policy::difference::Difference::between(old, new).reference.is_empty();
    if same {
        first.extend(allows.given.iter().chain(&denies.given).cloned().map(Piece::only_if));
    }
    if let Some(only) = &row.only {
        first.push(Piece::only_if(premise::expression(only)?));
    }
    let asked = allows.asked(Asked::Implies(Box::new(set(&first)?), Box::new(set(&answers(&denies))?)));
    Ok(vec![Check::Hold(vec![asked], String::new())])
}
