//! What packets of a client ask of the kernel.

use std::sync::Arc;

use rooms::{
    Leaving, NewRoom, NewVariable, Op, Pairs, Part, Question, RoomRef, Secret, UnixMillis, Value,
};

use super::{Output, Session, Unserved};
use crate::electroserver::{
    ClientPacket, CreateRoom, JoinRoom, RoomDetail, RoomVariable, ServerPacket, Variable,
};

impl Session {
    /// Does what a packet asks for, or says why not. `text` is the packet as it came.
    pub(super) fn ask(&mut self, now: UnixMillis, packet: ClientPacket, text: String) {
        let action = packet.action().to_owned();
        match self.output(now, packet) {
            Ok(output) => self.outputs.extend(output),
            Err(why) => self.outputs.push_back(Output::Unserved {
                why,
                action,
                packet: text,
            }),
        }
    }

    fn output(
        &mut self,
        now: UnixMillis,
        packet: ClientPacket,
    ) -> Result<Option<Output>, Unserved> {
        let op = match packet {
            ClientPacket::Unknown { .. } => return Err(Unserved::UnknownAction),
            ClientPacket::LoadConfiguration => return Err(Unserved::Configuration),
            ClientPacket::GetServerTime => {
                self.send(&ServerPacket::GetServerTime(now.0));
                return Ok(None);
            }
            ClientPacket::ExecutePlugin {
                plugin,
                method,
                variables,
            } => {
                return Ok(Some(Output::CallPlugin {
                    room: self.place.as_ref().map(|place| place.room),
                    plugin,
                    method,
                    variables,
                }));
            }
            ClientPacket::CreateRoom(room) => self.create(*room),
            ClientPacket::JoinRoom(join) => self.join(join),
            packet => match of_user(now, self.config.ban_unit_millis, packet) {
                Ok(op) => op,
                Err(packet) => match self.question(packet) {
                    Ok(question) => Op::Ask(question),
                    Err(packet) => self.of_room(packet)?,
                },
            },
        };
        Ok(Some(Output::Op(Box::new(op))))
    }

    /// The zone that is meant: that which is named, else that of the user's room.
    fn zone(&self, named: Option<String>) -> Arc<str> {
        match (named, &self.place) {
            (Some(zone), _) => zone.into(),
            (None, Some(place)) => place.zone.clone(),
            (None, None) => self.config.default_zone.as_str().into(),
        }
    }

    fn create(&mut self, room: CreateRoom) -> Op {
        self.plugins = room.plugins;
        let password = (!room.password.is_empty()).then(|| Secret(room.password.into()));
        let zone = self.zone(room.zone);
        Op::CreateRoom {
            room: Box::new(NewRoom {
                password,
                description: room.description.into(),
                capacity: room.capacity,
                hidden: room.hidden,
                updatable: room.updatable,
                numbered: room.numbered,
                user_variables: room.user_variables,
                flood_filter: room.flood_filter,
                variables: room.variables.into_iter().map(new_variable).collect(),
                ..NewRoom::new(&zone, &room.name)
            }),
            or_join: self.config.create_joins,
            leaving: Leaving::All,
        }
    }

    fn join(&mut self, join: JoinRoom) -> Op {
        self.plugins.clear();
        let part = if join.numbered {
            Part::Player
        } else {
            Part::Spectator
        };
        let (zone, room) = (self.zone(join.zone), join.room.into());
        Op::Join {
            room: RoomRef::Name { zone, room },
            password: Secret(join.password.into()),
            part,
            leaving: Leaving::All,
        }
    }

    /// What can be asked from anywhere; other packets are given back.
    fn question(&self, packet: ClientPacket) -> Result<Question, ClientPacket> {
        Ok(match packet {
            ClientPacket::GetRoomsInZone { zone } => Question::Rooms(self.zone(zone)),
            ClientPacket::GetLoggedInUserCount => Question::UserCount,
            ClientPacket::GetBuddyList => Question::Buddies,
            ClientPacket::GetAllZones => Question::Zones,
            ClientPacket::GetUserLocation { name } => Question::Location(name.into()),
            ClientPacket::GetUsersInRoom { zone, room } => {
                let (zone, room) = (self.zone(zone), room.into());
                Question::Users(RoomRef::Name { zone, room })
            }
            packet => return Err(packet),
        })
    }

    /// What is about the room the user is in.
    fn of_room(&self, packet: ClientPacket) -> Result<Op, Unserved> {
        let place = self.place.as_ref().ok_or(Unserved::InNoRoom)?;
        let room = RoomRef::Id(place.room);
        Ok(match packet {
            ClientPacket::SendPublicMessage { message, variables } => Op::Say {
                room,
                text: message.into(),
                variables: pairs(variables),
            },
            ClientPacket::CreateRoomVariable(variable) => Op::SetRoomVariable {
                room,
                variable: new_variable(variable),
            },
            ClientPacket::UpdateRoomVariable {
                name,
                value,
                locked,
            } => Op::SetRoomVariable {
                room,
                variable: NewVariable {
                    name: name.into(),
                    value: Value::Text(value.into()),
                    persistent: None,
                    locked: Some(locked),
                },
            },
            ClientPacket::DeleteRoomVariable { name } => Op::RemoveRoomVariable {
                room,
                name: name.into(),
            },
            ClientPacket::ChangeRoomDetails(detail) => Op::ChangeRoom {
                room,
                change: change(detail),
            },
            _ => return Err(Unserved::UnknownAction),
        })
    }
}

/// What users ask for themselves and about others, in any room or none; other packets are given
/// back.
fn of_user(
    now: UnixMillis,
    ban_unit_millis: u64,
    packet: ClientPacket,
) -> Result<Op, ClientPacket> {
    Ok(match packet {
        ClientPacket::Login {
            name,
            password,
            variables,
        } => log_in(name, password, variables, false),
        ClientPacket::AdminLogin { name, password } => log_in(name, password, Vec::new(), true),
        ClientPacket::LogOut => Op::Logout,
        ClientPacket::SendPrivateMessage {
            users,
            message,
            variables,
        } => Op::Whisper {
            to: users.into_iter().map(Into::into).collect(),
            text: message.into(),
            variables: pairs(variables),
        },
        ClientPacket::CreateUserVariable(variable) | ClientPacket::UpdateUserVariable(variable) => {
            Op::SetUserVariable {
                user: None,
                name: variable.name.into(),
                value: Value::Text(variable.value.into()),
            }
        }
        ClientPacket::DeleteUserVariable { name } => Op::RemoveUserVariable {
            user: None,
            name: name.into(),
        },
        ClientPacket::Kick { user, reason } => Op::Kick {
            name: user.into(),
            room: None,
            reason: reason.into(),
        },
        ClientPacket::Ban {
            user,
            reason,
            expires,
        } => Op::BanUser {
            name: user.into(),
            reason: reason.into(),
            // Any negative time is for ever.
            until: u64::try_from(expires)
                .ok()
                .map(|units| now.after(units.saturating_mul(ban_unit_millis))),
        },
        ClientPacket::AddBuddy { name } => Op::AddBuddy { name: name.into() },
        ClientPacket::RemoveBuddy { name } => Op::RemoveBuddy { name: name.into() },
        packet => return Err(packet),
    })
}

fn log_in(name: String, password: String, variables: Vec<Variable>, admin: bool) -> Op {
    Op::Login {
        name: name.into(),
        password: Secret(password.into()),
        variables: pairs(variables),
        admin,
    }
}

fn pairs(variables: Vec<Variable>) -> Pairs {
    let pair = |v: Variable| (v.name.into(), Value::Text(v.value.into()));
    variables.into_iter().map(pair).collect()
}

fn new_variable(variable: RoomVariable) -> NewVariable {
    NewVariable {
        name: variable.name.into(),
        value: Value::Text(variable.value.into()),
        persistent: Some(variable.persistent),
        locked: Some(variable.locked),
    }
}

fn change(detail: RoomDetail) -> rooms::RoomChange {
    match detail {
        RoomDetail::Description(text) => rooms::RoomChange::Description(text.into()),
        RoomDetail::Updatable(yes) => rooms::RoomChange::Updatable(yes),
        RoomDetail::Hidden(yes) => rooms::RoomChange::Hidden(yes),
        RoomDetail::Capacity(most) => rooms::RoomChange::Capacity(most),
        RoomDetail::Password(password) => {
            rooms::RoomChange::Password(password.map(|password| Secret(password.into())))
        }
    }
}
