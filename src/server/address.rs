//! The client's address: the peer's, or what trusted proxies say of it.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the client, as far as it is known. In the extensions of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// The client's address. Each proxy adds, at the end, whom it heard from: read from the end, the first
/// that is no trusted proxy is the client. A proxy that writes one of the two headers may let the
/// client's own other one through: where they disagree, neither is believed.
pub(super) fn of_client(headers: &HeaderMap, peer: IpAddr, trusts: impl Fn(IpAddr) -> bool) -> IpAddr {
    let peer = peer.to_canonical();
    if !trusts(peer) {
        return peer;
    }
    let x_forwarded = last_untrusted(hops(headers, &X_FORWARDED_FOR, Some), &trusts);
    let forwarded = last_untrusted(hops(headers, &header::FORWARDED, forwarded_for), &trusts);
    match (x_forwarded, forwarded) {
        (Some(left), Some(right)) if left != right => peer,
        (found, other) => found.or(other).unwrap_or(peer),
    }
}

/// The hops from the last to the first; None where one cannot be read.
fn hops<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
    node: impl Fn(&'h str) -> Option<&'h str>,
) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or("?"));
    let mut hops: Vec<_> =
        lines.flat_map(|line| line.split(',')).map(|hop| node(hop.trim()).and_then(address)).collect();
    hops.reverse();
    hops
}

/// Nothing before a hop that cannot be read is believed.
fn last_untrusted(hops: Vec<Option<IpAddr>>, trusts: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    let mut furthest = None;
    for hop in hops {
        let Some(hop) = hop else { break };
        furthest = Some(hop);
        if !trusts(hop) {
            break;
        }
    }
    furthest
}

/// The value of `for` in one element of `Forwarded` (RFC 7239, section 5.2).
fn forwarded_for(element: &str) -> Option<&str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"'))
    })
}

/// An address with or without port; IPv6 with or without brackets.
fn address(node: &str) -> Option<IpAddr> {
    let bare = node.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(node);
    let parsed = bare.parse().ok().or_else(|| node.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()));
    parsed.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_trusted_proxies_added_is_believed() {
        type Case<'a> = (&'a str, &'a [(&'static str, &'a str)], &'a str);
        let trusts = |address: IpAddr| address.to_string().starts_with("10.");
        let cases: [Case; 12] = [
            ("9.9.9.9", &[("x-forwarded-for", "1.1.1.1")], "9.9.9.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &[("x-forwarded-for", "1.1.1.1")], "1.1.1.1"),
            ("::ffff:10.0.0.1", &[("x-forwarded-for", "1.1.1.1:443")], "1.1.1.1"),
            ("10.0.0.1", &[("x-forwarded-for", "6.6.6.6, 1.1.1.1, 10.0.0.2")], "1.1.1.1"),
            ("10.0.0.1", &[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "1.1.1.1")], "1.1.1.1"),
            ("10.0.0.1", &[("x-forwarded-for", "6.6.6.6, nonsense, 10.0.0.2")], "10.0.0.2"),
            ("10.0.0.1", &[("forwarded", "for=6.6.6.6, For=\"[2001:db8::7]:99\";proto=https")], "2001:db8::7"),
            ("10.0.0.1", &[("forwarded", "proto=https;for=1.1.1.1")], "1.1.1.1"),
            ("10.0.0.1", &[("forwarded", "for=unknown")], "10.0.0.1"),
            ("10.0.0.1", &[("x-forwarded-for", "1.1.1.1"), ("forwarded", "for=1.1.1.1")], "1.1.1.1"),
            ("10.0.0.1", &[("x-forwarded-for", "1.1.1.1"), ("forwarded", "for=6.6.6.6")], "10.0.0.1"),
        ];
        for (peer, lines, expected) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(HeaderName::from_static(name), value.parse().unwrap());
            }
            assert_eq!(of_client(&headers, peer.parse().unwrap(), trusts).to_string(), expected, "{peer} {lines:?}");
        }
    }
}
