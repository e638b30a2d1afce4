//! Every packet of the server, byte for byte, written and read.

use xmlsocket::Limits;
use xmlsocket::electroserver::{
    Buddy, Change, Location, Message, Room, RoomChange, RoomUsers, RoomVariable, ServerPacket,
    User, Variable, Version, ZoneRooms, ZoneUsers,
};

/// The packet has these bytes, and these bytes are the packet.
#[track_caller]
fn golden(packet: &ServerPacket, action: &str, parameters: &str) {
    let text =
        format!("<XmlDoc><Action>{action}</Action><Parameters>{parameters}</Parameters></XmlDoc>");
    assert_eq!(packet.encode(), text);
    let read = ServerPacket::decode(&text, &Limits::default()).expect("a packet");
    assert_eq!(read.as_ref(), Some(packet));
}

fn variable(name: &str, value: &str) -> Variable {
    Variable {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

fn room(name: &str, users: u32) -> Room {
    Room {
        name: name.to_owned(),
        users,
        hidden: false,
        description: "WDDX".to_owned(),
        capacity: None,
    }
}

fn user(name: &str, number: Option<u32>, variables: Vec<Variable>) -> User {
    User {
        name: name.to_owned(),
        moderator: false,
        number,
        variables,
    }
}

fn room_variable() -> RoomVariable {
    RoomVariable {
        name: "t".to_owned(),
        value: "v".to_owned(),
        persistent: false,
        locked: false,
    }
}

#[test]
fn greeting() {
    golden(
        &ServerPacket::ConnectionResponse(Ok(Version::default())),
        "ConnectionResponse",
        "<Result>Accepted</Result><Version Major=\"3\" Minor=\"8\" Sub=\"0\"/>",
    );
    golden(
        &ServerPacket::ConnectionResponse(Err("full".to_owned())),
        "ConnectionResponse",
        "<Result>Denied</Result><Reason>full</Reason>",
    );
}

#[test]
fn login() {
    golden(
        &ServerPacket::LoginResponse(Ok(vec![])),
        "LoginResponse",
        "<Result>Accepted</Result><Variables/>",
    );
    golden(
        &ServerPacket::LoginResponse(Ok(vec![variable("k", "v")])),
        "LoginResponse",
        "<Result>Accepted</Result><Variables><Variable><Name>k</Name><Value>v</Value>\
         <Data><![CDATA[v]]></Data></Variable></Variables>",
    );
    golden(
        &ServerPacket::LoginResponse(Err("name in use".to_owned())),
        "LoginResponse",
        "<Result>Denied</Result><Reason>name in use</Reason>",
    );
}

const LOBBY: &str = "<Room Users=\"2\" Hidden=\"false\"><Name>Lobby</Name>\
    <Description><![CDATA[WDDX]]></Description><Capacity>-1</Capacity></Room>";

#[test]
fn room_lists() {
    let list = |rooms| ZoneRooms {
        zone: "Main".to_owned(),
        users: 2,
        rooms,
    };
    let full = format!("<Zone Users=\"2\"><Name>Main</Name><Rooms>{LOBBY}</Rooms></Zone>");
    golden(
        &ServerPacket::RoomList(list(vec![room("Lobby", 2)])),
        "RoomList",
        &full,
    );
    golden(
        &ServerPacket::GetRoomsInZone(list(vec![room("Lobby", 2)])),
        "GetRoomsInZone",
        &full,
    );
    golden(
        &ServerPacket::RoomList(list(vec![])),
        "RoomList",
        "<Zone Users=\"2\"><Name>Main</Name><Rooms/></Zone>",
    );
}

#[test]
fn changes_of_the_room_list() {
    for (change, minor) in [
        (RoomChange::Created, "CreateRoom"),
        (RoomChange::Changed, "ChangeRoomDetails"),
        (RoomChange::Deleted, "DeleteRoom"),
    ] {
        let packet = ServerPacket::UpdateRoomList {
            change,
            zone: "Main".to_owned(),
            zone_users: 3,
            room: Room {
                hidden: true,
                capacity: Some(2),
                ..room("Chess", 1)
            },
        };
        golden(
            &packet,
            "UpdateRoomList",
            &format!(
                "<MinorAction>{minor}</MinorAction><Zone Users=\"3\"><Name>Main</Name><Rooms>\
                 <Room Users=\"1\" Hidden=\"true\"><Name>Chess</Name>\
                 <Description><![CDATA[WDDX]]></Description><Capacity>2</Capacity></Room>\
                 </Rooms></Zone>"
            ),
        );
    }
}

#[test]
fn rooms_that_are_joined() {
    let joined = RoomUsers {
        users: vec![
            User {
                moderator: true,
                ..user("bob", None, vec![])
            },
            user("ann", Some(0), vec![variable("c", "red")]),
        ],
        variables: vec![room_variable()],
    };
    golden(
        &ServerPacket::JoinRoom(Ok(joined)),
        "JoinRoom",
        "<Result>Success</Result><Users><User Moderator=\"true\"><Name>bob</Name>\
         <AssignedNumber>-1</AssignedNumber><UserVariables/></User><User Moderator=\"false\">\
         <Name>ann</Name><AssignedNumber>0</AssignedNumber><UserVariables><UserVariable>\
         <Name>c</Name><Data><![CDATA[red]]></Data></UserVariable></UserVariables></User></Users>\
         <RoomVariables><RoomVariable Persistent=\"false\" Locked=\"false\"><Name>t</Name>\
         <Data><![CDATA[v]]></Data></RoomVariable></RoomVariables>",
    );
    golden(
        &ServerPacket::JoinRoom(Err("full".to_owned())),
        "JoinRoom",
        "<Result>Failure</Result><Reason>full</Reason>",
    );
    golden(
        &ServerPacket::CreateRoom(Err("exists".to_owned())),
        "CreateRoom",
        "<Result>Failure</Result><Reason>exists</Reason>",
    );
    golden(
        &ServerPacket::CreateRoom(Ok(())),
        "CreateRoom",
        "<Result>Success</Result>",
    );
}

#[test]
fn users_who_come_and_go() {
    golden(
        &ServerPacket::UserJoined(user("cy", Some(2), vec![])),
        "UpdateUserList",
        "<MinorAction>UserJoined</MinorAction><User Moderator=\"false\"><Name>cy</Name>\
         <AssignedNumber>2</AssignedNumber><UserVariables/></User>",
    );
    let name = "cy".to_owned();
    golden(
        &ServerPacket::UserLeft { name },
        "UpdateUserList",
        "<MinorAction>UserLeft</MinorAction><User><Name>cy</Name></User>",
    );
    let numbers = vec![("ann".to_owned(), Some(0)), ("bob".to_owned(), None)];
    golden(
        &ServerPacket::RenumberUsers(numbers),
        "RenumberUsers",
        "<Users><User><Name>ann</Name><AssignedNumber>0</AssignedNumber></User><User>\
         <Name>bob</Name><AssignedNumber>-1</AssignedNumber></User></Users>",
    );
}

#[test]
fn messages() {
    let message = |variables| Message {
        from: "ann".to_owned(),
        text: "hi".to_owned(),
        variables,
    };
    golden(
        &ServerPacket::SendPublicMessage(message(vec![])),
        "SendPublicMessage",
        "<User>ann</User><Message><![CDATA[hi]]></Message><Variables/>",
    );
    golden(
        &ServerPacket::SendPrivateMessage(message(vec![variable("Action", "Move")])),
        "SendPrivateMessage",
        "<User>ann</User><Message><![CDATA[hi]]></Message><Variables><Variable>\
         <Name>Action</Name><Data><![CDATA[Move]]></Data></Variable></Variables>",
    );
    let rolled = ServerPacket::SendPluginMessage {
        plugin: "Dice".to_owned(),
        action: "rolled".to_owned(),
        variables: vec![variable("n", "6")],
    };
    golden(
        &rolled,
        "SendPluginMessage",
        "<User>Dice</User><Message>rolled</Message><Variables><Variable><Name>n</Name>\
         <Value>6</Value></Variable></Variables>",
    );
}

#[test]
fn variables() {
    for (change, minor) in [
        (Change::Created, "Create"),
        (Change::Updated, "Update"),
        (Change::Deleted, "Delete"),
    ] {
        let variable = room_variable();
        golden(
            &ServerPacket::UpdateRoomVariable { change, variable },
            "UpdateRoomVariable",
            &format!(
                "<MinorAction>{minor}</MinorAction><RoomVariable Persistent=\"false\" \
                 Locked=\"false\"><Name>t</Name><Data><![CDATA[v]]></Data></RoomVariable>"
            ),
        );
    }
    let update = ServerPacket::UpdateUserVariable {
        user: "ann".to_owned(),
        variable: variable("c", "red"),
    };
    golden(
        &update,
        "UpdateUserVariable",
        "<UserVariable><Name>c</Name><User>ann</User><Data><![CDATA[red]]></Data></UserVariable>",
    );
    let delete = ServerPacket::DeleteUserVariable {
        user: "ann".to_owned(),
        name: "c".to_owned(),
    };
    golden(
        &delete,
        "DeleteUserVariable",
        "<UserVariable><Name>c</Name><User>ann</User></UserVariable>",
    );
}

#[test]
fn answers() {
    golden(
        &ServerPacket::GetLoggedInUserCount(17),
        "GetLoggedInUserCount",
        "<LoggedInUsers>17</LoggedInUsers>",
    );
    golden(
        &ServerPacket::GetServerTime(1_079_000_000_000),
        "GetServerTime",
        "<ServerTime>1079000000000</ServerTime>",
    );
    let part = ServerPacket::LoadConfiguration {
        parts: 2,
        part: 1,
        text: "<part".to_owned(),
    };
    golden(
        &part,
        "LoadConfiguration",
        "<NumberOfPackets>2</NumberOfPackets><PacketNumber>1</PacketNumber>\
         <PacketData><![CDATA[<part]]></PacketData>",
    );
}

/// Proposals, which nothing but this test holds fast.
#[test]
fn packets_nobody_knows() {
    let zone = || "Main".to_owned();
    let location = || Location {
        zone: zone(),
        room: "Lobby".to_owned(),
    };
    let name = || "bob".to_owned();
    golden(
        &ServerPacket::GetAllZones(vec![ZoneUsers {
            zone: zone(),
            users: 2,
        }]),
        "GetAllZones",
        "<Zones><Zone Users=\"2\"><Name>Main</Name></Zone></Zones>",
    );
    golden(
        &ServerPacket::GetBuddyList(vec![Buddy {
            name: name(),
            online: true,
        }]),
        "GetBuddyList",
        "<Users><User Online=\"true\"><Name>bob</Name></User></Users>",
    );
    let bob = "<Name>bob</Name>";
    golden(
        &ServerPacket::BuddyLoggedIn { name: name() },
        "BuddyLoggedIn",
        bob,
    );
    golden(
        &ServerPacket::BuddyLoggedOut { name: name() },
        "BuddyLoggedOut",
        bob,
    );
    let at = |location| ServerPacket::GetUserLocation {
        user: name(),
        location,
    };
    golden(
        &at(Some(location())),
        "GetUserLocation",
        "<User>bob</User><Zone>Main</Zone><Room>Lobby</Room>",
    );
    golden(&at(None), "GetUserLocation", "<User>bob</User>");
    let users = ServerPacket::GetUsersInRoom {
        location: location(),
        users: vec![user("bob", Some(1), vec![])],
    };
    golden(
        &users,
        "GetUsersInRoom",
        "<Zone>Main</Zone><Room>Lobby</Room><Users><User Moderator=\"false\"><Name>bob</Name>\
         <AssignedNumber>1</AssignedNumber><UserVariables/></User></Users>",
    );
}

#[test]
fn texts_stay_texts_whatever_they_hold() {
    let said = |text: &str| {
        let message = Message {
            from: "a<b".to_owned(),
            text: text.to_owned(),
            variables: vec![],
        };
        ServerPacket::SendPublicMessage(message).encode()
    };
    for (text, written) in [
        ("a & <b>", "<![CDATA[a & <b>]]>"),
        ("a]]", "<![CDATA[a]]]]>"),
        ("a]]>b", "a]]&gt;b"),
        ("a]]\0>b", "a]]&gt;b"),
        ("", ""),
    ] {
        let expected = format!("<User><![CDATA[a<b]]></User><Message>{written}</Message>");
        assert!(said(text).contains(&expected), "{}", said(text));
    }
}

#[test]
fn other_actions_are_not_read() {
    let read = |text: &str| ServerPacket::decode(text, &Limits::default());
    let kick = "<XmlDoc><Action>Kick</Action><Parameters/></XmlDoc>";
    assert_eq!(read(kick), Ok(None));
    let minor = "<XmlDoc><Action>UpdateRoomList</Action><Parameters><MinorAction>Paint\
                 </MinorAction></Parameters></XmlDoc>";
    assert_eq!(read(minor), Ok(None));
    let bare = "<XmlDoc><Action>UpdateUserList</Action><Parameters/></XmlDoc>";
    assert!(read(bare).is_err());
}
