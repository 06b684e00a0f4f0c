//! Invariants and the ladder as queries.

use super::{About, Check, Scene, Spec};
use crate::policy::bundle::Bundle;
use crate::policy::invariant::{Claim, Invariant};
use crate::policy::prove::instead::Instead;
use crate::policy::prove::piece::{Piece, Unaskable, all};
use crate::policy::question::Question;

/// The judge's invariants about the new bundle. Of the live bundle's those that say the same under the same assumptions are
/// left out: they are proved already.
pub(super) fn of(scene: &Scene<'_>) -> Vec<Spec> {
    let assumed = |bundle: &Bundle| -> Vec<String> {
        bundle.assumptions().iter().map(|assumption| assumption.text.clone()).collect()
    };
    let same_premise = assumed(scene.judge) == assumed(scene.new);
    let known = |invariant: &&Invariant| {
        scene.of_live && same_premise && scene.new.invariants().iter().any(|own| own.text == invariant.text)
    };
    let invariants = scene.judge.invariants().iter().filter(|invariant| !known(invariant));
    let spec = |invariant: &Invariant| {
        let id = if scene.of_live { format!("live:{}", invariant.id) } else { invariant.id.clone() };
        let about = About::Invariant { id: invariant.id.clone(), of_live: scene.of_live };
        scene.spec(id, invariant.title.clone(), about, || checks(scene, invariant))
    };
    invariants.map(spec).collect()
}

/// The ladder, built in: a step-up that cannot be challenged would become a reject.
pub(super) fn ladder(scene: &Scene<'_>) -> Spec {
    let title = "Whatever may be approved may also be challenged on the same facts".to_owned();
    scene.spec("always:ladder".to_owned(), title, About::Ladder, || {
        let (approve, challenge) = (scene.asking(Question::Approve)?, scene.asking(Question::Challenge)?);
        let why = "there is a purchase that may be approved and may not be challenged".to_owned();
        Ok(vec![Check::Hold(vec![approve.implies(approve.pieces(), challenge.pieces())?], why)])
    })
}

/// The questions that an invariant's head is about.
fn questions(invariant: &Invariant) -> Vec<Question> {
    match invariant.question {
        Question::Authenticate => vec![Question::Approve, Question::Challenge],
        question => vec![question],
    }
}

fn checks(scene: &Scene<'_>, invariant: &Invariant) -> Result<Vec<Check>, Unaskable> {
    let (mut matches, mut holds) = (Vec::new(), Vec::new());
    for question in questions(invariant) {
        let asking = scene.asking(question)?;
        let piece = Piece::of(invariant.policy())?;
        let condition = piece.condition();
        let only = || Piece::only_if(condition.clone());
        match &invariant.claim {
            Claim::Never => {
                matches.push(asking.never_allows([Piece::anything(), only()])?);
                holds.push(asking.never_allows(asking.pieces().chain([only()]))?);
            }
            Claim::Then(then) => {
                let then = scene.asking(*then)?;
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
    let hold = Check::Hold(holds, refuted(&invariant.claim));
    if scene.witnesses.spoken_of.contains(&(scene.of_live, invariant.id.clone())) {
        return Ok(vec![hold]);
    }
    Ok(vec![Check::Fail(matches, empty), hold])
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
