//! The id of a request: in its answer, in every line of its log, and in the extensions for those inside.

use axum::http::{HeaderName, Request};

use crate::domain::clock::Clock;
use crate::domain::id::RequestId;
use crate::domain::randomness::Randomness;

/// The header that carries the id.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request at hand.
pub type CurrentRequest = RequestId;

/// The id that a trusted proxy gave, or a new one.
pub(super) fn of<B>(request: &Request<B>, trusted: bool, clock: &dyn Clock, randomness: &dyn Randomness) -> RequestId {
    let given = request.headers().get(HEADER).filter(|_| trusted).and_then(|value| value.to_str().ok());
    given.and_then(|text| text.parse().ok()).unwrap_or_else(|| RequestId::new(clock.now(), randomness))
}
