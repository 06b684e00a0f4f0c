//! Settings of the HTTP server.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;
use url::Url;

/// The HTTP server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// The address under which browsers and merchants reach the service.
    pub public_url: Url,
    /// Networks of reverse proxies whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Connections open at once.
    pub max_connections: usize,
    /// Time for a client to send the whole header of a request, milliseconds.
    pub header_timeout_ms: u64,
    /// Time for a request from its header to its answer, milliseconds.
    pub request_timeout_ms: u64,
    /// Largest body of a request, bytes.
    pub body_limit_bytes: usize,
    /// Time for requests in flight to finish at shutdown, milliseconds.
    pub drain_timeout_ms: u64,
}

impl ServerSettings {
    /// Time for the whole header of a request.
    pub fn header_timeout(&self) -> Duration {
        Duration::from_millis(self.header_timeout_ms)
    }

    /// Time for a request from its header to its answer.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    /// Time for requests in flight to finish at shutdown.
    pub fn drain_timeout(&self) -> Duration {
        Duration::from_millis(self.drain_timeout_ms)
    }

    /// Whether this is the address of a proxy whose headers are believed.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted_proxies.iter().any(|network| network.contains(&address))
    }
}
