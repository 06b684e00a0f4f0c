//! Invariants and the ladder as queries.

use std::sync::Arc;

use cedar_policy::Schema;

use super::{About, Asking, Check, Spec};
use crate::policy::bundle::Bundle;
use crate::policy::invariant::{Claim, Invariant};
use crate::policy::prove::instead::Instead;
use crate::policy::prove::piece::{Piece, Unaskable, all};
use crate::policy::question::Question;

/// The invariants of `judge` about `new`. Of the live bundle's those that say the same under the same assumptions are left
/// out: they are proved already.
pub(super) fn of(judge: &Bundle, new: &Bundle, of_live: bool, schema: &Arc<Schema>) -> Vec<Spec> {
    let assumed = |bundle: &Bundle| -> Vec<String> {
        bundle.assumptions().iter().map(|assumption| assumption.text.clone()).collect()
    };
    let same_premise = assumed(judge) == assumed(new);
    let known = |invariant: &&Invariant| {
        of_live && same_premise && new.invariants().iter().any(|own| own.text == invariant.text)
    };
    let invariants = judge.invariants().iter().filter(|invariant| !known(invariant));
    let spec = |invariant: &Invariant| Spec {
        id: if of_live { format!("live:{}", invariant.id) } else { invariant.id.clone() },
        title: invariant.title.clone(),
        about: About::Invariant { id: invariant.id.clone(), of_live },
        checks: checks(judge, new, invariant).map_err(|error| error.to_string()),
        schema: schema.clone(),
    };
    invariants.map(spec).collect()
}

/// The ladder, built in: a step-up that cannot be challenged would become a reject.
pub(super) fn ladder(new: &Bundle, schema: &Arc<Schema>) -> Spec {
    let query = || -> Result<Vec<Check>, Unaskable> {
        let approve = Asking::new(new, new, Question::Approve)?;
        let challenge = Asking::new(new, new, Question::Challenge)?;
        let why = "there is a purchase that may be approved and may not be challenged".to_owned();
        Ok(vec![Check::Hold(vec![approve.implies(approve.pieces(), challenge.pieces())?], why)])
    };
    Spec {
        id: "always:ladder".to_owned(),
        title: "Whatever may be approved may also be challenged on the same facts".to_owned(),
        about: About::Ladder,
        checks: query().map_err(|error| error.to_string()),
        schema: schema.clone(),
    }
}

/// The questions that an invariant's head is about.
fn questions(invariant: &Invariant) -> Vec<Question> {
    match invariant.question {
        Question::Authenticate => vec![Question::Approve, Question::Challenge],
        question => vec![question],
    }
}

fn checks(judge: &Bundle, new: &Bundle, invariant: &Invariant) -> Result<Vec<Check>, Unaskable> {
    let (mut matches, mut holds) = (Vec::new(), Vec::new());
    for question in questions(invariant) {
        let asking = Asking::new(judge, new, question)?;
        let piece = Piece::of(invariant.policy())?;
        let condition = piece.condition();
        let only = || Piece::only_if(condition.clone());
        match &invariant.claim {
            Claim::Never => {
                matches.push(asking.never_allows([Piece::anything(), only()])?);
                holds.push(asking.never_allows(asking.pieces().chain([only()]))?);
            }
            Claim::Then(then) => {
                let then = Asking::new(judge, new, *then)?;
                matches.push(asking.never_allows([Piece::anything(), only()])?);
                holds.push(asking.implies(asking.pieces().chain([only()]), then.pieces())?);
            }
            Claim::Instead(facts) => {
                let instead = Instead::new(facts);
                // The second request must be one that can be, too.
                let second = Piece::only_if(instead.rewrite(&all(asking.claims()))?);
                let rewritten = asking.pieces().map(|piece| instead.piece(&piece)).collect::<Result<Vec<_>, _>>()?;
                matches.push(asking.never_allows([Piece::anything(), only(), second.clone()])?);
                holds.push(asking.implies(asking.pieces().chain([only(), second]), rewritten)?);
            }
        }
    }
    let empty = "it speaks of no request that can be: its conditions contradict the assumptions".to_owned();
    Ok(vec![Check::Fail(matches, empty), Check::Hold(holds, refuted(&invariant.claim))])
}

fn refuted(claim: &Claim) -> String {
    match claim {
        Claim::Never => "there is a request that it forbids and the rules allow".to_owned(),
        Claim::Then(then) => format!("there is a request that is allowed, and not allowed as `{}`", then.as_str()),
        Claim::Instead(facts) => {
            let facts: Vec<_> = facts.iter().map(|(fact, value)| format!("{fact} = {value}")).collect();
            format!("there is a request that is allowed, and not allowed any more with {}", facts.join(", "))
        }
    }
}
