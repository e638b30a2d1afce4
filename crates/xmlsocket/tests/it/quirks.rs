//! What real clients get wrong, and what they cannot know.

use xmlsocket::electroserver::{ClientPacket, CreateRoom, JoinRoom, RoomDetail};
use xmlsocket::{Error, Limits, Malformed};

fn decode(text: &str) -> Result<ClientPacket, Error> {
    ClientPacket::decode(text, &Limits::default())
}

fn packet(action: &str, parameters: &str) -> ClientPacket {
    let text =
        format!("<XmlDoc><Action>{action}</Action><Parameters>{parameters}</Parameters></XmlDoc>");
    decode(&text).expect("a packet")
}

fn create_room(zone: &str, numbered: &str) -> CreateRoom {
    let parameters = format!(
        "<Zone><Name>{zone}</Name><Room Updatable=\"true\" Hidden=\"false\" \
         Numbered=\"{numbered}\"><Name>Lobby</Name><Password>undefined</Password>\
         <Capacity>-1</Capacity></Room></Zone>"
    );
    match packet("CreateRoom", &parameters) {
        ClientPacket::CreateRoom(room) => *room,
        other => panic!("{other:?}"),
    }
}

fn detail(parameters: &str) -> RoomDetail {
    match packet("ChangeRoomDetails", parameters) {
        ClientPacket::ChangeRoomDetails(detail) => detail,
        other => panic!("{other:?}"),
    }
}

#[test]
fn q1_nothing_is_escaped() {
    let login = packet(
        "Login",
        "<Name>Tom & <b>Jerry</b> \"x\"</Name><Password></Name><![CDATA[</Password>\
         <UserVariables/>",
    );
    let expected = ClientPacket::Login {
        name: "Tom & <b>Jerry</b> \"x\"".to_owned(),
        password: "</Name><![CDATA[".to_owned(),
        variables: vec![],
    };
    assert_eq!(login, expected);
    let said = packet(
        "SendPublicMessage",
        "<Message><![CDATA[a[b[0]]>1 && <i>]]></Message><Variables />",
    );
    let expected = ClientPacket::SendPublicMessage {
        message: "a[b[0]]>1 && <i>".to_owned(),
        variables: vec![],
    };
    assert_eq!(said, expected);
}

#[test]
fn q2_a_zone_that_is_not_named_is_none() {
    for zone in ["", "undefined"] {
        assert_eq!(create_room(zone, "true").zone, None);
        let join = format!("<Zone><Name>{zone}</Name><Room><Name>a</Name></Room></Zone>");
        let expected = JoinRoom {
            zone: None,
            room: "a".to_owned(),
            password: String::new(),
            numbered: true,
        };
        assert_eq!(packet("JoinRoom", &join), ClientPacket::JoinRoom(expected));
        let rooms = packet("GetRoomsInZone", &format!("<Zone>{zone}</Zone>"));
        assert_eq!(rooms, ClientPacket::GetRoomsInZone { zone: None });
    }
    assert_eq!(create_room("Main", "true").zone.as_deref(), Some("Main"));
}

#[test]
fn q3_a_flag_that_is_none_is_the_default() {
    for (numbered, read) in [
        ("undefined", false),
        ("", false),
        ("TRUE", true),
        ("False", false),
    ] {
        assert_eq!(create_room("", numbered).numbered, read);
    }
    assert_eq!(create_room("", "").password, "");
}

#[test]
fn q4_the_minor_action_says_what_a_detail_is() {
    for element in [
        "<>8</>",
        "<undefined>8</undefined>",
        "<Capacity>8</Capacity>",
        "<x>8</x>",
    ] {
        let parameters = format!("<MinorAction>ChangeCapacity</MinorAction>{element}");
        assert_eq!(detail(&parameters), RoomDetail::Capacity(Some(8)));
    }
    let bare = "<MinorAction>changedescription</MinorAction>";
    assert_eq!(detail(bare), RoomDetail::Description(String::new()));
}

#[test]
fn q4_the_flag_says_whether_there_is_a_password() {
    for (flag, password, read) in [
        ("false", "undefined", None),
        ("false", "", None),
        ("false", "old", None),
        ("false", "1234", Some("1234")),
        ("true", "pw", Some("pw")),
        ("true", "undefined", None),
    ] {
        let parameters = format!(
            "<MinorAction>ChangePasswordProtected</MinorAction><IsProtected>{flag}</IsProtected>\
             <Password>{password}</Password>"
        );
        let read = read.map(str::to_owned);
        assert_eq!(
            detail(&parameters),
            RoomDetail::Password(read),
            "{flag} {password}"
        );
    }
}

#[test]
fn q5_recipients_that_are_letters_come_once_each() {
    let recipients = |users: &str| {
        let parameters = format!("<Users>{users}</Users><Message>m</Message><Variables/>");
        match packet("SendPrivateMessage", &parameters) {
            ClientPacket::SendPrivateMessage { users, .. } => users,
            other => panic!("{other:?}"),
        }
    };
    let undefined = "<User>undefined</User>".repeat(3);
    assert_eq!(recipients(&undefined), ["undefined"]);
    assert_eq!(recipients("<User></User><User/>"), [""; 0]);
    let bob = "<User>b</User><User>o</User><User>b</User>";
    assert_eq!(recipients(bob), ["b", "o"]);
    assert_eq!(recipients(""), [""; 0]);
}

#[test]
fn actions_are_compared_without_regard_to_case_or_space() {
    let spaced = "\n<xmldoc>\n <ACTION> getServerTime </ACTION>\n <parameters/>\n</xmldoc>\n";
    assert_eq!(decode(spaced), Ok(ClientPacket::GetServerTime));
    assert_eq!(packet("getzones", ""), ClientPacket::GetAllZones);
    assert_eq!(packet("Logout", ""), ClientPacket::LogOut);
    let bare = "<XmlDoc><Action>GetServerTime</Action></XmlDoc>";
    assert_eq!(decode(bare), Ok(ClientPacket::GetServerTime));
}

#[test]
fn packets_nobody_knows_are_read_in_several_forms() {
    for user in [
        "<User>bob</User>",
        "<UserName>bob</UserName>",
        "<Name>bob</Name>",
    ] {
        let name = "bob".to_owned();
        assert_eq!(packet("AddBuddy", user), ClientPacket::AddBuddy { name });
    }
    for place in [
        "<Zone>Main</Zone><Room>Lobby</Room>",
        "<Zone><Name>Main</Name><Room><Name>Lobby</Name></Room></Zone>",
        "<Zone><Name>Main</Name></Zone><Room><Name>Lobby</Name></Room>",
    ] {
        let expected = ClientPacket::GetUsersInRoom {
            zone: Some("Main".to_owned()),
            room: "Lobby".to_owned(),
        };
        assert_eq!(packet("GetUsersInRoom", place), expected);
    }
}

#[test]
fn unknown_actions_keep_their_packet_and_are_not_read() {
    let text = "<XmlDoc><Action>AddWord</Action><Parameters><Word>a & <b</Parameters>";
    let expected = ClientPacket::Unknown {
        action: "AddWord".to_owned(),
        packet: text.to_owned(),
    };
    assert_eq!(decode(text), Ok(expected));
    for (action, minor) in [
        ("ModeratorCommand", "Mute"),
        ("ChangeRoomDetails", "ChangeColor"),
        ("UpdateUserVariable", "Delete"),
    ] {
        let parameters = format!("<MinorAction>{minor}</MinorAction><UserName>a</UserName>");
        match packet(action, &parameters) {
            ClientPacket::Unknown {
                action: unknown, ..
            } => {
                assert_eq!(unknown, format!("{action} {minor}"));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_is_no_packet_is_refused() {
    for (text, what) in [
        ("hello", Malformed::Document),
        ("<XmlDoc></XmlDoc>", Malformed::Action),
        ("<XmlDoc><Action></Action></XmlDoc>", Malformed::Action),
        (
            "<XmlDoc><Parameters/><Action>Login</Action></XmlDoc>",
            Malformed::Action,
        ),
        ("<XmlDoc><Action>Login", Malformed::Element),
        (
            "<XmlDoc><Action>Login</Action><Parameters><Name>a",
            Malformed::Element,
        ),
        ("\u{1}<XmlDoc/>", Malformed::Character),
        (
            "<!DOCTYPE a [<!ENTITY b 'c'>]><XmlDoc/>",
            Malformed::DocumentType,
        ),
    ] {
        match decode(text) {
            Err(Error::Malformed { what: found, .. }) => assert_eq!(found, what, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn nesting_is_limited() {
    let deep = "<Users>".repeat(40);
    let text = format!("<XmlDoc><Action>JoinRoom</Action><Parameters>{deep}");
    assert!(matches!(decode(&text), Err(Error::Limit { .. })));
}
