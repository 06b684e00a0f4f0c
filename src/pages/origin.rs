//! From where and with what a browser comes.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use crate::flow::arrival::Arrival;
use crate::server::ClientAddress;

/// From where and with what a browser comes.
pub(super) struct Origin(pub(super) Arrival);

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let address: Option<IpAddr> = parts.extensions.get::<ClientAddress>().map(|address| address.0);
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Self(Arrival::browser(address, agent)))
    }
}
