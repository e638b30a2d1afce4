//! The limits of rooms and of the texts on the XML port, each reached by a movie: what is over a
//! limit is refused in words or closes that connection, and what is at the limit is not.

use anyhow::{Context, Result, ensure};
use e2e::movie::{Movie, packet};
use e2e::server::{self, Server};
use e2e::wait::{self, SOON};
use libtest_mimic::Trial;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("room_limits::users_and_their_names", names),
        trial("room_limits::names_of_guests_and_numbers", guests),
        trial("room_limits::rooms_and_zones", rooms),
        trial("room_limits::names_and_descriptions_of_rooms", lengths),
        trial("room_limits::variables_of_rooms_and_users", variables),
        trial("room_limits::messages_and_recipients", messages),
        trial("room_limits::words_that_are_not_wanted", words),
        trial("room_limits::buddies", buddies),
        trial("room_limits::wrong_passwords_ban_the_address", passwords),
        trial("room_limits::the_ban_that_ends_first_gives_way", bans),
        trial("room_limits::the_same_text_again_and_again", repeats),
        trial("room_limits::a_ban_for_flooding_ends", flood_ban),
        trial("room_limits::a_small_inbox_holds_clients_up", inbox),
        trial("room_limits::shapes_of_packets", shapes),
        trial("room_limits::what_the_dialect_is_set_to", dialect),
    ]
}

const PLAIN: &str = "Updatable=\"true\" Hidden=\"false\" Numbered=\"false\"";
const NO_MORE: &str = "There may be no more";
const TOO_LONG: &str = "It is too long";

/// Somebody who is in a room of its own making.
fn in_room(server: &Server, name: &str, room: &str) -> Result<Movie> {
    let mut movie = Movie::logged_in(server.xml, name, "")?;
    movie.create_room("Main", room, PLAIN, "")?;
    movie.joined()?;
    Ok(movie)
}

/// The reason why a login is denied; nothing when it is not.
fn denied(server: &Server, name: &str, password: &str) -> Result<Option<String>> {
    let answer = Movie::greeted(server.xml)?.log_in(name, password)?;
    Ok(answer.parameters.text("Reason"))
}

/// Makes a room and gives the reason why not.
fn refused_room(movie: &mut Movie, zone: &str, name: &str) -> Result<String> {
    movie.create_room(zone, name, PLAIN, "")?;
    let answer = movie.packet("CreateRoom")?;
    answer.parameters.text("Reason").context("no reason")
}

/// Sends something and expects to be told why it is not done.
fn refused(movie: &mut Movie, action: &str, parameters: &str, why: &str) -> Result<()> {
    movie.send(action, parameters)?;
    let (from, text) = movie.message("SendPrivateMessage")?;
    ensure!(from == "Server" && text.contains(why), "{action}: {text}");
    Ok(())
}

fn room_variable(name: &str, value: &str) -> String {
    format!(
        "<RoomVariable Persistent=\"false\" Locked=\"false\" ><Name>{name}</Name>\
         <Data><![CDATA[{value}]]></Data></RoomVariable>"
    )
}

fn names() -> Result<()> {
    let settings = [
        "rooms.users=2",
        "rooms.name_min_chars=2",
        "rooms.name_max_chars=4",
        "rooms.reserved_names=root,Server",
    ];
    server::with(&settings, |server| {
        let _ann = Movie::logged_in(server.xml, "an", "")?;
        for (name, why) in [
            ("a", "at least 2"),
            ("anna5", "at most 4"),
            ("ROOT", "not allowed"),
        ] {
            let reason = denied(server, name, "")?.context("let in")?;
            ensure!(reason.contains(why), "{name}: {reason}");
        }
        let bob = Movie::logged_in(server.xml, "bobb", "")?;
        let reason = denied(server, "cyd", "")?.context("one too many")?;
        ensure!(reason.contains(NO_MORE), "{reason}");
        drop(bob);
        server.wait_for_log(&["user logged out", "bobb"], SOON)?;
        Movie::logged_in(server.xml, "cyd", "").map(drop)
    })
}

fn guests() -> Result<()> {
    let settings = ["rooms.guest_prefix=guest", "rooms.numeric_names=false"];
    server::with(&settings, |server| {
        let _guest = Movie::logged_in(server.xml, "", "")?;
        server.wait_for_log(&["user logged in", "guest1"], SOON)?;
        ensure!(denied(server, "007", "")?.is_some());
        Ok(())
    })?;
    server::with(&["rooms.accounts_only=true"], |server| {
        ensure!(denied(server, "", "")?.is_some());
        ensure!(denied(server, "ann", "")?.is_some());
        Ok(())
    })
}

fn rooms() -> Result<()> {
    let settings = ["rooms.zones=2", "rooms.rooms_per_zone=2"];
    server::with(&settings, |server| {
        let mut ann = in_room(server, "ann", "One")?;
        let mut bob = in_room(server, "bob", "Two")?;
        let mut cyd = Movie::logged_in(server.xml, "cyd", "")?;
        let reason = refused_room(&mut cyd, "Main", "Three")?;
        ensure!(reason.contains(NO_MORE), "{reason}");
        cyd.create_room("Other", "Three", PLAIN, "")?;
        cyd.joined()?;
        let reason = refused_room(&mut bob, "Third", "Four")?;
        ensure!(reason.contains(NO_MORE), "{reason}");
        // The room and the zone go with their last user, and leave a place.
        cyd.join("Main", "One", "")?;
        cyd.joined()?;
        ann.create_room("Third", "Four", PLAIN, "")?;
        ann.joined()?;
        Ok(())
    })?;
    server::with(&["rooms.rooms_per_user=1"], |server| {
        let mut ann = in_room(server, "ann", "One")?;
        let mut bob = Movie::logged_in(server.xml, "bob", "")?;
        // It stays, since somebody else is in it.
        bob.join("Main", "One", "")?;
        bob.joined()?;
        let reason = refused_room(&mut ann, "Main", "Two")?;
        ensure!(reason.contains(NO_MORE), "{reason}");
        Ok(())
    })
}

fn lengths() -> Result<()> {
    let settings = ["rooms.room_name_bytes=8", "rooms.description_bytes=64"];
    server::with(&settings, |server| {
        let mut ann = Movie::logged_in(server.xml, "ann", "")?;
        for (zone, name) in [("Main", "123456789"), ("123456789", "Lobby")] {
            let reason = refused_room(&mut ann, zone, name)?;
            ensure!(reason.contains(TOO_LONG), "{reason}");
        }
        ann.create_room("Main", "12345678", PLAIN, "")?;
        ann.joined()?;
        let change = |text: &str| {
            format!(
                "<MinorAction>ChangeDescription</MinorAction>\
                 <Description><![CDATA[{text}]]></Description>"
            )
        };
        let long = change(&"d".repeat(65));
        refused(&mut ann, "ChangeRoomDetails", &long, TOO_LONG)?;
        ann.send("ChangeRoomDetails", &change(&"d".repeat(64)))?;
        ann.packet("UpdateRoomList").map(drop)
    })
}

fn variables() -> Result<()> {
    let settings = [
        "rooms.room_variables=1",
        "rooms.user_variables=1",
        "rooms.variable_bytes=32",
        "rooms.variables_bytes=24",
    ];
    server::with(&settings, |server| {
        let mut ann = Movie::logged_in(server.xml, "ann", "")?;
        let attributes = "Updatable=\"true\" UserVariablesEnabled=\"true\"";
        ann.create_room("Main", "Lobby", attributes, "")?;
        ann.joined()?;
        let room = "CreateRoomVariable";
        refused(
            &mut ann,
            room,
            &room_variable("a", &"x".repeat(33)),
            TOO_LONG,
        )?;
        // Name and value together are one byte more than all variables may have.
        refused(
            &mut ann,
            room,
            &room_variable("a", &"x".repeat(24)),
            NO_MORE,
        )?;
        ann.send(room, &room_variable("a", &"x".repeat(23)))?;
        ann.packet("UpdateRoomVariable")?;
        refused(&mut ann, room, &room_variable("b", ""), NO_MORE)?;
        let user = "UpdateUserVariable";
        let set = |name: &str, value: &str| {
            format!("<MinorAction>Create</MinorAction><Name>{name}</Name><Data>{value}</Data>")
        };
        refused(&mut ann, user, &set("a", &"x".repeat(33)), TOO_LONG)?;
        refused(&mut ann, user, &set("a", &"x".repeat(24)), NO_MORE)?;
        ann.send(user, &set("a", "1"))?;
        ann.packet(user)?;
        refused(&mut ann, user, &set("b", "1"), NO_MORE)?;
        let item = "<Variable><Name>k</Name><Data>v</Data></Variable>";
        let two = format!("<Message>hi</Message><Variables>{item}{item}</Variables>");
        let two = two.replacen("<Name>k<", "<Name>l<", 1);
        refused(&mut ann, "SendPublicMessage", &two, NO_MORE)
    })
}

fn messages() -> Result<()> {
    let settings = ["rooms.message_bytes=16", "rooms.recipients=2"];
    server::with(&settings, |server| {
        let mut ann = in_room(server, "ann", "Lobby")?;
        let long = format!("<Message>{}</Message><Variables />", "m".repeat(17));
        refused(&mut ann, "SendPublicMessage", &long, TOO_LONG)?;
        ann.say(&"m".repeat(16))?;
        ensure!(ann.message("SendPublicMessage")?.1.len() == 16);
        let to = |names: &[&str]| {
            let users = names.iter().map(|name| format!("<User>{name}</User>"));
            let users = users.collect::<Vec<_>>().concat();
            format!("<Users>{users}</Users><Message>hi</Message><Variables />")
        };
        let three = to(&["bob", "cyd", "ann"]);
        refused(&mut ann, "SendPrivateMessage", &three, NO_MORE)?;
        ann.send("SendPrivateMessage", &to(&["ann"]))?;
        ensure!(ann.message("SendPrivateMessage")? == ("ann".into(), "hi".into()));
        Ok(())
    })
}

fn words() -> Result<()> {
    let settings = ["rooms.words=bother", "rooms.word_roots=drat"];
    server::with(&settings, |server| {
        let mut ann = in_room(server, "ann", "Lobby")?;
        ann.say("Bother, dratted bothersome")?;
        let said = ann.message("SendPublicMessage")?.1;
        ensure!(said == "******, ******* bothersome", "{said}");
        Ok(())
    })?;
    let settings = ["rooms.words=bother", "rooms.word_replacement="];
    server::with(&settings, |server| {
        let mut ann = in_room(server, "ann", "Lobby")?;
        let words = "<Message>oh bother</Message><Variables />";
        refused(&mut ann, "SendPublicMessage", words, "not allowed")
    })
}

fn buddies() -> Result<()> {
    server::with(&["rooms.buddies=1"], |server| {
        let mut ann = Movie::logged_in(server.xml, "ann", "")?;
        ann.send("AddBuddy", "<Name>bob</Name>")?;
        ann.packet("GetBuddyList")?;
        refused(&mut ann, "AddBuddy", "<Name>cyd</Name>", NO_MORE)
    })
}

fn passwords() -> Result<()> {
    let account = server::account("Mod", "moderator")?;
    let settings = [
        &*account,
        "rooms.wrong_passwords=1",
        "rooms.password_threads=1",
    ];
    server::with(&settings, |server| {
        ensure!(denied(server, "Mod", "guess")?.is_some());
        let mut second = Movie::greeted(server.xml)?;
        second.send("Login", "<Name>Mod</Name><Password>guess</Password>")?;
        second.closed()?;
        let mut banned = Movie::open(server.xml)?;
        ensure!(
            banned.closed()?.is_empty(),
            "a banned address was told something"
        );
        Ok(())
    })
}

fn bans() -> Result<()> {
    let account = server::account("Mod", "moderator")?;
    let settings = [
        &*account,
        "rooms.bans=1",
        "rooms.ban_address=false",
        "xml.ban_unit_ms=60000",
    ];
    server::with(&settings, |server| {
        let mut moderator = Movie::logged_in(server.xml, "Mod", "secret")?;
        for (name, minutes) in [("ann", 5), ("bob", 60)] {
            let mut movie = Movie::logged_in(server.xml, name, "")?;
            let order = format!(
                "<MinorAction>Ban</MinorAction><UserName>{name}</UserName><Reason></Reason>\
                 <Expires>{minutes}</Expires>"
            );
            moderator.send("ModeratorCommand", &order)?;
            movie.closed()?;
        }
        ensure!(denied(server, "bob", "")?.is_some());
        ensure!(denied(server, "ann", "")?.is_none());
        Ok(())
    })
}

fn repeats() -> Result<()> {
    server::with(&["rooms.flood_repeats=2"], |server| {
        let mut ann = in_room(server, "ann", "Lobby")?;
        for _ in 0..2 {
            ann.say("again")?;
            ann.message("SendPublicMessage")?;
        }
        let same = "<Message>again</Message><Variables />";
        refused(&mut ann, "SendPublicMessage", same, "Warnings left")?;
        ann.say("something else")?;
        ensure!(ann.message("SendPublicMessage")?.1 == "something else");
        Ok(())
    })
}

fn flood_ban() -> Result<()> {
    let settings = [
        "rooms.flood_burst=1",
        "rooms.flood_interval_ms=60000",
        "rooms.flood_grace_ms=0",
        "rooms.flood_warnings=0",
        "rooms.flood_kicks=0",
        "rooms.flood_ban_ms=1000",
    ];
    server::with(&settings, |server| {
        let mut ann = in_room(server, "ann", "Lobby")?;
        for text in ["one", "two"] {
            ann.say(text)?;
        }
        ann.closed()?;
        server.wait_for_log(&["moderation", "FloodKick"], SOON)?;
        wait::until("the end of the ban", SOON, || {
            Ok(Movie::logged_in(server.xml, "ann", "").ok().map(drop))
        })
    })
}

/// Nothing is lost: who asks for too much at once waits, and so does everybody else.
fn inbox() -> Result<()> {
    let settings = ["rooms.inbox=16", "xml.requests_per_second=0"];
    server::with(&settings, |server| {
        let mut movies = Vec::new();
        for count in 0..4 {
            movies.push(Movie::logged_in(server.xml, &format!("user{count}"), "")?);
        }
        let many = packet("GetLoggedInUserCount", "").repeat(100);
        for movie in &mut movies {
            movie.send_bytes(many.as_bytes())?;
        }
        for movie in &mut movies {
            for _ in 0..100 {
                movie.packet("GetLoggedInUserCount")?;
            }
        }
        Ok(())
    })
}

fn shapes() -> Result<()> {
    let settings = ["xml.elements=16", "xml.depth=8", "xml.attributes=5"];
    let deep = format!("{}{}", "<Users>".repeat(9), "</Users>".repeat(9));
    let attributes = (0..6).map(|i| format!(" a{i}=\"1\""));
    let attributes = attributes.collect::<Vec<_>>().concat();
    let room = format!("<Zone><Name>Main</Name><Room{attributes}><Name>L</Name></Room></Zone>");
    server::with(&settings, |server| {
        let cases = [
            ("GetZones", "<a></a>".repeat(17)),
            ("CreateRoom", deep),
            ("CreateRoom", room),
        ];
        for (count, (action, parameters)) in cases.iter().enumerate() {
            let mut movie = Movie::logged_in(server.xml, &format!("user{count}"), "")?;
            movie.send(action, parameters)?;
            movie.closed()?;
            let reason = "reason=\"protocol_limit\"";
            server.wait_for_metric("greenroom_closed_total", reason, 1.0 + count as f64)?;
        }
        in_room(server, "ann", "Lobby").map(drop)
    })
}

fn dialect() -> Result<()> {
    let settings = [
        "xml.version=3.9.4",
        "xml.default_zone=Hall",
        "xml.create_joins=true",
        "xml.notices_from=Porter",
        "xml.unknown_packets=1",
        "rooms.message_bytes=16",
    ];
    server::with(&settings, |server| {
        let mut ann = Movie::open(server.xml)?;
        let greeting = ann.packet("ConnectionResponse")?;
        let version = format!("{greeting:?}");
        for part in ["3", "9", "4"] {
            ensure!(version.contains(part), "{version}");
        }
        ann.log_in("ann", "")?;
        ann.create_room("", "Lobby", PLAIN, "")?;
        let list = ann.packet("RoomList")?;
        let zone = list.parameters.get("Zone").context("no zone")?;
        ensure!(zone.text("Name").as_deref() == Some("Hall"), "{zone:?}");
        ann.joined()?;
        // With this, who makes a room that is there comes into it.
        let mut bob = Movie::logged_in(server.xml, "bob", "")?;
        bob.create_room("", "Lobby", PLAIN, "")?;
        bob.joined()?;
        bob.say("more than sixteen bytes")?;
        ensure!(bob.message("SendPrivateMessage")?.0 == "Porter");
        for action in ["DoOne", "DoAnother"] {
            bob.send(action, "")?;
        }
        server.wait_for_metric("greenroom_packets_unserved_total", "unknown_action", 2.0)?;
        server.wait_for_log(&["nothing is done", "DoOne"], SOON)?;
        ensure!(
            !server.log().contains("DoAnother"),
            "a second kind is named"
        );
        Ok(())
    })
}
