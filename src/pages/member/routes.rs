//! The paths of the members' pages, and the places that the navigation offers.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::{account, home, prove, sign_in};
use crate::pages::Pages;

/// A place of the navigation.
pub(super) struct Entry {
    /// Its path.
    pub(super) path: &'static str,
    /// The key of its title.
    pub(super) title: &'static str,
}

/// The navigation, from left to right.
pub(super) const NAVIGATION: &[Entry] =
    &[Entry { path: "/my", title: "member-home" }, Entry { path: "/my/sessions", title: "member-sessions" }];

/// All pages of the members.
pub(in crate::pages) fn routes() -> Router<Arc<Pages>> {
    Router::new()
        .route("/my", get(home::open))
        .route("/my/sign-in", get(sign_in::open).post(sign_in::sign_in))
        .route("/my/sign-out", post(account::sign_out))
        .route("/my/prove", get(prove::open).post(prove::answer))
        .route("/my/language", post(account::set_language))
        .route("/my/sessions", get(account::sessions))
        .route("/my/sessions/end", post(account::end_session))
}
