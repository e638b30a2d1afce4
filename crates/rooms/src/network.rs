//! Networks: addresses that begin with the same bits.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use thiserror::Error;

use crate::store::Network;

/// Why a text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NetworkError {
    /// What stands before the slash is no address.
    #[error("not an IP address")]
    Address,
    /// What stands behind the slash is no number of bits that such an address has.
    #[error("not a number of bits of that address")]
    Bits,
}

impl Network {
    /// The addresses that have the first `bits` bits of `address`.
    pub fn new(address: IpAddr, bits: u8) -> Result<Self, NetworkError> {
        match (address, address.to_canonical()) {
            // The mapped form counts the 96 bits before the IPv4 address.
            (IpAddr::V6(_), IpAddr::V4(v4)) => {
                let bits = bits.checked_sub(96).ok_or(NetworkError::Bits)?;
                Self::new(IpAddr::V4(v4), bits)
            }
            (address, _) if bits > width(address) => Err(NetworkError::Bits),
            (address, _) => Ok(Self {
                address: masked(address, bits),
                bits,
            }),
        }
    }

    /// What one user's address is taken for: an IPv4 address as it is, of an IPv6 address the
    /// first 64 bits, because the others are the user's to choose.
    pub fn of_user(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let bits = width(address).min(if address.is_ipv4() { 32 } else { 64 });
        Self {
            address: masked(address, bits),
            bits,
        }
    }

    /// Whether an address is one of these.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && masked(address, self.bits) == self.address
    }

    /// How many bits are the same.
    pub(crate) fn bits(&self) -> u8 {
        self.bits
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The address with all but its first `bits` bits zero.
fn masked(address: IpAddr, bits: u8) -> IpAddr {
    let kept = u32::from(bits);
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX
                .checked_shl(32u32.saturating_sub(kept))
                .unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX
                .checked_shl(128u32.saturating_sub(kept))
                .unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    /// Reads `10.1.0.0/16`, or an address alone.
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Address)?;
        let bits = match bits {
            Some(bits) => bits.parse().map_err(|_| NetworkError::Bits)?,
            None => width(address),
        };
        Self::new(address, bits)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bits == width(self.address) {
            write!(f, "{}", self.address)
        } else {
            write!(f, "{}/{}", self.address, self.bits)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_and_written() {
        for (written, expected) in [
            ("10.1.2.3", Ok("10.1.2.3")),
            ("10.1.2.3/16", Ok("10.1.0.0/16")),
            ("10.1.2.3/0", Ok("0.0.0.0/0")),
            ("2001:db8::1/32", Ok("2001:db8::/32")),
            ("::1", Ok("::1")),
            ("::ffff:10.1.2.3", Ok("10.1.2.3")),
            ("::ffff:10.1.2.3/112", Ok("10.1.0.0/16")),
            ("::ffff:10.1.2.3/95", Err(NetworkError::Bits)),
            ("10.1.2.3/33", Err(NetworkError::Bits)),
            ("::/129", Err(NetworkError::Bits)),
            ("10.1.2.3/", Err(NetworkError::Bits)),
            ("10.1.2", Err(NetworkError::Address)),
            ("", Err(NetworkError::Address)),
        ] {
            let read = written
                .parse::<Network>()
                .map(|network| network.to_string());
            assert_eq!(read, expected.map(str::to_owned), "{written}");
        }
    }

    #[test]
    fn a_network_contains_the_addresses_that_begin_like_it() {
        for (network, address, expected) in [
            ("10.1.0.0/16", "10.1.255.255", true),
            ("10.1.0.0/16", "10.2.0.0", false),
            ("10.1.0.0/16", "::ffff:10.1.0.1", true),
            ("0.0.0.0/0", "1.2.3.4", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "1.2.3.4", false),
            ("2001:db8::/64", "2001:db8::ffff", true),
            ("2001:db8::/64", "2001:db8:0:1::", false),
        ] {
            let network: Network = network.parse().expect("a network");
            let address: IpAddr = address.parse().expect("an address");
            assert_eq!(network.contains(address), expected, "{network} {address}");
        }
    }

    #[test]
    fn a_user_is_all_of_its_64_bits() {
        let of = |text: &str| Network::of_user(text.parse().expect("an address")).to_string();
        assert_eq!(of("10.1.2.3"), "10.1.2.3");
        assert_eq!(of("::ffff:10.1.2.3"), "10.1.2.3");
        assert_eq!(of("2001:db8::1"), "2001:db8::/64");
    }
}
