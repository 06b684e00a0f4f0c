//! The receipt of an objection as a page to print: the same sentences as in the letter.

use std::sync::LazyLock;

use askama::Template;
use axum::response::Response;

use super::failure::rendered;
use super::frame::{DOCUMENT_STYLE, Frame};
use super::headers::Permissions;
use super::texts::{Texts, texts};
use crate::app::App;
use crate::delivery::receipt::{ReceiptView, view};
use crate::domain::challenge::Language;
use crate::domain::receipt::Receipt;

static TEXTS: LazyLock<Texts> = LazyLock::new(texts);

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptPage<'a> {
    frame: Frame<'a>,
    title: String,
    receipt: ReceiptView,
}

/// The page, framed by nobody and kept by nobody. Who may see it is asked before.
pub fn page(app: &App, receipt: &Receipt, language: Language) -> Response {
    let receipt = view(app, receipt, language);
    let frame = Frame::of_document(&app.config.issuer, TEXTS.in_language(language));
    let page = ReceiptPage { frame, title: receipt.title.clone(), receipt };
    rendered(&page, &Permissions { style: Some(DOCUMENT_STYLE), ..Permissions::default() })
}
