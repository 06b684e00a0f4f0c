//! The way of one request: id, address and limits on the way in; counting, refusals and default
//! headers on the way out.

use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::MatchedPath;
use axum::http::{Request, Response, StatusCode, header};
use futures_util::FutureExt;
use hyper::body::{Body as _, Incoming};
use tower::Service;
use tracing::Instrument;

use super::body::LimitedBody;
use super::refusal::{self, Refusal};
use super::request_id::{self, CurrentRequest};
use super::{ClientAddress, Parts, address, headers};
use crate::config::ServerSettings;

/// What every connection shares.
pub(super) struct Answering {
    pub(super) router: Router,
    pub(super) settings: ServerSettings,
    pub(super) parts: Parts,
}

/// How far a request has come.
#[derive(Default)]
pub(super) struct Progress {
    route: OnceLock<MatchedPath>,
    body_arrived: AtomicBool,
}

impl Progress {
    pub(super) fn set_route(&self, route: MatchedPath) {
        // Set once for each request: an error would mean it is known already.
        let _ = self.route.set(route);
    }

    pub(super) fn set_body_arrived(&self) {
        self.body_arrived.store(true, Ordering::Relaxed);
    }

    fn route(&self) -> &str {
        self.route.get().map_or("unmatched", MatchedPath::as_str)
    }
}

impl Answering {
    /// The answer to a request of this peer: always one, whatever happens inside.
    pub(super) async fn answer(&self, request: Request<Incoming>, peer: IpAddr) -> Response<Body> {
        let began = self.parts.clock.boot_nanos();
        let trusted = self.settings.trusts(peer);
        let id = request_id::of(&request, trusted, &*self.parts.clock, &*self.parts.randomness);
        let progress = Arc::new(Progress::default());
        let span = tracing::info_span!("request", request_id = %id);
        async {
            let mut response = match self.dispatch(request, peer, id, &progress).await {
                Ok(response) if foreign_refusal(&response) => refusal::render(Refusal::TooLarge, id),
                Ok(response) => response,
                Err(refusal) => refusal::render(refusal, id),
            };
            headers::complete(response.headers_mut(), id, self.settings.public_url.scheme() == "https");
            let took = Duration::from_nanos(self.parts.clock.boot_nanos().saturating_sub(began));
            let (route, status) = (progress.route(), response.status().as_u16());
            self.parts.metrics.request(route, status, took);
            tracing::info!(route, status, took_us = took.as_micros(), "answered");
            response
        }
        .instrument(span)
        .await
    }

    async fn dispatch(
        &self,
        request: Request<Incoming>,
        peer: IpAddr,
        id: CurrentRequest,
        progress: &Arc<Progress>,
    ) -> Result<Response<Body>, Refusal> {
        let limit = self.settings.body_limit_bytes;
        if request.body().size_hint().lower() > limit as u64 {
            return Err(Refusal::TooLarge);
        }
        let client = address::of_client(request.headers(), peer, |address| self.settings.trusts(address));
        let mut request = request.map(|body| Body::new(LimitedBody::new(body, limit, Arc::clone(progress))));
        request.extensions_mut().insert(id);
        request.extensions_mut().insert(ClientAddress(client));
        request.extensions_mut().insert(Arc::clone(progress));
        let answered = AssertUnwindSafe(async { self.router.clone().call(request).await }).catch_unwind();
        match tokio::time::timeout(self.settings.request_timeout(), answered).await {
            Ok(Ok(answer)) => Ok(answer.unwrap_or_else(|never: Infallible| match never {})),
            Ok(Err(_)) => {
                tracing::error!(route = progress.route(), "a request broke down");
                Err(Refusal::Broken)
            }
            Err(_) if progress.body_arrived.load(Ordering::Relaxed) => Err(Refusal::TooSlow),
            Err(_) => Err(Refusal::BodyTooSlow),
        }
    }
}

/// A body that turned out too long while it was read is refused by axum in plain text.
fn foreign_refusal(response: &Response<Body>) -> bool {
    let problem = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == refusal::CONTENT_TYPE);
    response.status() == StatusCode::PAYLOAD_TOO_LARGE && !problem
}
