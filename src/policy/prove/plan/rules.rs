//! What is claimed of each rule: that it never errors, that it can match, and that it changes something.

use super::{About, Asked, Asking, Check, Scene, Spec};
use crate::policy::assumption::Assumption;
use crate::policy::prove::piece::{Piece, Unaskable};
use crate::policy::prove::solver::Query;
use crate::policy::question::Question;
use crate::policy::rule::Rule;

/// The claims about every rule and assumption that facts are held against.
pub(super) fn of(scene: &Scene<'_>) -> Vec<Spec> {
    let all = &scene.askings;
    let mut specs = Vec::new();
    for rule in scene.new.rules().iter().filter(|rule| rule.question != Question::Staff) {
        let (id, witnesses) = (&rule.id, &scene.witnesses);
        let mut add = |what: &str, says: &str, about, checks: &dyn Fn() -> Result<Vec<Check>, Unaskable>| {
            specs.push(scene.spec(format!("{what}:{id}"), format!("`{id}` {says}"), about, checks));
        };
        add("never-errors", "can be evaluated on every request", About::Errors(id.clone()), &|| {
            never_errors(rule, all)
        });
        add("can-match", "matches some request", About::Nothing, &|| {
            if witnesses.match_some.contains(id) { Ok(Vec::new()) } else { can_match(rule, all) }
        });
        add("matters", "changes some answer", About::Nothing, &|| {
            if witnesses.matter.contains(id) { Ok(Vec::new()) } else { matters(rule, all) }
        });
    }
    for assumption in scene.new.assumptions() {
        let id = &assumption.rule.id;
        let title = format!("`{id}` can be evaluated on every request");
        let checks = || assumption_never_errors(assumption, all);
        specs.push(scene.spec(format!("never-errors:{id}"), title, About::Nothing, checks));
    }
    specs
}

type Askings = [Result<Asking, Unaskable>];

/// How the questions are asked that something speaks of.
fn askings(all: &Askings, speaks_of: impl Fn(Question) -> bool) -> impl Iterator<Item = Result<&Asking, Unaskable>> {
    all.iter().filter_map(move |asking| match asking {
        Err(error) => Some(Err(Unaskable(error.0.clone()))),
        Ok(asking) => speaks_of(asking.question).then_some(Ok(asking)),
    })
}

/// Whether a rule is asked for a question: the group's rules for two.
fn answers(rule: &Rule) -> impl Fn(Question) -> bool {
    let own = rule.question;
    let group = [Question::Approve, Question::Challenge];
    move |asked| asked == own || (own == Question::Authenticate && group.contains(&asked))
}

fn never_errors(rule: &Rule, all: &Askings) -> Result<Vec<Check>, Unaskable> {
    let piece = Piece::of(&rule.policy)?;
    let queries = askings(all, answers(rule)).map(|asking| {
        let asking = asking?;
        let assumed = piece.after(&asking.claims()).policy("rule")?;
        Ok(asking.asked(Query::NeverErrors(Box::new(piece.policy("rule")?), Box::new(assumed))))
    });
    Ok(errors(queries.collect::<Result<_, Unaskable>>()?))
}

/// An assumption must not lean on itself or another: it is asked of every request that the schema allows.
fn assumption_never_errors(assumption: &Assumption, all: &Askings) -> Result<Vec<Check>, Unaskable> {
    let piece = Piece::of(&assumption.rule.policy)?;
    let queries = askings(all, |question| assumption.is_about(question)).map(|asking| {
        let alone = Box::new(piece.policy("assumption")?);
        Ok(asking?.asked(Query::NeverErrors(alone.clone(), alone)))
    });
    Ok(errors(queries.collect::<Result<_, Unaskable>>()?))
}

fn errors(asked: Vec<Asked>) -> Vec<Check> {
    vec![Check::Hold(asked, "there is a request on which it cannot be evaluated".to_owned())]
}

fn can_match(rule: &Rule, all: &Askings) -> Result<Vec<Check>, Unaskable> {
    let piece = Piece::of(&rule.policy)?;
    let queries = askings(all, answers(rule)).map(|asking| {
        let asking = asking?;
        Ok(asking.asked(Query::NeverMatches(Box::new(piece.after(&asking.claims()).policy("rule")?))))
    });
    let why = "it matches no request that can be: its conditions contradict one another or the assumptions".to_owned();
    Ok(vec![Check::Fail(queries.collect::<Result<_, Unaskable>>()?, why)])
}

/// Whether some answer would be another without the rule.
fn matters(rule: &Rule, all: &Askings) -> Result<Vec<Check>, Unaskable> {
    let (mut shadowed, mut redundant) = (Vec::new(), Vec::new());
    for asking in askings(all, answers(rule)) {
        let asking = asking?;
        let (own, others): (Vec<_>, Vec<_>) = asking.rules.iter().partition(|(id, _)| *id == rule.id);
        let own = || own.iter().map(|(_, piece)| piece.clone());
        let others = || others.iter().map(|(_, piece)| piece.clone());
        if rule.forbids {
            // Alone it would change the answer, or at least give its reason.
            let forbids = others().filter(|piece| !piece.permits());
            redundant.push(asking.never_allows(own().map(|piece| piece.as_permit()).chain(forbids))?);
        } else {
            let forbids = || others().filter(|piece| !piece.permits());
            shadowed.push(asking.never_allows(own().chain(forbids()))?);
            redundant.push(asking.implies(own().chain(forbids()), others())?);
        }
    }
    Ok(warnings(rule, shadowed, redundant))
}

fn warnings(rule: &Rule, shadowed: Vec<Asked>, redundant: Vec<Asked>) -> Vec<Check> {
    if rule.forbids {
        let why = "it never decides and explains nothing: whatever it forbids is forbidden by another rule";
        return vec![Check::Warn(redundant, why.to_owned())];
    }
    let forbidden = "it is shadowed: whatever it permits is forbidden by another rule".to_owned();
    let permitted = "it is redundant: whatever it permits is permitted by another rule too, or forbidden".to_owned();
    vec![Check::Warn(shadowed, forbidden), Check::Warn(redundant, permitted)]
}
