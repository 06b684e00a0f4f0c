//! The second request of a claim about two: the same facts, some of which are another. The policies are rewritten, so that
//! they say of the first request what they would say of the second.

use std::sync::Arc;

use cedar_policy::pst::{BinaryOp, Clause, Expr, Literal, UnaryOp, Var};

use super::piece::{Piece, Unaskable};
use crate::policy::invariant::Replaced;

/// What stands in the place of a fact.
enum Stand {
    Word(String),
    Truth(bool),
    Absent,
    EmptySet,
}

/// Facts by their path, and what stands in their place.
pub(super) struct Instead(Vec<(String, Stand)>);

impl Instead {
    /// From one of the second requests that an invariant's `@instead` speaks of.
    pub(super) fn new(facts: &Replaced) -> Self {
        let stand = |value: &str| match value {
            "true" => Stand::Truth(true),
            "false" => Stand::Truth(false),
            "absent" => Stand::Absent,
            "[]" => Stand::EmptySet,
            word => Stand::Word(word.to_owned()),
        };
        Self(facts.iter().map(|(path, value)| (format!("context.{path}"), stand(value))).collect())
    }

    /// A piece as it speaks of the second request.
    pub(super) fn piece(&self, piece: &Piece) -> Result<Piece, Unaskable> {
        let clauses = piece.clauses.iter().map(|clause| match clause {
            Clause::When(expr) => self.rewrite(expr).map(Clause::When),
            Clause::Unless(expr) => self.rewrite(expr).map(Clause::Unless),
        });
        let clauses = clauses.collect::<Result<_, _>>()?;
        Ok(piece.with_clauses(clauses))
    }

    /// An expression as it speaks of the second request.
    pub(super) fn rewrite(&self, expr: &Arc<Expr>) -> Result<Arc<Expr>, Unaskable> {
        let again = |expr: &Arc<Expr>| self.rewrite(expr);
        let expr = match expr.as_ref() {
            Expr::Var(Var::Context) => return Err(Unaskable::new("a rule reads all facts at once")),
            Expr::GetAttr { expr: inner, attr } => {
                if let Some(stand) = path_of(expr).and_then(|path| self.stand(&path).transpose()) {
                    return literal(stand?);
                }
                Expr::GetAttr { expr: self.inside(inner)?, attr: attr.clone() }
            }
            Expr::HasAttr { expr: inner, attrs } => {
                let names: Vec<String> =
                    std::iter::once(&attrs.head).chain(&attrs.tail).map(ToString::to_string).collect();
                let known = path_of(inner).map(|path| self.has(&path, &names)).transpose()?.flatten();
                match known {
                    Some(known) => Expr::Literal(Literal::Bool(known)),
                    None => Expr::HasAttr { expr: self.inside(inner)?, attrs: attrs.clone() },
                }
            }
            Expr::UnaryOp { op: UnaryOp::IsEmpty, expr: inner } if self.is_empty_set(inner) => {
                Expr::Literal(Literal::Bool(true))
            }
            // What a known truth guards is not rewritten: it may read a fact that is absent now.
            Expr::BinaryOp { op: op @ (BinaryOp::And | BinaryOp::Or), left, right } => {
                let left = again(left)?;
                match truth_of(&left) {
                    Some(known) if known == (*op == BinaryOp::Or) => return Ok(left),
                    Some(_) => return again(right),
                    None => Expr::BinaryOp { op: *op, left, right: again(right)? },
                }
            }
            Expr::BinaryOp { op, left, right } => match self.with_empty_set(*op, left, right)? {
                Some(known) => return Ok(known),
                None => Expr::BinaryOp { op: *op, left: again(left)?, right: again(right)? },
            },
            Expr::UnaryOp { op, expr } => {
                let expr = again(expr)?;
                match truth_of(&expr).filter(|_| *op == UnaryOp::Not) {
                    Some(known) => Expr::Literal(Literal::Bool(!known)),
                    None => Expr::UnaryOp { op: *op, expr },
                }
            }
            Expr::Like { expr, pattern } => Expr::Like { expr: again(expr)?, pattern: pattern.clone() },
            Expr::Is { expr, entity_type, in_expr } => Expr::Is {
                expr: again(expr)?,
                entity_type: entity_type.clone(),
                in_expr: in_expr.as_ref().map(again).transpose()?,
            },
            Expr::IfThenElse { cond, then_expr, else_expr } => {
                let cond = again(cond)?;
                match truth_of(&cond) {
                    Some(true) => return again(then_expr),
                    Some(false) => return again(else_expr),
                    None => Expr::IfThenElse { cond, then_expr: again(then_expr)?, else_expr: again(else_expr)? },
                }
            }
            Expr::Set(elements) => Expr::Set(elements.iter().map(again).collect::<Result<_, _>>()?),
            Expr::Record(fields) => {
                let fields = fields.iter().map(|(name, field)| again(field).map(|field| (name.clone(), field)));
                Expr::Record(fields.collect::<Result<_, _>>()?)
            }
            Expr::Literal(_) | Expr::Var(_) | Expr::Slot(_) | Expr::Unknown { .. } => return Ok(expr.clone()),
            _ => return Err(Unaskable::new("a rule holds an expression that cannot be rewritten")),
        };
        Ok(Arc::new(expr))
    }

    /// What is read from: the context itself is fine here, a whole record with a replaced fact inside is not.
    fn inside(&self, expr: &Arc<Expr>) -> Result<Arc<Expr>, Unaskable> {
        if matches!(expr.as_ref(), Expr::Var(Var::Context)) { Ok(expr.clone()) } else { self.nested(expr) }
    }

    fn nested(&self, expr: &Arc<Expr>) -> Result<Arc<Expr>, Unaskable> {
        match (expr.as_ref(), path_of(expr)) {
            (Expr::GetAttr { expr: inner, attr }, Some(_)) => {
                Ok(Arc::new(Expr::GetAttr { expr: self.inside(inner)?, attr: attr.clone() }))
            }
            _ => self.rewrite(expr),
        }
    }

    /// Whether `base has name.name` is known of the second request; none where no replaced fact has to do with it.
    fn has(&self, base: &str, names: &[String]) -> Result<Option<bool>, Unaskable> {
        let mut path = base.to_owned();
        for (place, name) in names.iter().enumerate() {
            path = format!("{path}.{name}");
            match self.find(&path) {
                Some(Stand::Absent) => return Ok(Some(false)),
                Some(_) if place + 1 == names.len() => return Ok(Some(true)),
                Some(_) => return Err(Unaskable(format!("a rule asks what `{path}` has, which `@instead` replaces"))),
                None => {}
            }
        }
        let touched = self.0.iter().any(|(replaced, _)| replaced.starts_with(&format!("{path}.")));
        if names.len() > 1 && touched {
            return Err(Unaskable(format!("a rule asks for `{path}`, of which `@instead` replaces a part")));
        }
        Ok(None)
    }

    fn find(&self, path: &str) -> Option<&Stand> {
        self.0.iter().find(|(replaced, _)| replaced == path).map(|(_, stand)| stand)
    }

    /// What stands at a path; an error where a record is read as a whole that holds a replaced fact.
    fn stand(&self, path: &str) -> Result<Option<&Stand>, Unaskable> {
        let inside = format!("{path}.");
        if self.0.iter().any(|(replaced, _)| replaced.starts_with(&inside)) {
            return Err(Unaskable(format!("a rule reads `{path}` as a whole")));
        }
        Ok(self.find(path))
    }

    fn is_empty_set(&self, expr: &Expr) -> bool {
        path_of(expr).is_some_and(|path| matches!(self.find(&path), Some(Stand::EmptySet)))
    }

    /// A comparison with a set that stands empty: Cedar has no literal for one whose type is known.
    fn with_empty_set(
        &self,
        op: BinaryOp,
        left: &Arc<Expr>,
        right: &Arc<Expr>,
    ) -> Result<Option<Arc<Expr>>, Unaskable> {
        let truth = |value| Ok(Some(Arc::new(Expr::Literal(Literal::Bool(value)))));
        let empty = |expr: &Arc<Expr>| -> Result<_, Unaskable> {
            Ok(Some(Arc::new(Expr::UnaryOp { op: UnaryOp::IsEmpty, expr: self.rewrite(expr)? })))
        };
        match (op, self.is_empty_set(left), self.is_empty_set(right)) {
            (_, false, false) => Ok(None),
            (BinaryOp::Contains | BinaryOp::ContainsAny, true, _) | (BinaryOp::ContainsAny, _, true) => truth(false),
            (BinaryOp::ContainsAll, _, true) | (BinaryOp::Eq, true, true) => truth(true),
            (BinaryOp::ContainsAll | BinaryOp::Eq, true, false) => empty(right),
            (BinaryOp::Eq, false, true) => empty(left),
            _ => Err(Unaskable::new("a rule compares a set that `@instead` makes empty in a way that is not known")),
        }
    }
}

fn literal(stand: &Stand) -> Result<Arc<Expr>, Unaskable> {
    let literal = match stand {
        Stand::Word(word) => Literal::String(word.as_str().into()),
        Stand::Truth(value) => Literal::Bool(*value),
        Stand::Absent => return Err(Unaskable::new("a rule reads a fact that `@instead` makes absent unguarded")),
        Stand::EmptySet => {
            return Err(Unaskable::new("a rule uses a set that `@instead` makes empty in an unknown way"));
        }
    };
    Ok(Arc::new(Expr::Literal(literal)))
}

fn truth_of(expr: &Expr) -> Option<bool> {
    if let Expr::Literal(Literal::Bool(value)) = expr { Some(*value) } else { None }
}

/// `context.card.status` of the expression that reads it.
fn path_of(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Var(Var::Context) => Some("context".to_owned()),
        Expr::GetAttr { expr, attr } => path_of(expr).map(|path| format!("{path}.{attr}")),
        _ => None,
    }
}
