//! Pages for what cannot be shown: they say what to do next, and nothing about why or about whom.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::Pages;
use super::frame::{Frame, STYLE};
use super::headers::Permissions;
use super::visitor::Visitor;
use crate::domain::challenge::Language;

/// What cannot be done, as a person is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// There is no such page.
    NotFound,
    /// There was one.
    Gone,
    /// The request is not one of our forms.
    Malformed,
    /// The request is larger than any of our forms.
    TooLarge,
    /// Later it will go better.
    Busy,
    /// It is our fault.
    Internal,
}

/// For how long a browser is asked to wait, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage<'a> {
    frame: Frame<'a>,
    title: String,
    lead: String,
    reference: Option<String>,
}

impl Failure {
    fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Gone => StatusCode::GONE,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::NotFound => "failure-not-found",
            Self::Gone => "failure-gone",
            Self::Malformed => "failure-malformed",
            Self::TooLarge => "failure-too-large",
            Self::Busy => "failure-busy",
            Self::Internal => "failure-internal",
        }
    }

    /// The page. It may be framed by nobody: whose frame it would stand in is not known.
    pub(super) fn page(self, pages: &Pages, visitor: &Visitor) -> Response {
        let mut frame = Frame::new(pages, visitor.language().unwrap_or(Language::Ja));
        frame.error = true;
        let page = FailurePage {
            title: frame.text(&format!("{}-title", self.key())),
            lead: frame.text(&format!("{}-lead", self.key())),
            reference: visitor.request_id.map(|id| id.to_string()),
            frame,
        };
        let permissions = Permissions { style: Some(STYLE), ..Permissions::default() };
        let mut response = rendered(&page, &permissions);
        // A page that cannot even be rendered keeps its own status.
        if response.status().is_success() {
            *response.status_mut() = self.status();
        }
        if self == Self::Busy {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        response
    }
}

/// A rendered page with its headers.
pub(super) fn rendered(page: &impl Template, permissions: &Permissions) -> Response {
    match page.render() {
        Ok(html) => (permissions.headers(), Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, permissions.headers(), "").into_response()
        }
    }
}
