//! Pages of the staff for what cannot be done: they say what to do next, and whether something typed was kept.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::answer;
use super::console::Console;
use super::signed::Signed;
use crate::credential::hasher::HasherError;
use crate::domain::challenge::Language;
use crate::domain::id::RequestId;
use crate::flow::staff::rights::RightsError;
use crate::pages::Pages;
use crate::pages::own_form::Unreadable;
use crate::pages::visitor::Visitor;
use crate::store::StoreError;

/// What cannot be done, as a staff person is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pages) enum Failure {
    /// Her rights do not reach so far.
    Denied,
    /// She may, after another one-time password; what was typed was not kept.
    Reauthentication,
    /// Her session is over; what was typed was not kept.
    SessionOver,
    /// The form does not come from a page of this session.
    Foreign,
    /// There is no such record.
    NotFound,
    /// Somebody else was faster.
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

/// What went wrong, before it is known how it is told.
pub(in crate::pages) enum Outcome {
    /// A page of its own.
    Failure(Failure),
    /// A question about rights that was not answered yes.
    Rights(RightsError),
}

impl Outcome {
    pub(super) fn failure(&self) -> Failure {
        match self {
            Self::Failure(failure) => *failure,
            Self::Rights(RightsError::Denied { .. }) => Failure::Denied,
            Self::Rights(RightsError::ReauthenticationNeeded) => Failure::Reauthentication,
            Self::Rights(RightsError::Store(error)) => Failure::of_store(error),
        }
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
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

impl From<RightsError> for Outcome {
    fn from(error: RightsError) -> Self {
        Self::Rights(error)
    }
}

impl From<StoreError> for Outcome {
    fn from(error: StoreError) -> Self {
        Self::Failure(Failure::of_store(&error))
    }
}

impl From<HasherError> for Outcome {
    fn from(error: HasherError) -> Self {
        Self::Failure(Failure::of_hasher(&error))
    }
}

#[derive(Template)]
#[template(path = "staff_failure.html")]
struct FailurePage<'a> {
    console: Console<'a>,
    lead: String,
    way: Option<(String, String)>,
    reference: Option<String>,
}

impl Failure {
    pub(super) fn of_store(error: &StoreError) -> Self {
        tracing::error!(%error, "a page of the staff cannot be shown");
        if error.is_transient() { Self::Busy } else { Self::Internal }
    }

    pub(super) fn of_hasher(error: &HasherError) -> Self {
        if matches!(error, HasherError::Busy) {
            return Self::Busy;
        }
        tracing::error!(%error, "a staff person cannot sign in");
        Self::Internal
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Denied | Self::Reauthentication | Self::Foreign => StatusCode::FORBIDDEN,
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
            Self::Denied => "staff-failure-denied",
            Self::Reauthentication => "staff-failure-reauthentication",
            Self::SessionOver => "staff-failure-session-over",
            Self::Foreign => "staff-failure-foreign",
            Self::NotFound => "staff-failure-not-found",
            Self::Conflict => "staff-failure-conflict",
            Self::Malformed => "staff-failure-malformed",
            Self::TooLarge => "staff-failure-too-large",
            Self::Busy => "staff-failure-busy",
            Self::Internal => "staff-failure-internal",
        }
    }

    fn way(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::SessionOver => Some(("/staff/sign-in", "staff-sign-in")),
            Self::Reauthentication => Some(("/staff/reauthenticate", "staff-reauthenticate-title")),
            Self::Denied | Self::NotFound | Self::Conflict => Some(("/staff", "staff-home")),
            _ => None,
        }
    }

    /// For somebody who is signed in.
    pub(super) fn page_inside(self, signed: &Signed) -> Response {
        self.page(Console::inside(signed, &self.title()), signed.visitor.request_id)
    }

    /// For somebody who is not, or not any more.
    pub(super) fn page_outside(self, pages: &Pages, visitor: &Visitor) -> Response {
        let language = visitor.language().unwrap_or(Language::Ja);
        self.page(Console::outside(pages, language, &self.title(), String::new()), visitor.request_id)
    }

    /// The same in a language that was chosen.
    pub(super) fn page_in(self, pages: &Pages, language: Language) -> Response {
        self.page(Console::outside(pages, language, &self.title(), String::new()), None)
    }

    fn title(self) -> String {
        format!("{}-title", self.key())
    }

    fn page(self, mut console: Console<'_>, request: Option<RequestId>) -> Response {
        console.error = true;
        let page = FailurePage {
            lead: console.text(&format!("{}-lead", self.key())),
            way: self.way().map(|(path, key)| (path.to_owned(), console.text(key))),
            reference: request.map(|id| id.to_string()),
            console,
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
