//! What handlers answer: a page, a way on, or a refusal that is a page too.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::console::STYLE;
use crate::credential::token::Token;
use crate::pages::failure::rendered;
use crate::pages::headers::Permissions;

/// The prefix has browsers insist on `Secure`, `Path=/` and no domain (RFC 6265bis, section 4.1.3.2).
pub(super) const COOKIE: &str = "__Host-staff";

/// What a handler answers.
pub(in crate::pages) type Answer = Result<Response, Refusal>;

/// A page that says why there is no other.
pub(in crate::pages) struct Refusal(Box<Response>);

impl From<Response> for Refusal {
    fn from(response: Response) -> Self {
        Self(Box::new(response))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// A page of the staff.
pub(super) fn page(template: &impl Template) -> Response {
    rendered(template, &Permissions { style: Some(STYLE), ..Permissions::default() })
}

/// Goes on to another page of ours, by `GET`.
pub(super) fn go(path: &str) -> Response {
    let location = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/staff"));
    (StatusCode::SEE_OTHER, Permissions::default().headers(), [(header::LOCATION, location)]).into_response()
}

/// The same answer, with the cookie of a session that has begun.
pub(super) fn with_session(mut response: Response, token: &Token) -> Response {
    set_cookie(&mut response, &format!("{COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Strict", token.expose()));
    response
}

/// The same answer, and the browser forgets the session.
pub(super) fn without_session(mut response: Response) -> Response {
    set_cookie(&mut response, &format!("{COOKIE}=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict"));
    response
}

fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
