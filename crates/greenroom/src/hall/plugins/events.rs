//! Rooms with plugins: how they get them, what these hear of those who come and go, and their end.

use std::collections::BTreeMap;

use engine::ClientId;
use rooms::{Event, Kernel, RoomId, UserId};
use script::{PluginInput, PluginPlace};
use xmlsocket::electroserver::{Plugin, Variable};

use super::{Id, PluginAsk, Plugins, fields, key};

/// The plugins of one room.
#[derive(Default)]
pub(super) struct RoomPlugins {
    /// By the keys of their names.
    by_name: BTreeMap<String, Id>,
    /// The numbers of those who are in the room.
    numbers: BTreeMap<UserId, Option<u32>>,
}

impl RoomPlugins {
    pub(super) fn named(&self, key: &str) -> Option<Id> {
        self.by_name.get(key).copied()
    }

    pub(super) fn forget(&mut self, id: Id) {
        self.by_name.retain(|_, known| *known != id);
    }
}

impl Plugins {
    /// A user asks for something.
    pub(in crate::hall) fn asked(&mut self, kernel: &Kernel, user: UserId, ask: PluginAsk) {
        match ask {
            PluginAsk::Start { room, plugins } => self.start_for_room(kernel, user, room, plugins),
            PluginAsk::Call {
                plugin,
                method,
                variables,
            } => self.call(kernel, user, &plugin, (method, variables)),
        }
    }

    /// A room that this user has made wants plugins.
    fn start_for_room(&mut self, kernel: &Kernel, user: UserId, room: RoomId, wanted: Vec<Plugin>) {
        // It may have gone again.
        let Some(info) = kernel.room(room) else {
            return;
        };
        let place = (info.zone.to_string(), info.name.to_string());
        for plugin in wanted {
            let Some(name) = self.settings.of_rooms(&plugin.name).map(str::to_owned) else {
                self.unserved.plugin(ClientId(user.0), &plugin.name);
                continue;
            };
            self.start_in_room(kernel, room, (&name, &place), plugin.variables);
        }
    }

    fn start_in_room(
        &mut self,
        kernel: &Kernel,
        room: RoomId,
        (name, place): (&str, &(String, String)),
        variables: Vec<Variable>,
    ) {
        let of_room = self.of_rooms.entry(room).or_default();
        let key = key(name);
        if of_room.by_name.contains_key(&key) {
            return;
        }
        if of_room.by_name.len() >= self.settings.per_room {
            tracing::warn!(
                plugin = name,
                room = place.1,
                "a plugin is not started: the room has too many (limit rooms.plugins_per_room)"
            );
            return;
        }
        let at = PluginPlace {
            name: name.to_owned(),
            room: Some(place.clone()),
        };
        let Some(id) = self.start(at, Some(room), fields(variables)) else {
            return;
        };
        let of_room = self.of_rooms.entry(room).or_default();
        of_room.by_name.insert(key, id);
        for member in kernel.members(room) {
            of_room.numbers.insert(member.who.id, member.number);
            let entered = PluginInput::UserEnter {
                user: member.who.name.to_string(),
                number: member.number,
            };
            if let Some(running) = self.running.get(&id) {
                running.inbox.put(entered);
            }
        }
    }

    /// A user calls a plugin of its room, or of the server.
    fn call(
        &mut self,
        kernel: &Kernel,
        user: UserId,
        plugin: &str,
        (method, variables): (String, Vec<Variable>),
    ) {
        // Whoever is not logged in has no name to call by.
        let Some(who) = kernel.who(user) else {
            return;
        };
        // A movie is in one room.
        let room = kernel.rooms_of(user).last().copied();
        let Some(id) = self.named(room, plugin) else {
            return self.unserved.plugin(ClientId(user.0), plugin);
        };
        let request = PluginInput::Request {
            user: who.name.to_string(),
            method,
            variables: fields(variables),
        };
        self.offer(id, request);
    }

    /// Something has happened in a room.
    pub(in crate::hall) fn on_event(&mut self, event: &Event) {
        if self.of_rooms.is_empty() {
            return;
        }
        let room = match event {
            // Of a room that is removed nobody is told that the others leave.
            Event::Left { room, .. } => Some(room.id),
            event => event.room(),
        };
        let Some((id, room)) = room.and_then(|id| Some((id, self.of_rooms.get_mut(&id)?))) else {
            return;
        };
        let input = match event {
            Event::UserJoined { member, .. } => {
                room.numbers.insert(member.who.id, member.number);
                PluginInput::UserEnter {
                    user: member.who.name.to_string(),
                    number: member.number,
                }
            }
            Event::UserLeft { who, .. } => {
                self.left.push(id);
                PluginInput::UserExit {
                    user: who.name.to_string(),
                    number: room.numbers.remove(&who.id).flatten(),
                }
            }
            Event::Left { .. } => return self.left.push(id),
            Event::MemberChanged { member, .. } => {
                room.numbers.insert(member.who.id, member.number);
                return;
            }
            Event::Renumbered { numbers, .. } => {
                let numbers = numbers.iter();
                room.numbers
                    .extend(numbers.map(|(who, number)| (who.id, Some(*number))));
                return;
            }
            _ => return,
        };
        let ids: Vec<_> = room.by_name.values().copied().collect();
        for id in ids {
            self.put(id, input.clone());
        }
    }

    /// Ends the plugins of rooms that are gone. To be called when the kernel has said all.
    pub(in crate::hall) fn after(&mut self, kernel: &Kernel) {
        for room in std::mem::take(&mut self.left) {
            if kernel.room(room).is_some() {
                continue;
            }
            let gone = self.of_rooms.remove(&room).unwrap_or_default();
            for id in gone.by_name.into_values() {
                self.dismiss(id);
            }
        }
    }
}
