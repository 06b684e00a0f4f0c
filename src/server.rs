//! Serves a router over TCP within limits: header and request time-outs, connections, body size,
//! an orderly end. Knows nothing of what the routes do.

mod address;
mod answer;
mod body;
mod headers;
mod refusal;
mod request_id;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tower::util::MapRequestLayer;

pub use self::address::ClientAddress;
pub use self::request_id::CurrentRequest;

use self::answer::Answering;
use crate::config::ServerSettings;
use crate::domain::clock::SharedClock;
use crate::domain::randomness::SharedRandomness;
use crate::metrics::Metrics;

/// The longest header of a request, bytes.
const LONGEST_HEADER: usize = 32 * 1024;
/// The pause after the system has no more sockets to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the server needs besides its settings.
#[derive(Clone)]
pub struct Parts {
    /// The time.
    pub clock: SharedClock,
    /// Randomness for request ids.
    pub randomness: SharedRandomness,
    /// Where requests are counted.
    pub metrics: Arc<Metrics>,
}

/// Serves until `shutdown` is done; then accepts nothing more, lets requests in flight finish within
/// the drain time-out, and closes what is left. Further connections than allowed wait to be accepted.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    settings: &ServerSettings,
    parts: Parts,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let router = router.layer(MapRequestLayer::new(remember_route));
    let answering = Arc::new(Answering { router, settings: settings.clone(), parts });
    let places = Arc::new(Semaphore::new(settings.max_connections.min(Semaphore::MAX_PERMITS)));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let (stream, peer, place) = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &places) => accepted?,
        };
        while connections.try_join_next().is_some() {}
        connections.spawn(serve_connection(stream, peer, place, Arc::clone(&answering), graceful.watcher()));
    }
    drop(listener);
    if tokio::time::timeout(settings.drain_timeout(), graceful.shutdown()).await.is_err() {
        tracing::warn!(connections = connections.len(), "requests were still in flight when the drain time was over");
    }
    connections.shutdown().await;
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return Ok((stream, peer, place)),
            Err(error) if of_the_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Whether the client went away while it was being accepted.
fn of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionRefused | ConnectionAborted | ConnectionReset)
}

async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    place: OwnedSemaphorePermit,
    answering: Arc<Answering>,
    watcher: Watcher,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "the connection was gone before it was served");
    }
    let header_timeout = answering.settings.header_timeout();
    let service = service_fn(move |request| {
        let answering = Arc::clone(&answering);
        async move { Ok::<_, std::convert::Infallible>(answering.answer(request, peer.ip()).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_buf_size(LONGEST_HEADER)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended early");
    }
    drop(place);
}

/// The router knows the route only inside; the answer is counted outside.
fn remember_route(request: Request) -> Request {
    let progress = request.extensions().get::<Arc<answer::Progress>>();
    if let (Some(progress), Some(route)) = (progress, request.extensions().get::<MatchedPath>()) {
        progress.set_route(route.clone());
    }
    request
}
