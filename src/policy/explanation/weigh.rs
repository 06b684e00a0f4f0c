//! Weighs a rule's head and conditions one by one on a request: Cedar evaluates each, and each fact that it reads.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use cedar_policy::pst::{BinaryOp, Clause, Expr, Literal, Var};
use cedar_policy::{EvalResult, Expression, Policy, PrincipalConstraint, ResourceConstraint, eval_expression};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::names;
use super::split;
use super::words::{self, Words};
use crate::domain::assessment::words as closed_words;
use crate::policy::question::Question;
use crate::policy::rule::Rule;
use crate::policy::vocabulary::words_of;
use crate::policy::yardstick::Prepared;

closed_words! {
    /// Where a condition stands in its rule.
    Part {
        /// In the head: whom and what the rule is about.
        Head = "head",
        /// In `when`: it must hold.
        When = "when",
        /// In `unless`: it must not hold.
        Unless = "unless",
    }
}

closed_words! {
    /// What a condition is on the facts.
    ConditionState {
        /// It is true.
        Held = "held",
        /// It is false.
        NotHeld = "not_held",
        /// It has no value on these facts, and was not asked since an earlier one decided.
        NotReached = "not_reached",
        /// It could not be evaluated.
        Failed = "failed",
    }
}

/// One condition of a rule, weighed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Condition {
    /// Where it stands.
    pub part: Part,
    /// As it is written, on one line.
    pub text: String,
    /// In plain words.
    pub words: Words,
    /// What it is on the facts.
    pub state: ConditionState,
    /// Whether it speaks for the rule: it holds in head or `when`, or does not hold in `unless`.
    pub fits: bool,
    /// The facts that it reads, in their order.
    pub values: Vec<ValueRead>,
}

/// A fact that a condition reads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ValueRead {
    /// Its name in the schema: `context.purchase.amount_base_minor`.
    pub name: String,
    /// Its name in plain words.
    pub words: Words,
    /// Its value; none where the fact is absent.
    pub value: Option<Value>,
}

impl fmt::Display for ValueRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{} = {value}", self.name),
            None => write!(f, "{} is absent", self.name),
        }
    }
}

impl ValueRead {
    /// A number with its digits in groups and its unit; none for what is no number.
    pub fn amount(&self) -> Option<Words> {
        let number = self.value.as_ref()?.as_i64()?;
        Some(names::name(&self.name)?.unit.amount(number))
    }

    /// Whether its value is one word, or several, of a closed set.
    pub fn has_closed_words(&self) -> bool {
        words_of(&self.name).is_some()
    }
}

impl Condition {
    /// Whether the rule would have needed it to be otherwise.
    pub fn stood_in_the_way(&self) -> bool {
        !self.fits && self.state != ConditionState::NotReached
    }
}

/// The head and the conditions of a rule, each evaluated alone.
pub(super) fn conditions(rule: &Rule, question: Question, prepared: &Prepared) -> Vec<Condition> {
    let head = head_of(&rule.policy).into_iter().map(|text| (Part::Head, text));
    let mut decided = false;
    let one = |(part, text)| {
        let condition = weigh(part, text, question, prepared, decided);
        decided |= !condition.fits;
        condition
    };
    head.chain(split::conditions(&rule.text)).map(one).collect()
}

/// Every fact of a purchase's request that has a value.
pub(super) fn facts(prepared: &Prepared) -> Vec<ValueRead> {
    let read = |path: &'static str| {
        let value = json(&evaluate(path, prepared)?);
        let words = words::name_of(path, Question::Approve)?;
        Some(ValueRead { name: path.to_owned(), words, value: Some(value) })
    };
    names::paths().filter(|path| path.starts_with("context.")).filter_map(read).collect()
}

/// Whom and what a rule's head names, as conditions; the action is the question's.
fn head_of(policy: &Policy) -> Vec<String> {
    let principal = match policy.principal_constraint() {
        PrincipalConstraint::Any => None,
        PrincipalConstraint::In(uid) => Some(format!("principal in {uid}")),
        PrincipalConstraint::Eq(uid) => Some(format!("principal == {uid}")),
        PrincipalConstraint::Is(kind) => Some(format!("principal is {kind}")),
        PrincipalConstraint::IsIn(kind, uid) => Some(format!("principal is {kind} in {uid}")),
    };
    let resource = match policy.resource_constraint() {
        ResourceConstraint::Any => None,
        ResourceConstraint::In(uid) => Some(format!("resource in {uid}")),
        ResourceConstraint::Eq(uid) => Some(format!("resource == {uid}")),
        ResourceConstraint::Is(kind) => Some(format!("resource is {kind}")),
        ResourceConstraint::IsIn(kind, uid) => Some(format!("resource is {kind} in {uid}")),
    };
    principal.into_iter().chain(resource).collect()
}

fn weigh(part: Part, text: String, question: Question, prepared: &Prepared, decided: bool) -> Condition {
    let state = match evaluate(&text, prepared) {
        Some(EvalResult::Bool(true)) => ConditionState::Held,
        Some(EvalResult::Bool(false)) => ConditionState::NotHeld,
        // Cedar stops at the first condition that decides: what follows may read a fact that is not there.
        _ if decided => ConditionState::NotReached,
        _ => ConditionState::Failed,
    };
    let wanted = if part == Part::Unless { ConditionState::NotHeld } else { ConditionState::Held };
    let expr = parsed(&text);
    let words = expr.as_deref().and_then(|expr| words::sentence(expr, question));
    let values = expr.as_deref().map(|expr| values(expr, question, prepared)).unwrap_or_default();
    let words = words.unwrap_or_else(|| Words::both(&text));
    Condition { part, text, words, state, fits: state == wanted, values }
}

/// The value of a text in Cedar; none where it has none on these facts.
fn evaluate(text: &str, prepared: &Prepared) -> Option<EvalResult> {
    let expression = Expression::from_str(text).ok()?;
    eval_expression(&prepared.request, &prepared.entities, &expression).ok()
}

/// The expression of a condition, as the only one of a policy.
fn parsed(text: &str) -> Option<Arc<Expr>> {
    let policy = Policy::parse(None, format!("permit (principal, action, resource) when {{ {text} }};")).ok()?;
    let policy = policy.to_pst().ok()?;
    match policy.body().clauses().first()? {
        Clause::When(expr) | Clause::Unless(expr) => Some(Arc::clone(expr)),
    }
}

fn values(expr: &Expr, question: Question, prepared: &Prepared) -> Vec<ValueRead> {
    let mut read = Vec::new();
    reads(expr, &mut read);
    let mut found: Vec<ValueRead> = Vec::new();
    for (name, group) in read {
        if found.iter().any(|value| value.name == name) {
            continue;
        }
        let value = match &group {
            Some(kind) => above(&name, kind, prepared),
            None => evaluate(&name, prepared).map(|value| json(&value)),
        };
        let words = words::name_of(&name, question).unwrap_or_else(|| Words::both(&name));
        found.push(ValueRead { name, words, value });
    }
    found
}

/// The facts that an expression reads; of whom `in` is asked, with the type that it is asked about.
fn reads(expr: &Expr, found: &mut Vec<(String, Option<String>)>) {
    if let Some(path) = path_of(expr) {
        found.push((path, None));
        return;
    }
    match expr {
        Expr::UnaryOp { expr, .. } | Expr::Like { expr, .. } | Expr::Is { expr, .. } | Expr::GetAttr { expr, .. } => {
            reads(expr, found);
        }
        Expr::HasAttr { expr, attrs } => {
            if let Some(path) = path_of(expr) {
                let attrs: Vec<&str> = attrs.iter().map(AsRef::as_ref).collect();
                found.push((format!("{path}.{}", attrs.join(".")), None));
            }
        }
        Expr::BinaryOp { op: BinaryOp::In, left, right } => {
            let kind = match right.as_ref() {
                Expr::Literal(Literal::EntityUID(uid)) => Some(uid.ty.to_string()),
                _ => None,
            };
            found.extend(path_of(left).map(|path| (path, kind)));
        }
        Expr::BinaryOp { left, right, .. } => {
            reads(left, found);
            reads(right, found);
        }
        Expr::IfThenElse { cond, then_expr, else_expr } => {
            for expr in [cond, then_expr, else_expr] {
                reads(expr, found);
            }
        }
        Expr::Set(elements) => elements.iter().for_each(|element| reads(element, found)),
        Expr::Record(fields) => fields.values().for_each(|field| reads(field, found)),
        _ => {}
    }
}

/// `context.card.status` of the expression that reads it.
pub(super) fn path_of(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Var(Var::Context) => Some("context".to_owned()),
        Expr::Var(Var::Resource) => Some("resource".to_owned()),
        Expr::Var(Var::Principal) => Some("principal".to_owned()),
        Expr::GetAttr { expr, attr } => path_of(expr).map(|path| format!("{path}.{attr}")),
        _ => None,
    }
}

/// What of this type stands above somebody: the groups of a merchant, the programme of a card.
fn above(name: &str, kind: &str, prepared: &Prepared) -> Option<Value> {
    let uid = if name == "principal" { prepared.request.principal() } else { prepared.request.resource() }?;
    let of_kind = prepared.entities.ancestors(uid)?.filter(|uid| uid.type_name().to_string() == kind);
    let mut found: Vec<String> = of_kind.map(|uid| uid.id().unescaped().to_owned()).collect();
    found.sort();
    Some(found.into())
}

fn json(value: &EvalResult) -> Value {
    match value {
        EvalResult::Bool(value) => (*value).into(),
        EvalResult::Long(value) => (*value).into(),
        EvalResult::String(text) | EvalResult::ExtensionValue(text) => text.as_str().into(),
        EvalResult::EntityUid(uid) => uid.to_string().into(),
        EvalResult::Set(set) => set.iter().map(json).collect(),
        EvalResult::Record(record) => {
            let fields: BTreeMap<String, Value> =
                record.iter().map(|(name, value)| (name.clone(), json(value))).collect();
            fields.into_iter().collect()
        }
    }
}
