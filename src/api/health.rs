//! Whether the service lives and whether it can answer.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use crate::app::bundles::{InUse, Origin};
use crate::domain::clock::Micros;
use crate::flow::policies::status;

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
    /// The bundle that decides about a share of the cards.
    canary_digest: Option<String>,
    /// The bundle that is asked beside.
    shadow_digest: Option<String>,
    /// Where the bundle comes from: `database`, or the folder that somebody works on.
    policies: String,
    /// Why this process does not use what the database or the folder says.
    degraded: Option<String>,
    /// Bundles that were let through in an emergency and that nobody reviewed.
    unreviewed_emergencies: Vec<String>,
    keys: &'static str,
    /// `on`, or why nothing is shared.
    sharing: &'static str,
    /// `kept`, or `violated`: something was let through about the person who is there to show that nothing is.
    canary: &'static str,
}

/// Ready when the database answers and has this program's schema. Without sharing the service decides all the same, as it
/// does about people who objected: that is told and is no reason to take it out of service. Nor is a bundle that cannot be
/// loaded: the old one decides. A bundle and keys are there, or nothing had started.
pub(super) async fn readyz(State(state): State<super::State>) -> (StatusCode, Json<Readiness>) {
    let app = &state.app;
    let schema = app.store.check_schema().await;
    let ready = schema.is_ok();
    let (database, migrations) = match schema {
        Ok(()) => ("ok", "current".to_owned()),
        Err(error) if error.is_transient() => ("unreachable", "unknown".to_owned()),
        Err(error) => ("ok", error.to_string()),
    };
    let snapshot = app.bundle.snapshot();
    let digest = |used: &Option<InUse>| used.as_ref().map(|used| used.digest().to_owned());
    // What cannot be asked is told above.
    let unreviewed_emergencies =
        if ready { app.store.unreviewed_emergencies().await.unwrap_or_default() } else { vec![] };
    let degraded = match app.bundle.degraded() {
        Some(degraded) => Some(degraded.error.clone()),
        None if ready => status::behind(app).await.unwrap_or_default(),
        None => None,
    };
    let readiness = Readiness {
        ready,
        database,
        migrations,
        bundle_digest: snapshot.live.digest().to_owned(),
        bundle_age_seconds: (app.now().0 - snapshot.live.loaded.loaded_at.0) / Micros::SECOND,
        canary_digest: digest(&snapshot.canary),
        shadow_digest: digest(&snapshot.shadow),
        policies: match &app.bundle.origin {
            Origin::Database => "database".to_owned(),
            Origin::Folder(folder) => format!("folder {}", folder.display()),
        },
        degraded,
        unreviewed_emergencies,
        keys: "ok",
        sharing: app.sharing.state().as_str(),
        canary: if app.sharing.canary_is_kept() { "kept" } else { "violated" },
    };
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(readiness))
}
