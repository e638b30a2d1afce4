//! What a movie sees of everything the server can write: all of it, and nothing else.

use std::collections::BTreeMap;

use proptest::prelude::*;
use testkit::movie::{Scalar, Value, see};
use xmlsocket::electroserver::{
    Message, Room, RoomVariable, ServerPacket, User, Variable, ZoneRooms,
};

use crate::any;

/// The text as it arrives: without what XML cannot hold.
fn kept(text: &str) -> String {
    let fits = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..);
    text.chars().filter(fits).collect()
}

fn scalar(value: Scalar) -> Value {
    Value::Leaf {
        value,
        attributes: BTreeMap::new(),
    }
}

/// A leaf that the class reads as a number if it looks like one.
fn leaf(text: &str) -> Value {
    scalar(Scalar::of(&kept(text)))
}

/// A leaf that something else begins with. Empty it could not be, so it is not.
fn lead(text: &str) -> Value {
    let text = kept(text);
    leaf(if text.is_empty() { "?" } else { &text })
}

/// A leaf called `Message`, which is never a number.
fn message_text(text: &str) -> Value {
    scalar(Scalar::Text(kept(text)))
}

fn number(number: f64) -> Value {
    scalar(Scalar::Number(number))
}

fn or_minus_one(count: Option<u32>) -> Value {
    number(count.map_or(-1.0, f64::from))
}

fn object<const N: usize, const M: usize>(
    attributes: [(&str, Scalar); M],
    children: [(&str, Value); N],
) -> Value {
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value));
    Value::Object {
        children: children
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
        attributes: attributes.into(),
    }
}

fn parameters<const N: usize>(children: [(&str, Value); N]) -> Value {
    object([], children)
}

fn array<T>(items: &[T], value: impl Fn(&T) -> Value) -> Value {
    Value::Array(items.iter().map(value).collect())
}

fn users_of(count: u32) -> (&'static str, Scalar) {
    ("Users", Scalar::Number(f64::from(count)))
}

fn room(room: &Room) -> Value {
    object(
        [
            users_of(room.users),
            ("Hidden", Scalar::Boolean(room.hidden)),
        ],
        [
            ("Name", lead(&room.name)),
            ("Description", leaf(&room.description)),
            ("Capacity", or_minus_one(room.capacity)),
        ],
    )
}

fn zone(list: &ZoneRooms) -> Value {
    let children = [
        ("Name", lead(&list.zone)),
        ("Rooms", array(&list.rooms, room)),
    ];
    object([users_of(list.users)], children)
}

fn user(user: &User) -> Value {
    object(
        [("Moderator", Scalar::Boolean(user.moderator))],
        [
            ("Name", lead(&user.name)),
            ("AssignedNumber", or_minus_one(user.number)),
            (
                "UserVariables",
                array(&user.variables, |v| with(v, ["Data"])),
            ),
        ],
    )
}

/// A variable with its text in these places.
fn with<const N: usize>(variable: &Variable, places: [&str; N]) -> Value {
    let mut children = BTreeMap::from([("Name".to_owned(), lead(&variable.name))]);
    children.extend(places.map(|place| (place.to_owned(), leaf(&variable.value))));
    Value::Object {
        children,
        attributes: BTreeMap::new(),
    }
}

fn room_variable(variable: &RoomVariable) -> Value {
    object(
        [
            ("Persistent", Scalar::Boolean(variable.persistent)),
            ("Locked", Scalar::Boolean(variable.locked)),
        ],
        [
            ("Name", lead(&variable.name)),
            ("Data", leaf(&variable.value)),
        ],
    )
}

fn message(message: &Message) -> Value {
    parameters([
        ("User", lead(&message.from)),
        ("Message", message_text(&message.text)),
        (
            "Variables",
            array(&message.variables, |v| with(v, ["Data"])),
        ),
    ])
}

fn refused(word: &str, reason: &str) -> Value {
    parameters([("Result", leaf(word)), ("Reason", leaf(reason))])
}

/// What the class should see of a packet about a room and its users.
fn of_room(packet: &ServerPacket) -> Option<Value> {
    Some(match packet {
        ServerPacket::RoomList(list) | ServerPacket::GetRoomsInZone(list) => {
            parameters([("Zone", zone(list))])
        }
        ServerPacket::UpdateRoomList {
            change,
            zone: name,
            zone_users,
            room,
        } => {
            let list = ZoneRooms {
                zone: name.clone(),
                users: *zone_users,
                rooms: vec![room.clone()],
            };
            parameters([
                ("MinorAction", leaf(change.as_str())),
                ("Zone", zone(&list)),
            ])
        }
        ServerPacket::JoinRoom(Ok(joined)) => parameters([
            ("Result", leaf("Success")),
            ("Users", array(&joined.users, user)),
            ("RoomVariables", array(&joined.variables, room_variable)),
        ]),
        ServerPacket::CreateRoom(Ok(())) => parameters([("Result", leaf("Success"))]),
        ServerPacket::JoinRoom(Err(reason)) | ServerPacket::CreateRoom(Err(reason)) => {
            refused("Failure", reason)
        }
        ServerPacket::UserJoined(joined) => {
            parameters([("MinorAction", leaf("UserJoined")), ("User", user(joined))])
        }
        ServerPacket::UserLeft { name } => {
            let left = object([], [("Name", lead(name))]);
            parameters([("MinorAction", leaf("UserLeft")), ("User", left)])
        }
        ServerPacket::RenumberUsers(users) => {
            let users = array(users, |(name, number)| {
                let number = or_minus_one(*number);
                object([], [("Name", lead(name)), ("AssignedNumber", number)])
            });
            parameters([("Users", users)])
        }
        ServerPacket::UpdateRoomVariable { change, variable } => parameters([
            ("MinorAction", leaf(change.as_str())),
            ("RoomVariable", room_variable(variable)),
        ]),
        ServerPacket::UpdateUserVariable { user, variable } => {
            let name = ("Name", lead(&variable.name));
            let children = [name, ("User", leaf(user)), ("Data", leaf(&variable.value))];
            parameters([("UserVariable", object([], children))])
        }
        ServerPacket::DeleteUserVariable { user, name } => {
            let children = [("Name", lead(name)), ("User", leaf(user))];
            parameters([("UserVariable", object([], children))])
        }
        _ => return None,
    })
}

/// What the class should see of any other packet.
fn of_other(packet: &ServerPacket) -> Option<Value> {
    Some(match packet {
        ServerPacket::ConnectionResponse(Ok(version)) => {
            let numbers = [
                ("Major", version.major),
                ("Minor", version.minor),
                ("Sub", version.sub),
            ];
            let numbers = numbers.map(|(name, n)| (name.to_owned(), Scalar::Number(n.into())));
            let version = Value::Leaf {
                value: Scalar::Text(String::new()),
                attributes: numbers.into(),
            };
            parameters([("Result", leaf("Accepted")), ("Version", version)])
        }
        ServerPacket::LoginResponse(Ok(variables)) => {
            let variables = array(variables, |v| with(v, ["Value", "Data"]));
            parameters([("Result", leaf("Accepted")), ("Variables", variables)])
        }
        ServerPacket::ConnectionResponse(Err(reason))
        | ServerPacket::LoginResponse(Err(reason)) => refused("Denied", reason),
        ServerPacket::SendPublicMessage(said) | ServerPacket::SendPrivateMessage(said) => {
            message(said)
        }
        ServerPacket::SendPluginMessage {
            plugin,
            action,
            variables,
        } => parameters([
            ("User", lead(plugin)),
            ("Message", message_text(action)),
            ("Variables", array(variables, |v| with(v, ["Value"]))),
        ]),
        ServerPacket::GetLoggedInUserCount(count) => {
            parameters([("LoggedInUsers", number((*count).into()))])
        }
        ServerPacket::GetServerTime(millis) => parameters([("ServerTime", number(*millis as f64))]),
        ServerPacket::LoadConfiguration { parts, part, text } => parameters([
            ("NumberOfPackets", number((*parts).into())),
            ("PacketNumber", number((*part).into())),
            ("PacketData", leaf(text)),
        ]),
        _ => return None,
    })
}

/// What a class should see of the packets that nobody knows.
fn of_unknown(packet: &ServerPacket) -> Option<Value> {
    Some(match packet {
        ServerPacket::GetAllZones(zones) => {
            let zones = array(zones, |zone| {
                object([users_of(zone.users)], [("Name", lead(&zone.zone))])
            });
            parameters([("Zones", zones)])
        }
        ServerPacket::GetBuddyList(buddies) => {
            let users = array(buddies, |buddy| {
                let online = ("Online", Scalar::Boolean(buddy.online));
                object([online], [("Name", lead(&buddy.name))])
            });
            parameters([("Users", users)])
        }
        ServerPacket::BuddyLoggedIn { name } | ServerPacket::BuddyLoggedOut { name } => {
            parameters([("Name", lead(name))])
        }
        ServerPacket::GetUserLocation { user, location } => match location {
            Some(at) => parameters([
                ("User", lead(user)),
                ("Zone", leaf(&at.zone)),
                ("Room", leaf(&at.room)),
            ]),
            None => parameters([("User", lead(user))]),
        },
        ServerPacket::GetUsersInRoom { location, users } => parameters([
            ("Zone", lead(&location.zone)),
            ("Room", leaf(&location.room)),
            ("Users", array(users, user)),
        ]),
        _ => return None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn a_movie_sees_all_that_the_server_says(packet in any::server_packet()) {
        let text = packet.encode();
        let expected = of_room(&packet).or_else(|| of_other(&packet));
        let expected = expected.or_else(|| of_unknown(&packet));
        let seen = see(&text).map_err(|why| TestCaseError::fail(format!("{why}: {text}")))?;
        prop_assert_eq!(seen.action, packet.action().to_lowercase());
        prop_assert_eq!(Some(seen.parameters), expected, "{}", text);
    }
}
