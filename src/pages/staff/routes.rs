//! The paths of the staff's pages, and the places that the navigation offers.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::{
    account, cardholder, consent_event, correction, home, objection, reauthenticate, resumption, search, setup,
    sign_in, unmatched,
};
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
    Entry { path: "/staff/cardholders", title: "console-cardholders", act: Some(Act::CardholderSearch) },
    Entry { path: "/staff/unmatched", title: "console-unmatched", act: Some(Act::CardholderSearch) },
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
        .route("/staff/cardholders", get(search::open).post(search::search))
        .route("/staff/cardholders/{id}", get(cardholder::open))
        .route("/staff/cardholders/{id}/object", get(objection::open).post(objection::record))
        .route("/staff/cardholders/{id}/resume", get(resumption::open).post(resumption::request))
        .route("/staff/consent-events/{id}", get(consent_event::open))
        .route("/staff/consent-events/{id}/receipt", get(consent_event::print))
        .route("/staff/consent-events/{id}/mail", post(consent_event::mail))
        .route("/staff/consent-events/{id}/correct", get(correction::open).post(correction::record))
        .route("/staff/unmatched", get(unmatched::list))
        .route("/staff/unmatched/new", get(unmatched::form).post(unmatched::record))
        .route("/staff/unmatched/{id}", get(unmatched::open).post(unmatched::settle))
        .route("/staff/account", get(account::open))
        .route("/staff/account/language", post(account::set_language))
        .route("/staff/account/sessions/end", post(account::end_session))
}
