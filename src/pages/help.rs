//! What cardholders are told about the confirmation of purchases: what is checked and why, and what to do when it does
//! not go well. For everybody, like the other public pages.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;

use super::Pages;
use super::frame::Frame;
use super::public::{Wish, frame, language, published, telephone};
use super::visitor::Visitor;

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage<'a> {
    frame: Frame<'a>,
    title: String,
    genuine: String,
    time: String,
    tries: String,
    telephone: String,
}

/// `GET /help`
pub(super) async fn show(
    State(pages): State<Arc<Pages>>,
    wish: Result<Query<Wish>, QueryRejection>,
    visitor: Visitor,
) -> Response {
    let frame = frame(&pages, language(wish, &visitor));
    let challenge = &pages.app.config.challenge;
    let page = HelpPage {
        title: frame.text("help-title"),
        genuine: frame.wording.with("help-message-what", "issuer", frame.issuer_name().to_owned()),
        time: frame.wording.with("help-care-time", "minutes", challenge.total_seconds / 60),
        tries: frame.wording.with("help-care-tries", "count", challenge.tries),
        telephone: telephone(frame.phone()),
        frame,
    };
    published(&page)
}
