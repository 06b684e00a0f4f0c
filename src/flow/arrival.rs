//! From where and with what a person signs in, as coarse as it is kept.

use std::net::IpAddr;

/// What a list of sessions shows, so that a person knows her own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The network: the first three numbers of an IPv4 address, the first three groups of an IPv6 one.
    pub network: String,
    /// The kind of program.
    pub agent: &'static str,
}

impl Arrival {
    /// From a browser.
    pub fn browser(address: Option<IpAddr>, user_agent: &str) -> Self {
        Self { network: address.map_or_else(|| "unknown".to_owned(), network), agent: family(user_agent) }
    }

    /// From the command line on the server itself.
    pub fn command_line() -> Self {
        Self { network: "this server".to_owned(), agent: "command line" }
    }
}

fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
    }
}

/// Every browser also names the ones it resembles: the rarer name decides.
fn family(user_agent: &str) -> &'static str {
    let families = [("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
    families.into_iter().find(|(mark, _)| user_agent.contains(mark)).map_or("other", |(_, family)| family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_kept_coarse() {
        let of = |text: &str| Arrival::browser(text.parse().ok(), "Mozilla/5.0 Chrome/140 Safari/537 Edg/140");
        assert_eq!(of("192.0.2.77").network, "192.0.2.0/24");
        assert_eq!(of("::ffff:192.0.2.77").network, "192.0.2.0/24");
        assert_eq!(of("2001:db8:7:9::1").network, "2001:db8:7::/48");
        assert_eq!(of("").network, "unknown");
        assert_eq!(of("").agent, "Edge");
    }
}
