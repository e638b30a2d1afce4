//! The list of bans: who meets which, and when each ends.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use crate::id::{BanId, UnixMillis};
use crate::name::key;
use crate::store::{Ban, BanTarget, Network};

/// All bans that are in force.
#[derive(Default)]
pub(crate) struct BanList {
    bans: BTreeMap<BanId, Ban>,
    names: BTreeMap<Arc<str>, BanId>,
    /// One map for each length, so that looking an address up is one look per length in use.
    networks: BTreeMap<u8, BTreeMap<Network, BanId>>,
    ends: BTreeSet<(UnixMillis, BanId)>,
}

impl BanList {
    pub(crate) fn len(&self) -> usize {
        self.bans.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Ban> {
        self.bans.values()
    }

    /// The ban of exactly this name or network.
    pub(crate) fn of(&self, target: &BanTarget) -> Option<BanId> {
        match target {
            BanTarget::Name(name) => self.names.get(&key(name)),
            BanTarget::Network(network) => self.networks.get(&network.bits())?.get(network),
        }
        .copied()
    }

    /// The ban that a name meets. Takes the name's key.
    pub(crate) fn on_name(&self, key: &str) -> Option<&Ban> {
        self.bans.get(self.names.get(key)?)
    }

    /// The narrowest ban that an address meets.
    pub(crate) fn on_address(&self, address: IpAddr) -> Option<&Ban> {
        self.networks.iter().rev().find_map(|(&bits, networks)| {
            // An IPv6 length is no length of an IPv4 address.
            let network = Network::new(address.to_canonical(), bits).ok()?;
            self.bans.get(networks.get(&network)?)
        })
    }

    /// Adds a ban. There must be none of the same target.
    pub(crate) fn insert(&mut self, ban: Ban) {
        match &ban.target {
            BanTarget::Name(name) => {
                self.names.insert(key(name), ban.id);
            }
            BanTarget::Network(network) => {
                let same_length = self.networks.entry(network.bits()).or_default();
                same_length.insert(*network, ban.id);
            }
        }
        if let Some(until) = ban.until {
            self.ends.insert((until, ban.id));
        }
        self.bans.insert(ban.id, ban);
    }

    pub(crate) fn remove(&mut self, id: BanId) -> Option<Ban> {
        let ban = self.bans.remove(&id)?;
        match &ban.target {
            BanTarget::Name(name) => {
                self.names.remove(&key(name));
            }
            BanTarget::Network(network) => {
                if let Some(same_length) = self.networks.get_mut(&network.bits()) {
                    same_length.remove(network);
                    if same_length.is_empty() {
                        self.networks.remove(&network.bits());
                    }
                }
            }
        }
        if let Some(until) = ban.until {
            self.ends.remove(&(until, id));
        }
        Some(ban)
    }

    /// The ban that ends first, and when.
    pub(crate) fn first_end(&self) -> Option<(UnixMillis, BanId)> {
        self.ends.first().copied()
    }
}

impl BanTarget {
    /// Whether this bans such a user. Takes the key of the name.
    pub(crate) fn meets(&self, name: &str, address: IpAddr) -> bool {
        match self {
            Self::Name(banned) => *key(banned) == *name,
            Self::Network(network) => network.contains(address),
        }
    }
}

impl std::fmt::Display for BanTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Network(network) => network.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ban(id: u64, target: BanTarget, until: Option<u64>) -> Ban {
        Ban {
            id: BanId(id),
            target,
            reason: "".into(),
            by: None,
            until: until.map(UnixMillis),
        }
    }

    fn network(text: &str) -> BanTarget {
        BanTarget::Network(text.parse().expect("a network"))
    }

    fn met(list: &BanList, address: &str) -> Option<u64> {
        let found = list.on_address(address.parse().expect("an address"));
        found.map(|ban| ban.id.0)
    }

    #[test]
    fn the_narrowest_ban_of_an_address_is_found() {
        let mut list = BanList::default();
        list.insert(ban(1, network("10.0.0.0/8"), None));
        list.insert(ban(2, network("10.1.0.0/16"), None));
        list.insert(ban(3, network("2001:db8::/64"), None));
        assert_eq!(met(&list, "10.1.2.3"), Some(2));
        assert_eq!(met(&list, "10.2.2.3"), Some(1));
        assert_eq!(met(&list, "::ffff:10.2.2.3"), Some(1));
        assert_eq!(met(&list, "11.1.2.3"), None);
        assert_eq!(met(&list, "2001:db8::5"), Some(3));
        assert_eq!(met(&list, "2001:db9::5"), None);
        list.remove(BanId(2));
        assert_eq!(met(&list, "10.1.2.3"), Some(1));
    }

    #[test]
    fn bans_end_in_order_and_leave_nothing_behind() {
        let mut list = BanList::default();
        list.insert(ban(1, BanTarget::Name("Ann".into()), Some(50)));
        list.insert(ban(2, network("::/0"), Some(20)));
        list.insert(ban(3, BanTarget::Name("Bob".into()), None));
        assert_eq!(list.first_end(), Some((UnixMillis(20), BanId(2))));
        assert!(list.remove(BanId(2)).is_some());
        assert_eq!(list.first_end(), Some((UnixMillis(50), BanId(1))));
        assert!(list.on_name("ann").is_some());
        assert!(list.remove(BanId(1)).is_some());
        assert_eq!(list.first_end(), None);
        assert!(list.on_name("ann").is_none());
        assert!(list.networks.is_empty() && list.ends.is_empty());
        assert_eq!(list.len(), 1);
        assert!(list.remove(BanId(1)).is_none());
    }
}
