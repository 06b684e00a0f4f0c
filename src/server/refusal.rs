//! What the server itself answers when a request cannot be served: problem details (RFC 9457).

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::json;

use crate::domain::id::RequestId;

/// The content type of problem details.
pub(super) const CONTENT_TYPE: &str = "application/problem+json";

/// Why a request is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The body did not arrive in time.
    BodyTooSlow,
    /// The body is longer than allowed.
    TooLarge,
    /// Something broke down inside.
    Broken,
    /// The answer was not ready in time.
    TooSlow,
}

impl Refusal {
    fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::BodyTooSlow => (StatusCode::REQUEST_TIMEOUT, "request-timeout", "The request did not arrive in time"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "The request is too large"),
            Self::Broken => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong here"),
            Self::TooSlow => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The answer was not ready in time"),
        }
    }
}

/// The answer to a request that is not served.
pub(super) fn render(refusal: Refusal, id: RequestId) -> Response<Body> {
    let (status, slug, title) = refusal.parts();
    let problem =
        json!({"type": format!("/problems/{slug}"), "title": title, "status": status.as_u16(), "request_id": id});
    let mut response = Response::new(Body::from(problem.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    if refusal == Refusal::TooSlow {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    // What is left of the request will not be read: the connection ends with this answer.
    if matches!(refusal, Refusal::BodyTooSlow | Refusal::TooLarge) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
