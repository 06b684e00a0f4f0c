//! Expressions of Cedar that a sieve knows, and their answers.

use cedar_policy::EvalResult;
use cedar_policy::pst::{BinaryOp, Expr, Literal, UnaryOp, Var};

use super::{Facts, Seen};

/// An expression that is true or false.
pub(super) enum Condition {
    /// `&&`, from left to right.
    All(Vec<Condition>),
    /// `||`, from left to right.
    Any(Vec<Condition>),
    /// `!`
    Not(Box<Condition>),
    /// `if`, `then`, `else`
    If(Box<[Condition; 3]>),
    /// A fact that is true or false.
    Flag(Term),
    /// `has`: a record, and the name of the attribute.
    Has(Term, String),
    /// `==`
    Equal(Term, Term),
    /// `<`, `<=`, `>` and `>=`, of numbers.
    Order(Term, fn(&i64, &i64) -> bool, Term),
    /// `contains`: a set and an element.
    Contains(Term, Term),
    /// `containsAll` and `containsAny`, of sets: whether it needs every one.
    Among(Term, Term, bool),
    /// `isEmpty`
    Empty(Term),
    /// What only Cedar can tell.
    Unknown,
}

/// A value.
pub(super) enum Term {
    /// An attribute of the context, or one of its attributes.
    Fact(usize, Option<String>),
    /// A value that stands in the rule.
    Value(EvalResult),
    /// A set that stands in the rule.
    Set(Vec<EvalResult>),
}

impl Condition {
    /// Reads an expression.
    pub(super) fn of(expr: &Expr, facts: &mut Facts) -> Self {
        match expr {
            Expr::UnaryOp { op: UnaryOp::Not, expr } => Self::Not(Box::new(Self::of(expr, facts))),
            Expr::UnaryOp { op: UnaryOp::IsEmpty, expr } => Term::of(expr, facts).map_or(Self::Unknown, Self::Empty),
            Expr::BinaryOp { op: BinaryOp::And, left, right } => {
                Self::All([left, right].map(|part| Self::of(part, facts)).into())
            }
            Expr::BinaryOp { op: BinaryOp::Or, left, right } => {
                Self::Any([left, right].map(|part| Self::of(part, facts)).into())
            }
            Expr::BinaryOp { op, left, right } => {
                let terms = Term::of(left, facts).zip(Term::of(right, facts));
                terms.map_or(Self::Unknown, |(left, right)| Self::of_terms(*op, left, right))
            }
            Expr::IfThenElse { cond, then_expr, else_expr } => {
                Self::If(Box::new([cond, then_expr, else_expr].map(|part| Self::of(part, facts))))
            }
            Expr::HasAttr { expr, attrs } if attrs.tail.is_empty() => {
                Term::of(expr, facts).map_or(Self::Unknown, |record| Self::Has(record, attrs.head.to_string()))
            }
            Expr::GetAttr { .. } | Expr::Literal(Literal::Bool(_)) => {
                Term::of(expr, facts).map_or(Self::Unknown, Self::Flag)
            }
            _ => Self::Unknown,
        }
    }

    fn of_terms(op: BinaryOp, left: Term, right: Term) -> Self {
        match op {
            BinaryOp::Eq => Self::Equal(left, right),
            BinaryOp::NotEq => Self::Not(Box::new(Self::Equal(left, right))),
            BinaryOp::Less => Self::Order(left, i64::lt, right),
            BinaryOp::LessEq => Self::Order(left, i64::le, right),
            BinaryOp::Greater => Self::Order(left, i64::gt, right),
            BinaryOp::GreaterEq => Self::Order(left, i64::ge, right),
            BinaryOp::Contains => Self::Contains(left, right),
            BinaryOp::ContainsAll => Self::Among(left, right, true),
            BinaryOp::ContainsAny => Self::Among(left, right, false),
            _ => Self::Unknown,
        }
    }

    /// Whether there is an answer before anything that is not known.
    pub(super) fn begins(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.first().is_some_and(Self::begins),
            Self::Not(part) => part.begins(),
            Self::If(parts) => parts.first().is_some_and(Self::begins),
            Self::Unknown => false,
            _ => true,
        }
    }

    /// What Cedar would answer; none where it could be an error, or is not known.
    pub(super) fn answer(&self, seen: &Seen) -> Option<bool> {
        match self {
            Self::All(parts) => until(parts, false, seen),
            Self::Any(parts) => until(parts, true, seen),
            Self::Not(part) => part.answer(seen).map(|answer| !answer),
            Self::If(parts) => {
                let [cond, then, otherwise] = &**parts;
                if cond.answer(seen)? { then.answer(seen) } else { otherwise.answer(seen) }
            }
            Self::Flag(term) => match term.value(seen)? {
                EvalResult::Bool(flag) => Some(*flag),
                _ => None,
            },
            Self::Has(record, attribute) => match record.value(seen)? {
                EvalResult::Record(record) => Some(record.contains_attribute(attribute)),
                _ => None,
            },
            Self::Equal(left, right) => Some(plain(left.value(seen)?)? == plain(right.value(seen)?)?),
            Self::Order(left, order, right) => match (left.value(seen)?, right.value(seen)?) {
                (EvalResult::Long(left), EvalResult::Long(right)) => Some(order(left, right)),
                _ => None,
            },
            Self::Contains(set, element) => {
                let element = plain(element.value(seen)?)?;
                Some(set.elements(seen)?.any(|one| one == element))
            }
            Self::Among(set, others, all) => {
                let set: Vec<_> = set.elements(seen)?.collect();
                let mut others = others.elements(seen)?;
                Some(if *all { others.all(|one| set.contains(&one)) } else { others.any(|one| set.contains(&one)) })
            }
            Self::Empty(set) => Some(set.elements(seen)?.next().is_none()),
            Self::Unknown => None,
        }
    }
}

/// The first part from the left that answers so decides; before it nothing may be open.
fn until(parts: &[Condition], decides: bool, seen: &Seen) -> Option<bool> {
    for part in parts {
        if part.answer(seen)? == decides {
            return Some(decides);
        }
    }
    Some(!decides)
}

impl Term {
    fn of(expr: &Expr, facts: &mut Facts) -> Option<Self> {
        match expr {
            Expr::GetAttr { expr, attr } => match &**expr {
                Expr::Var(Var::Context) => Some(Self::Fact(facts.place(attr), None)),
                Expr::GetAttr { expr, attr: record } if matches!(**expr, Expr::Var(Var::Context)) => {
                    Some(Self::Fact(facts.place(record), Some(attr.to_string())))
                }
                _ => None,
            },
            Expr::Set(elements) => {
                let literals = elements.iter().map(|element| literal(element));
                literals.collect::<Option<_>>().map(Self::Set)
            }
            _ => literal(expr).map(Self::Value),
        }
    }

    /// The value; none for an absent fact, and for a set of the rule.
    fn value<'a>(&'a self, seen: &'a Seen) -> Option<&'a EvalResult> {
        match self {
            Self::Fact(place, None) => seen.get(*place),
            Self::Fact(place, Some(attribute)) => match seen.get(*place)? {
                EvalResult::Record(record) => record.get(attribute),
                _ => None,
            },
            Self::Value(value) => Some(value),
            Self::Set(_) => None,
        }
    }

    /// The elements of a set.
    fn elements<'a>(&'a self, seen: &'a Seen) -> Option<Box<dyn Iterator<Item = &'a EvalResult> + 'a>> {
        match self {
            Self::Set(elements) => Some(Box::new(elements.iter())),
            Self::Fact(..) | Self::Value(_) => match self.value(seen)? {
                EvalResult::Set(set) => Some(Box::new(set.iter())),
                _ => None,
            },
        }
    }
}

/// A value that is equal to another exactly where Cedar finds them equal.
fn plain(value: &EvalResult) -> Option<&EvalResult> {
    matches!(value, EvalResult::Bool(_) | EvalResult::Long(_) | EvalResult::String(_)).then_some(value)
}

fn literal(expr: &Expr) -> Option<EvalResult> {
    match expr {
        Expr::Literal(Literal::Bool(flag)) => Some(EvalResult::Bool(*flag)),
        Expr::Literal(Literal::Long(number)) => Some(EvalResult::Long(*number)),
        Expr::Literal(Literal::String(text)) => Some(EvalResult::String(text.to_string())),
        _ => None,
    }
}
