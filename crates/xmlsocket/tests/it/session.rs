//! Whole conversations of movies with the room kernel, without a socket.

use rooms::{Op, RoomRef, UnixMillis, UserId};
use xmlsocket::electroserver::{
    Change, ClientPacket, CreateRoom, Input, JoinRoom, Message, Output, Plugin, RoomChange,
    RoomDetail, RoomVariable, ServerPacket, SessionConfig, Unserved, Variable,
};
use xmlsocket::{Error, Malformed};

use crate::world::{World, create, join, login, new_room};

fn world() -> World {
    World::new(SessionConfig::default())
}

/// What a packet is, in few words.
fn brief(packet: &ServerPacket) -> String {
    match packet {
        ServerPacket::UpdateRoomList { change, room, .. } => {
            format!("{} {} {}", change.as_str(), room.name, room.users)
        }
        ServerPacket::JoinRoom(Ok(joined)) => {
            let users = joined.users.iter();
            let users = users.map(|user| match user.number {
                Some(number) => format!("{}={number}", user.name),
                None => user.name.clone(),
            });
            format!("JoinRoom {}", users.collect::<Vec<_>>().join(" "))
        }
        ServerPacket::UserJoined(user) => format!("UserJoined {}", user.name),
        ServerPacket::UserLeft { name } => format!("UserLeft {name}"),
        ServerPacket::RoomList(list) => {
            let rooms = list.rooms.iter().map(|room| room.name.clone());
            format!(
                "RoomList {}: {}",
                list.zone,
                rooms.collect::<Vec<_>>().join(" ")
            )
        }
        ServerPacket::SendPublicMessage(said) => format!("public {}: {}", said.from, said.text),
        ServerPacket::SendPrivateMessage(said) => format!("private {}: {}", said.from, said.text),
        other => other.action().to_owned(),
    }
}

fn briefs(world: &mut World, user: UserId) -> Vec<String> {
    world.heard(user).iter().map(brief).collect()
}

fn say(text: &str) -> ClientPacket {
    ClientPacket::SendPublicMessage {
        message: text.to_owned(),
        variables: vec![],
    }
}

fn whisper(users: &[&str], text: &str) -> ClientPacket {
    ClientPacket::SendPrivateMessage {
        users: users.iter().map(|&user| user.to_owned()).collect(),
        message: text.to_owned(),
        variables: vec![],
    }
}

#[test]
fn the_server_speaks_first_when_the_client_is_silent() {
    let mut world = world();
    let user = world.connected();
    world.pass(199);
    assert_eq!(world.heard(user), []);
    world.pass(1);
    let greeting = ServerPacket::ConnectionResponse(Ok(SessionConfig::default().version));
    assert_eq!(world.heard(user), [greeting]);
    world.pass(1000);
    assert_eq!(world.heard(user), []);
}

#[test]
fn a_client_that_speaks_first_is_not_greeted() {
    let mut world = world();
    let user = world.connected();
    world.send(user, &login("ann"));
    world.pass(1000);
    assert_eq!(world.heard(user), [ServerPacket::LoginResponse(Ok(vec![]))]);
}

#[test]
fn a_player_that_wants_the_policy_file_is_told_nothing_else() {
    let mut world = world();
    let user = world.connected();
    world
        .bytes(user, b"<policy-file-request/>\0<XmlDoc>\0")
        .unwrap();
    world.pass(1000);
    assert!(matches!(world.asked(user)[..], [Output::PolicyRequest]));
    assert_eq!(world.heard(user), []);
}

#[test]
fn a_client_that_has_no_place_is_told_so_and_nothing_more() {
    let mut world = world();
    let user = world.connected();
    world.session(user, Input::Deny { reason: "full" }).unwrap();
    world.bytes(user, b"anything\0").unwrap();
    world.pass(1000);
    let denied = ServerPacket::ConnectionResponse(Err("full".to_owned()));
    assert_eq!(world.heard(user), [denied]);
}

#[test]
fn the_first_room_comes_with_its_list_before_it() {
    let mut world = world();
    let ann = world.member("ann");
    world.send(ann, &create("Lobby"));
    assert_eq!(
        briefs(&mut world, ann)[..2],
        ["RoomList Main: Lobby", "JoinRoom ann"]
    );
    let bob = world.member("bob");
    world.send(bob, &create("Lobby"));
    assert!(matches!(
        world.heard(bob)[..],
        [ServerPacket::CreateRoom(Err(_))]
    ));
    world.send(bob, &join("Lobby"));
    // The user itself is the last, and is told of no UserJoined.
    let told = briefs(&mut world, bob);
    assert_eq!(told[..2], ["RoomList Main: Lobby", "JoinRoom ann bob"]);
    assert!(!told.contains(&"UserJoined bob".to_owned()));
    let told = briefs(&mut world, ann);
    assert_eq!(told, ["UserJoined bob", "ChangeRoomDetails Lobby 2"]);
    world.disconnect(bob);
    let told = briefs(&mut world, ann);
    assert_eq!(told, ["UserLeft bob", "ChangeRoomDetails Lobby 1"]);
}

#[test]
fn a_wish_for_a_room_that_exists_may_lead_into_it() {
    let mut world = World::new(SessionConfig {
        create_joins: true,
        ..SessionConfig::default()
    });
    world.in_room("ann", "Lobby");
    let bob = world.member("bob");
    world.send(bob, &create("Lobby"));
    assert!(briefs(&mut world, bob).contains(&"JoinRoom ann bob".to_owned()));
}

#[test]
fn an_emptied_room_goes_after_the_new_one_is_joined() {
    let mut world = world();
    let ann = world.in_room("ann", "Lobby");
    world.send(ann, &create("Garden"));
    let told = briefs(&mut world, ann);
    let place = |what: &str| told.iter().position(|it| it.starts_with(what)).expect(what);
    assert!(
        place("CreateRoom Garden") < place("JoinRoom ann"),
        "{told:?}"
    );
    assert!(
        place("JoinRoom ann") < place("DeleteRoom Lobby"),
        "{told:?}"
    );
    // What is said goes to the new room.
    world.send(ann, &say("hi"));
    assert_eq!(briefs(&mut world, ann), ["public ann: hi"]);
}

/// The class keeps what it knew of the old room when the new list has one of its name.
#[test]
fn a_room_of_the_same_name_in_another_zone_is_told_twice() {
    let mut world = world();
    let ann = world.in_room("ann", "Lobby");
    let other = CreateRoom {
        zone: Some("Other".to_owned()),
        ..new_room("Lobby")
    };
    world.send(ann, &ClientPacket::CreateRoom(Box::new(other)));
    let told = briefs(&mut world, ann);
    let expected = [
        "RoomList Other: Lobby",
        "ChangeRoomDetails Lobby 1",
        "JoinRoom ann",
    ];
    assert_eq!(told[..3], expected, "{told:?}");
}

#[test]
fn messages_reach_whom_they_should() {
    let mut world = world();
    let ann = world.in_room("ann", "Lobby");
    let bob = world.in_room("bob", "Lobby");
    let cyd = world.in_room("cyd", "Garden");
    for user in [ann, bob, cyd] {
        world.heard(user);
    }
    world.send(ann, &say("hi <all> & ]]> é"));
    for user in [ann, bob] {
        assert_eq!(briefs(&mut world, user), ["public ann: hi <all> & ]]> é"]);
    }
    assert_eq!(world.heard(cyd), []);
    // One name for each letter of one, and a name.
    world.send(ann, &whisper(&["b", "o", "b", "undefined", "cyd"], "psst"));
    assert_eq!(world.heard(bob), []);
    assert_eq!(briefs(&mut world, cyd), ["private ann: psst"]);
}

#[test]
fn moves_pass_as_they_are() {
    let mut world = world();
    let ann = world.in_room("ann", "Lobby");
    let variable = |name: &str, value: &str| Variable {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let variables = vec![variable("Action", "Move"), variable("MoveType", "Public")];
    let text = "<wddxPacket version='1.0'><header/></wddxPacket>".to_owned();
    let packet = ClientPacket::SendPublicMessage {
        message: text.clone(),
        variables: variables.clone(),
    };
    world.send(ann, &packet);
    let from = "ann".to_owned();
    let told = Message {
        from,
        text,
        variables,
    };
    assert_eq!(world.heard(ann), [ServerPacket::SendPublicMessage(told)]);
}

#[test]
fn players_are_numbered_and_spectators_are_not() {
    let mut world = world();
    let ann = world.member("ann");
    let game = CreateRoom {
        numbered: true,
        updatable: false,
        ..new_room("Chess")
    };
    world.send(ann, &ClientPacket::CreateRoom(Box::new(game)));
    assert!(briefs(&mut world, ann).contains(&"JoinRoom ann=0".to_owned()));
    let enter = |numbered| {
        ClientPacket::JoinRoom(JoinRoom {
            zone: None,
            room: "Chess".to_owned(),
            password: String::new(),
            numbered,
        })
    };
    let bob = world.member("bob");
    world.send(bob, &enter(false));
    assert!(briefs(&mut world, bob).contains(&"JoinRoom ann=0 bob".to_owned()));
    let cyd = world.member("cyd");
    world.send(cyd, &enter(true));
    assert!(briefs(&mut world, cyd).contains(&"JoinRoom ann=0 bob cyd=1".to_owned()));
    world.disconnect(ann);
    let renumbered = ServerPacket::RenumberUsers(vec![("cyd".to_owned(), Some(0))]);
    assert!(world.heard(cyd).contains(&renumbered));
}

#[test]
fn variables_of_rooms_and_users_are_told() {
    let mut world = world();
    let ann = world.member("ann");
    let room = CreateRoom {
        user_variables: true,
        ..new_room("Lobby")
    };
    world.send(ann, &ClientPacket::CreateRoom(Box::new(room)));
    world.heard(ann);
    let variable = |value: &str| RoomVariable {
        name: "t".to_owned(),
        value: value.to_owned(),
        persistent: false,
        locked: false,
    };
    world.send(ann, &ClientPacket::CreateRoomVariable(variable("1")));
    let update = ClientPacket::UpdateRoomVariable {
        name: "t".to_owned(),
        value: "2".to_owned(),
        locked: false,
    };
    world.send(ann, &update);
    world.send(
        ann,
        &ClientPacket::DeleteRoomVariable {
            name: "t".to_owned(),
        },
    );
    let told = |change, variable| ServerPacket::UpdateRoomVariable { change, variable };
    let expected = [
        told(Change::Created, variable("1")),
        told(Change::Updated, variable("2")),
        told(Change::Deleted, variable("")),
    ];
    assert_eq!(world.heard(ann), expected);
    let color = Variable {
        name: "c".to_owned(),
        value: "red".to_owned(),
    };
    world.send(ann, &ClientPacket::CreateUserVariable(color.clone()));
    world.send(
        ann,
        &ClientPacket::DeleteUserVariable {
            name: "c".to_owned(),
        },
    );
    let (user, name) = ("ann".to_owned(), "c".to_owned());
    let set = ServerPacket::UpdateUserVariable {
        user: user.clone(),
        variable: color,
    };
    assert_eq!(
        world.heard(ann),
        [set, ServerPacket::DeleteUserVariable { user, name }]
    );
}

#[test]
fn details_of_a_room_change_for_the_zone() {
    let mut world = world();
    let ann = world.in_room("ann", "Lobby");
    let bob = world.in_room("bob", "Garden");
    world.heard(bob);
    let change = |detail| ClientPacket::ChangeRoomDetails(detail);
    world.send(ann, &change(RoomDetail::Capacity(Some(8))));
    match &world.heard(bob)[..] {
        [ServerPacket::UpdateRoomList { change, room, .. }] => {
            assert_eq!((*change, room.capacity), (RoomChange::Changed, Some(8)));
            assert_eq!(room.description, "WDDX");
        }
        other => panic!("{other:?}"),
    }
    world.send(ann, &change(RoomDetail::Hidden(true)));
    assert_eq!(briefs(&mut world, bob), ["DeleteRoom Lobby 1"]);
}

#[test]
fn questions_are_answered() {
    let mut world = world();
    let ann = world.in_room("ann", "Lobby");
    world.now = UnixMillis(1_079_000_000_000);
    for packet in [
        ClientPacket::GetServerTime,
        ClientPacket::GetLoggedInUserCount,
        ClientPacket::GetRoomsInZone { zone: None },
        ClientPacket::GetAllZones,
        ClientPacket::AddBuddy {
            name: "bob".to_owned(),
        },
        ClientPacket::GetUserLocation {
            name: "ann".to_owned(),
        },
        ClientPacket::GetUsersInRoom {
            zone: None,
            room: "Lobby".to_owned(),
        },
    ] {
        world.send(ann, &packet);
    }
    let told = world.heard(ann);
    let actions: Vec<_> = told.iter().map(ServerPacket::action).collect();
    let expected = [
        "GetServerTime",
        "GetLoggedInUserCount",
        "GetRoomsInZone",
        "GetAllZones",
        "GetBuddyList",
        "GetUserLocation",
        "GetUsersInRoom",
    ];
    assert_eq!(actions, expected);
    assert_eq!(told[0], ServerPacket::GetServerTime(1_079_000_000_000));
    assert_eq!(told[1], ServerPacket::GetLoggedInUserCount(1));
    world.member("bob");
    assert_eq!(
        world.heard(ann),
        [ServerPacket::BuddyLoggedIn {
            name: "bob".to_owned()
        }]
    );
}

#[test]
fn refusals_have_their_packet_or_are_said() {
    let mut world = world();
    let ann = world.in_room("ann", "Lobby");
    let twin = world.greeted();
    world.send(twin, &login("ANN"));
    assert!(matches!(
        world.heard(twin)[..],
        [ServerPacket::LoginResponse(Err(_))]
    ));
    world.send(ann, &join("Nowhere"));
    assert!(matches!(
        world.heard(ann)[..],
        [ServerPacket::JoinRoom(Err(_))]
    ));
    let kick = ClientPacket::Kick {
        user: "ann".to_owned(),
        reason: String::new(),
    };
    world.send(ann, &kick);
    assert_eq!(
        briefs(&mut world, ann),
        ["private Server: You may not do that."]
    );
    let mut silent = World::new(SessionConfig {
        notices_from: None,
        ..SessionConfig::default()
    });
    let ann = silent.in_room("ann", "Lobby");
    silent.send(ann, &kick);
    assert_eq!(silent.heard(ann), []);
}

#[test]
fn who_is_kicked_is_told_why_and_closed() {
    let mut world = world();
    let ann = world.in_room("ann", "Lobby");
    let (name, reason, room) = ("ann".into(), "Enough.".into(), None);
    world.server(Op::Kick { name, room, reason });
    let told = briefs(&mut world, ann);
    assert!(
        told.contains(&"private Server: You are put out. Enough.".to_owned()),
        "{told:?}"
    );
    assert!(world.closed(ann));
}

#[test]
fn plugins_are_started_and_called_and_speak() {
    let mut world = world();
    let ann = world.member("ann");
    let dice = Plugin {
        name: "Dice".to_owned(),
        variables: vec![],
    };
    let room = CreateRoom {
        plugins: vec![dice.clone()],
        ..new_room("Lobby")
    };
    world.send(ann, &ClientPacket::CreateRoom(Box::new(room)));
    let started = match &world.asked(ann)[..] {
        [Output::StartPlugins { room, plugins }] => {
            assert_eq!(plugins[..], [dice]);
            *room
        }
        other => panic!("{other:?}"),
    };
    let roll = ClientPacket::ExecutePlugin {
        plugin: "Dice".to_owned(),
        method: "roll".to_owned(),
        variables: vec![],
    };
    world.send(ann, &roll);
    match &world.asked(ann)[..] {
        [
            Output::CallPlugin {
                room,
                plugin,
                method,
                ..
            },
        ] => {
            assert_eq!(
                (*room, &**plugin, &**method),
                (Some(started), "Dice", "roll")
            );
        }
        other => panic!("{other:?}"),
    }
    world.heard(ann);
    world.server(Op::Announce {
        to: rooms::Audience::Room(RoomRef::Id(started)),
        from: "Dice".into(),
        text: "rolled".into(),
        variables: [("n".into(), rooms::Value::Number(6.0))]
            .into_iter()
            .collect(),
    });
    let rolled = ServerPacket::SendPluginMessage {
        plugin: "Dice".to_owned(),
        action: "rolled".to_owned(),
        variables: vec![Variable {
            name: "n".to_owned(),
            value: "6".to_owned(),
        }],
    };
    assert_eq!(world.heard(ann), [rolled]);
}

#[test]
fn what_nothing_is_done_about_is_for_the_log() {
    let mut world = world();
    let ann = world.member("ann");
    let text = "<XmlDoc><Action>AddWord</Action><Parameters/></XmlDoc>";
    world.bytes(ann, format!("{text}\0").as_bytes()).unwrap();
    world.send(ann, &ClientPacket::LoadConfiguration);
    world.send(ann, &say("to nobody"));
    let asked = world.asked(ann);
    let found = asked.iter().map(|output| match output {
        Output::Unserved { why, action, .. } => (*why, &**action),
        other => panic!("{other:?}"),
    });
    let expected = [
        (Unserved::UnknownAction, "AddWord"),
        (Unserved::Configuration, "LoadConfiguration"),
        (Unserved::InNoRoom, "SendPublicMessage"),
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert!(matches!(&asked[0], Output::Unserved { packet, .. } if packet == text));
    assert_eq!(world.heard(ann), []);
}

#[test]
fn bad_input_ends_the_session_for_good() {
    let mut world = world();
    let ann = world.member("ann");
    let bad = b"<XmlDoc><Action>GetServerTime</Action></XmlDoc>\0\x01\x02\0<XmlDoc/>\0";
    let refused = Err(Error::Malformed {
        what: Malformed::Character,
        offset: 0,
    });
    assert_eq!(world.bytes(ann, bad), refused);
    assert_eq!(world.heard(ann).len(), 1);
    assert_eq!(world.bytes(ann, b"<XmlDoc/>\0"), refused);
}

#[test]
fn an_old_movie_is_answered_in_its_code_page() {
    use xmlsocket::electroserver::{Session, Told};

    let config = std::sync::Arc::new(SessionConfig::default());
    let mut session = Session::new(config.clone(), UnixMillis(0));
    let login =
        b"<XmlDoc><Action>Login</Action><Parameters><Name>Andr\xE9</Name></Parameters></XmlDoc>\0";
    let now = UnixMillis(0);
    session
        .handle(Input::Receive { now, bytes: login })
        .unwrap();
    let Output::Op(op) = session.poll() else {
        panic!("no login");
    };
    assert!(matches!(&*op, Op::Login { name, .. } if &**name == "André"));
    let event = rooms::Event::Announced {
        room: None,
        from: "André".into(),
        text: "x".into(),
        variables: rooms::Pairs::default(),
    };
    let told = Told::new(&event, &config);
    session
        .handle(Input::Told {
            event: &event,
            told: told.as_ref(),
        })
        .unwrap();
    let Output::Transmit(frame) = session.poll() else {
        panic!("nothing told");
    };
    assert!(frame.windows(5).any(|bytes| bytes == b"Andr\xE9"));
    assert_eq!(frame.last(), Some(&0));
}

#[test]
fn rooms_that_change_together_are_a_packet_each_in_any_code_page() {
    use xmlsocket::electroserver::{Session, Told};

    let config = std::sync::Arc::new(SessionConfig::default());
    let room = |id, name: &str| {
        std::sync::Arc::new(rooms::RoomInfo {
            id: rooms::RoomId(id),
            zone: "Main".into(),
            name: name.into(),
            description: "".into(),
            users: 2,
            spectators: 0,
            capacity: None,
            spectator_capacity: None,
            hidden: false,
            password: false,
            updatable: true,
            numbered: false,
            user_variables: false,
        })
    };
    let event = rooms::Event::RoomsChanged {
        rooms: [room(1, "Café"), room(2, "Lobby")].into(),
        zone_users: 4,
    };
    let told = Told::new(&event, &config);
    let names = [&b"<Name>Caf\xE9</Name>"[..], "<Name>Café</Name>".as_bytes()];
    for (login, name) in [&b"Andr\xE9"[..], b"Andre"].into_iter().zip(names) {
        let mut session = Session::new(config.clone(), UnixMillis(0));
        let now = UnixMillis(0);
        let before = b"<XmlDoc><Action>Login</Action><Parameters><Name>";
        let bytes = [before, login, b"</Name></Parameters></XmlDoc>\0"].concat();
        session
            .handle(Input::Receive { now, bytes: &bytes })
            .unwrap();
        assert!(matches!(session.poll(), Output::Op(_)));
        let (event, told) = (&event, told.as_ref());
        session.handle(Input::Told { event, told }).unwrap();
        let Output::Transmit(frames) = session.poll() else {
            panic!("nothing told");
        };
        let frames: Vec<_> = frames.split(|byte| *byte == 0).collect();
        let has = |frame: &[u8], text: &[u8]| frame.windows(text.len()).any(|part| part == text);
        assert_eq!(frames.len(), 3, "two, each with its end");
        assert!(has(frames[0], name) && !has(frames[0], b"Lobby"));
        assert!(has(frames[1], b"<Name>Lobby</Name>") && frames[2].is_empty());
        for frame in &frames[..2] {
            assert!(has(frame, b"ChangeRoomDetails") && has(frame, b"<Zone Users=\"4\">"));
        }
    }
}
