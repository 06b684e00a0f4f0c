//! What handlers of signed-in people answer: a page, a way on, or a refusal that is a page too; and the cookies of
//! their sessions.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::headers::Permissions;
use crate::credential::token::Token;

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

/// The cookie of a session. The prefix `__Host-` has browsers insist on `Secure`, `Path=/` and no domain (RFC 6265bis,
/// section 4.1.3.2).
#[derive(Clone, Copy, Debug)]
pub(super) struct SessionCookie(pub(super) &'static str);

impl SessionCookie {
    /// The same answer, with the cookie of a session that has begun.
    pub(super) fn begin(self, mut response: Response, token: &Token) -> Response {
        set(&mut response, &format!("{}={}; Path=/; Secure; HttpOnly; SameSite=Strict", self.0, token.expose()));
        response
    }

    /// The same answer, and the browser forgets the session.
    pub(super) fn end(self, mut response: Response) -> Response {
        set(&mut response, &format!("{}=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict", self.0));
        response
    }
}

fn set(response: &mut Response, cookie: &str) {
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// Goes on to another page of ours, by `GET`.
pub(super) fn go(path: &str) -> Response {
    let location = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, Permissions::default().headers(), [(header::LOCATION, location)]).into_response()
}
