//! Every packet of a client, in the bytes of the class, read and written.

use crate::world::new_room;
use xmlsocket::Limits;
use xmlsocket::electroserver::{
    ClientPacket, CreateRoom, JoinRoom, Plugin, RoomDetail, RoomVariable, Variable,
};

/// The packet has these bytes, and these bytes are the packet.
#[track_caller]
fn golden(packet: &ClientPacket, action: &str, parameters: &str) {
    let text =
        format!("<XmlDoc><Action>{action}</Action><Parameters>{parameters}</Parameters></XmlDoc>");
    assert_eq!(packet.encode(), text);
    assert_eq!(
        ClientPacket::decode(&text, &Limits::default()).as_ref(),
        Ok(packet)
    );
}

fn variable(name: &str, value: &str) -> Variable {
    Variable {
        name: name.to_owned(),
        value: value.to_owned(),
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
fn logins() {
    let login = |variables| ClientPacket::Login {
        name: "ann".to_owned(),
        password: String::new(),
        variables,
    };
    golden(
        &login(vec![]),
        "Login",
        "<Name>ann</Name><Password></Password><UserVariables/>",
    );
    golden(
        &login(vec![variable("k", "v")]),
        "Login",
        "<Name>ann</Name><Password></Password><UserVariables><UserVariable><Name>k</Name>\
         <Data><![CDATA[v]]></Data></UserVariable></UserVariables>",
    );
    let admin = ClientPacket::AdminLogin {
        name: "root".to_owned(),
        password: "x".to_owned(),
    };
    golden(
        &admin,
        "AdminLogin",
        "<Name>root</Name><Password>x</Password>",
    );
}

fn lobby() -> CreateRoom {
    CreateRoom {
        zone: Some("Main".to_owned()),
        ..new_room("Lobby")
    }
}

#[test]
fn new_rooms() {
    golden(
        &ClientPacket::CreateRoom(Box::new(lobby())),
        "CreateRoom",
        "<Zone><Name>Main</Name><Room Updatable=\"true\" Hidden=\"false\" Numbered=\"false\" \
         FloodingFilterEnabled=\"true\" UserVariablesEnabled=\"false\"><Name>Lobby</Name>\
         <Password></Password><Description><![CDATA[WDDX]]></Description>\
         <Capacity>-1</Capacity><RoomVariables/><Plugins /></Room></Zone>",
    );
    let plugin = |name: &str, variables| Plugin {
        name: name.to_owned(),
        variables,
    };
    let game = CreateRoom {
        zone: None,
        password: "pw".to_owned(),
        capacity: Some(2),
        updatable: false,
        hidden: true,
        numbered: true,
        flood_filter: false,
        user_variables: true,
        variables: vec![room_variable()],
        plugins: vec![
            plugin("Dice", vec![variable("sides", "6")]),
            plugin("Log", vec![]),
        ],
        ..lobby()
    };
    golden(
        &ClientPacket::CreateRoom(Box::new(game)),
        "CreateRoom",
        "<Zone><Name></Name><Room Updatable=\"false\" Hidden=\"true\" Numbered=\"true\" \
         FloodingFilterEnabled=\"false\" UserVariablesEnabled=\"true\"><Name>Lobby</Name>\
         <Password>pw</Password><Description><![CDATA[WDDX]]></Description>\
         <Capacity>2</Capacity><RoomVariables><RoomVariable Persistent=\"false\" \
         Locked=\"false\"><Name>t</Name><Data><![CDATA[v]]></Data></RoomVariable>\
         </RoomVariables><Plugins><Plugin><Name>Dice</Name><Variables><Variable>\
         <Name>sides</Name><Value>6</Value></Variable></Variables></Plugin><Plugin>\
         <Name>Log</Name><Variables /></Plugin></Plugins></Room></Zone>",
    );
}

#[test]
fn joining() {
    let join = |password: &str, numbered| {
        ClientPacket::JoinRoom(JoinRoom {
            zone: Some("Main".to_owned()),
            room: "Lobby".to_owned(),
            password: password.to_owned(),
            numbered,
        })
    };
    golden(
        &join("", true),
        "JoinRoom",
        "<Zone><Name>Main</Name><Room><Name>Lobby</Name><Password></Password>\
         <Numbered>true</Numbered></Room></Zone>",
    );
    golden(
        &join("pw", false),
        "JoinRoom",
        "<Zone><Name>Main</Name><Room><Name>Lobby</Name><Password>pw</Password>\
         <Numbered>false</Numbered></Room></Zone>",
    );
}

#[test]
fn messages_and_moves() {
    let public = |message: &str, variables| ClientPacket::SendPublicMessage {
        message: message.to_owned(),
        variables,
    };
    golden(
        &public("hi", vec![]),
        "SendPublicMessage",
        "<Message><![CDATA[hi]]></Message><Variables />",
    );
    golden(
        &public("hi", vec![variable("k", "v")]),
        "SendPublicMessage",
        "<Message><![CDATA[hi]]></Message><Variables><Variable><Name>k</Name>\
         <Data><![CDATA[v]]></Data></Variable></Variables>",
    );
    let wddx = "<wddxPacket version='1.0'><header/><data><struct></struct></data></wddxPacket>";
    let moves = vec![variable("Action", "Move"), variable("MoveType", "Public")];
    golden(
        &public(wddx, moves),
        "SendPublicMessage",
        &format!(
            "<Message><![CDATA[{wddx}]]></Message><Variables><Variable><Name>Action</Name>\
             <Data><![CDATA[Move]]></Data></Variable><Variable><Name>MoveType</Name>\
             <Data><![CDATA[Public]]></Data></Variable></Variables>"
        ),
    );
    let private = ClientPacket::SendPrivateMessage {
        users: vec!["bob".to_owned()],
        message: "hi".to_owned(),
        variables: vec![],
    };
    golden(
        &private,
        "SendPrivateMessage",
        "<Users><User>bob</User></Users><Message><![CDATA[hi]]></Message><Variables />",
    );
}

#[test]
fn variables_of_rooms() {
    golden(
        &ClientPacket::CreateRoomVariable(room_variable()),
        "CreateRoomVariable",
        "<RoomVariable Persistent=\"false\" Locked=\"false\" ><Name>t</Name>\
         <Data><![CDATA[v]]></Data></RoomVariable>",
    );
    let update = ClientPacket::UpdateRoomVariable {
        name: "t".to_owned(),
        value: "v".to_owned(),
        locked: false,
    };
    golden(
        &update,
        "UpdateRoomVariable",
        "<RoomVariable Locked=\"false\" ><Name>t</Name><Data><![CDATA[v]]></Data></RoomVariable>",
    );
    let name = "t".to_owned();
    golden(
        &ClientPacket::DeleteRoomVariable { name },
        "DeleteRoomVariable",
        "<RoomVariable ><Name>t</Name></RoomVariable>",
    );
}

#[test]
fn variables_of_users() {
    golden(
        &ClientPacket::CreateUserVariable(variable("k", "v")),
        "UpdateUserVariable",
        "<MinorAction>Create</MinorAction><Name>k</Name><Data>v</Data>",
    );
    golden(
        &ClientPacket::UpdateUserVariable(variable("k", "v")),
        "UpdateUserVariable",
        "<MinorAction>Update</MinorAction><Name>k</Name><Data>v</Data>",
    );
    let name = "k".to_owned();
    golden(
        &ClientPacket::DeleteUserVariable { name },
        "DeleteUserVariable",
        "<UserVariable><Name>k</Name></UserVariable>",
    );
}

#[test]
fn details_of_rooms() {
    for (detail, parameters) in [
        (
            RoomDetail::Description("WDDX".to_owned()),
            "<MinorAction>ChangeDescription</MinorAction>\
             <Description><![CDATA[WDDX]]></Description>",
        ),
        (
            RoomDetail::Updatable(true),
            "<MinorAction>ChangeUpdatable</MinorAction><Updatable>true</Updatable>",
        ),
        (
            RoomDetail::Hidden(true),
            "<MinorAction>ChangeVisibility</MinorAction><Hidden>true</Hidden>",
        ),
        (
            RoomDetail::Capacity(Some(8)),
            "<MinorAction>ChangeCapacity</MinorAction><>8</>",
        ),
        (
            RoomDetail::Capacity(None),
            "<MinorAction>ChangeCapacity</MinorAction><>-1</>",
        ),
        (
            RoomDetail::Password(Some("pw".to_owned())),
            "<MinorAction>ChangePasswordProtected</MinorAction><IsProtected>true</IsProtected>\
             <Password>pw</Password>",
        ),
        (
            RoomDetail::Password(None),
            "<MinorAction>ChangePasswordProtected</MinorAction><IsProtected>false</IsProtected>\
             <Password></Password>",
        ),
    ] {
        let packet = ClientPacket::ChangeRoomDetails(detail);
        golden(&packet, "ChangeRoomDetails", parameters);
    }
}

#[test]
fn moderation() {
    let kick = ClientPacket::Kick {
        user: "bob".to_owned(),
        reason: String::new(),
    };
    golden(
        &kick,
        "ModeratorCommand",
        "<MinorAction>Kick</MinorAction><UserName>bob</UserName><Reason></Reason>",
    );
    let ban = ClientPacket::Ban {
        user: "bob".to_owned(),
        reason: String::new(),
        expires: -1,
    };
    golden(
        &ban,
        "ModeratorCommand",
        "<MinorAction>Ban</MinorAction><UserName>bob</UserName><Reason></Reason>\
         <Expires>-1</Expires>",
    );
}

#[test]
fn plugins() {
    let roll = |variables| ClientPacket::ExecutePlugin {
        plugin: "Dice".to_owned(),
        method: "roll".to_owned(),
        variables,
    };
    golden(
        &roll(vec![variable("n", "2")]),
        "ExecutePlugin",
        "<Plugin>Dice</Plugin><Method>roll</Method><Variables><Variable><Name>n</Name>\
         <Value>2</Value></Variable></Variables>",
    );
    golden(
        &roll(vec![]),
        "ExecutePlugin",
        "<Plugin>Dice</Plugin><Method>roll</Method><Variables />",
    );
}

#[test]
fn questions() {
    let zone = Some("Main".to_owned());
    golden(
        &ClientPacket::GetRoomsInZone { zone },
        "GetRoomsInZone",
        "<Zone>Main</Zone>",
    );
    golden(&ClientPacket::LoadConfiguration, "LoadConfiguration", "");
    golden(
        &ClientPacket::GetLoggedInUserCount,
        "GetLoggedInUserCount",
        "",
    );
    golden(&ClientPacket::GetServerTime, "GetServerTime", "");
}

/// Proposals, which nothing but this test holds fast.
#[test]
fn packets_nobody_knows() {
    let name = || "bob".to_owned();
    for (packet, action, parameters) in [
        (
            ClientPacket::AddBuddy { name: name() },
            "AddBuddy",
            "<Name>bob</Name>",
        ),
        (
            ClientPacket::RemoveBuddy { name: name() },
            "RemoveBuddy",
            "<Name>bob</Name>",
        ),
        (ClientPacket::GetBuddyList, "GetBuddyList", ""),
        (ClientPacket::GetAllZones, "GetAllZones", ""),
        (
            ClientPacket::GetUserLocation { name: name() },
            "GetUserLocation",
            "<Name>bob</Name>",
        ),
        (
            ClientPacket::GetUsersInRoom {
                zone: Some("Main".to_owned()),
                room: "Lobby".to_owned(),
            },
            "GetUsersInRoom",
            "<Zone>Main</Zone><Room>Lobby</Room>",
        ),
        (ClientPacket::LogOut, "LogOut", ""),
    ] {
        golden(&packet, action, parameters);
    }
}
