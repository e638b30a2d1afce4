//! Any packet of the server, for property tests.

use proptest::collection::vec;
use proptest::prelude::*;
use xmlsocket::electroserver::{
    Buddy, Change, Location, Message, Room, RoomChange, RoomUsers, RoomVariable, ServerPacket,
    User, Variable, Version, ZoneRooms, ZoneUsers,
};

/// Texts that are hard on writers: markup, ends of sections, numbers, spaces and nothing.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("]]>"),
        Just("<![CDATA["),
        Just("&"),
        Just("&amp;"),
        Just("<b/>"),
        Just("\""),
        Just("</Name>"),
        Just(" "),
        Just("]"),
        Just(">"),
        Just("\n"),
        Just("7"),
        Just("-1"),
        Just("true"),
        Just("é"),
        Just("😀"),
        Just("\0"),
        Just("\u{B}"),
        Just("word"),
    ];
    vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn variable() -> impl Strategy<Value = Variable> {
    (text(), text()).prop_map(|(name, value)| Variable { name, value })
}

fn room_variable() -> impl Strategy<Value = RoomVariable> {
    let parts = (text(), text(), any::<bool>(), any::<bool>());
    parts.prop_map(|(name, value, persistent, locked)| RoomVariable {
        name,
        value,
        persistent,
        locked,
    })
}

fn room() -> impl Strategy<Value = Room> {
    let parts = (
        text(),
        any::<u32>(),
        any::<bool>(),
        text(),
        any::<Option<u32>>(),
    );
    parts.prop_map(|(name, users, hidden, description, capacity)| Room {
        name,
        users,
        hidden,
        description,
        capacity,
    })
}

fn user() -> impl Strategy<Value = User> {
    let parts = (
        text(),
        any::<bool>(),
        any::<Option<u32>>(),
        vec(variable(), 0..3),
    );
    parts.prop_map(|(name, moderator, number, variables)| User {
        name,
        moderator,
        number,
        variables,
    })
}

fn message() -> impl Strategy<Value = Message> {
    let parts = (text(), text(), vec(variable(), 0..3));
    parts.prop_map(|(from, text, variables)| Message {
        from,
        text,
        variables,
    })
}

fn zone_rooms() -> impl Strategy<Value = ZoneRooms> {
    let parts = (text(), any::<u32>(), vec(room(), 0..3));
    parts.prop_map(|(zone, users, rooms)| ZoneRooms { zone, users, rooms })
}

fn location() -> impl Strategy<Value = Location> {
    (text(), text()).prop_map(|(zone, room)| Location { zone, room })
}

fn answer<T: std::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Result<T, String>> {
    prop_oneof![value.prop_map(Ok), text().prop_map(Err)]
}

fn room_packet() -> impl Strategy<Value = ServerPacket> {
    use ServerPacket as P;
    let room_change = prop_oneof![
        Just(RoomChange::Created),
        Just(RoomChange::Changed),
        Just(RoomChange::Deleted)
    ];
    let change = prop_oneof![
        Just(Change::Created),
        Just(Change::Updated),
        Just(Change::Deleted)
    ];
    let joined = (vec(user(), 0..3), vec(room_variable(), 0..3));
    let joined = joined.prop_map(|(users, variables)| RoomUsers { users, variables });
    let update = (room_change, text(), any::<u32>(), room());
    prop_oneof![
        zone_rooms().prop_map(P::RoomList),
        zone_rooms().prop_map(P::GetRoomsInZone),
        update.prop_map(|(change, zone, zone_users, room)| P::UpdateRoomList {
            change,
            zone,
            zone_users,
            room,
        }),
        answer(joined).prop_map(P::JoinRoom),
        answer(Just(())).prop_map(P::CreateRoom),
        user().prop_map(P::UserJoined),
        text().prop_map(|name| P::UserLeft { name }),
        vec((text(), any::<Option<u32>>()), 0..3).prop_map(P::RenumberUsers),
        (change, room_variable())
            .prop_map(|(change, variable)| P::UpdateRoomVariable { change, variable }),
        (text(), variable()).prop_map(|(user, variable)| P::UpdateUserVariable { user, variable }),
        (text(), text()).prop_map(|(user, name)| P::DeleteUserVariable { user, name }),
    ]
}

fn other_packet() -> impl Strategy<Value = ServerPacket> {
    use ServerPacket as P;
    let version = (any::<u32>(), any::<u32>(), any::<u32>());
    let version = version.prop_map(|(major, minor, sub)| Version { major, minor, sub });
    let zone = (text(), any::<u32>()).prop_map(|(zone, users)| ZoneUsers { zone, users });
    let buddy = (text(), any::<bool>()).prop_map(|(name, online)| Buddy { name, online });
    prop_oneof![
        answer(version).prop_map(P::ConnectionResponse),
        answer(vec(variable(), 0..3)).prop_map(P::LoginResponse),
        message().prop_map(P::SendPublicMessage),
        message().prop_map(P::SendPrivateMessage),
        (text(), text(), vec(variable(), 0..3)).prop_map(|(plugin, action, variables)| {
            P::SendPluginMessage {
                plugin,
                action,
                variables,
            }
        }),
        any::<u32>().prop_map(P::GetLoggedInUserCount),
        any::<u64>().prop_map(P::GetServerTime),
        (any::<u32>(), any::<u32>(), text()).prop_map(|(parts, part, text)| P::LoadConfiguration {
            parts,
            part,
            text
        }),
        vec(zone, 0..3).prop_map(P::GetAllZones),
        vec(buddy, 0..3).prop_map(P::GetBuddyList),
        text().prop_map(|name| P::BuddyLoggedIn { name }),
        text().prop_map(|name| P::BuddyLoggedOut { name }),
        (text(), prop::option::of(location()))
            .prop_map(|(user, location)| P::GetUserLocation { user, location }),
        (location(), vec(user(), 0..3))
            .prop_map(|(location, users)| P::GetUsersInRoom { location, users }),
    ]
}

/// Any packet of the server.
pub(crate) fn server_packet() -> impl Strategy<Value = ServerPacket> {
    prop_oneof![room_packet(), other_packet()]
}
