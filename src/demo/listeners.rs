//! The demo's sockets: service, stand-in provider and shop on three ports in a row.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;
use url::Url;

use super::DemoError;

/// Open sockets. The shop's is `localhost`, which may be either loopback address.
pub(super) struct Listeners {
    pub(super) service: TcpListener,
    pub(super) provider: TcpListener,
    pub(super) shop: Vec<TcpListener>,
    ports: [u16; 3],
}

/// Where browsers and programs find the three.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    pub(super) service: SocketAddr,
    pub(super) service_url: Url,
    pub(super) provider_url: Url,
    pub(super) shop_url: Url,
}

impl Listeners {
    /// Opens `port` and the next two; three free ones when `port` is 0.
    pub(super) async fn open(port: u16) -> Result<Self, DemoError> {
        if port > u16::MAX - 2 {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "two more ports are needed after it");
            return Err(DemoError::Port { port, source, hint: "choose a port of at most 65533 with --port" });
        }
        let next = |step: u16| if port == 0 { 0 } else { port + step };
        let service = bind(Ipv4Addr::LOCALHOST.into(), next(0)).await?;
        let provider = bind(Ipv4Addr::LOCALHOST.into(), next(1)).await?;
        let shop = bind(Ipv4Addr::LOCALHOST.into(), next(2)).await?;
        let ports = [port_of(&service)?, port_of(&provider)?, port_of(&shop)?];
        let [.., shop_port] = ports;
        let mut shop = vec![shop];
        // `localhost` is ::1 first for many browsers; a machine without IPv6 does with the other.
        shop.extend(TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, shop_port))).await.ok());
        Ok(Self { service, provider, shop, ports })
    }

    /// The addresses. The shop is on another site than the service (`localhost` and `127.0.0.1`), as in real life.
    pub(super) fn addresses(&self) -> Addresses {
        let [service, provider, shop] = self.ports;
        let at = |host: &str, port: u16| {
            let mut url = self::base();
            // Host and port are valid by construction.
            let _ = url.set_host(Some(host));
            let _ = url.set_port(Some(port));
            url
        };
        Addresses {
            service: (Ipv4Addr::LOCALHOST, service).into(),
            service_url: at("127.0.0.1", service),
            provider_url: at("127.0.0.1", provider),
            shop_url: at("localhost", shop),
        }
    }
}

fn base() -> Url {
    #[expect(clippy::expect_used, reason = "a constant")]
    Url::parse("http://localhost/").expect("a valid URL")
}

async fn bind(host: std::net::IpAddr, port: u16) -> Result<TcpListener, DemoError> {
    let hint = "stop what listens there, or choose another port with --port";
    TcpListener::bind((host, port)).await.map_err(|source| DemoError::Port { port, source, hint })
}

fn port_of(listener: &TcpListener) -> Result<u16, DemoError> {
    Ok(listener.local_addr()?.port())
}
