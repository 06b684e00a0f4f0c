//! Whether a form comes from one of our own pages, the token that it carries, and why one cannot be read.

use axum::extract::rejection::FormRejection;
use axum::http::{HeaderName, StatusCode, header};
use serde::Deserialize;

use super::Pages;
use super::visitor::Visitor;

/// What was typed, with the token that binds the form to a session.
#[derive(Deserialize)]
pub(super) struct Guarded<T> {
    #[serde(default)]
    pub(super) form_token: String,
    #[serde(flatten)]
    pub(super) fields: T,
}

/// Why a form cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is larger than any of our forms.
    TooLarge,
    /// It is not one of our forms.
    Malformed,
}

impl Unreadable {
    pub(super) fn of(rejection: &FormRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            _ => Self::Malformed,
        }
    }
}

/// Whether one of our own pages sent it. Browsers state the origin of every form; `Sec-Fetch-Site` only the newer ones.
pub(super) fn is_our_own(pages: &Pages, visitor: &Visitor) -> bool {
    let ours = pages.app.config.server.public_url.origin().ascii_serialization();
    let site = visitor.header(&HeaderName::from_static("sec-fetch-site"));
    visitor.header(&header::ORIGIN) == Some(ours.as_str()) && site.is_none_or(|site| site == "same-origin")
}
