//! How a connection ends, and what a user leaves behind.

use super::{Kernel, Pending};
use crate::effect::{CloseReason, Effect};
use crate::event::{Event, LeaveReason};
use crate::id::{RoomId, UserId};
use crate::op::Actor;
use crate::refusal::Refusal;

impl Kernel {
    pub(super) fn on_disconnect(&mut self, user: UserId) {
        self.remove_visitor(user);
        self.remove_user(user, None);
    }

    pub(super) fn log_out(&mut self, by: Actor) -> Result<(), Refusal> {
        self.remove_user(by.user()?, Some(CloseReason::LoggedOut));
        Ok(())
    }

    /// Forgets a connection that is not logged in, and gives the name back that it asked for.
    pub(super) fn remove_visitor(&mut self, user: UserId) {
        let Some(visitor) = self.visitors.remove(&user) else {
            return;
        };
        // Takes the name out too; nobody is left to be let in.
        if let Some(request) = visitor.login {
            self.resume_login(request);
        }
    }

    /// Forgets a user. Nothing more is told to it, but its connection is closed if a reason is
    /// given.
    pub(super) fn remove_user(&mut self, id: UserId, close: Option<CloseReason>) {
        let Some(user) = self.users.get(&id) else {
            return;
        };
        let rooms = user.rooms.clone();
        self.stop_listening(id, &rooms);
        for room in rooms {
            self.exit(id, room, LeaveReason::Left, false);
        }
        let Some(user) = self.users.remove(&id) else {
            return;
        };
        self.names.remove(&user.key);
        for room in &user.owns {
            if let Some(room) = self.rooms.get_mut(room) {
                room.owner = None;
            }
        }
        if let Some(request) = user.joining
            && let Some(Pending::Join(_)) = self.pending.get(&request)
        {
            self.pending.remove(&request);
        }
        for buddy in user.buddies.keys() {
            self.remove_fan(buddy, id);
        }
        if let Some(reason) = close {
            self.effects.push_back(Effect::Close { user: id, reason });
        }
        let name = user.who.name.clone();
        self.effects.push_back(Effect::LoggedOut { user: id, name });
        self.tell_fans(&user.key, Event::BuddyOffline { who: user.who });
    }

    /// One room after the other is left, and what becomes of the first is not told any more.
    fn stop_listening(&mut self, user: UserId, rooms: &[RoomId]) {
        for room in rooms {
            if let Some(room) = self.rooms.get(room)
                && let Some(zone) = self.zones.get_mut(&room.zone)
            {
                zone.watchers.remove(user);
            }
        }
    }
}
