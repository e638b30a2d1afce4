//! What is said: to a room, to some users, by the server; and the filters it goes through.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Kernel;
use crate::effect::AuditAction;
use crate::event::{Event, Who};
use crate::flood::Verdict as FloodVerdict;
use crate::id::{RoomId, UserId};
use crate::name::key;
use crate::op::{Actor, Audience, RoomRef};
use crate::refusal::Refusal;
use crate::store::Role;
use crate::value::Pairs;
use crate::words::Verdict as WordVerdict;

/// Whoever speaks in the server's name. The numbers of connections are random.
const NOBODY: UserId = UserId(0);

impl Kernel {
    pub(super) fn say(
        &mut self,
        by: Actor,
        room: &RoomRef,
        text: Arc<str>,
        variables: Pairs,
    ) -> Result<(), Refusal> {
        let user = by.user()?;
        let room = self.resolve(room)?;
        self.need_member(by, room)?;
        self.check_message(&text, &variables)?;
        let filtered = self.rooms.get(&room).is_none_or(|room| room.flood_filter);
        if filtered && !self.passes_flood(user, &text) {
            return Ok(());
        }
        let text = self.filter_words(by, text)?;
        if let Some(from) = self.who(user).cloned() {
            let said = Event::Said {
                room,
                from,
                text,
                variables,
            };
            self.tell_room(room, said);
        }
        Ok(())
    }

    pub(super) fn whisper(
        &mut self,
        by: Actor,
        to: &[Arc<str>],
        text: Arc<str>,
        variables: Pairs,
    ) -> Result<(), Refusal> {
        let user = by.user()?;
        if to.len() > self.config.limits.recipients {
            return Err(Refusal::Limit("recipients"));
        }
        self.check_message(&text, &variables)?;
        if !self.passes_flood(user, &text) {
            return Ok(());
        }
        let text = self.filter_words(by, text)?;
        let mut once = BTreeSet::new();
        let here = to.iter().filter_map(|name| self.find_user(name));
        let users: Vec<_> = here.filter(|user| once.insert(*user)).collect();
        if let Some(from) = self.who(user).cloned() {
            let whispered = Event::Whispered {
                from,
                text,
                variables,
            };
            self.tell_all(users.into(), whispered);
        }
        Ok(())
    }

    pub(super) fn announce(
        &mut self,
        by: Actor,
        to: &Audience,
        from: Arc<str>,
        text: Arc<str>,
        variables: Pairs,
    ) -> Result<(), Refusal> {
        by.need_server()?;
        let (users, room) = self.hearers(to)?;
        let announced = Event::Announced {
            room,
            from,
            text,
            variables,
        };
        self.tell_all(users, announced);
        Ok(())
    }

    pub(super) fn speak(
        &mut self,
        by: Actor,
        to: &Audience,
        from: Arc<str>,
        text: Arc<str>,
        variables: Pairs,
    ) -> Result<(), Refusal> {
        by.need_server()?;
        self.check_message(&text, &variables)?;
        let (users, room) = self.hearers(to)?;
        let from = Arc::new(Who {
            id: NOBODY,
            name: from,
        });
        let said = match room {
            Some(room) => Event::Said {
                room,
                from,
                text,
                variables,
            },
            None => Event::Whispered {
                from,
                text,
                variables,
            },
        };
        self.tell_all(users, said);
        Ok(())
    }

    /// Who hears an announcement, and in which room, if it is for one.
    fn hearers(&mut self, to: &Audience) -> Result<(Arc<[UserId]>, Option<RoomId>), Refusal> {
        match to {
            Audience::User(user) if self.users.contains_key(user) => Ok((Arc::from([*user]), None)),
            Audience::User(_) => Err(Refusal::NoSuchUser),
            Audience::Room(room) => {
                let id = self.resolve(room)?;
                let room = self.rooms.get_mut(&id);
                let users = room.map(|room| room.crowd.share()).unwrap_or_default();
                Ok((users, Some(id)))
            }
            Audience::Zone(zone) => {
                let zone = self.zones.get(&key(zone)).ok_or(Refusal::NoSuchZone)?;
                let rooms = zone.rooms.values().filter_map(|room| self.rooms.get(room));
                let users = rooms.flat_map(|room| room.crowd.as_slice()).copied();
                let users: BTreeSet<_> = users.collect();
                Ok((users.into_iter().collect(), None))
            }
            Audience::All => {
                let mut users: Vec<_> = self.users.keys().copied().collect();
                users.sort_unstable();
                Ok((users.into(), None))
            }
        }
    }

    fn check_message(&self, text: &str, variables: &Pairs) -> Result<(), Refusal> {
        if text.len() > self.config.limits.message_bytes {
            return Err(Refusal::TooLong("message_bytes"));
        }
        self.check_pairs(variables)
    }

    /// Whether the flood filter lets a message through. If not, all that follows has happened.
    fn passes_flood(&mut self, id: UserId, text: &str) -> bool {
        let Some(user) = self.users.get_mut(&id) else {
            return false;
        };
        // Moderators may have to say much.
        if user.role >= Role::Moderator {
            return true;
        }
        match user.flood.take(self.now, text, &self.config.flood) {
            FloodVerdict::Pass => return true,
            FloodVerdict::Drop => {}
            FloodVerdict::Warn(left) => {
                let name = user.who.name.clone();
                self.tell(id, Event::FloodWarning { left });
                let warning = AuditAction::FloodWarning;
                self.audit(Actor::Server, warning, name, &Arc::default());
            }
            FloodVerdict::Kick => self.kick_flooder(id),
        }
        false
    }

    /// The text as it may be said.
    fn filter_words(&mut self, by: Actor, text: Arc<str>) -> Result<Arc<str>, Refusal> {
        let (text, done) = match self.words.check(&text) {
            WordVerdict::Clean => return Ok(text),
            WordVerdict::Replaced(clean) => (text, Ok(clean)),
            WordVerdict::Rejected => (text, Err(Refusal::BadWords)),
        };
        let name = self.name_of(by).unwrap_or_default();
        let reason = self.cut_reason(&text);
        self.audit(Actor::Server, AuditAction::WordFilter, name, &reason);
        done
    }
}
