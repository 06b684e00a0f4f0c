//! What is claimed of each rule: that it never errors, that it can match, and that it changes something.

use super::{About, Asked, Asking, Check, Scene, Spec};
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
    for rule in scene.new.assumptions().iter().map(|assumption| &assumption.rule) {
        let (id, title) =
            (format!("never-errors:{}", rule.id), format!("`{}` can be evaluated on every request", rule.id));
        specs.push(scene.spec(id, title, About::Nothing, || never_errors(rule, all)));
    }
    specs
}

type Askings = [Result<Asking, Unaskable>];

/// The questions that a rule is asked for.
fn askings<'a>(rule: &'a Rule, all: &'a Askings) -> impl Iterator<Item = Result<&'a Asking, Unaskable>> {
    let group = rule.question == Question::Authenticate;
    let sharing = rule.file == crate::policy::assumption::FILE && group;
    all.iter().filter_map(move |asking| match asking {
        Err(error) => Some(Err(Unaskable(error.0.clone()))),
        Ok(asking) => {
            let asked = match asking.question {
                Question::Approve | Question::Challenge => group || asking.question == rule.question,
                Question::Offer => sharing || rule.question == Question::Offer,
                question => question == rule.question,
            };
            asked.then_some(Ok(asking))
        }
    })
}

fn never_errors(rule: &Rule, all: &Askings) -> Result<Vec<Check>, Unaskable> {
    let piece = Piece::of(&rule.policy)?;
    let queries = askings(rule, all).map(|asking| {
        let asking = asking?;
        // An assumption must not lean on itself: it is asked bare.
        let bare = rule.file == crate::policy::assumption::FILE;
        let assumed = if bare { piece.clone() } else { piece.after(&asking.claims()) };
        Ok(asking.asked(Query::NeverErrors(Box::new(piece.policy("rule")?), Box::new(assumed.policy("rule")?))))
    });
    let why = "there is a request on which it cannot be evaluated".to_owned();
    Ok(vec![Check::Hold(queries.collect::<Result<_, Unaskable>>()?, why)])
}

fn can_match(rule: &Rule, all: &Askings) -> Result<Vec<Check>, Unaskable> {
    let piece = Piece::of(&rule.policy)?;
    let queries = askings(rule, all).map(|asking| {
        let asking = asking?;
        Ok(asking.asked(Query::NeverMatches(Box::new(piece.after(&asking.claims()).policy("rule")?))))
    });
    let why = "it matches no request that can be: its conditions contradict one another or the assumptions".to_owned();
    Ok(vec![Check::Fail(queries.collect::<Result<_, Unaskable>>()?, why)])
}

/// Whether some answer would be another without the rule.
fn matters(rule: &Rule, all: &Askings) -> Result<Vec<Check>, Unaskable> {
    let (mut shadowed, mut redundant) = (Vec::new(), Vec::new());
    for asking in askings(rule, all) {
        let asking = asking?;
        let (own, others): (Vec<_>, Vec<_>) = asking.rules.iter().partition(|(id, _)| *id == rule.id);
        let own = || own.iter().map(|(_, piece)| piece.clone());
        let others = || others.iter().map(|(_, piece)| piece.clone());
        if rule.forbids {
            redundant.push(asking.implies(others(), others().chain(own()))?);
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
        let why = "it never decides: whatever it forbids is forbidden by another rule or permitted by none";
        return vec![Check::Warn(redundant, why.to_owned())];
    }
    let forbidden = "it is shadowed: whatever it permits is forbidden by another rule".to_owned();
    let permitted = "it is redundant: whatever it permits is permitted by another rule too, or forbidden".to_owned();
    vec![Check::Warn(shadowed, forbidden), Check::Warn(redundant, permitted)]
}
