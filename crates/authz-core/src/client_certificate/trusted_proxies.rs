use std::net::{IpAddr, Ipv6Addr};

/// The proxies whose [`ClientCertificateHeader`](super::ClientCertificateHeader) is believed, by the
/// address of the connection's peer.
///
/// ```
/// use authz_core::TrustedProxies;
///
/// let proxies = TrustedProxies::new(["10.0.0.0/8", "192.0.2.1", "fd00::/8"])?;
/// assert!(proxies.contains([10, 1, 2, 3].into()));
/// assert!(!proxies.contains([192, 0, 2, 2].into()));
/// # Ok::<(), authz_core::InvalidNetwork>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedProxies(Box<[Network]>);

/// Not an IP address or a network in CIDR form (RFC 4632 section 3.1).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a trusted proxy: {problem}")]
pub struct InvalidNetwork {
    text: String,
    problem: String,
}

/// A network's first address, and how many of its leading bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    prefix: u32,
}

impl TrustedProxies {
    /// Creates the list from addresses (`::1`) and networks in CIDR form (`10.0.0.0/8`).
    ///
    /// # Errors
    ///
    /// Returns an error if an element is neither.
    pub fn new<T: AsRef<str>>(
        networks: impl IntoIterator<Item = T>,
    ) -> Result<Self, InvalidNetwork> {
        let parse = |text: T| {
            let text = text.as_ref();
            Network::parse(text).map_err(|problem| InvalidNetwork {
                text: text.to_owned(),
                problem,
            })
        };
        networks
            .into_iter()
            .map(parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Returns `true` if `peer` is one of them. An IPv6 address that maps an IPv4 address counts as the
    /// IPv4 address (RFC 4291 section 2.5.5.2).
    #[must_use]
    pub fn contains(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.0.iter().any(|it| {
            let (address, prefix) = (peer, it.prefix);
            it.address.is_ipv4() == peer.is_ipv4()
                && Network { address, prefix }.first_address() == it.address
        })
    }
}

impl Network {
    fn parse(text: &str) -> Result<Self, String> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| {
            "use an IP address, or a network such as 10.0.0.0/8; names and ports are not supported"
        })?;
        if address.to_canonical() != address {
            return Err(format!(
                "use the IPv4 address {} instead",
                address.to_canonical()
            ));
        }
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => bits,
            Some(prefix) => prefix
                .parse()
                .ok()
                .filter(|it| *it <= bits && !prefix.starts_with('+'))
                .ok_or_else(|| format!("use a prefix length from 0 to {bits}"))?,
        };
        let network = Self { address, prefix };
        let first = network.first_address();
        if first != address {
            return Err(format!(
                "the address has bits after the prefix: use {first}/{prefix} for the network, or {address} for the \
                 address"
            ));
        }
        Ok(network)
    }

    fn first_address(self) -> IpAddr {
        match self.address {
            IpAddr::V4(it) => {
                let mask = u32::MAX.checked_shl(32 - self.prefix).unwrap_or(0);
                IpAddr::V4((it.to_bits() & mask).into())
            }
            IpAddr::V6(it) => {
                let mask = u128::MAX.checked_shl(128 - self.prefix).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(it.to_bits() & mask))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_compared_by_the_bits_of_the_prefix() {
        for (network, inside, outside) in [
            (
                "10.0.0.0/8",
                &["10.0.0.0", "10.255.255.255", "::ffff:10.1.1.1"][..],
                &["11.0.0.0", "9.255.255.255", "::a00:1"][..],
            ),
            (
                "192.0.2.128/25",
                &["192.0.2.128", "192.0.2.255"],
                &["192.0.2.127"],
            ),
            (
                "192.0.2.1",
                &["192.0.2.1", "::ffff:192.0.2.1"],
                &["192.0.2.0"],
            ),
            ("0.0.0.0/0", &["255.255.255.255"], &["::", "::1"]),
            ("::1", &["::1"], &["::", "127.0.0.1", "::2"]),
            ("fd00::/8", &["fd00::1", "fdff::"], &["fe00::", "fc00::"]),
            ("2001:db8::/33", &["2001:db8:7fff::"], &["2001:db8:8000::"]),
            ("::/0", &["::1", "ffff::"], &["10.0.0.1", "::ffff:10.0.0.1"]),
        ] {
            let proxies = TrustedProxies::new(["203.0.113.9", network]).unwrap();
            for peer in inside {
                assert!(proxies.contains(peer.parse().unwrap()), "{network}: {peer}");
            }
            for peer in outside {
                assert!(
                    !proxies.contains(peer.parse().unwrap()),
                    "{network}: {peer}"
                );
            }
        }
        let none = TrustedProxies::new([""; 0]).unwrap();
        assert!(!none.contains([127, 0, 0, 1].into()));
    }

    #[test]
    fn an_error_says_what_to_write() {
        for (text, advice) in [
            ("", "use an IP address"),
            ("proxy.example", "names and ports"),
            ("10.0.0.1:80", "names and ports"),
            ("10.0.0.0/", "from 0 to 32"),
            ("10.0.0.0/33", "from 0 to 32"),
            ("10.0.0.0/+8", "from 0 to 32"),
            ("fd00::/129", "from 0 to 128"),
            ("10.0.0.0/8/8", "from 0 to 32"),
            ("10.1.2.3/8", "use 10.0.0.0/8 for the network, or 10.1.2.3"),
            ("fd00::1/64", "use fd00::/64"),
            ("::ffff:10.0.0.1", "use the IPv4 address 10.0.0.1"),
        ] {
            let error = TrustedProxies::new([text]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{text:?} is not")), "{error}");
            assert!(error.contains(advice), "{error}");
        }
    }
}
