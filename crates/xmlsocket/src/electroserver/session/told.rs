//! What the kernel tells, in the words of this dialect.

use bytes::{Bytes, BytesMut};
use rooms::{Event, Member, OpKind, Pairs, RoomInfo, Value};

use super::SessionConfig;
use crate::charset::Charset;
use crate::electroserver::{
    Buddy, Change, Location, Message, Room, RoomChange, RoomUsers, RoomVariable, ServerPacket,
    User, Variable, ZoneRooms, ZoneUsers,
};

/// One event of the kernel as the frames that everybody gets who is told it.
#[derive(Debug, Clone)]
pub struct Told {
    /// In UTF-8, each with its zero byte.
    frames: Bytes,
}

impl Told {
    /// The event in this dialect; nothing when it has no packet for it. Copies cost nothing.
    pub fn new(event: &Event, config: &SessionConfig) -> Option<Self> {
        let mut frames = BytesMut::new();
        let mut write = |packet: ServerPacket| {
            Charset::default().frame(&packet.encode(), &mut frames);
        };
        if let Event::RoomsChanged { rooms, zone_users } = event {
            // The class reads one room of a packet.
            for room in &**rooms {
                write(update(RoomChange::Changed, room, *zone_users));
            }
        } else {
            let packet = about_rooms(event)
                .or_else(|| about_users(event))
                .or_else(|| answer(event))
                .or_else(|| notice(event, config))?;
            write(packet);
        }
        let frames = frames.freeze();
        Some(Self { frames })
    }

    /// How long the frames are in UTF-8, their zero bytes included.
    pub fn bytes(&self) -> usize {
        self.frames.len()
    }

    /// Whether both are the same bytes in memory.
    pub fn is_same(&self, other: &Self) -> bool {
        self.frames.as_ptr() == other.frames.as_ptr()
    }

    /// The frames in the code page of one connection.
    pub(super) fn frames(&self, charset: &Charset) -> Bytes {
        if charset.is_utf8() {
            return self.frames.clone();
        }
        let mut frames = BytesMut::new();
        let texts = self.frames.strip_suffix(&[0]).unwrap_or(&self.frames);
        for text in texts.split(|byte| *byte == 0) {
            charset.frame(&String::from_utf8_lossy(text), &mut frames);
        }
        frames.freeze()
    }
}

impl From<&RoomInfo> for Room {
    fn from(room: &RoomInfo) -> Self {
        Self {
            name: room.name.to_string(),
            users: room.users,
            hidden: room.hidden,
            description: room.description.to_string(),
            capacity: room.capacity,
        }
    }
}

/// One change of the list of rooms.
fn update(change: RoomChange, room: &RoomInfo, zone_users: u32) -> ServerPacket {
    ServerPacket::UpdateRoomList {
        change,
        zone: room.zone.to_string(),
        zone_users,
        room: room.into(),
    }
}

/// The list of rooms, and what is in a room.
fn about_rooms(event: &Event) -> Option<ServerPacket> {
    Some(match event {
        Event::RoomList {
            zone,
            zone_users,
            rooms,
        } => ServerPacket::RoomList(zone_rooms(zone, *zone_users, rooms)),
        Event::RoomAppeared { room, zone_users } => update(RoomChange::Created, room, *zone_users),
        Event::RoomVanished { room, zone_users } => update(RoomChange::Deleted, room, *zone_users),
        Event::Joined {
            members, variables, ..
        } => ServerPacket::JoinRoom(Ok(RoomUsers {
            users: members.iter().map(user).collect(),
            variables: variables
                .iter()
                .map(|variable| room_variable(variable))
                .collect(),
        })),
        Event::RoomVariableSet {
            variable, created, ..
        } => ServerPacket::UpdateRoomVariable {
            change: if *created {
                Change::Created
            } else {
                Change::Updated
            },
            variable: room_variable(variable),
        },
        Event::RoomVariableRemoved { name, .. } => ServerPacket::UpdateRoomVariable {
            change: Change::Deleted,
            variable: RoomVariable {
                name: name.to_string(),
                value: String::new(),
                persistent: false,
                locked: false,
            },
        },
        _ => return None,
    })
}

/// Who comes and goes, and what they say.
fn about_users(event: &Event) -> Option<ServerPacket> {
    Some(match event {
        Event::LoggedIn { variables, .. } => {
            ServerPacket::LoginResponse(Ok(variables_of(variables)))
        }
        Event::UserJoined { member, .. } => ServerPacket::UserJoined(user(member)),
        Event::UserLeft { who, .. } => ServerPacket::UserLeft {
            name: who.name.to_string(),
        },
        Event::Renumbered { numbers, .. } => {
            let numbers = numbers.iter();
            let pair = numbers.map(|(who, number)| (who.name.to_string(), Some(*number)));
            ServerPacket::RenumberUsers(pair.collect())
        }
        Event::MemberChanged { member, .. } => {
            let number = (member.who.name.to_string(), member.number);
            ServerPacket::RenumberUsers(vec![number])
        }
        Event::UserVariableSet {
            who, name, value, ..
        } => ServerPacket::UpdateUserVariable {
            user: who.name.to_string(),
            variable: variable(name, value),
        },
        Event::UserVariableRemoved { who, name } => ServerPacket::DeleteUserVariable {
            user: who.name.to_string(),
            name: name.to_string(),
        },
        Event::Said {
            from,
            text,
            variables,
            ..
        } => ServerPacket::SendPublicMessage(message(&from.name, text, variables)),
        Event::Whispered {
            from,
            text,
            variables,
        } => ServerPacket::SendPrivateMessage(message(&from.name, text, variables)),
        Event::Announced {
            from,
            text,
            variables,
            ..
        } => ServerPacket::SendPluginMessage {
            plugin: from.to_string(),
            action: text.to_string(),
            variables: variables_of(variables),
        },
        Event::BuddyOnline { who } => ServerPacket::BuddyLoggedIn {
            name: who.name.to_string(),
        },
        Event::BuddyOffline { who } => ServerPacket::BuddyLoggedOut {
            name: who.name.to_string(),
        },
        _ => return None,
    })
}

/// Answers to questions, and refusals that have a packet.
fn answer(event: &Event) -> Option<ServerPacket> {
    Some(match event {
        Event::Refused { what, why } => match what {
            OpKind::Login => ServerPacket::LoginResponse(Err(why.to_string())),
            OpKind::CreateRoom => ServerPacket::CreateRoom(Err(why.to_string())),
            OpKind::Join => ServerPacket::JoinRoom(Err(why.to_string())),
            _ => return None,
        },
        Event::Rooms {
            zone,
            zone_users,
            rooms,
        } => ServerPacket::GetRoomsInZone(zone_rooms(zone, *zone_users, rooms)),
        Event::Zones(zones) => {
            let zones = zones.iter().map(|zone| ZoneUsers {
                zone: zone.name.to_string(),
                users: zone.users,
            });
            ServerPacket::GetAllZones(zones.collect())
        }
        Event::UserCount(count) => ServerPacket::GetLoggedInUserCount(*count),
        Event::Buddies(buddies) => {
            let buddies = buddies.iter().map(|buddy| Buddy {
                name: buddy.name.to_string(),
                online: buddy.online,
            });
            ServerPacket::GetBuddyList(buddies.collect())
        }
        Event::Location { name, rooms, .. } => ServerPacket::GetUserLocation {
            user: name.to_string(),
            location: rooms.first().map(|room| location(room)),
        },
        Event::Users { room, members } => ServerPacket::GetUsersInRoom {
            location: location(room),
            users: members.iter().map(user).collect(),
        },
        _ => return None,
    })
}

/// What has no packet, as a private message if somebody is set to say it.
fn notice(event: &Event, config: &SessionConfig) -> Option<ServerPacket> {
    let from = config.notices_from.as_ref()?;
    let text = match event {
        Event::Refused { why, .. } => why.to_string(),
        Event::FloodWarning { left } => {
            format!("You are sending too much. Warnings left: {left}.")
        }
        Event::Kicked {
            room: Some(_),
            reason,
            ..
        } => with_reason("You are put out of the room.", reason),
        Event::Kicked {
            room: None, reason, ..
        } => with_reason("You are put out.", reason),
        Event::Banned { reason, .. } => with_reason("You are banned.", reason),
        _ => return None,
    };
    Some(ServerPacket::SendPrivateMessage(Message {
        from: from.clone(),
        text,
        variables: Vec::new(),
    }))
}

fn with_reason(sentence: &str, reason: &str) -> String {
    if reason.is_empty() {
        sentence.to_owned()
    } else {
        format!("{sentence} {reason}")
    }
}

fn zone_rooms(zone: &str, users: u32, rooms: &[std::sync::Arc<RoomInfo>]) -> ZoneRooms {
    ZoneRooms {
        zone: zone.to_owned(),
        users,
        rooms: rooms.iter().map(|room| Room::from(&**room)).collect(),
    }
}

fn location(room: &RoomInfo) -> Location {
    Location {
        zone: room.zone.to_string(),
        room: room.name.to_string(),
    }
}

fn user(member: &Member) -> User {
    User {
        name: member.who.name.to_string(),
        moderator: member.moderator,
        number: member.number,
        variables: variables_of(&member.variables),
    }
}

fn room_variable(variable: &rooms::RoomVariable) -> RoomVariable {
    RoomVariable {
        name: variable.name.to_string(),
        value: text(&variable.value),
        persistent: variable.persistent,
        locked: variable.locked,
    }
}

fn message(from: &str, text: &str, variables: &Pairs) -> Message {
    Message {
        from: from.to_owned(),
        text: text.to_owned(),
        variables: variables_of(variables),
    }
}

fn variables_of(pairs: &Pairs) -> Vec<Variable> {
    pairs
        .iter()
        .map(|(name, value)| variable(name, value))
        .collect()
}

fn variable(name: &str, value: &Value) -> Variable {
    Variable {
        name: name.to_owned(),
        value: text(value),
    }
}

/// A value as the text that is all this dialect has.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(yes) => yes.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.to_string(),
    }
}
