//! Whether somebody listens at an address: a connection is opened and closed, and not a byte is put on it.

use std::io;
use std::time::Duration;

/// Connects and hangs up.
///
/// # Errors
/// What the operating system says, or [`io::ErrorKind::TimedOut`] after `limit`.
pub async fn probe(host: &str, port: u16, limit: Duration) -> io::Result<()> {
    let connect = tokio::net::TcpStream::connect((host, port));
    tokio::time::timeout(limit, connect).await.map_err(|_| io::ErrorKind::TimedOut)?.map(drop)
}
