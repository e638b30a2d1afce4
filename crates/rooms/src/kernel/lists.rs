//! The lists of rooms: what of a room is published, and who is told how its zone's list changes.
//!
//! A user watches a zone while it is in at least one of its updatable rooms. What a watcher was
//! told so far is always the list as it is published: the visible rooms, and the hidden ones it is
//! in.

use std::sync::Arc;

use super::Kernel;
use crate::event::Event;
use crate::id::{RoomId, UserId};
use crate::zone::PublishedList;

impl Kernel {
    /// The visible rooms of a zone as they are published, and the users the zone had then. The
    /// same list until a room changes.
    pub(super) fn zone_list(&mut self, zone: &str) -> PublishedList {
        let rooms = &self.rooms;
        let Some(zone) = self.zones.get_mut(zone) else {
            return PublishedList::default();
        };
        let (ids, users) = (zone.rooms.values(), zone.users);
        let list = zone.list.get_or_insert_with(|| {
            let rooms = ids.filter_map(|id| rooms.get(id));
            let visible = rooms.filter(|room| !room.info.hidden);
            let rooms = visible.map(|room| room.published.clone()).collect();
            PublishedList { users, rooms }
        });
        list.clone()
    }

    pub(super) fn zone_users(&self, zone: &str) -> u32 {
        self.zones.get(zone).map_or(0, |zone| zone.users)
    }

    pub(super) fn watches(&self, user: UserId, zone: &str) -> bool {
        let zone = self.zones.get(zone);
        zone.is_some_and(|zone| zone.watchers.contains(user))
    }

    /// Tells a zone that the server has made a room.
    pub(super) fn announce_room(&mut self, id: RoomId) {
        let Some(room) = self.rooms.get(&id) else {
            return;
        };
        if !room.info.hidden {
            let (zone, room) = (room.zone.clone(), room.published.clone());
            self.tell_watchers(&zone, |zone_users| Event::RoomAppeared { room, zone_users });
        }
    }

    /// Tells all who watch a zone.
    fn tell_watchers(&mut self, zone: &str, event: impl FnOnce(u32) -> Event) {
        if let Some(zone) = self.zones.get_mut(zone) {
            let (watchers, event) = (zone.watchers.share(), event(zone.users));
            self.tell_all(watchers, event);
        }
    }

    /// Before a user is told that it is in a room, it and the zone see the room in their lists.
    pub(super) fn show_room(&mut self, user: UserId, id: RoomId, created: bool) {
        if created {
            self.publish(id);
        }
        let Some(room) = self.rooms.get(&id) else {
            return;
        };
        let (zone, info) = (room.zone.clone(), room.published.clone());
        let (hidden, updatable) = (info.hidden, info.updatable);
        let watched = self.watches(user, &zone);
        if created && !hidden {
            let room = info;
            self.tell_watchers(&zone, |zone_users| Event::RoomAppeared { room, zone_users });
        } else if hidden && watched {
            let (room, zone_users) = (info, self.zone_users(&zone));
            self.tell(user, Event::RoomAppeared { room, zone_users });
        }
        if !watched {
            self.send_list(user, &zone);
            if updatable && let Some(zone) = self.zones.get_mut(&zone) {
                zone.watchers.push(user);
            }
        }
    }

    /// Sends somebody the whole list, with the hidden rooms it is in.
    fn send_list(&mut self, user: UserId, zone: &Arc<str>) {
        let list = self.zone_list(zone);
        let Some(name) = self.zones.get(zone).map(|zone| zone.name.clone()) else {
            return;
        };
        self.tell(user, list.event(name));
        self.send_hidden(user, zone);
    }

    fn send_hidden(&mut self, user: UserId, zone: &str) {
        let rooms = self.rooms_of(user).iter();
        let rooms = rooms.filter_map(|room| self.rooms.get(room));
        let hidden = rooms.filter(|room| room.info.hidden && *room.zone == *zone);
        let hidden: Vec<_> = hidden.map(|room| room.published.clone()).collect();
        for room in hidden {
            let zone_users = self.zone_users(zone);
            self.tell(user, Event::RoomAppeared { room, zone_users });
        }
    }

    /// Publishes what a room is like now; tells whether that is anything new.
    pub(super) fn publish(&mut self, id: RoomId) -> bool {
        let Some(key) = self.rooms.get(&id).map(|room| room.zone.clone()) else {
            return false;
        };
        self.unmark_stale(id, &key);
        let Some(room) = self.rooms.get_mut(&id) else {
            return false;
        };
        if *room.published == room.info {
            return false;
        }
        room.published = Arc::new(room.info.clone());
        if let Some(zone) = self.zones.get_mut(&room.zone) {
            zone.list = None;
        }
        true
    }

    /// Publishes a room and tells those who see it in their list.
    pub(super) fn publish_and_tell(&mut self, id: RoomId) {
        if self.publish(id) {
            let audience = self.list_audience(id);
            self.tell_changed(id, audience);
        }
    }

    pub(super) fn tell_changed(&mut self, id: RoomId, users: Arc<[UserId]>) {
        let Some(room) = self.rooms.get(&id) else {
            return;
        };
        let (zone_users, room) = (self.zone_users(&room.zone), room.published.clone());
        let rooms = [room].into();
        self.tell_all(users, Event::RoomsChanged { rooms, zone_users });
    }

    /// Those who see a room in their list: of a hidden one its members who watch.
    pub(super) fn list_audience(&mut self, id: RoomId) -> Arc<[UserId]> {
        let Some(room) = self.rooms.get(&id) else {
            return Arc::default();
        };
        let Some(zone) = self.zones.get_mut(&room.zone) else {
            return Arc::default();
        };
        if !room.info.hidden {
            return zone.watchers.share();
        }
        let members = room.crowd.as_slice().iter().copied();
        members
            .filter(|member| zone.watchers.contains(*member))
            .collect()
    }

    /// Notes that the counts of a room are not as they were published.
    pub(super) fn mark_stale(&mut self, id: RoomId) {
        let Some(key) = self.rooms.get(&id).map(|room| room.zone.clone()) else {
            return;
        };
        let Some(zone) = self.zones.get_mut(&key) else {
            return;
        };
        if zone.stale.is_empty() {
            zone.due = self.now.after(self.config.counts_delay_ms);
            // A clock that was set back has no past to rest from.
            if zone.told <= self.now {
                zone.due = zone.due.max(zone.told.after(zone.rest_ms));
            }
            self.counts_due.insert((zone.due, key));
        }
        zone.stale.insert(id);
    }

    /// The counts of a room are published, or nobody's business any more.
    pub(super) fn unmark_stale(&mut self, id: RoomId, key: &Arc<str>) {
        if let Some(zone) = self.zones.get_mut(key)
            && zone.stale.remove(&id)
            && zone.stale.is_empty()
        {
            self.counts_due.remove(&(zone.due, key.clone()));
        }
    }

    /// Publishes the counts of all zones whose time has come. A clock that was set back does not
    /// hold them up.
    pub(super) fn publish_counts(&mut self, set_back: bool) {
        while let Some((due, key)) = self.counts_due.first().cloned()
            && (set_back || due <= self.now)
        {
            self.publish_zone(&key);
            self.counts_due.remove(&(due, key));
        }
    }

    /// Publishes the counts of a zone. The more of them there were, the longer it is left in
    /// peace: each who watches it is told all of them.
    fn publish_zone(&mut self, key: &str) {
        let Some(zone) = self.zones.get_mut(key) else {
            return;
        };
        let stale = std::mem::take(&mut zone.stale);
        zone.told = self.now;
        let changed = stale.into_iter().filter(|id| self.publish(*id));
        let changed: Vec<_> = changed.collect();
        if let Some(zone) = self.zones.get_mut(key) {
            zone.rest_ms = self.config.counts_rest_ms(changed.len());
        }
        let rooms = &self.rooms;
        let is_hidden = |id: &RoomId| rooms.get(id).is_some_and(|room| room.info.hidden);
        let (hidden, visible): (Vec<_>, Vec<_>) = changed.into_iter().partition(is_hidden);
        let visible = visible.iter().filter_map(|id| rooms.get(id));
        let rooms: Arc<[_]> = visible.map(|room| room.published.clone()).collect();
        if !rooms.is_empty() {
            self.tell_watchers(key, |zone_users| Event::RoomsChanged { rooms, zone_users });
        }
        for id in hidden {
            let audience = self.list_audience(id);
            self.tell_changed(id, audience);
        }
    }

    /// A room is no longer in the list, or is in it again. Its members see it in either case.
    pub(super) fn change_hidden(&mut self, id: RoomId, hidden: bool) {
        let Some(room) = self.rooms.get_mut(&id) else {
            return;
        };
        if room.info.hidden == hidden {
            return;
        }
        let before = room.published.clone();
        room.info.hidden = hidden;
        self.publish(id);
        let Some(room) = self.rooms.get(&id) else {
            return;
        };
        let now = room.published.clone();
        let Some(zone) = self.zones.get(&room.zone) else {
            return;
        };
        let zone_users = zone.users;
        let watchers = zone.watchers.as_slice().iter().copied();
        let (members, others): (Vec<_>, Vec<_>) =
            watchers.partition(|watcher| room.crowd.contains(*watcher));
        let event = if hidden {
            let room = before;
            Event::RoomVanished { room, zone_users }
        } else {
            let room = now;
            Event::RoomAppeared { room, zone_users }
        };
        self.tell_all(others.into(), event);
        self.tell_changed(id, members.into());
    }

    /// A room's members are no longer told how the list changes, or are told again.
    pub(super) fn change_updatable(&mut self, id: RoomId, updatable: bool) {
        let Some(room) = self.rooms.get_mut(&id) else {
            return;
        };
        if room.info.updatable == updatable {
            return;
        }
        room.info.updatable = updatable;
        let (zone, members) = (room.zone.clone(), room.crowd.share());
        self.publish_and_tell(id);
        if updatable {
            self.begin_watching(&members, &zone);
        } else {
            self.stop_watching(&members, &zone);
        }
    }

    fn begin_watching(&mut self, members: &[UserId], zone_key: &Arc<str>) {
        let list = self.zone_list(zone_key);
        let Some(zone) = self.zones.get_mut(zone_key) else {
            return;
        };
        let list = list.event(zone.name.clone());
        let members = members.iter().copied();
        let new: Vec<_> = members
            .filter(|member| !zone.watchers.contains(*member))
            .collect();
        for member in &new {
            zone.watchers.push(*member);
        }
        self.tell_all(new.as_slice().into(), list);
        for member in new {
            self.send_hidden(member, zone_key);
        }
    }

    fn stop_watching(&mut self, members: &[UserId], zone_key: &str) {
        for member in members {
            let mut rooms = self.rooms_of(*member).iter();
            let watches = rooms.any(|room| {
                let room = self.rooms.get(room);
                room.is_some_and(|room| room.info.updatable && *room.zone == *zone_key)
            });
            if !watches && let Some(zone) = self.zones.get_mut(zone_key) {
                zone.watchers.remove(*member);
            }
        }
    }
}
