//! Forms of the staff: read only when a page of this session sent them.

use std::sync::Arc;

use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

use super::failure::Failure;
use super::signed::{Signed, refused};
use crate::flow::staff::session;
use crate::pages::Pages;
use crate::pages::own_form::{Guarded, Unreadable, is_our_own};
use crate::pages::visitor::Visitor;

/// A form of somebody who is signed in. Session, origin and form token have been checked.
pub(in crate::pages) struct StaffForm<T> {
    /// Who sent it.
    pub(in crate::pages) signed: Signed,
    /// What she typed.
    pub(in crate::pages) fields: T,
}

/// A form of somebody who is not signed in yet. Its origin has been checked.
pub(super) struct OpenForm<T> {
    pub(super) visitor: Visitor,
    pub(super) fields: T,
}

impl<T: DeserializeOwned> FromRequest<Arc<Pages>> for StaffForm<T> {
    type Rejection = Response;

    async fn from_request(request: Request, pages: &Arc<Pages>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let signed = Signed::from_request_parts(&mut parts, pages).await?;
        if !is_our_own(pages, &signed.visitor) {
            return Err(signed.refuse(Failure::Foreign).into_response());
        }
        let form = Form::<Guarded<T>>::from_request(Request::from_parts(parts, body), pages).await;
        match form {
            Ok(Form(form)) if session::is_form_token(&pages.app, &signed.session.digest, &form.form_token) => {
                Ok(Self { signed, fields: form.fields })
            }
            Ok(_) => Err(signed.refuse(Failure::Foreign).into_response()),
            Err(rejection) => Err(signed.refuse(Failure::from(Unreadable::of(&rejection))).into_response()),
        }
    }
}

impl<T: DeserializeOwned> FromRequest<Arc<Pages>> for OpenForm<T> {
    type Rejection = Response;

    async fn from_request(request: Request, pages: &Arc<Pages>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let Ok(visitor) = Visitor::from_request_parts(&mut parts, pages).await;
        if !is_our_own(pages, &visitor) {
            return Err(refused(Failure::Foreign, pages, &visitor));
        }
        match Form::<T>::from_request(Request::from_parts(parts, body), pages).await {
            Ok(Form(fields)) => Ok(Self { visitor, fields }),
            Err(rejection) => Err(refused(Failure::from(Unreadable::of(&rejection)), pages, &visitor)),
        }
    }
}
