//! The paths of the members' pages, and the places that the navigation offers.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::{account, first_contact, forgotten, home, link, prove, register, sign_in, sign_ins, terms};
use crate::pages::Pages;

/// A place of the navigation.
pub(super) struct Entry {
    /// Its path.
    pub(super) path: &'static str,
    /// The key of its title.
    pub(super) title: &'static str,
}

/// The navigation, from left to right.
pub(super) const NAVIGATION: &[Entry] = &[
    Entry { path: "/my", title: "member-home" },
    Entry { path: "/my/sign-ins", title: "member-sign-ins" },
    Entry { path: "/my/sessions", title: "member-sessions" },
];

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
        .merge(arrival())
        .merge(together())
}

/// What leads to a complete registration, and back to a forgotten password.
fn arrival() -> Router<Arc<Pages>> {
    Router::new()
        .route("/my/register", get(register::open).post(register::register))
        .route("/my/first-contact", get(first_contact::open).post(first_contact::act))
        .route("/my/terms", get(terms::open).post(terms::accept))
        .route("/my/forgotten", get(forgotten::open).post(forgotten::ask))
        .route("/my/forgotten/choose", post(forgotten::choose))
}

/// What concerns all her cards.
fn together() -> Router<Arc<Pages>> {
    Router::new()
        .route("/my/sign-ins", get(sign_ins::open))
        .route("/my/link", get(link::open).post(link::link))
        .route("/my/unlink", post(link::unlink))
}
