//! The whole service: the API and the pages under one roof, with its figures and its upkeep.

mod bundles;
mod courier;
mod upkeep;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::metrics::{self, Metrics, ProviderFigures};
use crate::server::{self, Parts};
use crate::{api, pages};

/// All routes of the service.
pub fn router(app: Arc<App>) -> Router {
    joined(&api::State::new(app))
}

fn joined(state: &api::State) -> Router {
    let figures = Router::new().route("/metrics", get(figures)).with_state(state.app.clone());
    api::router(state.clone()).merge(pages::router(state.app.clone())).merge(figures)
}

/// Serves until `shutdown` is done, with upkeep alongside; then drains, and closes the database.
///
/// # Errors
/// When connections can no longer be accepted.
pub async fn serve(app: Arc<App>, listener: TcpListener, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let parts = Parts { clock: app.clock.clone(), randomness: app.randomness.clone(), metrics: app.metrics.clone() };
    let settings = app.config.server.clone();
    let state = api::State::new(app.clone());
    let upkeep = tokio::spawn(upkeep::run(app.clone(), state.callers.clone()));
    let stop = CancellationToken::new();
    let courier = tokio::spawn(courier::run(app.clone(), stop.clone()));
    let following = [
        tokio::spawn(bundles::follow(app.clone())),
        tokio::spawn(bundles::run(app.clone())),
        tokio::spawn(bundles::ask_shadow(app.clone())),
        tokio::spawn(bundles::watch(app.clone())),
    ];
    let served = server::serve(listener, joined(&state), &settings, parts, shutdown).await;
    upkeep.abort();
    following.iter().for_each(JoinHandle::abort);
    bundles::end(&app).await;
    stop.cancel();
    drain(courier, settings.drain_timeout()).await;
    app.store.clone().close().await;
    served
}

/// Waits for messages under way; what takes longer is tried again when its lease has run out.
async fn drain(mut courier: JoinHandle<()>, patience: Duration) {
    if tokio::time::timeout(patience, &mut courier).await.is_err() {
        tracing::warn!("messages were still on their way when the drain time was over");
        courier.abort();
    }
}

async fn figures(State(app): State<Arc<App>>) -> Response {
    app.metrics.set_passwords_in_flight(app.hasher.in_flight());
    bundles::measure(&app);
    app.metrics.set_sharing(app.sharing.is_on(), app.sharing.canary_is_kept());
    courier::measure(&app).await;
    if let Some(provider) = &app.provider {
        let health = provider.health();
        app.metrics.set_provider(&ProviderFigures {
            breaker_open: !health.available,
            in_flight: health.in_flight,
            unknown_keys: health.unknown_keys,
            warnings: health.warnings,
            unreadable: health.unreadable.iter().map(|(datum, count)| (datum.as_str(), *count)).collect(),
            funds_remaining_cents: health.funds_remaining_cents,
            queries_remaining: health.queries_remaining,
        });
    }
    let text = Metrics::encode(&app.registry).unwrap_or_default();
    ([(header::CONTENT_TYPE, HeaderValue::from_static(metrics::CONTENT_TYPE))], text).into_response()
}
