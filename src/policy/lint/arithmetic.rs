//! Calculations with facts that may overflow: by the least and the most that each fact can be.

use cedar_policy::pst::{BinaryOp, Expr, Literal, UnaryOp};

use super::path_of;
use crate::domain::assessment::RISK_MAX;
use crate::domain::money::AMOUNT_MINOR_MAX;

/// The least and the most that a number can be.
#[derive(Clone, Copy)]
struct Range(i128, i128);

const LONG: Range = Range(i64::MIN as i128, i64::MAX as i128);

/// The first calculation whose result may be no number of Cedar's, as it is written there.
pub(super) fn overflowing(expr: &Expr) -> Option<String> {
    parts(expr).into_iter().find_map(overflowing).or_else(|| {
        let overflows = range(expr).is_some_and(|Range(least, most)| least < LONG.0 || most > LONG.1);
        overflows.then(|| written(expr))
    })
}

/// The expressions right below another.
fn parts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::UnaryOp { expr, .. }
        | Expr::GetAttr { expr, .. }
        | Expr::HasAttr { expr, .. }
        | Expr::Like { expr, .. }
        | Expr::Is { expr, .. } => vec![expr],
        Expr::BinaryOp { left, right, .. } => vec![left, right],
        Expr::IfThenElse { cond, then_expr, else_expr } => vec![cond, then_expr, else_expr],
        Expr::Set(elements) => elements.iter().map(AsRef::as_ref).collect(),
        Expr::Record(fields) => fields.values().map(AsRef::as_ref).collect(),
        _ => Vec::new(),
    }
}

/// The range of a calculation; none for what calculates nothing.
fn range(expr: &Expr) -> Option<Range> {
    match expr {
        Expr::UnaryOp { op: UnaryOp::Neg, expr } => {
            let Range(least, most) = operand(expr);
            Some(Range(-most, -least))
        }
        Expr::BinaryOp { op, left, right } => {
            let (Range(a, b), Range(c, d)) = (operand(left), operand(right));
            match op {
                BinaryOp::Add => Some(Range(a + c, b + d)),
                BinaryOp::Sub => Some(Range(a - d, b - c)),
                BinaryOp::Mul => {
                    let corners = [a * c, a * d, b * c, b * d];
                    Some(Range(corners.into_iter().min()?, corners.into_iter().max()?))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// The range of a number, never beyond what Cedar can hold: what lies beyond is told once, where it arises.
fn operand(expr: &Expr) -> Range {
    let Range(least, most) = match expr {
        Expr::Literal(Literal::Long(number)) => Range(i128::from(*number), i128::from(*number)),
        _ => path_of(expr).as_deref().and_then(bounds).or_else(|| range(expr)).unwrap_or(LONG),
    };
    Range(least.max(LONG.0), most.min(LONG.1))
}

/// The facts that have bounds: what the service itself sees to.
fn bounds(path: &str) -> Option<Range> {
    let most = match path {
        "context.local_hour" => 23,
        "context.purchase.amount_minor" => AMOUNT_MINOR_MAX,
        "context.purchase.instalments" => i64::from(u16::MAX),
        "context.velocity.cards_per_device_24h" | "context.velocity.cards_per_ip_24h" => 100,
        "context.assessment.risk" => RISK_MAX,
        "resource.retention_days" => i64::from(u32::MAX),
        _ => return None,
    };
    Some(Range(0, i128::from(most)))
}

fn written(expr: &Expr) -> String {
    match expr {
        Expr::Literal(Literal::Long(number)) => number.to_string(),
        Expr::UnaryOp { op: UnaryOp::Neg, expr } => format!("-{}", written(expr)),
        Expr::BinaryOp { op, left, right } => format!("{} {op} {}", written(left), written(right)),
        _ => path_of(expr).unwrap_or_else(|| "…".to_owned()),
    }
}
