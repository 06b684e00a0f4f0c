//! Which member is signed in: an extractor that answers anybody else with the way to sign in, and whoever has not
//! accepted the terms yet with the terms.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::answer::{self, COOKIE, Refusal};
use super::failure::Failure;
use super::frame::MemberFrame;
use crate::app::App;
use crate::domain::challenge::Language;
use crate::domain::member::Member;
use crate::flow::member::session::{self, LiveSession};
use crate::pages::Pages;
use crate::pages::return_path::{MEMBER, ReturnPath};
use crate::pages::visitor::Visitor;

/// A member who is signed in and has accepted the terms, and the page she asked for.
pub(in crate::pages) struct Signed {
    /// Her session.
    pub(in crate::pages) session: LiveSession,
    /// The request's headers.
    pub(in crate::pages) visitor: Visitor,
    pages: Arc<Pages>,
    path: ReturnPath,
    is_get: bool,
}

/// A member who is signed in, whether she has accepted the terms or not.
pub(in crate::pages) struct Arriving(pub(in crate::pages) Signed);

impl FromRequestParts<Arc<Pages>> for Arriving {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, pages: &Arc<Pages>) -> Result<Self, Response> {
        let Ok(visitor) = Visitor::from_request_parts(parts, pages).await;
        let path = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |uri| &uri.0);
        let (path, is_get) = (MEMBER.of(path), matches!(parts.method, Method::GET | Method::HEAD));
        let token = visitor.cookie(COOKIE.0).unwrap_or_default().to_owned();
        match session::find(&pages.app, &token).await {
            Ok(Some(session)) => Ok(Self(Signed { session, visitor, pages: Arc::clone(pages), path, is_get })),
            Ok(None) if is_get => {
                let over = if token.is_empty() { "" } else { "&over=1" };
                Err(COOKIE.end(answer::go(&format!("/my/sign-in?next={}{over}", path.encoded()))))
            }
            Ok(None) => Err(Failure::SessionOver.page_outside(pages, &visitor)),
            Err(error) => Err(Failure::of_store(&error).page_outside(pages, &visitor)),
        }
    }
}

impl FromRequestParts<Arc<Pages>> for Signed {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, pages: &Arc<Pages>) -> Result<Self, Response> {
        Arriving::from_request_parts(parts, pages).await?.complete().map_err(Refusal::into_response)
    }
}

impl Arriving {
    /// Lets go on who has accepted the terms; anybody else is led to them.
    pub(super) fn complete(self) -> Result<Signed, Refusal> {
        let Self(signed) = self;
        if signed.session.is_complete {
            return Ok(signed);
        }
        Err(answer::go(&format!("/my/terms?next={}", signed.path.encoded())).into())
    }
}

impl Signed {
    /// Who.
    pub(in crate::pages) fn member(&self) -> &Member {
        &self.session.member
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
        self.session.member.language.or(self.visitor.language()).unwrap_or(Language::Ja)
    }

    /// The frame of a page of hers; the title by its key.
    pub(in crate::pages) fn frame(&self, title: &str) -> MemberFrame<'_> {
        MemberFrame::inside(self, title)
    }

    /// Answers with a page.
    #[expect(clippy::unused_self, reason = "only who is signed in gets these pages")]
    pub(in crate::pages) fn page(&self, template: &impl Template) -> Response {
        answer::page(template)
    }

    /// Goes on to another page of ours.
    #[expect(clippy::unused_self, reason = "only who is signed in is led there")]
    pub(in crate::pages) fn go(&self, path: &str) -> Response {
        answer::go(path)
    }

    /// Goes on when she proved lately who she is; else she is asked for her password, and led back to a page that was
    /// asked for by `GET`.
    pub(in crate::pages) fn require_proof(&self) -> Result<(), Refusal> {
        if self.member().proved_lately {
            return Ok(());
        }
        if self.is_get {
            return Err(answer::go(&format!("/my/prove?next={}", self.path.encoded())).into());
        }
        Err(self.refuse(Failure::ProofNeeded))
    }

    /// A page for what went wrong: a store error, or any [`Failure`].
    pub(in crate::pages) fn refuse(&self, failure: impl Into<Failure>) -> Refusal {
        failure.into().page_inside(self).into()
    }
}

/// A page for somebody who is not signed in yet.
pub(super) fn refused(failure: Failure, pages: &Pages, visitor: &Visitor) -> Response {
    failure.page_outside(pages, visitor)
}
