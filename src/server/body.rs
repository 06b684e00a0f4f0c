//! The body of a request, up to a limit, and whether all of it has arrived.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use http_body_util::Limited;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::answer::Progress;

/// Reads at most so many bytes; one more is an error.
pub(super) struct LimitedBody {
    inner: Limited<Incoming>,
    progress: Arc<Progress>,
}

impl LimitedBody {
    pub(super) fn new(body: Incoming, limit: usize, progress: Arc<Progress>) -> Self {
        let new = Self { inner: Limited::new(body, limit), progress };
        new.note_end();
        new
    }

    fn note_end(&self) {
        if self.inner.is_end_stream() {
            self.progress.set_body_arrived();
        }
    }
}

impl Body for LimitedBody {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        if frame.is_none() {
            self.progress.set_body_arrived();
        }
        self.note_end();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
