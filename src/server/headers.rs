//! Headers that every answer has unless its route set them otherwise.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::request_id;
use crate::domain::id::RequestId;

/// The strictest that suits an answer without a page; pages set their own.
const DEFAULTS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "strict-origin"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    (header::CACHE_CONTROL, "no-store"),
];

/// Two years (RFC 6797).
const TRANSPORT_SECURITY: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// Adds the request's id and what is missing of the defaults.
pub(super) fn complete(headers: &mut HeaderMap, id: RequestId, secure: bool) {
    for (name, value) in DEFAULTS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if secure {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(TRANSPORT_SECURITY);
    }
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        headers.insert(request_id::HEADER, value);
    }
}
