//! One world: scripts, clients of RTMP and movies of ElectroServer in the same rooms.

use amf::Value;
use anyhow::{Result, bail, ensure};
use e2e::client::{self, Client};
use e2e::movie::Movie;
use e2e::objects::Copy;
use e2e::server::{self, Server};
use e2e::wait::SOON;
use libtest_mimic::Trial;
use testkit::movie::Packet;

use crate::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("rooms::a_script_makes_rooms_and_talks_in_them", script),
        trial("rooms::a_script_speaks_for_users", guests),
        trial("rooms::what_a_script_may_not_is_a_warning", refused),
        trial("rooms::a_stored_room_is_there_after_a_restart", stored),
        trial(
            "rooms::a_movie_and_a_client_of_rtmp_chat_in_one_room",
            bound,
        ),
        trial("rooms::a_script_says_who_comes_into_a_bound_zone", guarded),
        trial("rooms::settings_are_read_again_on_sighup", reread),
    ]
}

fn field(packet: &Packet, name: &str) -> String {
    packet.parameters.text(name).unwrap_or_default()
}

/// Waits until the list of users has changed this way for this user.
fn user_update(movie: &mut Movie, change: &str, name: &str) -> Result<()> {
    let packet = movie.packet_where("UpdateUserList", |packet| {
        let user = packet.parameters.get("User");
        field(packet, "MinorAction") == change
            && user.and_then(|user| user.text("Name")).as_deref() == Some(name)
    })?;
    ensure!(field(&packet, "MinorAction") == change);
    Ok(())
}

fn joined(server: &Server, name: &str, room: &str) -> Result<Movie> {
    let mut movie = Movie::logged_in(server.xml, name, "")?;
    movie.join("Main", room, "")?;
    movie.joined()?;
    Ok(movie)
}

/// A client of the application, which has loaded its script.
async fn visitor(server: std::net::SocketAddr, app: &str) -> Result<Client> {
    let mut client = Client::open(server).await?;
    client.connect_with(server, app, Vec::new()).await?;
    Ok(client)
}

const BOT: &str = "
    application.onAppStart = function () {
        this.room = Rooms.create('Main', 'Bots', { permanent: true, variables: { topic: 'chess' } });
        Rooms.watch('main');
        trace('zones ' + Rooms.zones() + ', rooms ' + Rooms.list('Main').length);
    };
    Rooms.onRoomCreated = function (room) { trace('created ' + room.name); };
    Rooms.onRoomRemoved = function (room) { trace('removed ' + room.name + room.exists); };
    Rooms.onUserEntered = function (room, name) {
        if (room.name == 'Bots') room.send('Bot', 'hello ' + name, { Action: 'Hello' });
    };
    Rooms.onUserLeft = function (room, name) { trace(name + ' left ' + room.name); };
    Rooms.onMessage = function (room, from, text, variables) {
        if (from == 'Bot') return;
        trace(from + ' says ' + text + ' with ' + variables.mood);
        room.setVariable('last', text);
        Rooms.send(from, 'Bot', 'psst');
    };
    Rooms.onVariable = function (room, name, value) { trace('variable ' + name + ' ' + value); };
    Client.prototype.look = function () {
        var room = Rooms.find('MAIN', 'bots');
        return [room.users.length, room.variables.topic, room.variables.last, room.name].join();
    };
    Client.prototype.finish = function () { return Rooms.find('Main', 'Bots').remove(); };
";

fn script() -> Result<()> {
    server::with(&[], |server| {
        server.application("bots", BOT)?;
        let rtmp = server.rtmp;
        // The instance starts with its first client, who then stays.
        client::run(async {
            let mut client = visitor(rtmp, "bots").await?;
            server.wait_for_log(&["trace: zones Main, rooms 1"], SOON)?;
            let mut ann = joined(server, "ann", "Bots")?;
            let hello = ann.message("SendPublicMessage")?;
            ensure!(
                hello == ("Bot".to_owned(), "hello ann".to_owned()),
                "{hello:?}"
            );
            let said = "<Message><![CDATA[hi all]]></Message><Variables>\
                        <Variable><Name>mood</Name><Data><![CDATA[good]]></Data></Variable></Variables>";
            ann.send("SendPublicMessage", said)?;
            let whispered = ann.message("SendPrivateMessage")?;
            ensure!(
                whispered == ("Bot".to_owned(), "psst".to_owned()),
                "{whispered:?}"
            );
            server.wait_for_log(&["trace: ann says hi all with good"], SOON)?;
            server.wait_for_log(&["trace: variable last hi all"], SOON)?;
            let seen = client.call("look", Vec::new()).await?;
            ensure!(seen == Value::from("1,chess,hi all,Bots"), "{seen:?}");
            ann.create_room("Main", "Own", "", "")?;
            ann.joined()?;
            server.wait_for_log(&["trace: created Own"], SOON)?;
            server.wait_for_log(&["trace: ann left Bots"], SOON)?;
            drop(ann);
            server.wait_for_log(&["trace: removed Ownfalse"], SOON)?;
            let done = client.call("finish", Vec::new()).await?;
            ensure!(done == Value::Boolean(true), "{done:?}");
            server.wait_for_log(&["trace: removed Botsfalse"], SOON)?;
            Ok(())
        })
    })
}

const GUESTS: &str = "
    var guest;
    application.onAppStart = function () { Rooms.create('Main', 'Lobby', { permanent: true }); };
    Client.prototype.come = function (name) {
        guest = Rooms.find('Main', 'Lobby').enter(name, this.ip);
        if (guest == null) return 'no';
        guest.onMessage = function (from, text) { trace(this.name + ' hears ' + text + ' of ' + from); };
        guest.onEnd = function (reason) { trace(this.name + ' is out: ' + reason + this.isHere); };
        return guest.send('I am here');
    };
    Client.prototype.go = function () { guest.leave(); return guest.isHere; };
";

fn guests() -> Result<()> {
    server::with(&[], |server| {
        server.application("bots", GUESTS)?;
        let rtmp = server.rtmp;
        client::run(async {
            let mut client = visitor(rtmp, "bots").await?;
            let mut ann = joined(server, "ann", "Lobby")?;
            let come = |name: &'static str| vec![Value::from(name)];
            let taken = client.call("come", come("Ann")).await?;
            ensure!(taken == Value::from("no"), "{taken:?}");
            server.wait_for_log(&["Rooms: The name is in use."], SOON)?;
            ensure!(client.call("come", come("bob")).await? == Value::Boolean(true));
            user_update(&mut ann, "UserJoined", "bob")?;
            let said = ann.message("SendPublicMessage")?;
            ensure!(
                said == ("bob".to_owned(), "I am here".to_owned()),
                "{said:?}"
            );
            let whisper = "<Users><User>bob</User></Users><Message><![CDATA[psst]]></Message>";
            ann.send("SendPrivateMessage", whisper)?;
            server.wait_for_log(&["trace: bob hears psst of ann"], SOON)?;
            ensure!(client.call("go", Vec::new()).await? == Value::Boolean(false));
            user_update(&mut ann, "UserLeft", "bob")?;
            // With the instance go those for whom its script speaks.
            client.call("come", come("cid")).await?;
            user_update(&mut ann, "UserJoined", "cid")?;
            server.signal("HUP")?;
            user_update(&mut ann, "UserLeft", "cid")
        })
    })
}

fn refused() -> Result<()> {
    let script = "
        application.onAppStart = function () {
            Rooms.create('Main', 'One', { permanent: true });
            trace('again ' + Rooms.create('main', 'ONE'));
            trace('nobody ' + Rooms.send('nobody', 'Bot', 'x'));
            trace('object ' + Rooms.find('Main', 'One').setVariable('a', { b: 1 }));
            Rooms.find('Main', 'One').enter('bob');
            trace('more ' + Rooms.find('Main', 'One').enter('cid'));
            Rooms.watch('Main');
            trace('zones ' + Rooms.watch('Other'));
        };";
    let settings = ["rooms.script_guests=1", "rooms.script_zones=1"];
    server::with(&settings, |server| {
        server.application("bots", script)?;
        client::run(async { visitor(server.rtmp, "bots").await.map(drop) })?;
        for line in [
            "again null",
            "nobody false",
            "object false",
            "more null",
            "zones false",
        ] {
            server.wait_for_log(&[&format!("trace: {line}")], SOON)?;
        }
        for why in [
            "There is a room of that name already.",
            "There is no such user.",
            "a variable is a text, a number, a boolean or null",
            "a script speaks for 1 users at most",
            "a script watches 1 zones at most",
        ] {
            server
                .wait_for_log(&["WARN", "main.asc", why], SOON)
                .or_else(|_| server.wait_for_log(&["WARN", why], SOON))?;
        }
        Ok(())
    })
}

/// Reads an object until it has, or has no longer, a slot.
async fn until(
    object: &mut Copy,
    client: &mut Client,
    slot: &str,
    there: bool,
) -> Result<Option<Value>> {
    while object.slots.contains_key(slot) != there {
        object.next(client).await?;
    }
    Ok(object.slots.get(slot).cloned())
}

/// What the server calls the client with next: the texts among the arguments.
async fn called(client: &mut Client, method: &str) -> Result<Vec<String>> {
    let call = client.called(method).await?;
    let texts = call.args.iter().filter_map(Value::as_str);
    Ok(texts.map(str::to_owned).collect())
}

fn bound() -> Result<()> {
    server::with(&["rooms.bindings=Main=chat/one"], |server| {
        // No script is needed.
        std::fs::create_dir(server.file("applications/chat"))?;
        let rtmp = server.rtmp;
        let mut ann = Movie::logged_in(server.xml, "ann", "")?;
        ann.create_room("Main", "Lobby", "", "")?;
        ann.joined()?;
        client::run(async {
            let mut client = visitor(rtmp, "chat/one").await?;
            let mut rooms = Copy::open(&mut client, "rooms", false).await?;
            let user = until(&mut rooms, &mut client, "user/Lobby/ann", true).await?;
            let name = user.as_ref().and_then(|user| user.get("name"));
            ensure!(name == Some(&Value::from("ann")), "{user:?}");

            let enter = vec![Value::from("Lobby"), Value::from("bob")];
            ensure!(client.call("roomEnter", enter).await? == Value::Boolean(true));
            user_update(&mut ann, "UserJoined", "bob")?;
            until(&mut rooms, &mut client, "user/Lobby/bob", true).await?;

            ann.say("hello <bob> & all")?;
            let heard = called(&mut client, "onRoomMessage").await?;
            ensure!(heard == ["Lobby", "ann", "hello <bob> & all"], "{heard:?}");
            let answer = client.call("roomSay", vec![Value::from("hi ann")]).await?;
            ensure!(answer == Value::Boolean(true), "{answer:?}");
            // She heard herself first.
            let said = [(); 2].map(|()| ann.message("SendPublicMessage"));
            let [Ok((first, _)), Ok((second, text))] = said else {
                bail!("{said:?}");
            };
            ensure!(
                (&*first, &*second, &*text) == ("ann", "bob", "hi ann"),
                "{text}"
            );
            // All who speak hear themselves.
            let heard = called(&mut client, "onRoomMessage").await?;
            ensure!(heard == ["Lobby", "bob", "hi ann"], "{heard:?}");

            ann.send(
                "SendPrivateMessage",
                "<Users><User>bob</User></Users><Message><![CDATA[psst]]></Message>",
            )?;
            let heard = called(&mut client, "onRoomPrivateMessage").await?;
            ensure!(heard == ["ann", "psst"], "{heard:?}");

            ann.send(
                "CreateRoomVariable",
                "<RoomVariable Persistent=\"true\" Locked=\"false\" ><Name>topic</Name>\
                 <Data><![CDATA[fish]]></Data></RoomVariable>",
            )?;
            let slot = "variable/Lobby/topic";
            let topic = until(&mut rooms, &mut client, slot, true).await?;
            let value = topic.as_ref().and_then(|topic| topic.get("value"));
            ensure!(value == Some(&Value::from("fish")), "{topic:?}");

            drop(ann);
            until(&mut rooms, &mut client, "user/Lobby/ann", false).await?;
            let gone = client.call("roomLeave", Vec::new()).await?;
            ensure!(gone == Value::Boolean(true), "{gone:?}");
            until(&mut rooms, &mut client, "room/Lobby", false).await?;
            ensure!(rooms.slots.is_empty(), "{:?}", rooms.slots);
            Ok(())
        })?;
        leaving(server)
    })
}

/// Whoever leaves the instance leaves the room.
fn leaving(server: &Server) -> Result<()> {
    let mut cid = Movie::logged_in(server.xml, "cid", "")?;
    cid.create_room("Main", "Hall", "", "")?;
    cid.joined()?;
    client::run(async {
        let mut client = visitor(server.rtmp, "chat/one").await?;
        let enter = vec![Value::from("Hall"), Value::from("dan")];
        ensure!(client.call("roomEnter", enter).await? == Value::Boolean(true));
        user_update(&mut cid, "UserJoined", "dan")
    })?;
    user_update(&mut cid, "UserLeft", "dan")
}

fn guarded() -> Result<()> {
    let script = "
        var enter = Client.prototype.roomEnter;
        Client.prototype.roomEnter = function (room) {
            return room == 'Lobby' && enter.call(this, room, this.name);
        };
        application.onConnect = function (client, name) { client.name = name; return true; };
    ";
    server::with(&["rooms.bindings=Main=chat"], |server| {
        server.application("chat", script)?;
        client::run(async {
            let mut client = Client::open(server.rtmp).await?;
            let name = vec![Value::from("bob")];
            client.connect_with(server.rtmp, "chat", name).await?;
            let refused = client
                .call("roomEnter", vec![Value::from("Cellar")])
                .await?;
            ensure!(refused == Value::Boolean(false), "{refused:?}");
            // Neither a room nor an own name: the script's word counts.
            let lobby = vec![Value::from("Lobby"), Value::from("admin")];
            ensure!(client.call("roomEnter", lobby).await? == Value::Boolean(true));
            let mut ann = joined(server, "ann", "Lobby")?;
            ensure!(client.call("roomSay", vec![Value::from("hi")]).await? == Value::Boolean(true));
            let said = ann.message("SendPublicMessage")?;
            ensure!(said == ("bob".to_owned(), "hi".to_owned()), "{said:?}");
            Ok(())
        })
    })
}

/// Writes a configuration and has the server read it.
fn configure(server: &Server, rooms: &str) -> Result<()> {
    std::fs::write(server.file("greenroom.toml"), format!("[rooms]\n{rooms}\n"))?;
    server.signal("HUP")
}

fn reread() -> Result<()> {
    let account = server::account("Mod", "moderator")?;
    let account = account.trim_start_matches("rooms.").to_owned();
    server::with(&[], |server| {
        let file = server.file("greenroom.toml");
        std::fs::write(&file, "[rooms]\nwords = [\"bother\"]\n")?;
        server.signal("TERM")?;
        server.wait(SOON)?;
        let variable = format!("GREENROOM_CONFIG={}", file.display());
        server.start_through(&["env", &variable], &[])?;
        let mut ann = Movie::logged_in(server.xml, "ann", "")?;
        ann.create_room("Main", "Lobby", "", "")?;
        ann.joined()?;
        let said = |movie: &mut Movie, text: &str| -> Result<String> {
            movie.say(text)?;
            Ok(movie.message("SendPublicMessage")?.1)
        };
        ensure!(said(&mut ann, "bother fiddle")? == "****** fiddle");

        let new = format!("words = [\"fiddle\"]\ninbox = 17\naccounts_only = true\n{account}");
        configure(server, &new)?;
        server.wait_for_log(&["WARN", "waits for a restart", "rooms.inbox"], SOON)?;
        for key in ["rooms.words", "rooms.accounts", "rooms.accounts_only"] {
            server.wait_for_log(&["a setting has changed", &format!("\"{key}\"")], SOON)?;
        }
        server.wait_for_log(&["reloading applications"], SOON)?;
        ensure!(said(&mut ann, "bother fiddle")? == "bother ******");
        Movie::logged_in(server.xml, "Mod", "secret")?;
        let denied = |name: &str, password: &str| -> Result<bool> {
            let answer = Movie::greeted(server.xml)?.log_in(name, password)?;
            Ok(answer.parameters.text("Reason").is_some())
        };
        ensure!(denied("bob", "")?);

        // What cannot be read changes nothing.
        configure(server, "words = 3")?;
        server.wait_for_log(&["ERROR", "was not read again", "rooms.words"], SOON)?;
        ensure!(said(&mut ann, "bother  fiddle")? == "bother  ******");

        // An account that is no longer there is not kept anywhere else.
        configure(server, "accounts_only = true\nname_min_chars = 4")?;
        server.wait_for_log(&["a setting has changed", "rooms.name_min_chars"], SOON)?;
        ensure!(said(&mut ann, "bother, fiddle")? == "bother, fiddle");
        ensure!(denied("Mod", "secret")?);
        Ok(())
    })
}

fn stored() -> Result<()> {
    let script = "
        application.onAppStart = function () {
            var room = Rooms.find('Main', 'Hall');
            if (room != null) trace('found ' + room.info.description + room.variables.topic);
            else Rooms.create('Main', 'Hall', {
                stored: true, description: 'kept', variables: { topic: 'fish' }
            });
            Rooms.create('Main', 'Tent', { permanent: true });
            trace('rooms ' + Rooms.list('Main').length);
        };";
    server::with(&[], |server| {
        server.application("bots", script)?;
        client::run(async { visitor(server.rtmp, "bots").await.map(drop) })?;
        server.wait_for_log(&["trace: rooms 2"], SOON)?;
        server.restart("TERM", &[])?;
        client::run(async { visitor(server.rtmp, "bots").await.map(drop) })?;
        server.wait_for_log(&["trace: found keptfish"], SOON)?;
        server.wait_for_log(&["trace: rooms 2"], SOON)?;
        Ok(())
    })
}
