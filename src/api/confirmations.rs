//! What the issuer established about a purchase afterwards: fraud, or the cardholder's own.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Strict;
use super::caller::{IdempotencyKey, IssuerCaller};
use super::cardholders::ACTOR;
use super::once::once;
use super::problem::{Kind, Problem, ProblemResponse};
use crate::domain::feedback::FeedbackEvent;
use crate::domain::id::AuthenticationId;
use crate::flow::feedback;

/// What was established.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confirmation {
    /// It was fraud.
    ConfirmedFraud,
    /// It was the cardholder's own.
    ConfirmedGenuine,
}

/// What was established about an authentication.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmationRequest {
    /// The word.
    pub event: Confirmation,
}

/// What was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConfirmationResponse {
    /// The authentication.
    pub authentication_id: String,
    /// The word.
    pub event: &'static str,
    /// Whether the analysis company will be told, as far as the cardholder permits it.
    pub told: bool,
}

/// Records what was established about an authentication.
#[utoipa::path(post, path = "/issuer/v1/authentications/{id}/confirmations", tag = "issuer", security(("api_key" = [])),
    params(("id" = String, Path, description = "`auth_…`"),
           ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters")),
    request_body = ConfirmationRequest,
    responses((status = 200, body = ConfirmationResponse), (status = "4XX", body = ProblemResponse)))]
pub(super) async fn create(
    State(state): State<super::State>,
    _: IssuerCaller,
    key: IdempotencyKey,
    id: Result<Path<AuthenticationId>, PathRejection>,
    body: Strict<ConfirmationRequest>,
) -> Result<Response, Problem> {
    let Path(id) = id.map_err(|_| Problem::new(Kind::NotFound))?;
    let app = &state.app;
    if app.store.any_authentication(id).await?.is_none() {
        return Err(Problem::new(Kind::NotFound));
    }
    let event = match body.value.event {
        Confirmation::ConfirmedFraud => FeedbackEvent::ConfirmedFraud,
        Confirmation::ConfirmedGenuine => FeedbackEvent::ConfirmedGenuine,
    };
    let asked = [id.uuid().into_bytes().to_vec(), body.canonical];
    let asked: Vec<&[u8]> = asked.iter().map(Vec::as_slice).collect();
    once(app, "confirmations", key, &asked, id.uuid(), async |_| {
        let told = feedback::confirm(app, ACTOR, id, event).await?;
        Ok(ConfirmationResponse { authentication_id: id.to_string(), event: event.as_str(), told })
    })
    .await
}
