//! What anybody may read: in either language, without a cookie, kept by browsers for a few minutes. Here the contact
//! page, and what the public pages have in common.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde::Deserialize;

use super::Pages;
use super::failure::rendered;
use super::frame::{DOCUMENT_STYLE, Frame};
use super::headers::Permissions;
use super::visitor::Visitor;
use crate::domain::challenge::Language;

/// For five minutes; then the bundle or the notice may have changed.
const BRIEFLY: HeaderValue = HeaderValue::from_static("public, max-age=300");
const BY_LANGUAGE: HeaderValue = HeaderValue::from_static("Accept-Language");

/// What a reader may ask for.
#[derive(Deserialize)]
pub(super) struct Wish {
    language: Option<String>,
}

#[derive(Template)]
#[template(path = "contact.html")]
struct ContactPage<'a> {
    frame: Frame<'a>,
    title: String,
    telephone: String,
}

/// `GET /contact`
pub(super) async fn contact(
    State(pages): State<Arc<Pages>>,
    wish: Result<Query<Wish>, QueryRejection>,
    visitor: Visitor,
) -> Response {
    let frame = frame(&pages, language(wish, &visitor));
    let page = ContactPage { title: frame.text("contact-title"), telephone: telephone(frame.phone()), frame };
    published(&page)
}

/// The language that is asked for, else the browser's, else Japanese.
pub(super) fn language(wish: Result<Query<Wish>, QueryRejection>, visitor: &Visitor) -> Language {
    let wished = wish.ok().and_then(|Query(wish)| Language::parse(&wish.language?));
    wished.or_else(|| visitor.language()).unwrap_or(Language::Ja)
}

pub(super) fn frame(pages: &Pages, language: Language) -> Frame<'_> {
    Frame::of_document(&pages.app.config.issuer, pages.texts.in_language(language))
}

/// A page for everybody: found by search engines and kept briefly.
pub(super) fn published(page: &impl Template) -> Response {
    let mut response = rendered(page, &Permissions { style: Some(DOCUMENT_STYLE), ..Permissions::default() });
    if response.status().is_success() {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, BRIEFLY);
        headers.insert(header::VARY, BY_LANGUAGE);
        headers.remove("x-robots-tag");
    }
    response
}

/// The number as a telephone dials it (RFC 3966).
pub(super) fn telephone(phone: &str) -> String {
    phone.chars().filter(|letter| letter.is_ascii_digit() || *letter == '+').collect()
}
