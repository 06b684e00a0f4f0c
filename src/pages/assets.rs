//! Scripts of ours, as files of their own: pages that need one name it, and permit no other.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// Asks the browser for a passkey.
const PASSKEY: &str = include_str!("templates/passkey.js");

/// `GET /assets/passkey.js`
pub(super) async fn passkey() -> Response {
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, PASSKEY).into_response()
}
