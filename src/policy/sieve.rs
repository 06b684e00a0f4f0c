//! Sieves: conditions on facts alone, answered by looking the facts up, so that Cedar is not asked where that is enough.
//!
//! A sieve answers true or false only where Cedar would, and without an error on the way: it goes from left to right as
//! Cedar does, and has no answer from the first expression on that it does not know, whose fact is absent or of another
//! type. Then Cedar is asked.

mod condition;

use cedar_policy::pst::{Clause, PstConstructionError};
use cedar_policy::{Context, EvalResult, Policy, Request};

use self::condition::Condition;

/// The attributes of the context that sieves name, by their places.
#[derive(Default)]
pub(super) struct Facts(Vec<String>);

impl Facts {
    fn place(&mut self, name: &str) -> usize {
        self.0.iter().position(|known| known == name).unwrap_or_else(|| {
            self.0.push(name.to_owned());
            self.0.len() - 1
        })
    }

    /// Looks these attributes up in a request.
    pub(super) fn of(&self, request: &Request) -> Seen {
        let get = |context: &Context| self.0.iter().map(|name| context.get(name)).collect();
        Seen(request.context().map(get).unwrap_or_default())
    }
}

/// The values of [`Facts`] in one request.
pub(super) struct Seen(Vec<Option<EvalResult>>);

impl Seen {
    fn get(&self, place: usize) -> Option<&EvalResult> {
        self.0.get(place)?.as_ref()
    }
}

/// The conditions of one rule.
pub(super) struct Sieve(Condition);

impl Sieve {
    /// The sieve of a rule's conditions; none where it could never answer false.
    pub(super) fn of(policy: &Policy, facts: &mut Facts) -> Result<Option<Self>, PstConstructionError> {
        let policy = policy.to_pst()?;
        let tests = policy.body().clauses().iter().map(|clause| match clause {
            Clause::When(expr) => Condition::of(expr, facts),
            Clause::Unless(expr) => Condition::Not(Box::new(Condition::of(expr, facts))),
        });
        let sieve = Self(Condition::All(tests.collect()));
        Ok(Some(sieve).filter(|sieve| sieve.0.begins()))
    }

    /// Whether the conditions hold; none where only Cedar can tell.
    pub(super) fn answer(&self, seen: &Seen) -> Option<bool> {
        self.0.answer(seen)
    }
}

#[cfg(test)]
mod tests {
    use cedar_policy::{Authorizer, Decision, Entities, PolicySet};
    use serde_json::json;

    use super::*;

    /// Whatever stands here is answered by the sieve on at least one request.
    const KNOWN: &[&str] = &[
        "context.flag",
        "!context.flag && context.hour < 5",
        "context.hour >= 5 || context.card.status == \"lost\"",
        "context.hour == context.card.age",
        "context.card.status != \"active\" && context.card.age + context.hour > 3",
        "context.hour > 3 && context.card.age * 9223372036854775807 > 0",
        "[\"active\", \"lost\"].contains(context.card.status)",
        "context.words.contains(context.card.status)",
        "[\"active\", \"risky\"].containsAll(context.words)",
        "context.words.containsAny([\"risky\", \"odd\"])",
        "context.words.containsAll([\"risky\", \"odd\"])",
        "context.words.isEmpty() || context.card has risk",
        "if context.card has risk then context.card.risk >= 700 else context.flag",
        "context.card has risk && context.card.risk < 700",
        "context.card.risk < 700 || context.flag",
        "context.hour == \"3\" || context.flag",
        "context.hour > 3 && context.words.contains(3)",
        "context.hour > 3 && context.card.status.contains(3)",
        "context.flag && context.card.status",
        "(context.flag || context.hour < 5) && !(context.hour == 3)",
        "context.flag && resource == Shop::\"a\"",
    ];
    /// And whatever stands here never.
    const UNKNOWN: &[&str] = &[
        "resource == Shop::\"a\"",
        "context.card.status like \"a*\"",
        "principal == resource",
        "context.card.status < 3 || context.flag",
        "context.card == context.card || context.flag",
    ];

    fn requests() -> Vec<Request> {
        let uid = |text: &str| text.parse().unwrap();
        let mut requests = Vec::new();
        for (number, words) in
            [json!([]), json!(["risky"]), json!(["active", "odd"]), json!(["risky", "odd", 3])].iter().enumerate()
        {
            for hour in [0, 3, 23] {
                for (status, risk) in
                    [("active", Some(100)), ("lost", None), ("active", Some(900)), ("lost", Some(700))]
                {
                    let mut card = json!({"status": status, "age": 3});
                    if let Some(risk) = risk {
                        card["risk"] = json!(risk);
                    }
                    let flag = (number + hour) % 2 == 0;
                    let context = json!({"flag": flag, "hour": hour, "words": words, "card": card});
                    let context = Context::from_json_value(context, None).unwrap();
                    let shop = if risk.is_some() { "Shop::\"a\"" } else { "Shop::\"b\"" };
                    requests.push(
                        Request::new(uid("Card::\"c\""), uid("Action::\"approve\""), uid(shop), context, None).unwrap(),
                    );
                }
            }
        }
        requests
    }

    /// How many requests the sieve answers, each of them as Cedar does and none where Cedar fails.
    fn answered(body: &str) -> usize {
        let set: PolicySet = format!("permit (principal, action, resource) {body};").parse().unwrap();
        let policy = set.policies().next().unwrap();
        let mut facts = Facts::default();
        let Some(sieve) = Sieve::of(policy, &mut facts).unwrap() else { return 0 };
        let answers = requests().into_iter().filter(|request| {
            let Some(answer) = sieve.answer(&facts.of(request)) else { return false };
            let response = Authorizer::new().is_authorized(request, &set, &Entities::empty());
            assert_eq!(response.diagnostics().errors().count(), 0, "{body}");
            assert_eq!(answer, response.decision() == Decision::Allow, "{body}");
            true
        });
        answers.count()
    }

    #[test]
    fn what_a_sieve_answers_is_what_cedar_answers() {
        for known in KNOWN {
            for body in [format!("when {{ {known} }}"), format!("when {{ context.hour < 24 }} unless {{ {known} }}")] {
                assert!(answered(&body) > 0, "{body}");
            }
            assert!(answered(&format!("when {{ {known} }} when {{ resource == Shop::\"a\" }}")) < requests().len());
        }
        for unknown in UNKNOWN {
            assert_eq!(answered(&format!("when {{ {unknown} }}")), 0, "{unknown}");
            assert_eq!(answered(&format!("when {{ {unknown} && context.flag }}")), 0, "{unknown}");
        }
    }

    #[test]
    fn a_rule_without_conditions_has_no_sieve() {
        assert_eq!(answered(""), 0);
    }
}
