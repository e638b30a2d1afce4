//! What plugins want done, as operations of the kernel.

use std::sync::Arc;

use rooms::{
    Actor, Audience, Input, Kernel, NewVariable, Op, Pairs, RoomRef, UnixMillis, UserId, Value,
};
use script::{Fields, PluginOrder, PluginTarget};

use super::{Id, Plugins};
use crate::hall::wall_clock;

/// There is nobody, or nothing, of that name.
struct Missing;

impl Plugins {
    /// What the kernel is to do for a plugin, if anything. What it refuses it tells the log.
    pub(in crate::hall) fn carry_out(
        &mut self,
        kernel: &Kernel,
        from: Id,
        order: PluginOrder,
    ) -> Option<Input> {
        let running = self.running.get(&from)?;
        let (name, room) = (running.place.name.clone(), running.room);
        let room = room.map(RoomRef::Id);
        let Ok(op) = self.op(kernel, &name, room, order) else {
            tracing::debug!(plugin = name, "a plugin named what is not there");
            return None;
        };
        let by = Actor::Server;
        op.map(|op| Input::Op { by, op })
    }

    fn op(
        &mut self,
        kernel: &Kernel,
        plugin: &str,
        room: Option<RoomRef>,
        order: PluginOrder,
    ) -> Result<Option<Op>, Missing> {
        let op = match order {
            PluginOrder::Send {
                to,
                action,
                variables,
            } => Op::Announce {
                to: audience(kernel, to)?,
                from: plugin.into(),
                text: action.into(),
                variables: pairs(variables),
            },
            PluginOrder::SetRoomVariable {
                name,
                value,
                locked,
            } => Op::SetRoomVariable {
                room: room.ok_or(Missing)?,
                variable: NewVariable {
                    name: name.into(),
                    value: Value::Text(value.into()),
                    persistent: None,
                    locked: Some(locked),
                },
            },
            PluginOrder::RemoveRoomVariable { name } => Op::RemoveRoomVariable {
                room: room.ok_or(Missing)?,
                name: name.into(),
            },
            PluginOrder::SetUserVariable { user, name, value } => Op::SetUserVariable {
                user: Some(here(kernel, &user)?),
                name: name.into(),
                value: Value::Text(value.into()),
            },
            PluginOrder::RemoveUserVariable { user, name } => Op::RemoveUserVariable {
                user: Some(here(kernel, &user)?),
                name: name.into(),
            },
            PluginOrder::SetServerVariable { user, name, value } => {
                self.keep(here(kernel, &user)?, name, value);
                return Ok(None);
            }
            PluginOrder::Kick { user, reason } => Op::Kick {
                name: user.into(),
                room: None,
                reason: reason.into(),
            },
            PluginOrder::Ban { user, time, reason } => Op::BanUser {
                name: user.into(),
                reason: reason.into(),
                until: self.end_of_ban(time),
            },
        };
        Ok(Some(op))
    }

    fn end_of_ban(&self, time: f64) -> Option<UnixMillis> {
        // Numbers beyond what a time can be are the last that can be.
        (time >= 0.0).then(|| wall_clock().after((time * self.settings.ban_unit_ms as f64) as u64))
    }

    /// Keeps what a login handler knows about a user.
    pub(in crate::hall) fn keep_all(&mut self, user: UserId, kept: Fields) {
        for (name, value) in kept {
            self.keep(user, name, Some(value));
        }
    }

    /// Keeps something about a user, or forgets it.
    fn keep(&mut self, user: UserId, name: String, value: Option<String>) {
        let (most, bytes) = self.settings.variables;
        let kept = self.kept.entry(user).or_default();
        match value {
            None => drop(kept.remove(&name)),
            Some(value) if value.len() > bytes || name.len() > bytes => tracing::warn!(
                "a plugin keeps too long a text about a user (limit rooms.variable_bytes)"
            ),
            Some(_) if kept.len() >= most && !kept.contains_key(&name) => tracing::warn!(
                "a plugin keeps too many texts about a user (limit rooms.user_variables)"
            ),
            Some(value) => drop(kept.insert(name, value)),
        }
    }
}

fn here(kernel: &Kernel, user: &str) -> Result<UserId, Missing> {
    kernel.find_user(user).ok_or(Missing)
}

fn audience(kernel: &Kernel, to: PluginTarget) -> Result<Audience, Missing> {
    Ok(match to {
        PluginTarget::User(user) => Audience::User(here(kernel, &user)?),
        PluginTarget::Room { zone, room } => {
            let room = kernel.find_room(&zone, &room).ok_or(Missing)?;
            Audience::Room(RoomRef::Id(room))
        }
        PluginTarget::Zone(zone) => Audience::Zone(zone.into()),
        PluginTarget::All => Audience::All,
    })
}

/// Texts as the kernel has them.
pub(super) fn pairs(fields: Fields) -> Pairs {
    let fields = fields.into_iter();
    fields
        .map(|(name, value)| (Arc::from(name), Value::Text(value.into())))
        .collect()
}
