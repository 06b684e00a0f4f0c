//! What went wrong when a policy was evaluated, said without values of the request.

use cedar_policy::{AuthorizationError, EvaluationError};

/// The id of the policy that failed, and the kind of failure.
pub(super) fn failure(error: &AuthorizationError) -> (String, String) {
    let AuthorizationError::PolicyEvaluationError(error) = error;
    let kind = match error.inner() {
        EvaluationError::EntityDoesNotExist(_) => "an entity is not loaded",
        EvaluationError::EntityAttrDoesNotExist(_) => "an entity lacks an attribute",
        EvaluationError::RecordAttrDoesNotExist(_) => "a fact is absent",
        EvaluationError::TypeError(_) => "a value is of another type",
        EvaluationError::IntegerOverflow(_) => "a calculation overflowed",
        EvaluationError::RecursionLimit(_) => "it is nested too deeply",
        _ => "it could not be evaluated",
    };
    (error.policy_id().to_string(), kind.to_owned())
}
