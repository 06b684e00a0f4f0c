//! Invariants and the ladder as queries.

use super::{About, Asked, Asking, Check, Scene, Spec};
use crate::policy::assumption::Assumption;
use crate::policy::invariant::{Claim, Invariant, alternatives};
use crate::policy::prove::instead::Instead;
use crate::policy::prove::piece::{Piece, Unaskable, all};
use crate::policy::question::Question;

/// The judge's invariants about the new bundle. Of the live bundle's those that say the same are left out where the new
/// bundle assumes no more than the live one does: they are proved already.
pub(super) fn of(scene: &Scene<'_>) -> Vec<Spec> {
    let of_both = |own: &Assumption| scene.judge.assumptions().iter().any(|other| other.text == own.text);
    let same_premise = scene.new.assumptions().iter().all(of_both);
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

/// That some request keeps everything that is taken for granted of a question: of a contradiction everything follows.
pub(super) fn possible(scene: &Scene<'_>, question: Question) -> Spec {
    let word = question.as_str();
    let title = format!("Some request of `{word}` keeps all that proofs take for granted");
    scene.spec(format!("possible:{word}"), title, About::Nothing, || {
        let why = "no request can be: the assumptions contradict one another or the reference data".to_owned();
        Ok(vec![Check::Fail(vec![scene.asking(question)?.possible()?], why)])
    })
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
    let claims = match &invariant.claim {
        Claim::Instead(facts) => alternatives(facts).iter().map(|facts| Second::Instead(Instead::new(facts))).collect(),
        Claim::Never => vec![Second::None],
        Claim::Then(then) => vec![Second::Question(*then)],
    };
    let (mut speaks, mut holds) = (Vec::new(), Vec::new());
    for second in &claims {
        let mut matches = Vec::new();
        for question in questions(invariant) {
            let (matching, holding) = queries(scene, invariant, scene.asking(question)?, second)?;
            matches.push(matching);
            holds.push(holding);
        }
        let empty = "it speaks of no request that can be: its conditions contradict the assumptions".to_owned();
        speaks.push(Check::Fail(matches, empty));
    }
    let hold = Check::Hold(holds, refuted(&invariant.claim));
    if scene.witnesses.spoken_of.contains(&(scene.of_live, invariant.id.clone())) {
        return Ok(vec![hold]);
    }
    Ok(speaks.into_iter().chain([hold]).collect())
}

/// The second request that a claim speaks of.
enum Second {
    None,
    Question(Question),
    Instead(Instead),
}

/// What shows that a claim speaks of a request, and what shows that it holds.
fn queries(
    scene: &Scene<'_>,
    invariant: &Invariant,
    asking: &Asking,
    second: &Second,
) -> Result<(Asked, Asked), Unaskable> {
    let only = Piece::only_if(Piece::of(invariant.policy())?.condition());
    let spoken_of =
        |more: Option<Piece>| asking.never_allows([Piece::anything(), only.clone()].into_iter().chain(more));
    let first = || asking.pieces().chain([only.clone()]);
    Ok(match second {
        Second::None => (spoken_of(None)?, asking.never_allows(first())?),
        Second::Question(then) => (spoken_of(None)?, asking.implies(first(), scene.asking(*then)?.pieces())?),
        Second::Instead(instead) => {
            // The second request must be one that can be, too.
            let can_be = Piece::only_if(instead.rewrite(&all(asking.claims()))?);
            let rewritten = asking.pieces().map(|piece| instead.piece(&piece)).collect::<Result<Vec<_>, _>>()?;
            (spoken_of(Some(can_be.clone()))?, asking.implies(first().chain([can_be]), rewritten)?)
        }
    })
}

fn refuted(claim: &Claim) -> String {
    match claim {
        Claim::Never => "there is a request that it forbids and the rules allow".to_owned(),
        Claim::Then(then) => format!("there is a request that is allowed, and not allowed as `{}`", then.as_str()),
        Claim::Instead(facts) => {
            let facts: Vec<_> = facts.iter().map(|(fact, values)| format!("{fact} = {}", values.join(" | "))).collect();
            format!("there is a request that is allowed, and not allowed any more with {}", facts.join(", "))
        }
    }
}
