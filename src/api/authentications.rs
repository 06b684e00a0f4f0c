//! Authentications, as merchants ask for them and read them.

mod answer;
mod create;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

pub use self::answer::AuthenticationResponse;
pub use self::create::CreateAuthenticationRequest;
use super::body::{Strict, without_value};
use super::caller::{IdempotencyKey, MerchantCaller};
use super::check::is_reference;
use super::cursor;
use super::problem::{FieldError, Kind, Problem, ProblemResponse};
use crate::domain::authentication::Status;
use crate::domain::id::AuthenticationId;
use crate::flow::authenticate::authenticate;
use crate::flow::cancel::{CancelError, cancel};
use crate::flow::challenge::ChallengeError;
use crate::store::authentications::Filter;

const LIMIT_DEFAULT: i64 = 20;
const LIMIT_MAX: i64 = 100;

/// Asks whether the buyer is the cardholder.
#[utoipa::path(post, path = "/v1/authentications", tag = "merchants", security(("api_key" = [])),
    params(("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters; the same key and body give the same answer for 24 hours")),
    request_body = CreateAuthenticationRequest,
    responses((status = 201, body = AuthenticationResponse), (status = "4XX", body = ProblemResponse), (status = 503, body = ProblemResponse)))]
pub(super) async fn create(
    State(state): State<super::State>,
    MerchantCaller(merchant): MerchantCaller,
    IdempotencyKey(key): IdempotencyKey,
    body: Strict<CreateAuthenticationRequest>,
) -> Result<(StatusCode, Json<AuthenticationResponse>), Problem> {
    let app = state.app;
    let digest = create::body_digest(&app, &body.canonical);
    let request = create::parse(body.value, &merchant, app.config.environment, key, digest, app.now())?;
    // In a task of its own: a caller who hangs up leaves nothing half done.
    let answered = tokio::spawn(authenticate(app.clone(), request)).await;
    let authentication = answered.map_err(|_| Problem::new(Kind::Internal))??;
    Ok((StatusCode::CREATED, Json(AuthenticationResponse::render(&app, &authentication).await)))
}

/// Reads an authentication.
#[utoipa::path(get, path = "/v1/authentications/{id}", tag = "merchants", security(("api_key" = [])),
    params(("id" = String, Path, description = "`auth_…`")),
    responses((status = 200, body = AuthenticationResponse), (status = "4XX", body = ProblemResponse)))]
pub(super) async fn get(
    State(state): State<super::State>,
    MerchantCaller(merchant): MerchantCaller,
    id: Result<Path<AuthenticationId>, PathRejection>,
) -> Result<Json<AuthenticationResponse>, Problem> {
    let Path(id) = id.map_err(|_| Problem::new(Kind::NotFound))?;
    let found = state.app.store.authentication(merchant.id, id).await?;
    let authentication = found.ok_or(Problem::new(Kind::NotFound))?;
    Ok(Json(AuthenticationResponse::render(&state.app, &authentication).await))
}

/// What a list shows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Only with this status.
    status: Option<Status>,
    /// Only with this reference.
    merchant_reference: Option<String>,
    /// At most so many, 1 to 100; 20 where it is left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of a list, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuthenticationListResponse {
    /// The authentications.
    items: Vec<AuthenticationResponse>,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Lists authentications, newest first.
#[utoipa::path(get, path = "/v1/authentications", tag = "merchants", security(("api_key" = [])), params(ListQuery),
    responses((status = 200, body = AuthenticationListResponse), (status = "4XX", body = ProblemResponse)))]
pub(super) async fn list(
    State(state): State<super::State>,
    MerchantCaller(merchant): MerchantCaller,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<AuthenticationListResponse>, Problem> {
    let app = &state.app;
    let Query(query) = query.map_err(|rejection| invalid("", &without_value(&rejection.body_text())))?;
    if query.merchant_reference.as_deref().is_some_and(|reference| !is_reference(reference)) {
        return Err(invalid("merchant_reference", "must have 1 to 64 characters and no control characters"));
    }
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(invalid("limit", "must be from 1 to 100"));
    }
    let filters = format!(
        "{}\n{}",
        query.status.map(Status::as_str).unwrap_or_default(),
        query.merchant_reference.as_deref().unwrap_or_default()
    );
    let before = match &query.cursor {
        None => None,
        Some(text) => Some(
            cursor::read(app, merchant.id, &filters, text)
                .ok_or_else(|| invalid("cursor", "is not a cursor of this list with these filters"))?,
        ),
    };
    let filter =
        Filter { status: query.status, merchant_reference: query.merchant_reference, before, limit: limit + 1 };
    let mut found = app.store.authentications(merchant.id, &filter).await?;
    let more = i64::try_from(found.len()).unwrap_or(i64::MAX) > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next_cursor = found.last().filter(|_| more).map(|last| cursor::make(app, merchant.id, &filters, last.id));
    let mut items = Vec::with_capacity(found.len());
    for authentication in &found {
        items.push(AuthenticationResponse::render(app, authentication).await);
    }
    Ok(Json(AuthenticationListResponse { items, next_cursor }))
}

fn invalid(path: &str, message: &str) -> Problem {
    let error = FieldError { path: path.to_owned(), message: message.to_owned() };
    Problem::new(Kind::InvalidQuery).errors(vec![error])
}

/// Cancels an authentication whose challenge is open.
#[utoipa::path(post, path = "/v1/authentications/{id}/cancel", tag = "merchants", security(("api_key" = [])),
    params(("id" = String, Path, description = "`auth_…`"),
           ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters")),
    responses((status = 200, body = AuthenticationResponse), (status = "4XX", body = ProblemResponse)))]
pub(super) async fn cancel_one(
    State(state): State<super::State>,
    MerchantCaller(merchant): MerchantCaller,
    IdempotencyKey(_): IdempotencyKey,
    id: Result<Path<AuthenticationId>, PathRejection>,
) -> Result<Json<AuthenticationResponse>, Problem> {
    let Path(id) = id.map_err(|_| Problem::new(Kind::NotFound))?;
    let authentication = cancel(&state.app, merchant.id, id).await?;
    Ok(Json(AuthenticationResponse::render(&state.app, &authentication).await))
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::Unknown => Self::new(Kind::NotFound),
            CancelError::AlreadyFinal(status) => {
                Self::new(Kind::AlreadyFinal).detail(format!("the status is `{}`", status.as_str()))
            }
            CancelError::Store(error) | CancelError::Challenge(ChallengeError::Store(error)) => error.into(),
            CancelError::Challenge(error) => {
                tracing::error!(%error, "a challenge cannot be ended");
                Self::new(Kind::Internal)
            }
        }
    }
}
