//! Whether the service lives and whether it can answer.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

/// Lives.
pub(super) async fn livez() -> &'static str {
    "ok\n"
}

/// What a load balancer and an operator want to know.
#[derive(Debug, Serialize)]
pub(super) struct Readiness {
    ready: bool,
    database: &'static str,
    migrations: String,
    bundle_digest: String,
    bundle_age_seconds: i64,
    keys: &'static str,
    /// `on`, or why nothing is shared.
    sharing: &'static str,
    /// `kept`, or `violated`: something was let through about the person who is there to show that nothing is.
    canary: &'static str,
}

/// Ready when the database answers and has this program's schema. Without sharing the service decides all the same, as it
/// does about people who objected: that is told and is no reason to take it out of service. A bundle and keys are there, or nothing had started.
pub(super) async fn readyz(State(state): State<super::State>) -> (StatusCode, Json<Readiness>) {
    let app = &state.app;
    let schema = app.store.check_schema().await;
    let ready = schema.is_ok();
    let (database, migrations) = match schema {
        Ok(()) => ("ok", "current".to_owned()),
        Err(error) if error.is_transient() => ("unreachable", "unknown".to_owned()),
        Err(error) => ("ok", error.to_string()),
    };
    let loaded = app.bundle.load();
    let readiness = Readiness {
        ready,
        database,
        migrations,
        bundle_digest: loaded.bundle.digest().to_owned(),
        bundle_age_seconds: (app.now().0 - loaded.loaded_at.0) / crate::domain::clock::Micros::SECOND,
        keys: "ok",
        sharing: app.sharing.state().as_str(),
        canary: if app.sharing.canary_is_kept() { "kept" } else { "violated" },
    };
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(readiness))
}
