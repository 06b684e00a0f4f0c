//! What holds for every answer of the shop: only this machine is served, and pages load nothing from elsewhere.

use axum::extract::{Request, State as Extract};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::State;

/// Refuses other hosts (a name that leads here is not ours: DNS rebinding) and sets the headers.
pub(super) async fn guard(Extract(state): Extract<State>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if !matches!(name, "localhost" | "127.0.0.1" | "[::1]") {
        return (StatusCode::MISDIRECTED_REQUEST, "this demo is for this machine only\n").into_response();
    }
    let mut response = next.run(request).await;
    let service = state.service_url.origin().ascii_serialization();
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self' {service}; img-src 'self'; base-uri 'none'; \
         frame-ancestors 'self'; frame-src 'self' {service}; form-action 'self' {service}"
    );
    let fixed: [(HeaderName, &str); 3] = [
        // The service wants to know by which shop a buyer comes.
        (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let headers = response.headers_mut();
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
