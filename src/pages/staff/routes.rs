//! The paths of the staff's pages, and the places that the navigation offers.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::{
    account, activity, audit, cardholder, consent_event, correction, export, home, objection, outbox, people, policies,
    proof, queue, reauthenticate, resumption, search, setup, sign_in, support, unmatched,
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
    Entry { path: "/staff/authentications", title: "supervisor-authentications", act: Some(Act::AuthenticationLook) },
    Entry { path: "/staff/queue", title: "supervisor-queue", act: Some(Act::QueueLook) },
    Entry { path: "/staff/activity", title: "supervisor-activity", act: Some(Act::ActivityLook) },
    Entry { path: "/staff/audit", title: "supervisor-audit", act: Some(Act::AuditLook) },
    Entry { path: "/staff/proof", title: "supervisor-proof", act: Some(Act::SharingProve) },
    Entry { path: "/staff/policies", title: "policies", act: Some(Act::PolicyLook) },
    Entry { path: "/staff/outbox", title: "supervisor-outbox", act: Some(Act::OutboxLook) },
    Entry { path: "/staff/people", title: "supervisor-people", act: Some(Act::StaffLook) },
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
        .merge(cardholders())
        .merge(console())
        .merge(policies::routes())
        .route("/staff/account", get(account::open))
        .route("/staff/account/language", post(account::set_language))
        .route("/staff/account/sessions/end", post(account::end_session))
}

/// What supervisors, auditors and administrators look at, and the support view.
/// The pages about cardholders and what they say.
fn cardholders() -> Router<Arc<Pages>> {
    Router::new()
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
        .route("/staff/cardholders/{id}/export", get(export::open))
        .route("/staff/cardholders/{id}/export.json", get(export::json))
}

fn console() -> Router<Arc<Pages>> {
    Router::new()
        .route("/staff/authentications", get(support::ask).post(support::find))
        .route("/staff/authentications/{id}", get(support::open))
        .route("/staff/authentications/{id}/unlock", get(support::open_unlock).post(support::unlock))
        .route("/staff/authentications/{id}/open-card", get(support::ask_reopening).post(support::reopen))
        .route("/staff/authentications/{id}/vouch", get(support::open_vouch).post(support::vouch))
        .route("/staff/queue", get(queue::open))
        .route("/staff/queue/requests/{id}", get(queue::request::open).post(queue::request::decide))
        .route("/staff/queue/objections/{id}", get(queue::objection::open).post(queue::objection::decide))
        .route("/staff/queue/letters/{number}", get(queue::letter::open))
        .route("/staff/queue/letters/{number}/close", post(queue::letter::close))
        .route("/staff/activity", get(activity::open))
        .route("/staff/audit", get(audit::open))
        .route("/staff/audit/entries.csv", get(audit::csv))
        .route("/staff/audit/entries.json", get(audit::json))
        .route("/staff/proof", get(proof::open))
        .route("/staff/outbox", get(outbox::open))
        .route("/staff/outbox/replay", post(outbox::replay))
        .route("/staff/people", get(people::open).post(people::change))
        .route("/staff/people/new", get(people::open_new).post(people::create))
}
