//! Answers to questions.

use std::sync::Arc;

use super::Kernel;
use crate::event::{Event, ZoneInfo};
use crate::id::{RoomId, UserId};
use crate::name::key;
use crate::op::{Actor, Question, RoomRef};
use crate::refusal::Refusal;
use crate::store::Role;

impl Kernel {
    pub(super) fn answer(&mut self, by: Actor, question: Question) -> Result<(), Refusal> {
        let user = by.user()?;
        let answer = match question {
            Question::Buddies => {
                self.tell_buddies(user);
                return Ok(());
            }
            Question::Rooms(zone) => self.rooms_answer(&zone)?,
            Question::Zones => self.zones_answer(),
            Question::UserCount => Event::UserCount(self.users.len() as u32),
            Question::Location(name) => self.location_answer(user, name),
            Question::Users(room) => self.users_answer(user, &room)?,
            Question::Bans => {
                self.need_role(by, Role::Moderator)?;
                Event::Bans(self.bans.iter().cloned().collect())
            }
        };
        self.tell(user, answer);
        Ok(())
    }

    fn rooms_answer(&mut self, zone: &str) -> Result<Event, Refusal> {
        let zone_key = key(zone);
        let rooms = self.zone_list(&zone_key).rooms;
        let zone = self.zones.get(&zone_key).ok_or(Refusal::NoSuchZone)?;
        Ok(Event::Rooms {
            zone: zone.name.clone(),
            zone_users: zone.users,
            rooms,
        })
    }

    fn zones_answer(&self) -> Event {
        let zones = self.zones.values().map(|zone| {
            let rooms = zone.rooms.values().filter_map(|room| self.rooms.get(room));
            ZoneInfo {
                name: zone.name.clone(),
                users: zone.users,
                rooms: rooms.filter(|room| !room.info.hidden).count() as u32,
            }
        });
        Event::Zones(zones.collect())
    }

    fn location_answer(&self, asker: UserId, name: Arc<str>) -> Event {
        let user = self.find_user(&name);
        let rooms = user.map_or(&[][..], |user| self.rooms_of(user));
        let seen = rooms.iter().filter(|room| self.sees(asker, **room));
        let rooms = seen.filter_map(|room| self.rooms.get(room));
        Event::Location {
            name,
            online: user.is_some(),
            rooms: rooms.map(|room| room.published.clone()).collect(),
        }
    }

    fn users_answer(&self, asker: UserId, room: &RoomRef) -> Result<Event, Refusal> {
        let id = self.resolve(room)?;
        let room = self.rooms.get(&id).filter(|_| self.sees(asker, id));
        let room = room.ok_or(Refusal::NoSuchRoom)?;
        Ok(Event::Users {
            room: room.published.clone(),
            members: room.members.as_slice().into(),
        })
    }

    /// Whether somebody may know of a room: hidden ones are for their members and moderators.
    fn sees(&self, user: UserId, room: RoomId) -> bool {
        let hidden = self.rooms.get(&room).is_none_or(|room| room.info.hidden);
        !hidden
            || self.rooms_of(user).contains(&room)
            || self.role_of(Actor::User(user)) >= Role::Moderator
    }
}
