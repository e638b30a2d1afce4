//! Writing packets of the server.

use super::writer::Writer;
use super::{Buddy, Change, Message, Room, RoomChange, RoomUsers, ServerPacket, User, ZoneRooms};
use crate::electroserver::{RoomVariable, Variable};

impl ServerPacket {
    /// The text of the packet, without its zero byte. The same for everybody it goes to.
    pub fn encode(&self) -> String {
        Writer::packet(self.action(), |parameters| self.write(parameters))
    }

    /// The packet's name on the wire.
    pub const fn action(&self) -> &'static str {
        match self {
            Self::ConnectionResponse(_) => "ConnectionResponse",
            Self::LoginResponse(_) => "LoginResponse",
            Self::RoomList(_) => "RoomList",
            Self::UpdateRoomList { .. } => "UpdateRoomList",
            Self::JoinRoom(_) => "JoinRoom",
            Self::CreateRoom(_) => "CreateRoom",
            Self::UserJoined(_) | Self::UserLeft { .. } => "UpdateUserList",
            Self::RenumberUsers(_) => "RenumberUsers",
            Self::SendPublicMessage(_) => "SendPublicMessage",
            Self::SendPrivateMessage(_) => "SendPrivateMessage",
            Self::UpdateRoomVariable { .. } => "UpdateRoomVariable",
            Self::UpdateUserVariable { .. } => "UpdateUserVariable",
            Self::DeleteUserVariable { .. } => "DeleteUserVariable",
            Self::SendPluginMessage { .. } => "SendPluginMessage",
            Self::GetRoomsInZone(_) => "GetRoomsInZone",
            Self::GetLoggedInUserCount(_) => "GetLoggedInUserCount",
            Self::GetServerTime(_) => "GetServerTime",
            Self::LoadConfiguration { .. } => "LoadConfiguration",
            Self::GetAllZones(_) => "GetAllZones",
            Self::GetBuddyList(_) => "GetBuddyList",
            Self::BuddyLoggedIn { .. } => "BuddyLoggedIn",
            Self::BuddyLoggedOut { .. } => "BuddyLoggedOut",
            Self::GetUserLocation { .. } => "GetUserLocation",
            Self::GetUsersInRoom { .. } => "GetUsersInRoom",
        }
    }

    // tidy: allow long: one flat table of packets
    fn write(&self, out: &mut Writer) {
        match self {
            Self::ConnectionResponse(answer) => result(out, "Accepted", answer, |out, version| {
                let (major, minor, sub) = (&version.major, &version.minor, &version.sub);
                let numbers: [(_, &dyn std::fmt::Display); 3] =
                    [("Major", major), ("Minor", minor), ("Sub", sub)];
                out.mark("Version", &numbers);
            }),
            Self::LoginResponse(answer) => result(out, "Accepted", answer, |out, variables| {
                variables_in(out, variables, &["Value", "Data"]);
            }),
            Self::RoomList(list) | Self::GetRoomsInZone(list) => zone_rooms(out, list),
            Self::UpdateRoomList {
                change,
                zone,
                zone_users,
                room,
            } => {
                out.text("MinorAction", change.as_str());
                zone_with(out, zone, *zone_users, std::slice::from_ref(room));
            }
            Self::JoinRoom(answer) => result(out, "Success", answer, |out, joined| {
                let RoomUsers { users, variables } = joined;
                out.list("Users", users, user);
                out.list("RoomVariables", variables, room_variable);
            }),
            Self::CreateRoom(answer) => result(out, "Success", answer, |_, ()| {}),
            Self::UserJoined(joined) => {
                out.text("MinorAction", "UserJoined");
                user(out, joined);
            }
            Self::UserLeft { name } => {
                out.text("MinorAction", "UserLeft");
                out.element("User", &[], |out| out.lead("Name", name));
            }
            Self::RenumberUsers(users) => out.list("Users", users, |out, (name, number)| {
                out.element("User", &[], |out| {
                    out.lead("Name", name);
                    assigned_number(out, *number);
                });
            }),
            Self::SendPublicMessage(said) | Self::SendPrivateMessage(said) => message(out, said),
            Self::UpdateRoomVariable { change, variable } => {
                out.text("MinorAction", change.as_str());
                room_variable(out, variable);
            }
            Self::UpdateUserVariable { user, variable } => {
                out.element("UserVariable", &[], |out| {
                    out.lead("Name", &variable.name);
                    out.text("User", user);
                    out.long_text("Data", &variable.value);
                });
            }
            Self::DeleteUserVariable { user, name } => out.element("UserVariable", &[], |out| {
                out.lead("Name", name);
                out.text("User", user);
            }),
            Self::SendPluginMessage {
                plugin,
                action,
                variables,
            } => {
                out.lead("User", plugin);
                out.text("Message", action);
                variables_in(out, variables, &["Value"]);
            }
            Self::GetLoggedInUserCount(count) => out.number("LoggedInUsers", count),
            Self::GetServerTime(millis) => out.number("ServerTime", millis),
            Self::LoadConfiguration { parts, part, text } => {
                out.number("NumberOfPackets", parts);
                out.number("PacketNumber", part);
                out.long_text("PacketData", text);
            }
            Self::GetAllZones(zones) => out.list("Zones", zones, |out, zone| {
                out.element("Zone", &[("Users", &zone.users)], |out| {
                    out.lead("Name", &zone.zone);
                });
            }),
            Self::GetBuddyList(buddies) => out.list("Users", buddies, buddy),
            Self::BuddyLoggedIn { name } | Self::BuddyLoggedOut { name } => {
                out.lead("Name", name);
            }
            Self::GetUserLocation { user, location } => {
                out.lead("User", user);
                if let Some(location) = location {
                    out.text("Zone", &location.zone);
                    out.text("Room", &location.room);
                }
            }
            Self::GetUsersInRoom { location, users } => {
                out.lead("Zone", &location.zone);
                out.text("Room", &location.room);
                out.list("Users", users, user);
            }
        }
    }
}

impl RoomChange {
    /// The minor action that says so.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CreateRoom",
            Self::Changed => "ChangeRoomDetails",
            Self::Deleted => "DeleteRoom",
        }
    }
}

impl Change {
    /// The minor action that says so.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "Create",
            Self::Updated => "Update",
            Self::Deleted => "Delete",
        }
    }
}

/// A result with what belongs to it: `word` and what `write` adds, or the reason against it. Older
/// classes compare `word` with regard to case.
fn result<T>(
    out: &mut Writer,
    word: &str,
    answer: &Result<T, String>,
    write: impl FnOnce(&mut Writer, &T),
) {
    match answer {
        Ok(value) => {
            out.text("Result", word);
            write(out, value);
        }
        Err(reason) => {
            let refusal = if word == "Accepted" {
                "Denied"
            } else {
                "Failure"
            };
            out.text("Result", refusal);
            out.text("Reason", reason);
        }
    }
}

fn zone_rooms(out: &mut Writer, list: &ZoneRooms) {
    zone_with(out, &list.zone, list.users, &list.rooms);
}

fn zone_with(out: &mut Writer, zone: &str, users: u32, rooms: &[Room]) {
    out.element("Zone", &[("Users", &users)], |out| {
        out.lead("Name", zone);
        out.list("Rooms", rooms, |out, room| {
            let attributes: [(_, &dyn std::fmt::Display); 2] =
                [("Users", &room.users), ("Hidden", &room.hidden)];
            out.element("Room", &attributes, |out| {
                out.lead("Name", &room.name);
                out.long_text("Description", &room.description);
                let capacity = room.capacity.map_or(-1, i64::from);
                out.number("Capacity", capacity);
            });
        });
    });
}

fn user(out: &mut Writer, user: &User) {
    out.element("User", &[("Moderator", &user.moderator)], |out| {
        out.lead("Name", &user.name);
        assigned_number(out, user.number);
        out.list("UserVariables", &user.variables, |out, variable| {
            out.element("UserVariable", &[], |out| {
                out.lead("Name", &variable.name);
                out.long_text("Data", &variable.value);
            });
        });
    });
}

fn assigned_number(out: &mut Writer, number: Option<u32>) {
    out.number("AssignedNumber", number.map_or(-1, i64::from));
}

fn room_variable(out: &mut Writer, variable: &RoomVariable) {
    let attributes: [(_, &dyn std::fmt::Display); 2] = [
        ("Persistent", &variable.persistent),
        ("Locked", &variable.locked),
    ];
    out.element("RoomVariable", &attributes, |out| {
        out.lead("Name", &variable.name);
        out.long_text("Data", &variable.value);
    });
}

fn message(out: &mut Writer, message: &Message) {
    out.lead("User", &message.from);
    out.long_text("Message", &message.text);
    variables_in(out, &message.variables, &["Data"]);
}

/// A list of variables with their text in the elements `tags`.
fn variables_in(out: &mut Writer, variables: &[Variable], tags: &[&str]) {
    out.list("Variables", variables, |out, variable| {
        out.element("Variable", &[], |out| {
            out.lead("Name", &variable.name);
            for tag in tags {
                match *tag {
                    "Data" => out.long_text(tag, &variable.value),
                    _ => out.text(tag, &variable.value),
                }
            }
        });
    });
}

fn buddy(out: &mut Writer, buddy: &Buddy) {
    out.element("User", &[("Online", &buddy.online)], |out| {
        out.lead("Name", &buddy.name);
    });
}
