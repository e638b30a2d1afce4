//! Reading packets of the server, for clients that are tools or tests.

use super::{
    Buddy, Change, Location, Message, Room, RoomChange, RoomUsers, ServerPacket, User, Version,
    ZoneRooms, ZoneUsers,
};
use crate::electroserver::tree::{self, flag, items, name_of, number, text};
use crate::error::{Error, Malformed};
use crate::lenient::{Document, Element};
use crate::limits::Limits;

impl ServerPacket {
    /// Reads the text of one frame. Nothing when its action, or its minor action, is not known.
    ///
    /// # Errors
    ///
    /// When it is no packet, or passes the limits.
    pub fn decode(packet: &str, limits: &Limits) -> Result<Option<Self>, Error> {
        let document = Document::new(packet)?;
        let action = tree::action(&document, limits)?;
        let parameters = tree::parameters(&document, tree::NAMED, limits)?;
        Self::read(&action, &parameters)
    }

    // tidy: allow long: one flat table of packets
    fn read(action: &str, p: &Element<'_>) -> Result<Option<Self>, Error> {
        Ok(Some(match &*action.to_ascii_lowercase() {
            "connectionresponse" => Self::ConnectionResponse(result(p, "Accepted", version)),
            "loginresponse" => {
                let variables = |p: &Element<'_>| tree::variables(p, "Variables");
                Self::LoginResponse(result(p, "Accepted", variables))
            }
            "roomlist" => Self::RoomList(zone_rooms(p)),
            "updateroomlist" => return update_room_list(p),
            "joinroom" => Self::JoinRoom(result(p, "Success", |p| RoomUsers {
                users: users(p),
                variables: tree::room_variables(p),
            })),
            "createroom" => Self::CreateRoom(result(p, "Success", |_| ())),
            "updateuserlist" => {
                let user = p.child("User").map(user).ok_or_else(missing)?;
                match &*minor_action(p) {
                    "userjoined" => Self::UserJoined(user),
                    "userleft" => Self::UserLeft { name: user.name },
                    _ => return Ok(None),
                }
            }
            "renumberusers" => {
                let users = users(p).into_iter();
                Self::RenumberUsers(users.map(|user| (user.name, user.number)).collect())
            }
            "sendpublicmessage" => Self::SendPublicMessage(message(p)),
            "sendprivatemessage" => Self::SendPrivateMessage(message(p)),
            "updateroomvariable" => return update_room_variable(p),
            "updateuservariable" => {
                let item = p.child("UserVariable").ok_or_else(missing)?;
                Self::UpdateUserVariable {
                    user: text(item, "User"),
                    variable: tree::variable(item),
                }
            }
            "deleteuservariable" => {
                let item = p.child("UserVariable").ok_or_else(missing)?;
                Self::DeleteUserVariable {
                    user: text(item, "User"),
                    name: text(item, "Name"),
                }
            }
            "sendpluginmessage" => Self::SendPluginMessage {
                plugin: text(p, "User"),
                action: text(p, "Message"),
                variables: tree::variables(p, "Variables"),
            },
            "getroomsinzone" => Self::GetRoomsInZone(zone_rooms(p)),
            "getloggedinusercount" => Self::GetLoggedInUserCount(number(&text(p, "LoggedInUsers"))),
            "getservertime" => Self::GetServerTime(number(&text(p, "ServerTime"))),
            "loadconfiguration" => Self::LoadConfiguration {
                parts: number(&text(p, "NumberOfPackets")),
                part: number(&text(p, "PacketNumber")),
                text: text(p, "PacketData"),
            },
            "getallzones" => Self::GetAllZones(items(p, "Zones").iter().map(zone).collect()),
            "getbuddylist" => Self::GetBuddyList(items(p, "Users").iter().map(buddy).collect()),
            "buddyloggedin" => Self::BuddyLoggedIn {
                name: text(p, "Name"),
            },
            "buddyloggedout" => Self::BuddyLoggedOut {
                name: text(p, "Name"),
            },
            "getuserlocation" => Self::GetUserLocation {
                user: text(p, "User"),
                location: p.child("Room").map(|_| location(p)),
            },
            "getusersinroom" => Self::GetUsersInRoom {
                location: location(p),
                users: users(p),
            },
            _ => return Ok(None),
        }))
    }
}

fn missing() -> Error {
    Error::malformed(Malformed::Parameters, 0)
}

/// The minor action in lower case.
fn minor_action(p: &Element<'_>) -> String {
    text(p, "MinorAction").trim().to_ascii_lowercase()
}

fn result<T>(
    p: &Element<'_>,
    word: &str,
    read: impl FnOnce(&Element<'_>) -> T,
) -> Result<T, String> {
    if text(p, "Result") == word {
        Ok(read(p))
    } else {
        Err(text(p, "Reason"))
    }
}

fn attribute(element: &Element<'_>, name: &str) -> u32 {
    number(element.attribute(name).unwrap_or_default())
}

fn version(p: &Element<'_>) -> Version {
    let number = |name| {
        p.child("Version")
            .map_or(0, |version| attribute(version, name))
    };
    Version {
        major: number("Major"),
        minor: number("Minor"),
        sub: number("Sub"),
    }
}

fn zone_rooms(p: &Element<'_>) -> ZoneRooms {
    let zone = p.child("Zone").unwrap_or(p);
    ZoneRooms {
        zone: text(zone, "Name"),
        users: attribute(zone, "Users"),
        rooms: items(zone, "Rooms").iter().map(room).collect(),
    }
}

fn room(item: &Element<'_>) -> Room {
    Room {
        name: text(item, "Name"),
        users: attribute(item, "Users"),
        hidden: flag(item.attribute("Hidden"), false),
        description: text(item, "Description"),
        capacity: tree::capacity(&text(item, "Capacity")),
    }
}

fn update_room_list(p: &Element<'_>) -> Result<Option<ServerPacket>, Error> {
    let change = match &*minor_action(p) {
        "createroom" => RoomChange::Created,
        "changeroomdetails" => RoomChange::Changed,
        "deleteroom" => RoomChange::Deleted,
        _ => return Ok(None),
    };
    let list = zone_rooms(p);
    let room = list.rooms.into_iter().next().ok_or_else(missing)?;
    Ok(Some(ServerPacket::UpdateRoomList {
        change,
        zone: list.zone,
        zone_users: list.users,
        room,
    }))
}

fn users(p: &Element<'_>) -> Vec<User> {
    items(p, "Users").iter().map(user).collect()
}

fn user(item: &Element<'_>) -> User {
    User {
        name: text(item, "Name"),
        moderator: flag(item.attribute("Moderator"), false),
        number: text(item, "AssignedNumber").trim().parse().ok(),
        variables: tree::variables(item, "UserVariables"),
    }
}

fn message(p: &Element<'_>) -> Message {
    Message {
        from: text(p, "User"),
        text: text(p, "Message"),
        variables: tree::variables(p, "Variables"),
    }
}

fn update_room_variable(p: &Element<'_>) -> Result<Option<ServerPacket>, Error> {
    let change = match &*minor_action(p) {
        "create" => Change::Created,
        "update" => Change::Updated,
        "delete" => Change::Deleted,
        _ => return Ok(None),
    };
    let item = p.child("RoomVariable").ok_or_else(missing)?;
    let variable = tree::room_variable(item);
    Ok(Some(ServerPacket::UpdateRoomVariable { change, variable }))
}

fn zone(item: &Element<'_>) -> ZoneUsers {
    ZoneUsers {
        zone: text(item, "Name"),
        users: attribute(item, "Users"),
    }
}

fn buddy(item: &Element<'_>) -> Buddy {
    Buddy {
        name: text(item, "Name"),
        online: flag(item.attribute("Online"), false),
    }
}

fn location(p: &Element<'_>) -> Location {
    Location {
        zone: name_of(p, "Zone"),
        room: name_of(p, "Room"),
    }
}
