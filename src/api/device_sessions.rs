//! Device sessions, as merchants ask for them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Strict;
use super::caller::{IdempotencyKey, MerchantCaller};
use super::problem::{Kind, Problem, ProblemResponse};
use crate::flow::collect_device::{self, DeviceError};

/// Asks for a device session. There is nothing to say yet: `{}`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateDeviceSessionRequest {}

/// A device session.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceSessionResponse {
    /// Its id, to be named in `device.session_id` of an authentication.
    pub id: String,
    /// The page to show in a hidden frame on the checkout page.
    pub url: String,
    /// Until when it can be used, RFC 3339.
    pub expires_at: String,
}

/// Makes a device session.
#[utoipa::path(post, path = "/v1/device-sessions", tag = "merchants", security(("api_key" = [])),
    params(("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters")),
    request_body = CreateDeviceSessionRequest,
    responses((status = 201, body = DeviceSessionResponse), (status = "4XX", body = ProblemResponse)))]
pub(super) async fn create(
    State(state): State<super::State>,
    MerchantCaller(merchant): MerchantCaller,
    IdempotencyKey(key): IdempotencyKey,
    _: Strict<CreateDeviceSessionRequest>,
) -> Result<(StatusCode, Json<DeviceSessionResponse>), Problem> {
    let (session, url) = collect_device::create(&state.app, merchant.id, key).await?;
    let expires_at = session.expires_at.rfc3339();
    Ok((StatusCode::CREATED, Json(DeviceSessionResponse { id: session.id.to_string(), url, expires_at })))
}

impl From<DeviceError> for Problem {
    fn from(error: DeviceError) -> Self {
        match error {
            DeviceError::Store(error) => error.into(),
            DeviceError::Gone => Self::new(Kind::IdempotencyKeyReused).detail("the key's device session has expired"),
            DeviceError::NotFound | DeviceError::Malformed => Self::new(Kind::NotFound),
        }
    }
}
