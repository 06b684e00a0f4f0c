//! Pages of members for what cannot be done: they say what to do next, and whether something typed was kept.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::answer;
use super::frame::MemberFrame;
use super::signed::Signed;
use crate::credential::hasher::HasherError;
use crate::domain::challenge::Language;
use crate::domain::id::RequestId;
use crate::flow::member::sign_in::MemberSignInError;
use crate::pages::Pages;
use crate::pages::own_form::Unreadable;
use crate::pages::visitor::Visitor;
use crate::store::StoreError;

/// What cannot be done, as a member is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pages) enum Failure {
    /// She may, after her password; what was typed was not kept.
    ProofNeeded,
    /// Her session is over; what was typed was not kept.
    SessionOver,
    /// The form does not come from a page of this session.
    Foreign,
    /// There is no such card or record of hers.
    NotFound,
    /// Something changed in the meantime.
    Conflict,
    /// The request is not one of our forms.
    Malformed,
    /// The request is larger than any of our forms.
    TooLarge,
    /// Later it will go better.
    Busy,
    /// It is our fault.
    Internal,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::of_store(&error)
    }
}

impl From<HasherError> for Failure {
    fn from(error: HasherError) -> Self {
        Self::of_hasher(&error)
    }
}

impl From<Unreadable> for Failure {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::TooLarge => Self::TooLarge,
            Unreadable::Malformed => Self::Malformed,
        }
    }
}

impl From<MemberSignInError> for Failure {
    fn from(error: MemberSignInError) -> Self {
        match error {
            MemberSignInError::Refused => Self::Foreign,
            MemberSignInError::Hasher(error) => Self::of_hasher(&error),
            MemberSignInError::Store(error) => Self::of_store(&error),
            MemberSignInError::Seal(error) => Self::of_fault(&error),
        }
    }
}

#[derive(Template)]
#[template(path = "member_failure.html")]
struct FailurePage<'a> {
    frame: MemberFrame<'a>,
    lead: String,
    way: Option<(String, String)>,
    reference: Option<String>,
}

impl Failure {
    pub(super) fn of_store(error: &StoreError) -> Self {
        tracing::error!(%error, "a page of a member cannot be shown");
        if error.is_transient() { Self::Busy } else { Self::Internal }
    }

    pub(super) fn of_hasher(error: &HasherError) -> Self {
        if matches!(error, HasherError::Busy) {
            return Self::Busy;
        }
        Self::of_fault(error)
    }

    /// For what only we can have caused.
    pub(in crate::pages) fn of_fault(error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, "a page of a member cannot be shown");
        Self::Internal
    }

    fn status(self) -> StatusCode {
        match self {
            Self::ProofNeeded | Self::Foreign => StatusCode::FORBIDDEN,
            Self::SessionOver => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::ProofNeeded => "member-failure-proof",
            Self::SessionOver => "member-failure-session-over",
            Self::Foreign => "member-failure-foreign",
            Self::NotFound => "member-failure-not-found",
            Self::Conflict => "member-failure-conflict",
            Self::Malformed => "member-failure-malformed",
            Self::TooLarge => "member-failure-too-large",
            Self::Busy => "member-failure-busy",
            Self::Internal => "member-failure-internal",
        }
    }

    fn way(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::SessionOver => Some(("/my/sign-in", "member-sign-in")),
            Self::ProofNeeded => Some(("/my/prove", "member-prove")),
            Self::NotFound | Self::Conflict => Some(("/my", "member-home")),
            _ => None,
        }
    }

    /// For somebody who is signed in.
    pub(super) fn page_inside(self, signed: &Signed) -> Response {
        self.page(MemberFrame::inside(signed, &self.title()), signed.visitor.request_id)
    }

    /// For somebody who is not, or not any more.
    pub(super) fn page_outside(self, pages: &Pages, visitor: &Visitor) -> Response {
        let language = visitor.language().unwrap_or(Language::Ja);
        self.page(MemberFrame::outside(pages, language, &self.title(), String::new()), visitor.request_id)
    }

    fn title(self) -> String {
        format!("{}-title", self.key())
    }

    fn page(self, mut frame: MemberFrame<'_>, request: Option<RequestId>) -> Response {
        frame.error = true;
        let page = FailurePage {
            lead: frame.text(&format!("{}-lead", self.key())),
            way: self.way().map(|(path, key)| (path.to_owned(), frame.text(key))),
            reference: request.map(|id| id.to_string()),
            frame,
        };
        let mut response = answer::page(&page);
        // A page that cannot even be rendered keeps its own status.
        if response.status().is_success() {
            *response.status_mut() = self.status();
        }
        if self == Self::Busy {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}
