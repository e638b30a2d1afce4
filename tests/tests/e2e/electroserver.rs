//! Movies with the ElectroServer 3 class: logging in, rooms, talking, variables, moderation.
//! Everything the server sends is read with a model of the class's parser.

use anyhow::{Context, Result, ensure};
use e2e::movie::Movie;
use e2e::ruffle::Chat;
use e2e::server::{self, Server};
use e2e::wait::SOON;
use libtest_mimic::Trial;
use testkit::movie::{Packet, Scalar, Value};

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("electroserver::movies_log_in_and_chat_in_a_room", chat),
        trial(
            "electroserver::movies_in_ruffle_chat_with_a_client_over_tcp",
            ruffle,
        ),
        trial("electroserver::a_name_is_somebodys_until_it_leaves", names),
        trial("electroserver::the_list_of_rooms_follows", rooms),
        trial("electroserver::the_list_of_users_follows", users),
        trial(
            "electroserver::private_messages_reach_those_named",
            whispers,
        ),
        trial("electroserver::variables_of_rooms_and_users", variables),
        trial("electroserver::questions_are_answered", questions),
        trial("electroserver::a_moderator_puts_users_out", kick),
        trial("electroserver::a_banned_address_is_told_nothing", ban),
        trial("electroserver::bans_outlive_the_server", stored_ban),
        trial(
            "electroserver::stored_rooms_are_there_from_the_start",
            stored_rooms,
        ),
        trial("electroserver::floods_are_warned_kicked_and_banned", flood),
        trial("electroserver::unknown_actions_are_named_once", unknown),
    ]
}

const CHAT_ROOM: &str = "Updatable=\"true\" Hidden=\"false\" Numbered=\"false\"";

fn text(packet: &Packet, name: &str) -> String {
    packet.parameters.text(name).unwrap_or_default()
}

/// The names in one of the arrays of a packet.
fn names_in(values: &[Value]) -> Vec<String> {
    let name = |value: &Value| value.text("Name").unwrap_or_default();
    values.iter().map(name).collect()
}

/// A movie in a room of this name.
fn in_room(server: &Server, name: &str, room: &str) -> Result<Movie> {
    let mut movie = Movie::logged_in(server.xml, name, "")?;
    movie.join("Main", room, "")?;
    let answer = movie.packet("JoinRoom")?;
    if text(&answer, "Result") != "Success" {
        movie.create_room("Main", room, CHAT_ROOM, "")?;
        movie.joined()?;
    }
    Ok(movie)
}

fn chat() -> Result<()> {
    server::with(&[], |server| {
        let mut ann = Movie::logged_in(server.xml, "ann", "")?;
        // As the tutorial's chat does it: no zone, since none is known yet.
        ann.create_room("undefined", "Lobby", CHAT_ROOM, "")?;
        let joined = ann.joined()?;
        ensure!(names_in(joined.parameters.array("Users")) == ["ann"]);
        let list = ann.actions.iter().position(|action| action == "roomlist");
        let join = ann.actions.iter().position(|action| action == "joinroom");
        ensure!(list.is_some() && list < join, "{:?}", ann.actions);

        let mut bob = Movie::logged_in(server.xml, "bob", "")?;
        bob.create_room("", "Lobby", CHAT_ROOM, "")?;
        let refused = bob.packet("CreateRoom")?;
        ensure!(text(&refused, "Result") == "Failure", "{refused:?}");
        bob.join("", "Lobby", "")?;
        let joined = bob.joined()?;
        ensure!(names_in(joined.parameters.array("Users")) == ["ann", "bob"]);

        ann.say("a < b & \"c\" ]]> d")?;
        let said = ("ann".to_owned(), "a < b & \"c\" ]]> d".to_owned());
        ensure!(bob.message("SendPublicMessage")? == said);
        ensure!(ann.message("SendPublicMessage")? == said);
        server.wait_for_metric("greenroom_room_users", "", 2.0)?;
        server.wait_for_metric("greenroom_connections", "\"xml\"", 2.0)?;
        drop(bob);
        let left = ann.packet_where("UpdateUserList", |p| text(p, "MinorAction") == "UserLeft")?;
        ensure!(
            left.parameters
                .get("User")
                .and_then(|user| user.text("Name"))
                == Some("bob".into())
        );
        server.wait_for_log(&["connection closed", "client_left"], SOON)?;
        Ok(())
    })
}

/// The chat that movies were first written from: three of them in a browser, over the server's
/// own WebSocket, and one client over TCP. `tests/browser/chat.mjs` says what they do.
fn ruffle() -> Result<()> {
    server::with(&[], |server| {
        let mut raw = in_room(server, "raw", "Lobby")?;
        let mut chat = Chat::start(server.xml)?;
        chat.did("greeted")?;
        let greeting = "hello <all> & \"everybody\"";
        ensure!(raw.message("SendPublicMessage")? == ("ann".into(), greeting.into()));
        chat.did("whispered")?;
        let whisper = raw.message("SendPrivateMessage")?;
        ensure!(
            whisper == ("bob".into(), "do you hear me".into()),
            "{whisper:?}"
        );
        raw.say("I heard you")?;
        chat.did("moved")?;
        let traced = chat.finish()?;
        // Nobody hears a room that it is not in, nor what is said to others.
        raw.say("the end")?;
        let heard = std::iter::from_fn(|| raw.message("SendPublicMessage").ok());
        let heard: Vec<_> = heard.take(2).map(|(_, text)| text).collect();
        ensure!(heard == ["I heard you", "the end"], "{heard:?}");
        for (name, line, hears) in [
            ("cara", "bob: only here", false),
            ("ann", "bob: only here", true),
            ("bob", "cara to you: psst", false),
            ("ann", "cara to you: psst", true),
            ("cara", "not logged in: The name is in use.", true),
        ] {
            let lines = traced[name].as_array().context("nothing traced")?;
            let heard = lines.iter().any(|traced| traced == line);
            ensure!(heard == hears, "{name} and {line:?}: {lines:?}");
        }
        Ok(())
    })
}

fn names() -> Result<()> {
    let settings = ["rooms.name_max_chars=6", "rooms.reserved_names=[\"admin\"]"];
    server::with(&settings, |server| {
        let ann = Movie::logged_in(server.xml, "Ann", "")?;
        let mut other = Movie::greeted(server.xml)?;
        for taken in ["ann", "al", "toolong", "ADMIN"] {
            let answer = other.log_in(taken, "")?;
            ensure!(text(&answer, "Result") == "Denied", "{taken}: {answer:?}");
            ensure!(!text(&answer, "Reason").is_empty(), "no reason for {taken}");
        }
        drop(ann);
        server.wait_for_log(&["user logged out", "Ann"], SOON)?;
        let answer = other.log_in("ann", "")?;
        ensure!(text(&answer, "Result") == "Accepted", "{answer:?}");
        Ok(())
    })
}

/// The room of an `UpdateRoomList` with this minor action.
fn room_update(movie: &mut Movie, change: &str, room: &str) -> Result<Value> {
    let of = |packet: &Packet| {
        let zone = packet.parameters.get("Zone")?;
        zone.array("Rooms").first().cloned()
    };
    let packet = movie.packet_where("UpdateRoomList", |packet| {
        text(packet, "MinorAction") == change
            && of(packet).and_then(|found| found.text("Name")).as_deref() == Some(room)
    })?;
    of(&packet).context("no room")
}

fn rooms() -> Result<()> {
    server::with(&["rooms.counts_delay_ms=0"], |server| {
        let mut ann = in_room(server, "ann", "Lobby")?;
        let mut bob = in_room(server, "bob", "Chess")?;
        let made = room_update(&mut ann, "CreateRoom", "Chess")?;
        ensure!(made.text("Description").as_deref() == Some("about Chess"));
        bob.send(
            "ChangeRoomDetails",
            "<MinorAction>ChangeCapacity</MinorAction><>8</>",
        )?;
        let changed = ann.packet_where("UpdateRoomList", |packet| {
            let zone = packet.parameters.get("Zone");
            let room = zone.and_then(|zone| zone.array("Rooms").first());
            room.and_then(|room| room.text("Capacity")).as_deref() == Some("8")
        })?;
        ensure!(text(&changed, "MinorAction") == "ChangeRoomDetails");
        // The old room goes with its last user, after the new one is joined.
        bob.join("Main", "Lobby", "")?;
        bob.joined()?;
        room_update(&mut ann, "DeleteRoom", "Chess")?;
        room_update(&mut bob, "DeleteRoom", "Chess")?;
        Ok(())
    })
}

fn users() -> Result<()> {
    server::with(&[], |server| {
        let mut ann = Movie::logged_in(server.xml, "ann", "")?;
        let numbered = "Updatable=\"false\" Hidden=\"false\" Numbered=\"true\"";
        ann.create_room("Main", "Game", numbered, "")?;
        ann.joined()?;
        let mut bob = in_room(server, "bob", "Game")?;
        let joined =
            ann.packet_where("UpdateUserList", |p| text(p, "MinorAction") == "UserJoined")?;
        let user = joined.parameters.get("User").context("no user")?;
        let shown = (user.text("Name"), user.text("AssignedNumber"));
        ensure!(shown == (Some("bob".into()), Some("1".into())), "{shown:?}");
        drop(ann);
        bob.packet_where("UpdateUserList", |p| text(p, "MinorAction") == "UserLeft")?;
        let numbers = bob.packet("RenumberUsers")?;
        let first = numbers
            .parameters
            .array("Users")
            .first()
            .context("nobody")?;
        ensure!(
            first.text("AssignedNumber").as_deref() == Some("0"),
            "{first:?}"
        );
        Ok(())
    })
}

fn whispers() -> Result<()> {
    server::with(&[], |server| {
        let mut ann = in_room(server, "ann", "Lobby")?;
        let mut bob = in_room(server, "bob", "Lobby")?;
        let mut cy = in_room(server, "cyd", "Lobby")?;
        // A move, with recipients as the class makes them of a text, and one who is there.
        ann.send(
            "SendPrivateMessage",
            "<Users><User>undefined</User><User></User><User>bob</User><User>bob</User></Users>\
             <Message><![CDATA[<wddxPacket/>]]></Message><Variables><Variable><Name>Action</Name>\
             <Data><![CDATA[Move]]></Data></Variable></Variables>",
        )?;
        let told = bob.packet("SendPrivateMessage")?;
        ensure!(text(&told, "User") == "ann" && text(&told, "Message") == "<wddxPacket/>");
        let variables = told.parameters.array("Variables");
        ensure!(variables.first().and_then(|v| v.text("Data")).as_deref() == Some("Move"));
        bob.say("once")?;
        ensure!(bob.message("SendPublicMessage")?.1 == "once");
        ensure!(cy.message("SendPublicMessage")?.1 == "once");
        let private = |movie: &Movie| {
            let actions = movie.actions.iter();
            actions
                .filter(|action| *action == "sendprivatemessage")
                .count()
        };
        ensure!(
            (private(&bob), private(&cy)) == (1, 0),
            "told twice, or another"
        );
        Ok(())
    })
}

fn variables() -> Result<()> {
    server::with(&[], |server| {
        let with_variables = format!("{CHAT_ROOM} UserVariablesEnabled=\"true\"");
        let mut ann = Movie::logged_in(server.xml, "ann", "")?;
        ann.create_room("Main", "Lobby", &with_variables, "")?;
        ann.joined()?;
        let mut bob = in_room(server, "bob", "Lobby")?;
        ann.send(
            "CreateRoomVariable",
            "<RoomVariable Persistent=\"false\" Locked=\"true\" ><Name>topic</Name>\
             <Data><![CDATA[fish]]></Data></RoomVariable>",
        )?;
        let made = bob.packet("UpdateRoomVariable")?;
        ensure!(text(&made, "MinorAction") == "Create");
        let variable = made.parameters.get("RoomVariable").context("no variable")?;
        ensure!(variable.text("Data").as_deref() == Some("fish"));
        ensure!(variable.attribute("Locked") == Some(&Scalar::Boolean(true)));
        // Locked: only its owner may.
        bob.send(
            "DeleteRoomVariable",
            "<RoomVariable ><Name>topic</Name></RoomVariable>",
        )?;
        let (from, _) = bob.message("SendPrivateMessage")?;
        ensure!(from == "Server", "the refusal came from {from}");
        ann.send(
            "DeleteRoomVariable",
            "<RoomVariable ><Name>topic</Name></RoomVariable>",
        )?;
        bob.packet_where("UpdateRoomVariable", |p| text(p, "MinorAction") == "Delete")?;
        ann.send(
            "UpdateUserVariable",
            "<MinorAction>Create</MinorAction><Name>mood</Name><Data>R&D <3</Data>",
        )?;
        let set = bob.packet("UpdateUserVariable")?;
        let variable = set.parameters.get("UserVariable").context("no variable")?;
        ensure!(variable.text("User").as_deref() == Some("ann"));
        ensure!(
            variable.text("Data").as_deref() == Some("R&D <3"),
            "{variable:?}"
        );
        Ok(())
    })
}

fn questions() -> Result<()> {
    server::with(&[], |server| {
        let mut ann = in_room(server, "ann", "Lobby")?;
        ann.send("GetLoggedInUserCount", "")?;
        let count = ann.packet("GetLoggedInUserCount")?;
        ensure!(text(&count, "LoggedInUsers") == "1");
        ann.send("GetServerTime", "")?;
        let time: f64 = text(&ann.packet("GetServerTime")?, "ServerTime").parse()?;
        ensure!(time > 1.6e12, "{time} ms since 1970");
        ann.send("GetRoomsInZone", "<Zone>Main</Zone>")?;
        let rooms = ann.packet("GetRoomsInZone")?;
        let zone = rooms.parameters.get("Zone").context("no zone")?;
        ensure!(names_in(zone.array("Rooms")) == ["Lobby"]);
        Ok(())
    })
}

fn kick() -> Result<()> {
    let moderator = server::account("Mod", "moderator")?;
    server::with(&[&moderator], |server| {
        let mut bob = in_room(server, "bob", "Lobby")?;
        let mut wrong = Movie::greeted(server.xml)?;
        let denied = wrong.log_in("mod", "guess")?;
        ensure!(text(&denied, "Result") == "Denied", "{denied:?}");
        let order = "<MinorAction>Kick</MinorAction><UserName>bob</UserName><Reason>rude</Reason>";
        let mut cy = in_room(server, "cyd", "Lobby")?;
        cy.send("ModeratorCommand", order)?;
        cy.message("SendPrivateMessage")?;
        let mut moderator = Movie::logged_in(server.xml, "Mod", "secret")?;
        moderator.send("ModeratorCommand", order)?;
        let last = bob.closed()?;
        let notice = last
            .iter()
            .find(|packet| packet.action == "sendprivatemessage");
        let notice = notice.context("bob was not told why")?;
        ensure!(text(notice, "Message").contains("rude"), "{notice:?}");
        cy.packet_where("UpdateUserList", |p| text(p, "MinorAction") == "UserLeft")?;
        server.wait_for_log(&["connection closed", "reason=kicked"], SOON)?;
        server.wait_for_log(&["moderation", "by=\"Mod\"", "rude"], SOON)?;
        // Nobody is kept out.
        in_room(server, "bob", "Lobby").map(drop)
    })
}

const ELSEWHERE: [u8; 4] = [127, 0, 0, 2];

fn ban() -> Result<()> {
    let moderator = server::account("Mod", "moderator")?;
    server::with(&[&moderator], |server| {
        let mut bob = Movie::open_from(ELSEWHERE, server.xml)?;
        bob.wait_for_greeting()?;
        bob.log_in("bob", "")?;
        let mut moderator = Movie::logged_in(server.xml, "Mod", "secret")?;
        moderator.send(
            "ModeratorCommand",
            "<MinorAction>Ban</MinorAction><UserName>bob</UserName><Reason></Reason>\
             <Expires>-1</Expires>",
        )?;
        bob.closed()?;
        // Whether it waits for the greeting or speaks first.
        let mut silent = Movie::open_from(ELSEWHERE, server.xml)?;
        ensure!(
            silent.closed()?.is_empty(),
            "a banned address was told something"
        );
        let mut hasty = Movie::open_from(ELSEWHERE, server.xml)?;
        hasty.send("GetServerTime", "")?;
        ensure!(
            hasty.closed()?.is_empty(),
            "a banned address was told something"
        );
        server.wait_for_metric("greenroom_closed_total", "reason=\"banned\"", 3.0)?;
        // Others may come, but not by that name.
        let mut other = Movie::greeted(server.xml)?;
        let denied = other.log_in("Bob", "")?;
        ensure!(text(&denied, "Result") == "Denied", "{denied:?}");
        Ok(())
    })
}

fn stored_ban() -> Result<()> {
    let moderator = server::account("Mod", "moderator")?;
    let settings = [&*moderator, "rooms.ban_address=false"];
    server::with(&settings, |server| {
        let mut bob = Movie::logged_in(server.xml, "bob", "")?;
        let mut moderator = Movie::logged_in(server.xml, "Mod", "secret")?;
        moderator.send(
            "ModeratorCommand",
            "<MinorAction>Ban</MinorAction><UserName>bob</UserName><Reason></Reason>\
             <Expires>60</Expires>",
        )?;
        bob.closed()?;
        moderator.send("AddBuddy", "<Name>cyd</Name>")?;
        moderator.packet("GetBuddyList")?;
        drop(moderator);
        server.restart("TERM", &settings)?;
        let mut bob = Movie::greeted(server.xml)?;
        let denied = bob.log_in("bob", "")?;
        ensure!(text(&denied, "Result") == "Denied", "{denied:?}");
        let mut moderator = Movie::logged_in(server.xml, "Mod", "secret")?;
        moderator.send("GetBuddyList", "")?;
        let buddies = format!("{:?}", moderator.packet("GetBuddyList")?);
        ensure!(buddies.contains("cyd"), "{buddies}");
        Ok(())
    })
}

fn stored_rooms() -> Result<()> {
    let settings = ["rooms.stored=Main/Lobby,Other/Hall"];
    let variables = |joined: &Packet| names_in(joined.parameters.array("RoomVariables"));
    server::with(&settings, |server| {
        for again in [false, true] {
            let mut ann = Movie::logged_in(server.xml, "ann", "")?;
            ann.join("Main", "Lobby", "")?;
            let found = variables(&ann.joined()?);
            ensure!(found == ["topic"][..usize::from(again)], "{found:?}");
            for (name, persistent) in [("topic", true), ("mood", false)] {
                let variable = format!(
                    "<RoomVariable Persistent=\"{persistent}\" Locked=\"false\" >\
                     <Name>{name}</Name><Data>1</Data></RoomVariable>"
                );
                ann.send("CreateRoomVariable", &variable)?;
                ann.packet("UpdateRoomVariable")?;
            }
            // It stays when nobody is in it.
            ann.join("Other", "Hall", "")?;
            ann.joined()?;
            ann.join("Main", "Lobby", "")?;
            ensure!(variables(&ann.joined()?) == ["topic"]);
            drop(ann);
            server.restart("TERM", &settings)?;
        }
        ensure!(
            !server.log().contains("refused the server"),
            "a room was made twice"
        );
        Ok(())
    })
}

fn flood() -> Result<()> {
    let settings = [
        "rooms.flood_burst=2",
        "rooms.flood_interval_ms=60000",
        "rooms.flood_grace_ms=0",
        "rooms.flood_warnings=1",
        "rooms.flood_kicks=1",
    ];
    server::with(&settings, |server| {
        for banned in [false, true] {
            let mut bob = in_room(server, "bob", "Lobby")?;
            for text in ["1", "2", "3", "4"] {
                bob.say(text)?;
            }
            let last = bob.closed()?;
            let count = |action: &str| last.iter().filter(|packet| packet.action == action).count();
            ensure!(count("sendpublicmessage") == 2, "{last:?}");
            ensure!(count("sendprivatemessage") >= 1, "no warning: {last:?}");
            let reason = if banned { "FloodKick" } else { "FloodWarning" };
            server.wait_for_log(&["moderation", reason], SOON)?;
        }
        server.wait_for_metric("greenroom_closed_total", "reason=\"flooded\"", 1.0)?;
        let mut again = Movie::open(server.xml)?;
        ensure!(
            again.closed()?.is_empty(),
            "a banned address was told something"
        );
        Ok(())
    })
}

fn unknown() -> Result<()> {
    server::with(&[], |server| {
        let mut ann = Movie::logged_in(server.xml, "ann", "")?;
        let parameters = "<Who>me</Who><Password>hush</Password>";
        for action in ["DoTheTwist", "dothetwist", "DoTheTwist"] {
            ann.send(action, parameters)?;
        }
        ann.send("GetLoggedInUserCount", "")?;
        ann.packet("GetLoggedInUserCount")?;
        server.wait_for_metric("greenroom_packets_unserved_total", "unknown_action", 3.0)?;
        let line = server.wait_for_log(&["nothing is done", "<Who>me</Who>"], SOON)?;
        ensure!(line.contains("WARN"), "{line}");
        let log = server.log();
        ensure!(
            log.matches("nothing is done").count() == 1,
            "named more than once"
        );
        ensure!(!log.contains("hush"), "a password in the log");
        Ok(())
    })
}
