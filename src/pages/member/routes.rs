//! The paths of the members' pages, and the places that the navigation offers.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::{account, first_contact, forgotten, home, link, prove, register, sharing, sign_in, sign_ins, terms};
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
    Entry { path: "/my/sharing", title: "my-sharing" },
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
        .merge(cards())
        .merge(sharing())
}

/// What concerns one card.
fn cards() -> Router<Arc<Pages>> {
    use super::card::{self, contact_code, contacts, message, one_time, passkeys, password, purchases};
    Router::new()
        .route("/my/cards/{id}", get(card::open))
        .route("/my/cards/{id}/message", get(message::open).post(message::change))
        .route("/my/cards/{id}/password", get(password::open).post(password::change))
        .route("/my/cards/{id}/one-time", get(one_time::open))
        .route("/my/cards/{id}/one-time/apply", post(one_time::apply))
        .route("/my/cards/{id}/one-time/confirm", get(one_time::open_confirm).post(one_time::confirm))
        .route("/my/cards/{id}/one-time/recovery", post(one_time::renew_recovery))
        .route("/my/cards/{id}/one-time/remove", post(one_time::remove))
        .route("/my/cards/{id}/contacts", get(contacts::open).post(contacts::add))
        .route("/my/cards/{id}/contacts/remove", post(contacts::remove))
        .route("/my/cards/{id}/contacts/{contact}", get(contact_code::open).post(contact_code::verify))
        .route("/my/cards/{id}/contacts/{contact}/again", post(contact_code::again))
        .route("/my/cards/{id}/passkeys", get(passkeys::open).post(passkeys::begin))
        .route("/my/cards/{id}/passkeys/confirm", post(passkeys::confirm))
        .route("/my/cards/{id}/passkeys/remove", post(passkeys::remove))
        .route("/my/cards/{id}/purchases", get(purchases::open))
        .route("/my/cards/{id}/purchases/{authentication}/not-me", get(purchases::ask).post(purchases::disown))
}

/// What is shared about her.
fn sharing() -> Router<Arc<Pages>> {
    Router::new()
        .route("/my/sharing", get(sharing::open))
        .route("/my/sharing/object", post(sharing::object))
        .route("/my/sharing/resume", post(sharing::ask_to_resume))
        .route("/my/sharing/receipts/{id}", get(sharing::show_receipt))
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
