//! Who is signed in: an extractor that answers anybody else with the way to sign in.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::answer::{self, COOKIE, Refusal};
use super::console::Console;
use super::failure::{Failure, Outcome};
use crate::app::App;
use crate::domain::challenge::Language;
use crate::domain::staff::{Act, ActSubject, SignedIn};
use crate::flow::staff::names::Names;
use crate::flow::staff::rights::{self, RightsError};
use crate::flow::staff::session::{self, Session};
use crate::pages::return_path::{ReturnPath, STAFF};
use crate::pages::visitor::Visitor;
use crate::pages::{Pages, assets};

/// Somebody who is signed in, and the page she asked for.
pub(in crate::pages) struct Signed {
    /// Her session.
    pub(in crate::pages) session: Session,
    /// The request's headers.
    pub(in crate::pages) visitor: Visitor,
    pages: Arc<Pages>,
    path: ReturnPath,
    is_get: bool,
}

impl FromRequestParts<Arc<Pages>> for Signed {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, pages: &Arc<Pages>) -> Result<Self, Response> {
        let Ok(visitor) = Visitor::from_request_parts(parts, pages).await;
        let path = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
        let (path, is_get) = (STAFF.of(path), matches!(parts.method, Method::GET | Method::HEAD));
        let token = visitor.cookie(COOKIE.0).unwrap_or_default().to_owned();
        match session::find(&pages.app, &token).await {
            Ok(Some(session)) => Ok(Self { session, visitor, pages: Arc::clone(pages), path, is_get }),
            Ok(None) if is_get => {
                let over = if token.is_empty() { "" } else { "&over=1" };
                Err(answer::COOKIE.end(answer::go(&format!("/staff/sign-in?next={}{over}", path.encoded()))))
            }
            Ok(None) => Err(Failure::SessionOver.page_outside(pages, &visitor)),
            Err(error) => Err(Failure::of_store(&error).page_outside(pages, &visitor)),
        }
    }
}

impl Signed {
    /// Who, as rights and records see her.
    pub(in crate::pages) fn who(&self) -> &SignedIn {
        &self.session.who
    }

    /// The parts of the service.
    pub(in crate::pages) fn app(&self) -> &Arc<App> {
        &self.pages.app
    }

    pub(super) fn pages(&self) -> &Arc<Pages> {
        &self.pages
    }

    pub(super) fn path(&self) -> &ReturnPath {
        &self.path
    }

    /// The language of her pages: the one she chose, else her browser's, else Japanese.
    pub(in crate::pages) fn language(&self) -> Language {
        self.session.language.or(self.visitor.language()).unwrap_or(Language::Ja)
    }

    /// The names of her colleagues.
    pub(in crate::pages) async fn names(&self) -> Result<Names, Refusal> {
        Names::read(self.app()).await.map_err(|error| self.refuse(error))
    }

    /// The frame of a page of hers; the title by its key.
    pub(in crate::pages) fn console(&self, title: &str) -> Console<'_> {
        Console::inside(self, title)
    }

    /// Answers with a page.
    #[expect(clippy::unused_self, reason = "only who is signed in gets these pages")]
    pub(in crate::pages) fn page(&self, template: &impl Template) -> Response {
        answer::page(template)
    }

    /// Answers with a page that keeps itself fresh by a script of ours.
    pub(in crate::pages) fn refreshing_page(&self, template: &impl Template) -> Response {
        answer::refreshing_page(template, assets::refresh_source(&self.app().config.server.public_url))
    }

    /// Goes on to another page of ours.
    #[expect(clippy::unused_self, reason = "only who is signed in is led there")]
    pub(in crate::pages) fn go(&self, path: &str) -> Response {
        answer::go(path)
    }

    /// Ends in a page that says what went wrong, unless she may do this.
    pub(in crate::pages) async fn require(&self, act: Act, subject: &ActSubject) -> Result<(), Refusal> {
        rights::require(self.app(), self.who(), act, subject).await.map_err(|error| self.refuse(error))
    }

    /// A page for what went wrong: a store error, a refusal of rights, or any [`Failure`]. Where another one-time
    /// password is all that is missing and nothing was typed, she is sent to give it.
    pub(in crate::pages) fn refuse(&self, outcome: impl Into<Outcome>) -> Refusal {
        match outcome.into() {
            Outcome::Rights(RightsError::ReauthenticationNeeded) if self.is_get => {
                answer::go(&format!("/staff/reauthenticate?next={}", self.path.encoded())).into()
            }
            outcome => outcome.failure().page_inside(self).into(),
        }
    }
}

/// A page for somebody who is not signed in yet.
pub(super) fn refused(failure: Failure, pages: &Pages, visitor: &Visitor) -> Response {
    failure.page_outside(pages, visitor).into_response()
}
