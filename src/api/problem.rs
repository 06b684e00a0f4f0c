//! Problems (RFC 9457): the one place where errors become HTTP statuses, and the table of all of them.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::flow::authenticate::AuthenticateError;
use crate::store::StoreError;

macro_rules! problems {
    ($($(#[$doc:meta])* $kind:ident = $slug:literal, $status:ident, $title:literal, $help:literal;)*) => {
        /// A kind of problem, with a stable type and a documentation page each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind {$(
            $(#[$doc])*
            $kind,
        )*}

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The last part of the type's URL.
            pub fn slug(self) -> &'static str {
                match self { $(Self::$kind => $slug),* }
            }

            /// The HTTP status.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$kind => StatusCode::$status),* }
            }

            /// The kind in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Self::$kind => $title),* }
            }

            /// What to do about it.
            pub fn help(self) -> &'static str {
                match self { $(Self::$kind => $help),* }
            }
        }
    };
}

problems! {
    /// The body is no JSON of the documented shape.
    InvalidBody = "invalid-body", BAD_REQUEST, "The body is not of the documented shape",
        "The body must be JSON with the documented fields only. `errors` names the place and what was expected.";
    /// A value is not allowed.
    InvalidField = "invalid-field", UNPROCESSABLE_ENTITY, "A field holds a value that is not allowed",
        "`errors` names every such field and what it may hold. Correct them and send the request again with a new Idempotency-Key.";
    /// A query parameter is wrong.
    InvalidQuery = "invalid-query", BAD_REQUEST, "A query parameter is not allowed",
        "`errors` names the parameter. A cursor is only good for the list that gave it, with the same filters.";
    /// There is no valid key.
    Unauthorized = "unauthorized", UNAUTHORIZED, "There is no valid API key",
        "Send `Authorization: Bearer` with a live key. A revoked, mistyped or unknown key is refused alike.";
    /// The key is another environment's.
    WrongEnvironment = "wrong-environment", UNAUTHORIZED, "The API key is for another environment",
        "A test deployment takes `…_test_…` keys, a live one `…_live_…` keys.";
    /// The key is of the other kind.
    WrongKey = "wrong-key", FORBIDDEN, "The API key is of the wrong kind",
        "Merchants' keys (`sk_`) and the issuer's keys (`ik_`) open different parts of the API.";
    /// Nothing is there for this key.
    NotFound = "not-found", NOT_FOUND, "There is nothing here",
        "Check the path and the id. What belongs to another merchant looks like what does not exist.";
    /// The method does not fit the path.
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED, "The method does not fit this path",
        "The reference at `/docs` lists the methods of every path.";
    /// No idempotency key, or a malformed one.
    IdempotencyKeyRequired = "idempotency-key-required", BAD_REQUEST, "A valid Idempotency-Key header is required",
        "Send a fresh `Idempotency-Key` of 1 to 255 visible ASCII characters with every new request, and the same one when you repeat it.";
    /// The key came with another body.
    IdempotencyKeyReused = "idempotency-key-reused", UNPROCESSABLE_ENTITY, "The Idempotency-Key was used with another body",
        "A key names one request for 24 hours. Use a new key for a new request.";
    /// The same request is under way.
    RequestInProgress = "request-in-progress", CONFLICT, "The same request is being answered",
        "Wait a second and repeat the request with the same Idempotency-Key.";
    /// The result is final already.
    AlreadyFinal = "already-final", CONFLICT, "The result is final",
        "A final result never changes. Read the authentication to see it.";
    /// What is registered contradicts the request.
    Conflict = "conflict", CONFLICT, "The request contradicts what is registered",
        "`detail` names what is taken. Correct the reference or the number.";
    /// The body is no JSON by its header.
    UnsupportedMediaType = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "The body is not declared as JSON",
        "Send `Content-Type: application/json`.";
    /// The body is too large.
    BodyTooLarge = "body-too-large", PAYLOAD_TOO_LARGE, "The body is too large",
        "A body has at most 64 KiB.";
    /// The request did not arrive in time; the server says so before any route is reached.
    RequestTimeout = "request-timeout", REQUEST_TIMEOUT, "The request did not arrive in time",
        "Send the whole body at once, and repeat the request with the same Idempotency-Key.";
    /// Too many requests.
    TooManyRequests = "too-many-requests", TOO_MANY_REQUESTS, "Too many requests",
        "Wait as long as `Retry-After` says.";
    /// The service cannot answer now.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "The service cannot answer now",
        "Nothing was decided. Repeat the request with the same Idempotency-Key after `Retry-After`; do not take it for an approval.";
    /// The service has a fault.
    Internal = "internal", INTERNAL_SERVER_ERROR, "The service has a fault",
        "Tell the operator the request id of the answer's `x-request-id` header.";
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// The place: `purchase.amount_minor`.
    pub path: String,
    /// What is wrong and what is allowed.
    pub message: String,
}

/// A problem on its way out.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: Kind,
    detail: Option<String>,
    errors: Vec<FieldError>,
    retry_after_seconds: Option<u64>,
}

/// A problem (RFC 9457).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemResponse {
    /// A stable URL path that names the kind and leads to its documentation.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in a few words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is special about this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Everything that is wrong with the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(kind: Kind) -> Self {
        Self { kind, detail: None, errors: Vec::new(), retry_after_seconds: None }
    }

    /// With what is special about this one.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With everything that is wrong.
    #[must_use]
    pub fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// With one thing that is wrong.
    #[must_use]
    pub fn error(self, path: impl Into<String>, message: impl Into<String>) -> Self {
        self.errors(vec![FieldError { path: path.into(), message: message.into() }])
    }

    /// With the time after which a repetition makes sense.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemResponse {
            kind: format!("/problems/{}", self.kind.slug()),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: self.detail,
            errors: self.errors,
        };
        const JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
        let mut response = (self.kind.status(), Json(body)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, JSON);
        if self.kind.status() == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_seconds {
            const RETRY_AFTER: HeaderName = header::RETRY_AFTER;
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { .. } | StoreError::LockTimeout => {
                tracing::error!(%error, "the database failed");
                Self::new(Kind::Unavailable).retry_after(1)
            }
            StoreError::Duplicate { constraint } => {
                Self::new(Kind::Conflict).detail(format!("`{constraint}` is taken"))
            }
            StoreError::OlderSchema { .. }
            | StoreError::NewerSchema { .. }
            | StoreError::Corrupt { .. }
            | StoreError::GivenUp => {
                tracing::error!(%error, "the store answered what it never should");
                Self::new(Kind::Internal)
            }
        }
    }
}

impl From<AuthenticateError> for Problem {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::KeyReused => Self::new(Kind::IdempotencyKeyReused),
            AuthenticateError::InProgress => Self::new(Kind::RequestInProgress).retry_after(1),
            AuthenticateError::UnknownDeviceSession => Self::new(Kind::InvalidField)
                .error("device.session_id", "no such device session of this merchant, or it has expired"),
            AuthenticateError::Store(error) => error.into(),
        }
    }
}
