//! Whose word is taken for where a request came from. Pure.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// The proxies in front of the site: addresses and networks whose `X-Forwarded-For` is believed.
///
/// Anybody can send that header. What stands in it is what the last proxy wrote, behind whatever its client sent: so it
/// is read from the right, and only as far as those who wrote are trusted. The networks of visitors do not belong here:
/// whoever comes from a trusted network may say of himself what he likes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// An item of the list that is neither an address nor a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{item:?} is neither an address such as 127.0.0.1 or ::1 nor a network such as 10.0.0.0/8")]
pub struct NotANetwork {
    item: String,
}

impl TrustedProxies {
    /// Takes addresses and networks.
    ///
    /// # Errors
    /// [`NotANetwork`] for the first that is neither. Bits of a network's address beyond its prefix (`10.0.0.7/8`) are
    /// refused: either of the two is a slip.
    pub fn of<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> Result<Self, NotANetwork> {
        items.into_iter().map(|item| network(item.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// Whether nobody is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a request from this address may say where it came from.
    #[must_use]
    pub fn includes(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Where a request came from: the rightmost address of `forwarded_for` that is not a trusted proxy's, if the `peer`
    /// is one; otherwise, and where that cannot be told, the peer.
    ///
    /// `forwarded_for` are the values of all `X-Forwarded-For` headers, in the order received; one that is not text is
    /// `""`.
    #[must_use]
    pub fn visitor<'a>(&self, peer: IpAddr, forwarded_for: impl IntoIterator<Item = &'a str>) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.includes(peer) {
            return peer;
        }
        let values: Vec<&str> = forwarded_for.into_iter().collect();
        let from_the_right = values.iter().rev().flat_map(|value| value.rsplit(','));
        for item in from_the_right {
            match address(item.trim()) {
                Some(address) if self.includes(address) => {}
                Some(address) => return address,
                // What stands further left was not written by anybody who is trusted.
                None => return peer,
            }
        }
        peer
    }
}

/// A network, or an address as the network of itself alone.
fn network(item: &str) -> Result<IpNet, NotANetwork> {
    let refused = || NotANetwork { item: item.to_owned() };
    let network = match item.parse::<IpNet>() {
        // Addresses are compared as IPv4 where they are: a network of mapped ones would include nobody.
        Ok(network) if network.addr() == network.network() && !is_mapped(network.addr()) => network,
        Ok(_) => return Err(refused()),
        Err(_) => item.parse::<IpAddr>().map(|address| address.to_canonical().into()).map_err(|_| refused())?,
    };
    Ok(network)
}

fn is_mapped(address: IpAddr) -> bool {
    address.to_canonical() != address
}

/// An address as proxies write it: alone, with a port, in brackets. Not `unknown`, nor a name.
fn address(item: &str) -> Option<IpAddr> {
    let bare = || item.parse::<IpAddr>().ok();
    let with_port = || item.parse::<SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || item.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    bare().or_else(with_port).or_else(in_brackets).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    /// The visitor, behind proxies at 10.0.0.0/8, 127.0.0.1 and `2001:db8:1::/48`.
    fn visitor(peer: &str, headers: &[&str]) -> String {
        let proxies = TrustedProxies::of(["10.0.0.0/8", "127.0.0.1", "2001:db8:1::/48"]).expect("networks");
        proxies.visitor(ip(peer), headers.iter().copied()).to_string()
    }

    #[test]
    fn nobody_is_believed_unless_it_is_said() {
        let nobody = TrustedProxies::default();
        assert!(nobody.is_empty());
        assert_eq!(nobody.visitor(ip("127.0.0.1"), ["203.0.113.9"]), ip("127.0.0.1"));
    }

    #[test]
    fn a_visitor_without_a_proxy_is_not_believed() {
        assert_eq!(visitor("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(visitor("2001:db8:2::1", &["198.51.100.1"]), "2001:db8:2::1");
        assert_eq!(visitor("127.0.0.2", &["198.51.100.1"]), "127.0.0.2", "127.0.0.1 is one address");
    }

    #[test]
    fn a_proxy_says_who_came() {
        assert_eq!(visitor("127.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(visitor("10.1.2.3", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(visitor("10.1.2.3", &[]), "10.1.2.3");
    }

    /// The client's own header stands left of what the proxy adds, in one value or in two.
    #[test]
    fn what_the_visitor_wrote_in_front_counts_for_nothing() {
        assert_eq!(visitor("10.0.0.1", &["198.51.100.1, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(visitor("10.0.0.1", &["198.51.100.1", "203.0.113.9"]), "203.0.113.9");
        assert_eq!(visitor("10.0.0.1", &["127.0.0.1,10.0.0.1, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(visitor("10.0.0.1", &["rubbish, , 203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn a_chain_of_proxies_is_followed_to_its_beginning() {
        assert_eq!(visitor("10.0.0.1", &["198.51.100.1, 203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(visitor("10.0.0.1", &["203.0.113.9, 10.0.0.2", "127.0.0.1, 10.9.9.9"]), "203.0.113.9");
        assert_eq!(visitor("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.1", "nobody but proxies");
    }

    #[test]
    fn what_is_no_address_is_nobody_s_and_the_peer_stands() {
        for item in ["", "unknown", "_hidden", "anna.example", "1.2.3", "1.2.3.4.5", "1.2.3.4:99999", "[::1", "::g"] {
            assert_eq!(visitor("10.0.0.1", &[item]), "10.0.0.1", "{item:?}");
            let behind = format!("203.0.113.9, {item}");
            assert_eq!(
                visitor("10.0.0.1", &[&behind]),
                "10.0.0.1",
                "{behind:?}: what is left of it was not vouched for"
            );
        }
    }

    #[test]
    fn ports_and_brackets_are_left_out() {
        assert_eq!(visitor("10.0.0.1", &["203.0.113.9:50000"]), "203.0.113.9");
        assert_eq!(visitor("10.0.0.1", &["[2001:db8:2::9]:50000"]), "2001:db8:2::9");
        assert_eq!(visitor("10.0.0.1", &["[2001:db8:2::9]"]), "2001:db8:2::9");
        assert_eq!(visitor("10.0.0.1", &["2001:DB8:2::9"]), "2001:db8:2::9");
    }

    #[test]
    fn ipv6_is_told_apart_by_network_and_mapped_addresses_are_ipv4() {
        assert_eq!(visitor("2001:db8:1::5", &["2001:db8:2::9"]), "2001:db8:2::9");
        assert_eq!(visitor("2001:db8:1::5", &["2001:db8:2::9, 2001:db8:1:7::1"]), "2001:db8:2::9");
        assert_eq!(visitor("::ffff:10.0.0.1", &["::ffff:203.0.113.9"]), "203.0.113.9");
        assert_eq!(visitor("::ffff:203.0.113.9", &[]), "203.0.113.9");
        let mapped = TrustedProxies::of(["::ffff:10.0.0.1"]).expect("an address");
        assert!(mapped.includes(ip("10.0.0.1")));
    }

    #[test]
    fn what_is_neither_an_address_nor_a_network_is_named() {
        for item in [
            "10.0.0.0/33",
            "10.0.0.7/8",
            "localhost",
            "10.0.0",
            "::1/129",
            "*",
            "",
            "fe80::1%eth0",
            "::ffff:10.0.0.0/104",
        ] {
            let refused = TrustedProxies::of(["127.0.0.1", item]).expect_err("refused").to_string();
            assert!(refused.contains(&format!("{item:?}")), "{refused}");
        }
        assert!(TrustedProxies::of(["0.0.0.0/0", "::/0", "10.0.0.0/8", "::1"]).is_ok());
    }

    proptest! {
        /// However a visitor fills the header: the proxy's own word, at its end, stands.
        #[test]
        fn no_header_of_a_visitor_s_own_moves_him(sent in proptest::collection::vec("[ -~]{0,40}", 0..4)) {
            let proxies = TrustedProxies::of(["10.0.0.0/8"]).expect("a network");
            let sent: Vec<&str> = sent.iter().map(String::as_str).chain(["203.0.113.9"]).collect();
            prop_assert_eq!(proxies.visitor(ip("10.0.0.1"), sent.iter().copied()), ip("203.0.113.9"));
            let joined = sent.join(", ");
            prop_assert_eq!(proxies.visitor(ip("10.0.0.1"), [joined.as_str()]), ip("203.0.113.9"));
        }
    }
}
