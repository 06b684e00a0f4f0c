//! The whole table of routes, and the reference that is made of it.

use axum::extract::{DefaultBodyLimit, State as Extract};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::{Kind, Problem};
use super::{
    State, authentications, cardholders, cards, confirmations, consent_events, device_sessions, health, reference,
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Sekisho", description = "Is this the cardholder? Approve, challenge or reject.", license(name = "Apache-2.0")),
    tags(
        (name = "merchants", description = "For merchants: keys that begin with `sk_`."),
        (name = "issuer", description = "For the issuer's core system: keys that begin with `ik_`.")
    )
)]
struct Document;

/// The JSON interface.
pub fn router(state: State) -> Router {
    let (routes, document) = described().split_for_parts();
    let document = secured(document);
    let limit = DefaultBodyLimit::max(state.app.config.server.body_limit_bytes);
    let page = reference::page(&document);
    routes
        .route("/openapi.json", get(move || async move { Json(document) }))
        .route("/docs", get(move || async move { reference::html(page) }))
        .route("/problems/{slug}", get(reference::problem))
        .route("/.well-known/jwks.json", get(jwks))
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .method_not_allowed_fallback(|| async { Problem::new(Kind::MethodNotAllowed) })
        .fallback(|| async { Problem::new(Kind::NotFound) })
        .layer(limit)
        .with_state(state)
}

/// The OpenAPI document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    secured(described().split_for_parts().1)
}

fn described() -> OpenApiRouter<State> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(authentications::create, authentications::list))
        .routes(routes!(authentications::get))
        .routes(routes!(authentications::cancel_one))
        .routes(routes!(device_sessions::create))
        .routes(routes!(cardholders::put))
        .routes(routes!(cards::put))
        .routes(routes!(cards::put_status))
        .routes(routes!(cards::put_number))
        .routes(routes!(cards::issue_activation_code))
        .routes(routes!(consent_events::create, consent_events::list))
        .routes(routes!(confirmations::create))
}

fn secured(mut document: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API key.")).build();
    document.components.get_or_insert_default().add_security_scheme("api_key", SecurityScheme::Http(bearer));
    document
}

/// The public keys of signed results (RFC 7517).
async fn jwks(Extract(state): Extract<State>) -> impl IntoResponse {
    ([(axum::http::header::CACHE_CONTROL, "public, max-age=300")], Json(state.app.keys.jwks()))
}
