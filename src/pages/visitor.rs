//! Who asks for a page, as far as the request's headers tell.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};

use super::texts::accepted;
use crate::domain::challenge::Language;
use crate::domain::id::RequestId;
use crate::flow::challenge::Arrival;

/// The headers of a request and the id that the server gave it.
pub(super) struct Visitor {
    headers: HeaderMap,
    /// The request's id: what a person can name on the telephone.
    pub(super) request_id: Option<RequestId>,
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self { headers: parts.headers.clone(), request_id: parts.extensions.get().copied() })
    }
}

impl Visitor {
    /// The value of a header, if it is text.
    pub(super) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The value of a cookie.
    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        let values = self.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// The language that the browser prefers among ours.
    pub(super) fn language(&self) -> Option<Language> {
        self.header(&header::ACCEPT_LANGUAGE).and_then(accepted)
    }

    /// How the browser came to the page.
    pub(super) fn arrival(&self) -> Arrival {
        let text = |name: &HeaderName| self.header(name).map(str::to_owned);
        Arrival {
            destination: text(&HeaderName::from_static("sec-fetch-dest")),
            origin: text(&header::ORIGIN),
            referrer: text(&header::REFERER),
        }
    }
}
