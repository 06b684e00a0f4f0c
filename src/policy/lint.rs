//! Lint: what Cedar accepts and would silently answer wrongly.

mod arithmetic;

use std::sync::Arc;

use cedar_policy::pst::{BinaryOp, Clause, Expr, Literal, UnaryOp, Var};

use super::fault::Fault;
use super::reference::Reference;
use super::rule::Rule;
use super::vocabulary::words_of;

/// Looks through every rule.
pub(super) fn run<'a>(rules: impl Iterator<Item = &'a Rule>, reference: &Reference, faults: &mut Vec<Fault>) {
    for rule in rules {
        unknown_entities(rule, reference, faults);
        match rule.policy.to_pst() {
            Ok(policy) => {
                let mut walk = Walk { rule, reference, faults };
                for clause in policy.body().clauses() {
                    let (expr, positive) = match clause {
                        Clause::When(expr) => (expr, true),
                        Clause::Unless(expr) => (expr, false),
                    };
                    walk.visit(expr, positive);
                }
            }
            Err(error) => faults.push(rule.fault(error)),
        }
    }
}

/// Calculations with facts that may overflow: Cedar skips a rule that does.
pub(super) fn calculations<'a>(rules: impl Iterator<Item = &'a Rule>) -> Vec<Fault> {
    let hint = "a rule whose calculation overflows is not evaluated: compare the fact with a number, or calculate with \
                bounded facts only";
    let calculates = |rule: &'a Rule| {
        let policy = rule.policy.to_pst().ok()?;
        let text = policy.body().clauses().iter().find_map(|clause| {
            let (Clause::When(expr) | Clause::Unless(expr)) = clause;
            arithmetic::overflowing(expr)
        })?;
        Some(rule.fault_in_condition(&[&text], format!("`{text}` may overflow")).hint(hint))
    };
    rules.filter_map(calculates).collect()
}

/// An entity that no store holds makes `in` and `==` silently false.
fn unknown_entities(rule: &Rule, reference: &Reference, faults: &mut Vec<Fault>) {
    for entity in rule.policy.entity_literals() {
        let (kind, id) = (entity.type_name().to_string(), entity.id().unescaped());
        let file = match kind.as_str() {
            "Programme" if reference.programme(id).is_none() => "programmes",
            "CategoryGroup" if !reference.categories().has_group(id) => "categories",
            "Region" if !reference.countries().has_region(id) => "countries",
            "Country" if !reference.countries().has_country(id) => "countries",
            "Recipient" if reference.recipient(id).is_none() => "recipients",
            "Card" => {
                let hint = "facts hold no card: name a programme with `principal in Programme::\"…\"`";
                faults.push(rule.fault_at(&[&entity.to_string()], "names a single card").hint(hint));
                continue;
            }
            _ => continue,
        };
        let hint = format!("see reference/{file}.toml: a rule about what is not there never matches");
        faults.push(rule.fault_at(&[&entity.to_string()], format!("there is no `{entity}`")).hint(hint));
    }
}

struct Walk<'a> {
    rule: &'a Rule,
    reference: &'a Reference,
    faults: &'a mut Vec<Fault>,
}

impl Walk<'_> {
    /// Visits an expression; `positive` tells whether its being true speaks for the rule's applying.
    fn visit(&mut self, expr: &Arc<Expr>, positive: bool) {
        match expr.as_ref() {
            Expr::Var(Var::Action) => self.fault(
                &["action"],
                "reads `action` in a condition",
                "the group's answer is used for two questions: state the action in the head only",
            ),
            Expr::UnaryOp { op: UnaryOp::Not, expr } => self.visit(expr, !positive),
            Expr::UnaryOp { expr, .. } | Expr::Like { expr, .. } => self.visit(expr, positive),
            Expr::BinaryOp { op, left, right } => {
                self.compare(*op, left, right);
                self.visit_operands(*op, left, right, positive);
            }
            Expr::GetAttr { expr, .. } => {
                self.literal_entity(expr);
                self.visit(expr, positive);
            }
            Expr::HasAttr { expr, attrs } => {
                self.literal_entity(expr);
                let attributes: Vec<&str> = attrs.iter().map(AsRef::as_ref).collect();
                let fact = path_of(expr).unwrap_or_default();
                self.guard(&format!("{fact} has {}", attributes.join(".")), positive);
                self.visit(expr, positive);
            }
            Expr::Is { expr, in_expr, .. } => {
                self.visit(expr, positive);
                if let Some(group) = in_expr {
                    self.visit(group, positive);
                }
            }
            Expr::IfThenElse { cond, then_expr, else_expr } => {
                self.visit_condition(cond, positive);
                self.visit(then_expr, positive);
                self.visit(else_expr, positive);
            }
            Expr::Set(elements) => elements.iter().for_each(|element| self.visit(element, positive)),
            Expr::Record(fields) => fields.values().for_each(|field| self.visit(field, positive)),
            _ => {}
        }
    }

    /// The condition of `if`: a bare `has` is fine there, since both cases are written out.
    fn visit_condition(&mut self, cond: &Arc<Expr>, positive: bool) {
        match cond.as_ref() {
            Expr::HasAttr { expr, .. } => {
                self.literal_entity(expr);
                self.visit(expr, positive);
            }
            _ => self.visit(cond, positive),
        }
    }

    /// Operands: a comparison with `false` turns what it compares round, and one of two truths may mean either.
    fn visit_operands(&mut self, op: BinaryOp, left: &Arc<Expr>, right: &Arc<Expr>, positive: bool) {
        let same = match op {
            BinaryOp::Eq => true,
            BinaryOp::NotEq => false,
            _ => {
                self.visit(left, positive);
                return self.visit(right, positive);
            }
        };
        for (one, other) in [(left, right), (right, left)] {
            match truth(other) {
                Some(value) => self.visit(one, positive == (value == same)),
                None if is_truth(one) => [true, false].into_iter().for_each(|positive| self.visit(one, positive)),
                None => self.visit(one, positive),
            }
        }
    }

    /// A forbid must not need the fact to be there, and a permit must not need it to be absent.
    fn guard(&mut self, text: &str, positive: bool) {
        let hint = "write `unless { … has … && … }`, or `if … has … then … else …` with both cases";
        match (self.rule.forbids, positive) {
            (true, true) => {
                self.fault(
                    &[text, "has"],
                    "a forbid hangs on `has`: where the fact is absent it is silently off",
                    hint,
                );
            }
            (false, false) => self.fault(&[text, "has"], "a permit hangs on the absence of a fact", hint),
            _ => {}
        }
    }

    fn literal_entity(&mut self, expr: &Arc<Expr>) {
        if let Expr::Literal(Literal::EntityUID(entity)) = expr.as_ref() {
            let hint =
                "an entity that is not loaded fails at run time: read attributes of principal, resource or context";
            self.fault(&[&entity.to_string()], "reads an attribute of a named entity", hint);
        }
    }

    fn compare(&mut self, op: BinaryOp, left: &Arc<Expr>, right: &Arc<Expr>) {
        use BinaryOp::{Contains, ContainsAll, ContainsAny, Eq, NotEq};
        if !matches!(op, Eq | NotEq | Contains | ContainsAll | ContainsAny) {
            return;
        }
        for (fact, literals) in [(left, right), (right, left)] {
            let Some(path) = path_of(fact) else { continue };
            for word in texts_of(literals) {
                self.check_word(&path, word);
            }
        }
    }

    fn check_word(&mut self, path: &str, word: &str) {
        if path == "context.location.regions" {
            if !self.reference.countries().has_region(word) {
                self.fault(&[&quoted(word)], &format!("there is no region `{word}`"), "see reference/countries.toml");
            }
        } else if let Some(words) = words_of(path).filter(|words| !words.contains(&word)) {
            let hint = format!("one of {}", words.join(", "));
            self.fault(&[&quoted(word)], &format!("`{path}` is never `{word}`"), &hint);
        }
    }

    /// A fault at the first of these marks in the rule's conditions.
    fn fault(&mut self, marks: &[&str], message: &str, hint: &str) {
        self.faults.push(self.rule.fault_in_condition(marks, message).hint(hint));
    }
}

fn quoted(word: &str) -> String {
    format!("\"{word}\"")
}

/// The truth that is written there.
fn truth(expr: &Expr) -> Option<bool> {
    match expr {
        Expr::Literal(Literal::Bool(value)) => Some(*value),
        _ => None,
    }
}

/// Whether an expression is a truth that is made of others.
fn is_truth(expr: &Expr) -> bool {
    use BinaryOp::{And, Eq, NotEq, Or};
    match expr {
        Expr::HasAttr { .. } | Expr::UnaryOp { op: UnaryOp::Not, .. } => true,
        Expr::BinaryOp { op, .. } => matches!(op, And | Or | Eq | NotEq),
        _ => false,
    }
}

/// `context.card.status` of the expression that reads it.
pub(super) fn path_of(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Var(Var::Context) => Some("context".to_owned()),
        Expr::Var(Var::Resource) => Some("resource".to_owned()),
        Expr::GetAttr { expr, attr } => path_of(expr).map(|path| format!("{path}.{attr}")),
        _ => None,
    }
}

fn texts_of(expr: &Expr) -> Vec<&str> {
    match expr {
        Expr::Literal(Literal::String(text)) => vec![text.as_str()],
        Expr::Set(elements) => elements.iter().flat_map(|element| texts_of(element)).collect(),
        _ => Vec::new(),
    }
}
