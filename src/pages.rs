//! Pages for people: the challenge, the collection of device data, the members' and the staff's pages, and what the
//! public is told. It knows HTTP and HTML and decides nothing: each handler asks one flow and shows what it answers.

mod answer;
pub mod assets;
mod brand;
mod challenge;
mod device;
mod failure;
mod frame;
mod headers;
mod help;
mod member;
mod origin;
mod own_form;
mod personal_message;
mod pieces;
mod privacy;
mod public;
pub mod receipt;
mod return_path;
mod staff;
mod texts;
mod visitor;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use self::texts::Texts;
use crate::app::App;

/// What every page needs.
struct Pages {
    app: Arc<App>,
    texts: Texts,
}

/// All pages, by their paths.
pub fn router(app: Arc<App>) -> Router {
    let limit = DefaultBodyLimit::max(app.config.server.body_limit_bytes);
    Router::new()
        .route("/challenge/{token}", get(challenge::open).post(challenge::answer))
        .route("/challenge/{token}/cancel", post(challenge::cancel).get(challenge::open))
        .route("/assets/brand/{file}", get(brand::file))
        .route(assets::CHALLENGE_PATH, get(assets::challenge))
        .route(assets::HELPER_PATH, get(assets::helper))
        .route("/device/{token}", get(device::open).post(device::collect))
        .merge(staff::routes::routes())
        .merge(member::routes::routes())
        .route(assets::PASSKEY_PATH, get(assets::passkey))
        .route(assets::REFRESH_PATH, get(assets::refresh))
        .route("/privacy", get(privacy::show))
        .route("/contact", get(public::contact))
        .route("/help", get(help::show))
        .layer(limit)
        .with_state(Arc::new(Pages { app, texts: texts::texts() }))
}
