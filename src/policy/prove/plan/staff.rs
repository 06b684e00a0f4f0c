//! What is claimed of the rules about staff: that each can be evaluated, and that each matches something.

use std::sync::Arc;

use cedar_policy::{Policy, RequestEnv, Schema};

use super::{About, Asked, Check, Spec};
use crate::policy::bundle::Bundle;
use crate::policy::prove::piece::{Piece, Unaskable};
use crate::policy::prove::solver::Query;
use crate::policy::question::Question;
use crate::policy::rule::Rule;

/// The claims about every rule of staff rights, over every act.
pub(super) fn of(new: &Bundle, schema: &Arc<Schema>, wanted: &dyn Fn(&str) -> bool) -> Vec<Spec> {
    let rules = new.rules().iter().filter(|rule| rule.question == Question::Staff);
    rules.flat_map(|rule| specs(rule, schema, wanted)).collect()
}

fn specs(rule: &Rule, schema: &Arc<Schema>, wanted: &dyn Fn(&str) -> bool) -> [Spec; 2] {
    let spec = |what: &str, says: &str, checks: &dyn Fn() -> Result<Vec<Check>, Unaskable>| {
        let id = format!("{what}:{}", rule.id);
        let checks = if wanted(&id) { checks() } else { Ok(Vec::new()) };
        Spec {
            id,
            title: format!("`{}` {says}", rule.id),
            about: About::Nothing,
            checks: checks.map_err(|error| error.to_string()),
            schema: schema.clone(),
        }
    };
    let errors = |asked| Check::Hold(asked, "there is an act on which it cannot be evaluated".to_owned());
    let vacuous = |asked| Check::Fail(asked, "it matches no act of anybody".to_owned());
    let never = |policy: Policy| Query::NeverErrors(Box::new(policy.clone()), Box::new(policy));
    let matches = |policy: Policy| Query::NeverMatches(Box::new(policy));
    [
        spec("never-errors", "can be evaluated on every act", &|| {
            over_acts(rule, schema, never).map(|asked| vec![errors(asked)])
        }),
        spec("can-match", "matches some act", &|| over_acts(rule, schema, matches).map(|asked| vec![vacuous(asked)])),
    ]
}

fn over_acts(rule: &Rule, schema: &Schema, query: impl Fn(Policy) -> Query) -> Result<Vec<Asked>, Unaskable> {
    let policy = Piece::with_its_acts(&rule.policy)?.policy("rule")?;
    let asked = |env: RequestEnv| Asked { question: Question::Staff, env, query: query(policy.clone()) };
    Ok(schema.request_envs().map(asked).collect())
}
