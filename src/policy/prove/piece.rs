//! Pieces of formulas: rules and conditions put together anew, so that a claim becomes one set of policies that must never
//! allow, or two of which one implies the other.

use std::sync::Arc;

use cedar_policy::pst::{
    self, ActionConstraint, BinaryOp, Clause, Effect, EntityOrSlot, Expr, Literal, PolicyID, PrincipalConstraint,
    ResourceConstraint, StaticPolicy, Template, Var,
};
use cedar_policy::{Policy, PolicySet};

/// Why a claim cannot be put to the solver.
#[derive(Debug, thiserror::Error)]
#[error("it cannot be put to the solver: {0}")]
pub(super) struct Unaskable(pub(super) String);

impl Unaskable {
    pub(super) fn new(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// One policy without its action: the request type of a query says which question is asked.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    effect: Effect,
    principal: PrincipalConstraint,
    resource: ResourceConstraint,
    /// Only staff rules keep theirs: which acts there are says their schema.
    action: Option<ActionConstraint>,
    pub(super) clauses: Vec<Clause>,
}

impl Piece {
    /// A rule, asked as whatever question the query is about.
    pub(super) fn of(policy: &Policy) -> Result<Self, Unaskable> {
        let policy = policy.to_pst().map_err(Unaskable::new)?;
        let body = policy.body();
        Ok(Self {
            effect: body.effect,
            principal: body.principal.clone(),
            resource: body.resource.clone(),
            action: None,
            clauses: body.clauses().clone(),
        })
    }

    /// A rule that keeps the actions of its head.
    pub(super) fn with_its_acts(policy: &Policy) -> Result<Self, Unaskable> {
        let action = policy.to_pst().map_err(Unaskable::new)?.body().action.clone();
        Ok(Self { action: Some(action), ..Self::of(policy)? })
    }

    /// A forbid of whatever does not keep a claim.
    pub(super) fn only_if(claim: Arc<Expr>) -> Self {
        let (principal, resource) = (PrincipalConstraint::Any, ResourceConstraint::Any);
        Self { effect: Effect::Forbid, principal, resource, action: None, clauses: vec![Clause::Unless(claim)] }
    }

    /// A permit of everything.
    pub(super) fn anything() -> Self {
        let (principal, resource) = (PrincipalConstraint::Any, ResourceConstraint::Any);
        Self { effect: Effect::Permit, principal, resource, action: None, clauses: Vec::new() }
    }

    /// The same as a permit.
    pub(super) fn as_permit(&self) -> Self {
        Self { effect: Effect::Permit, ..self.clone() }
    }

    /// Whether it permits.
    pub(super) fn permits(&self) -> bool {
        self.effect == Effect::Permit
    }

    /// The same with these conditions put in front.
    pub(super) fn after(&self, claims: &[Arc<Expr>]) -> Self {
        let front = claims.iter().cloned().map(Clause::When);
        Self { clauses: front.chain(self.clauses.iter().cloned()).collect(), ..self.clone() }
    }

    /// The same head with other conditions.
    pub(super) fn with_clauses(&self, clauses: Vec<Clause>) -> Self {
        Self { clauses, ..self.clone() }
    }

    /// What must be true for it to match, as one expression; head and conditions.
    pub(super) fn condition(&self) -> Arc<Expr> {
        let mut parts = Vec::new();
        parts.extend(principal(&self.principal));
        parts.extend(resource(&self.resource));
        parts.extend(self.clauses.iter().map(|clause| match clause {
            Clause::When(expr) => expr.clone(),
            Clause::Unless(expr) => Arc::new(Expr::UnaryOp { op: pst::UnaryOp::Not, expr: expr.clone() }),
        }));
        all(parts)
    }

    /// The policy with this id. Without a head of its own it is about any action.
    pub(super) fn policy(&self, id: &str) -> Result<Policy, Unaskable> {
        let action = self.action.clone().unwrap_or(ActionConstraint::Any);
        let id = PolicyID(id.into());
        let template = Template::new(id, self.effect, self.principal.clone(), action, self.resource.clone());
        let template = template.try_with_clauses(self.clauses.iter().cloned()).map_err(Unaskable::new)?;
        let body = StaticPolicy::try_from(template).map_err(Unaskable::new)?;
        Policy::from_pst(pst::Policy::Static(body)).map_err(Unaskable::new)
    }
}

/// Pieces as one set.
pub(super) fn set<'a>(pieces: impl IntoIterator<Item = &'a Piece>) -> Result<PolicySet, Unaskable> {
    let policies = pieces.into_iter().enumerate().map(|(id, piece)| piece.policy(&id.to_string()));
    PolicySet::from_policies(policies.collect::<Result<Vec<_>, _>>()?).map_err(Unaskable::new)
}

/// Several expressions as one that is true when all are.
pub(super) fn all(parts: impl IntoIterator<Item = Arc<Expr>>) -> Arc<Expr> {
    let joined = parts.into_iter().reduce(|left, right| Arc::new(Expr::BinaryOp { op: BinaryOp::And, left, right }));
    joined.unwrap_or_else(|| Arc::new(Expr::Literal(Literal::Bool(true))))
}

fn principal(constraint: &PrincipalConstraint) -> Option<Arc<Expr>> {
    match constraint {
        PrincipalConstraint::Any => None,
        PrincipalConstraint::Eq(entity) => binary(Var::Principal, BinaryOp::Eq, entity),
        PrincipalConstraint::In(entity) => binary(Var::Principal, BinaryOp::In, entity),
        PrincipalConstraint::Is(kind) => Some(is(Var::Principal, kind, None)),
        PrincipalConstraint::IsIn(kind, entity) => Some(is(Var::Principal, kind, literal(entity))),
    }
}

fn resource(constraint: &ResourceConstraint) -> Option<Arc<Expr>> {
    match constraint {
        ResourceConstraint::Any => None,
        ResourceConstraint::Eq(entity) => binary(Var::Resource, BinaryOp::Eq, entity),
        ResourceConstraint::In(entity) => binary(Var::Resource, BinaryOp::In, entity),
        ResourceConstraint::Is(kind) => Some(is(Var::Resource, kind, None)),
        ResourceConstraint::IsIn(kind, entity) => Some(is(Var::Resource, kind, literal(entity))),
    }
}

fn binary(var: Var, op: BinaryOp, entity: &EntityOrSlot) -> Option<Arc<Expr>> {
    Some(Arc::new(Expr::BinaryOp { op, left: Arc::new(Expr::Var(var)), right: literal(entity)? }))
}

fn is(var: Var, kind: &pst::EntityType, in_expr: Option<Arc<Expr>>) -> Arc<Expr> {
    Arc::new(Expr::Is { expr: Arc::new(Expr::Var(var)), entity_type: kind.clone(), in_expr })
}

/// The entity; templates, whose heads hold a slot, are refused when a bundle is read.
fn literal(entity: &EntityOrSlot) -> Option<Arc<Expr>> {
    match entity {
        EntityOrSlot::Entity(uid) => Some(Arc::new(Expr::Literal(Literal::EntityUID(uid.clone())))),
        EntityOrSlot::Slot(_) => None,
    }
}
