//! Where the client may connect: the guard against addresses that are not public.
//!
//! The resolver that checks an address is the one whose answer is connected to, so that a name cannot change between
//! look and use.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Which addresses may be connected to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destinations {
    /// Public addresses only.
    #[default]
    Public,
    /// Public addresses and this machine: for test deployments with the stand-in provider.
    PublicAndLoopback,
    /// Any address: for a provider that is reached through the operator's own network.
    Any,
}

impl Destinations {
    /// Whether this address may be connected to.
    pub fn allow(self, address: IpAddr) -> bool {
        match self {
            Self::Public => is_public(address),
            Self::PublicAndLoopback => address.is_loopback() || is_public(address),
            Self::Any => true,
        }
    }
}

/// A name led to an address that may not be connected to.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that is not allowed")]
pub(super) struct ForbiddenAddress;

/// Resolves names by the operating system and lets only allowed addresses through.
pub(super) struct GuardedResolver {
    destinations: Destinations,
}

impl GuardedResolver {
    pub(super) fn new(destinations: Destinations) -> Self {
        Self { destinations }
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let destinations = self.destinations;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One forbidden address condemns the name: a public name has no business with a private address.
            if found.iter().all(|address| destinations.allow(address.ip())) {
                Ok(Box::new(found.into_iter()) as Addrs)
            } else {
                Err(ForbiddenAddress.into())
            }
        })
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => embedded_v4(address).map_or_else(|| is_public_v6(address), is_public_v4),
    }
}

/// The IANA IPv4 Special-Purpose Address Registry (RFC 6890), multicast and class E are not public.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(matches!(a, 0 | 10 | 127 | 224..)
        || (a == 100 && (64..128).contains(&b))
        || (a == 169 && b == 254)
        || (a == 172 && (16..32).contains(&b))
        || (a == 192 && b == 168)
        || (a == 192 && b == 0 && matches!(c, 0 | 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && matches!(b, 18 | 19))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113))
}

/// Only global unicast `2000::/3` is public, and of it neither documentation, Teredo, ORCHID nor 6to4.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let special = (first == 0x2001 && (second < 0x0200 || second == 0x0db8)) || first == 0x2002 || first == 0x3fff;
    (0x2000..0x4000).contains(&first) && !special
}

/// The IPv4 address inside a mapped address (RFC 4291, 2.5.5.2) or one under the well-known NAT64 prefix
/// `64:ff9b::/96` (RFC 6052). The local NAT64 prefix `64:ff9b:1::/48` (RFC 8215) is not public as it is.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [.., high, low] = address.segments();
    let is_nat64 = address.to_bits() >> 32 == 0x0064_ff9b_0000_0000_0000_0000;
    let inside = Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    address.to_ipv4_mapped().or_else(|| is_nat64.then_some(inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_may_be_connected_to() {
        for text in [
            "8.8.8.8",
            "100.63.0.1",
            "172.32.0.1",
            "192.1.0.1",
            "2606:4700::1111",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert!(Destinations::Public.allow(text.parse().unwrap()), "{text}");
        }
        for text in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.1.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::a00:1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2001::1",
        ] {
            assert!(!Destinations::Public.allow(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_test_deployment_may_reach_this_machine_and_no_other_private_one() {
        let allow = |text: &str| Destinations::PublicAndLoopback.allow(text.parse().unwrap());
        assert!(allow("127.0.0.1") && allow("::1") && allow("8.8.8.8"));
        assert!(!allow("10.0.0.1") && !allow("169.254.169.254") && !allow("::ffff:10.0.0.1"));
    }
}
