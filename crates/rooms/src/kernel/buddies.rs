//! Buddies: who wants to know when a name comes and goes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Kernel;
use crate::event::{Buddy, Event};
use crate::id::UserId;
use crate::name::{is_plain, key};
use crate::op::Actor;
use crate::refusal::Refusal;
use crate::store::Change;

/// The longest name of a buddy, in bytes: that of names in general is counted in characters.
const NAME_BYTES_MAX: usize = 128;

impl Kernel {
    pub(super) fn add_buddy(&mut self, by: Actor, name: Arc<str>) -> Result<(), Refusal> {
        let id = by.user()?;
        let most = self.config.limits.buddies;
        if !is_plain(&name) || name.len() > NAME_BYTES_MAX {
            return Err(Refusal::NameCharacters);
        }
        let Some(user) = self.users.get_mut(&id) else {
            return Err(Refusal::NotLoggedIn);
        };
        let key = key(&name);
        if user.buddies.len() >= most && !user.buddies.contains_key(&key) {
            return Err(Refusal::Limit("buddies"));
        }
        user.buddies.insert(key.clone(), name);
        self.fans.entry(key).or_default().insert(id);
        self.save_buddies(id);
        self.tell_buddies(id);
        Ok(())
    }

    pub(super) fn remove_buddy(&mut self, by: Actor, name: &str) -> Result<(), Refusal> {
        let id = by.user()?;
        let Some(user) = self.users.get_mut(&id) else {
            return Err(Refusal::NotLoggedIn);
        };
        let key = key(name);
        if user.buddies.remove(&key).is_none() {
            return Err(Refusal::NoSuchUser);
        }
        self.remove_fan(&key, id);
        self.save_buddies(id);
        self.tell_buddies(id);
        Ok(())
    }

    /// The buddies of a name that is known, by their keys. They are watched from now on.
    pub(super) fn load_buddies(
        &mut self,
        owner: &str,
        user: UserId,
        known: bool,
    ) -> BTreeMap<Arc<str>, Arc<str>> {
        let stored = self.buddies.get(owner).filter(|_| known);
        let names = stored.into_iter().flatten();
        let buddies: BTreeMap<_, _> = names.map(|name| (key(name), name.clone())).collect();
        for buddy in buddies.keys() {
            self.fans.entry(buddy.clone()).or_default().insert(user);
        }
        buddies
    }

    /// Keeps the buddies of a name that is known.
    fn save_buddies(&mut self, user: UserId) {
        let Some(user) = self.users.get(&user).filter(|user| user.known) else {
            return;
        };
        let owner = user.key.clone();
        let buddies: BTreeSet<_> = user.buddies.values().cloned().collect();
        if buddies.is_empty() {
            self.buddies.remove(&owner);
        } else {
            self.buddies.insert(owner.clone(), buddies.clone());
        }
        self.persist(Change::PutBuddies { owner, buddies });
    }

    pub(super) fn remove_fan(&mut self, name: &str, user: UserId) {
        if let Some(fans) = self.fans.get_mut(name) {
            fans.remove(&user);
            if fans.is_empty() {
                self.fans.remove(name);
            }
        }
    }

    /// Tells those who have a name among their buddies.
    pub(super) fn tell_fans(&mut self, name: &str, event: Event) {
        let Some(fans) = self.fans.get(name) else {
            return;
        };
        let fans: Arc<[UserId]> = fans.iter().copied().collect();
        self.tell_all(fans, event);
    }

    pub(super) fn tell_buddies(&mut self, id: UserId) {
        let Some(user) = self.users.get(&id) else {
            return;
        };
        let buddies = user.buddies.values().map(|name| Buddy {
            name: name.clone(),
            online: self.find_user(name).is_some(),
        });
        let buddies = buddies.collect();
        self.tell(id, Event::Buddies(buddies));
    }
}
