//! The paths of the staff's pages, and the places that the navigation offers.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::{account, export, home, reauthenticate, setup, sign_in};
use crate::domain::staff::Act;
use crate::pages::Pages;

/// A place of the navigation.
pub(super) struct Entry {
    /// Its path.
    pub(super) path: &'static str,
    /// The key of its title.
    pub(super) title: &'static str,
    /// Who may not do this does not see it; none: everyone does.
    pub(super) act: Option<Act>,
}

/// The navigation, from left to right.
pub(super) const NAVIGATION: &[Entry] = &[
    Entry { path: "/staff", title: "staff-home", act: None },
    Entry { path: "/staff/account", title: "staff-account", act: None },
];

/// All pages of the staff.
pub(in crate::pages) fn routes() -> Router<Arc<Pages>> {
    Router::new()
        .route("/staff", get(home::open))
        .route("/staff/sign-in", get(sign_in::open).post(sign_in::sign_in))
        .route("/staff/sign-out", post(sign_in::sign_out))
        .route("/staff/setup", get(setup::open).post(setup::begin))
        .route("/staff/setup/confirm", post(setup::confirm))
        .route("/staff/reauthenticate", get(reauthenticate::open).post(reauthenticate::answer))
        .route("/staff/cardholders/{id}/export", get(export::open))
        .route("/staff/cardholders/{id}/export.json", get(export::json))
        .route("/staff/account", get(account::open))
        .route("/staff/account/language", post(account::set_language))
        .route("/staff/account/sessions/end", post(account::end_session))
}
