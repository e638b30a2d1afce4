//! Plugins of rooms and of the server, and handlers of logins, over real XML sockets.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use anyhow::{Context, Result, ensure};
use e2e::movie::Movie;
use e2e::server::{self, Server};
use e2e::wait::SOON;
use libtest_mimic::Trial;
use testkit::movie::Packet;

use crate::trial;

const DICE: &str = include_str!("../../../plugins/Dice/main.asc");
const HTTP_LOGIN: &str = include_str!("../../../plugins/HttpLogin/main.asc");

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("plugins::dice_roll_for_a_room", dice),
        trial("plugins::only_what_is_configured_starts", configured),
        trial("plugins::a_plugin_knows_and_changes_its_room", functions),
        trial("plugins::plugins_call_each_other", interop),
        trial("plugins::a_plugin_that_errs_lives", errors),
        trial("plugins::a_plugin_that_is_stuck_is_written_off", stuck),
        trial("plugins::limits_of_plugins", limits),
        trial("plugins::plugins_of_the_server_are_loaded_anew", reload),
        trial("plugins::a_web_server_says_who_may_log_in", http_login),
        trial("plugins::a_web_server_must_be_allowed", http_not_allowed),
        trial(
            "plugins::a_login_handler_that_fails_lets_nobody_in",
            failing,
        ),
        trial("plugins::a_login_waits_for_so_long", late),
        trial("plugins::a_login_handler_keeps_what_it_knows", kept),
    ]
}

const ROOM: &str = "Updatable=\"true\" Hidden=\"false\" Numbered=\"true\"";

fn text(packet: &Packet, name: &str) -> String {
    packet.parameters.text(name).unwrap_or_default()
}

/// `<Plugins>` with one plugin and one variable for it.
fn wanted(name: &str, variable: &str, value: &str) -> String {
    format!(
        "<Plugins><Plugin><Name>{name}</Name><Variables><Variable><Name>{variable}</Name>\
         <Value>{value}</Value></Variable></Variables></Plugin></Plugins>"
    )
}

/// A movie in a room that it has made with these plugins.
fn host_of(server: &Server, name: &str, room: &str, plugins: &str) -> Result<Movie> {
    let mut movie = Movie::logged_in(server.xml, name, "")?;
    movie.create_room("Main", room, ROOM, plugins)?;
    movie.joined()?;
    Ok(movie)
}

fn guest_of(server: &Server, name: &str, room: &str) -> Result<Movie> {
    let mut movie = Movie::logged_in(server.xml, name, "")?;
    movie.join("Main", room, "")?;
    movie.joined()?;
    Ok(movie)
}

/// Calls a plugin with one variable.
fn call(movie: &mut Movie, plugin: &str, method: &str, variable: (&str, &str)) -> Result<()> {
    let (name, value) = variable;
    movie.send(
        "ExecutePlugin",
        &format!(
            "<Plugin>{plugin}</Plugin><Method>{method}</Method><Variables><Variable>\
             <Name>{name}</Name><Value>{value}</Value></Variable></Variables>"
        ),
    )
}

/// The next message of a plugin: who speaks, what about, and with what.
fn heard(movie: &mut Movie) -> Result<(String, String, BTreeMap<String, String>)> {
    let packet = movie.packet("SendPluginMessage")?;
    let variables = packet.parameters.array("Variables").iter();
    let variables = variables.map(|item| {
        let part = |name| item.text(name).unwrap_or_default();
        (part("Name"), part("Value"))
    });
    let variables = variables.collect();
    Ok((text(&packet, "User"), text(&packet, "Message"), variables))
}

/// What a plugin answers to this movie, as one text.
fn answer(movie: &mut Movie, plugin: &str, method: &str) -> Result<String> {
    call(movie, plugin, method, ("a", "b"))?;
    let (_, _, variables) = heard(movie)?;
    variables.get("text").cloned().context("no text")
}

fn dice() -> Result<()> {
    let dice: &[_] = &[("Dice", DICE)];
    server::with_plugins(dice, &["rooms.plugins=[\"Dice\"]"], |server| {
        let plugins = wanted("dice", "sides", "4");
        let mut ann = host_of(server, "ann", "Game", &plugins)?;
        let mut bob = guest_of(server, "bob", "Game")?;
        call(&mut ann, "Dice", "roll", ("count", "3"))?;
        let told = heard(&mut ann)?;
        ensure!(told == heard(&mut bob)?, "not told the same");
        let (plugin, action, variables) = told.clone();
        ensure!((&*plugin, &*action) == ("Dice", "rolled"), "{told:?}");
        let faces = variables.get("faces").context("no faces")?;
        let faces: Result<Vec<u32>, _> = faces.split(',').map(str::parse).collect();
        let faces = faces?;
        ensure!(faces.len() == 3 && faces.iter().all(|face| (1..=4).contains(face)));
        let sum: u32 = faces.iter().sum();
        ensure!(variables.get("sum") == Some(&sum.to_string()), "{told:?}");
        ensure!(variables.get("user").map(String::as_str) == Some("ann"));
        // Whoever comes later is told too.
        let mut cy = guest_of(server, "cyd", "Game")?;
        ensure!(heard(&mut cy)? == told);
        call(&mut cy, "Dice", "cheat", ("count", "3"))?;
        ensure!(heard(&mut cy)?.1 == "refused");
        // It goes with its room.
        server.wait_for_metric("greenroom_plugins", "", 1.0)?;
        drop((ann, bob, cy));
        server.wait_for_log(&["plugin ended", "Dice", "Game"], SOON)?;
        server.wait_for_metric("greenroom_plugins", "", 0.0)?;
        Ok(())
    })
}

fn configured() -> Result<()> {
    let plugins: &[_] = &[("Dice", DICE), ("Secret", DICE)];
    let settings = ["rooms.plugins=[\"Dice\", \"Lost\"]"];
    server::with_plugins(plugins, &settings, |server| {
        let mut ann = host_of(server, "ann", "Game", &wanted("Secret", "a", "b"))?;
        server.wait_for_log(&["a plugin that is not there", "Secret"], SOON)?;
        call(&mut ann, "Dice", "roll", ("count", "1"))?;
        server.wait_for_log(&["a plugin that is not there", "Dice"], SOON)?;
        // Configured, and without a folder.
        let _bob = host_of(server, "bob", "Other", &wanted("Lost", "a", "b"))?;
        server.wait_for_log(&["a plugin has ended", "Lost", "no main.asc"], SOON)?;
        // The room is a room all the same.
        ann.say("hello")?;
        ann.message("SendPublicMessage")?;
        server.wait_for_metric("greenroom_packets_unserved_total", "plugin", 2.0)
    })
}

/// Says everything to whoever asks.
const TELL: &str = "
    function tell(hash, text) { sendMessageToUser(hash.get(EXECUTING_USER_NAME), 'told', {text: text}); }";

fn functions() -> Result<()> {
    let room = format!(
        "{TELL}
        var log = '';
        function pluginUserEnter(name, number) {{ log += '+' + name + number; }}
        function pluginUserExit(name, number) {{ log += '-' + name + number; }}
        function pluginRequest(hash) {{
            var user = hash.get(EXECUTING_USER_NAME);
            switch (hash.get(METHOD)) {{
            case 'log': return tell(hash, log);
            case 'topic':
                createRoomVariable('topic', hash.get('a'), true);
                return tell(hash, getRoomVariables('main', 'game')[0].value);
            case 'all':
                return tell(hash, [getPluginName(), getZoneName(), getRoomName(), getAllZones(),
                    getRoomsInZone('Main'), getUsersInRoom('Main', 'Game'), getLoggedInUserCount(),
                    isUserLoggedIn('BOB'), isUserLoggedIn('dan'), getRoomsInZone('None')].join(' '));
            case 'mood':
                createUserVariable(user, 'mood', 'R&D <3');
                return tell(hash, getUserVariables(user)[0].name);
            case 'server':
                setUserServerVariable(user, 'rank', 7);
                return tell(hash, getUserServerVariable(user, 'rank') + getUserServerVariable('bob', 'rank'));
            case 'kick': return kick('bob', 'because');
            case 'ban': return ban('cyd', 10, 'for long');
            }}
        }}"
    );
    let settings = ["rooms.plugins=[\"All\"]", "rooms.ban_address=false"];
    server::with_plugins(&[("All", &room)], &settings, |server| {
        let mut ann = host_of(server, "ann", "Game", &wanted("All", "a", "b"))?;
        let mut bob = guest_of(server, "bob", "Game")?;
        let mut cy = guest_of(server, "cyd", "Game")?;
        ensure!(answer(&mut ann, "all", "log")? == "+ann0+bob1+cyd2");
        let all = answer(&mut ann, "All", "all")?;
        let expected = "All Main Game Main Game ann,bob,cyd 3 true false ";
        ensure!(all == expected, "{all:?}");
        ensure!(answer(&mut ann, "All", "topic")? == "b");
        let variable = bob.packet("UpdateRoomVariable")?;
        let variable = format!("{variable:?}");
        ensure!(variable.contains("topic"), "{variable}");
        ensure!(answer(&mut ann, "All", "mood")? == "mood");
        ensure!(answer(&mut ann, "All", "server")? == "7null");
        // Nobody but the server may change what it has locked.
        bob.send(
            "DeleteRoomVariable",
            "<RoomVariable ><Name>topic</Name></RoomVariable>",
        )?;
        bob.message("SendPrivateMessage")?;
        call(&mut ann, "All", "kick", ("a", "b"))?;
        let last = format!("{:?}", bob.closed()?);
        ensure!(last.contains("because"), "{last}");
        call(&mut ann, "All", "ban", ("a", "b"))?;
        cy.closed()?;
        ensure!(answer(&mut ann, "All", "log")?.ends_with("-bob1-cyd1"));
        let denied = Movie::greeted(server.xml)?.log_in("cyd", "")?;
        ensure!(text(&denied, "Result") == "Denied", "{denied:?}");
        Ok(())
    })
}

fn interop() -> Result<()> {
    let bank = "function pluginInterop(hash) {
            if (hash.get('back') == 'yes') return callRemotePlugin('Shop', {});
            return {left: 10 - hash.get('price')};
        }";
    let shop = format!(
        "{TELL}
        function pluginInterop(hash) {{ return {{}}; }}
        function pluginRequest(hash) {{
            var text;
            try {{
                text = callRemotePlugin(hash.get(METHOD), {{price: 3, back: hash.get('a')}}).get('left');
            }} catch (error) {{
                text = error.message;
            }}
            tell(hash, text);
        }}"
    );
    let slow = "function pluginInterop(hash) { for (;;) {} }";
    let plugins: &[_] = &[("Bank", bank), ("Shop", &*shop), ("Slow", slow)];
    let settings = [
        "rooms.plugins=[\"Shop\"]",
        "rooms.server_plugins=[\"Bank\", \"Slow\"]",
        "rooms.plugin_call_ms=1000",
        "scripts.handler_ms=4000",
    ];
    server::with_plugins(plugins, &settings, |server| {
        let mut ann = host_of(server, "ann", "Game", &wanted("Shop", "a", "b"))?;
        ensure!(answer(&mut ann, "Shop", "Bank")? == "7");
        let none = answer(&mut ann, "Shop", "None")?;
        ensure!(none == "there is no plugin None", "{none}");
        let own = answer(&mut ann, "Shop", "Shop")?;
        ensure!(own == "the plugin Shop waits for this one", "{own}");
        let slow = answer(&mut ann, "Shop", "Slow")?;
        ensure!(slow.contains("rooms.plugin_call_ms"), "{slow}");
        // The shop of the room is not found by a plugin of the server, and that is no answer.
        call(&mut ann, "Shop", "Bank", ("a", "yes"))?;
        let (_, _, variables) = heard(&mut ann)?;
        let text = variables.get("text").context("no text")?;
        ensure!(text.contains("gives no answer"), "{text}");
        server.wait_for_log(&["Bank", "there is no plugin Shop"], SOON)?;
        Ok(())
    })
}

fn errors() -> Result<()> {
    let script = format!(
        "{TELL}
        function pluginInit() {{ nowhere(); }}
        function pluginRequest(hash) {{
            if (hash.get(METHOD) == 'bad') missing.x = 1;
            if (hash.get(METHOD) == 'long') for (;;) {{}}
            tell(hash, 'fine');
        }}"
    );
    let settings = ["rooms.server_plugins=[\"Errs\"]", "scripts.handler_ms=1000"];
    server::with_plugins(&[("Errs", &script)], &settings, |server| {
        server.wait_for_log(
            &["Errs", "script:", "nowhere is not defined", "main.asc"],
            SOON,
        )?;
        let mut ann = Movie::logged_in(server.xml, "ann", "")?;
        call(&mut ann, "Errs", "bad", ("a", "b"))?;
        server.wait_for_log(&["Errs", "missing is not defined", "line=5"], SOON)?;
        call(&mut ann, "Errs", "long", ("a", "b"))?;
        server.wait_for_log(&["Errs", "script:", "1000 ms"], SOON)?;
        ensure!(answer(&mut ann, "Errs", "good")? == "fine");
        ensure!(!server.log().contains("a plugin has ended"));
        Ok(())
    })
}

fn stuck() -> Result<()> {
    let script = format!(
        "{TELL}
        function pluginRequest(hash) {{
            if (hash.get(METHOD) == 'stick') for (;;) {{}}
            if (hash.get(METHOD) == 'eat') for (var all = [];;) all.push(new Array(1000));
            tell(hash, 'fine');
        }}"
    );
    let settings = [
        "rooms.server_plugins=[\"Sticks\"]",
        "rooms.plugins=[\"Sticks\"]",
        "scripts.handler_ms=0",
        "scripts.stuck_after_ms=2000",
        "scripts.memory_bytes=8388608",
    ];
    server::with_plugins(&[("Sticks", &script)], &settings, |server| {
        let mut ann = Movie::logged_in(server.xml, "ann", "")?;
        let mut bob = host_of(server, "bob", "Game", &wanted("Sticks", "a", "b"))?;
        ensure!(answer(&mut bob, "Sticks", "good")? == "fine");
        call(&mut ann, "Sticks", "stick", ("a", "b"))?;
        server.wait_for_log(&["does not come back", "Sticks"], SOON)?;
        server.wait_for_metric("greenroom_script_threads_lost", "", 1.0)?;
        // The one of the room is another; the one of the server begins anew.
        ensure!(answer(&mut bob, "Sticks", "good")? == "fine");
        ensure!(answer(&mut ann, "Sticks", "good")? == "fine");
        // Without memory it is at its end as well, and the room has none any more.
        call(&mut bob, "Sticks", "eat", ("a", "b"))?;
        server.wait_for_log(&["a plugin has ended", "memory", "Game"], SOON)?;
        // What it is called for then is for the server's.
        ensure!(answer(&mut bob, "Sticks", "good")? == "fine");
        Ok(())
    })
}

fn limits() -> Result<()> {
    let busy = format!(
        "{TELL}
        function rest() {{ for (var end = new Date().getTime() + 5; new Date().getTime() < end;) {{}} }}
        function pluginRequest(hash) {{
            while (hash.get(METHOD) == 'wait' && !isUserLoggedIn('dan')) rest();
            tell(hash, hash.get(METHOD));
        }}"
    );
    let plugins: &[_] = &[("Busy", &*busy), ("More", &*busy), ("Most", &*busy)];
    let settings = [
        "rooms.plugins=[\"Busy\", \"More\", \"Most\"]",
        "rooms.plugins_per_room=1",
        "rooms.plugins_running=2",
        "rooms.plugin_requests=1",
    ];
    server::with_plugins(plugins, &settings, |server| {
        let two = "<Plugins><Plugin><Name>Busy</Name><Variables /></Plugin>\
                   <Plugin><Name>More</Name><Variables /></Plugin></Plugins>";
        let mut ann = host_of(server, "ann", "First", two)?;
        server.wait_for_log(&["More", "rooms.plugins_per_room"], SOON)?;
        let _bob = host_of(server, "bob", "Second", &wanted("More", "a", "b"))?;
        let _cy = host_of(server, "cyd", "Third", &wanted("Most", "a", "b"))?;
        server.wait_for_log(&["Most", "rooms.plugins_running"], SOON)?;
        ensure!(answer(&mut ann, "Busy", "good")? == "good");
        for method in ["wait", "1", "2", "3"] {
            call(&mut ann, "Busy", method, ("a", "b"))?;
        }
        server.wait_for_log(&["Busy", "rooms.plugin_requests"], SOON)?;
        // What has been taken is done.
        let _dan = Movie::logged_in(server.xml, "dan", "")?;
        let (_, _, variables) = heard(&mut ann)?;
        ensure!(variables.get("text").map(String::as_str) == Some("wait"));
        Ok(())
    })
}

fn reload() -> Result<()> {
    let says = |word: &str| {
        format!(
            "{TELL}
            function pluginRequest(hash) {{ tell(hash, '{word}'); }}
            function pluginDestroy() {{ trace('destroyed {word}'); }}"
        )
    };
    let plugins: &[_] = &[("Says", &*says("old"))];
    let settings = ["rooms.server_plugins=[\"Says\"]"];
    server::with_plugins(plugins, &settings, |server| {
        let mut ann = Movie::logged_in(server.xml, "ann", "")?;
        ensure!(answer(&mut ann, "says", "what")? == "old");
        server.plugin("Says", &says("new"))?;
        server.signal("HUP")?;
        server.wait_for_log(&["trace: destroyed old"], SOON)?;
        ensure!(answer(&mut ann, "says", "what")? == "new");
        drop(ann);
        server.signal("TERM")?;
        server.wait(SOON)?;
        server.wait_for_log(&["trace: destroyed new"], SOON)?;
        Ok(())
    })
}

/// A web server that knows some users. Ends with the test's process.
fn users() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming() {
            // A client that fails fails its own test.
            let _ = stream.map_err(Into::into).and_then(serve);
        }
    });
    Ok(address)
}

/// Answers one form.
fn serve(stream: TcpStream) -> Result<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        let line = line.to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    // Flash writes dots so.
    let form = String::from_utf8(body)?.replace("%2E", ".");
    let has = |field: &str| form.split('&').any(|pair| pair == field);
    let answer = if !has("address=127.0.0.1") {
        "ok=0&reason=no+address"
    } else if has("user=ann") && has("password=fish%26chips") {
        "ok=1&name=Ann+of+York&role=moderator"
    } else if has("user=bob") {
        "ok=1"
    } else {
        "ok=0&reason=Wrong+password%21"
    };
    let length = answer.len();
    let mut stream = reader.into_inner();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{answer}"
    )?;
    Ok(())
}

/// The example's script, asking this web server.
fn http_login_at(address: SocketAddr) -> String {
    HTTP_LOGIN.replace("127.0.0.1:8080", &address.to_string())
}

fn http_login() -> Result<()> {
    let address = users()?;
    let script = http_login_at(address);
    let allowed = format!("scripts.allowed_hosts=[\"{address}\"]");
    let settings = ["rooms.login_plugin=HttpLogin", &allowed];
    server::with_plugins(&[("HttpLogin", &script)], &settings, |server| {
        let mut ann = Movie::greeted(server.xml)?;
        let denied = ann.log_in("ann", "guess")?;
        ensure!(text(&denied, "Result") == "Denied", "{denied:?}");
        ensure!(text(&denied, "Reason") == "Wrong password!", "{denied:?}");
        let accepted = ann.log_in("ann", "fish&chips")?;
        ensure!(text(&accepted, "Result") == "Accepted", "{accepted:?}");
        ann.create_room("Main", "Lobby", ROOM, "")?;
        let joined = ann.joined()?;
        let users = format!("{:?}", joined.parameters.array("Users"));
        ensure!(users.contains("Ann of York"), "{users}");
        // As a moderator.
        let mut bob = guest_of(server, "bob", "Lobby")?;
        ann.send(
            "ModeratorCommand",
            "<MinorAction>Kick</MinorAction><UserName>bob</UserName><Reason></Reason>",
        )?;
        bob.closed()?;
        server.wait_for_log(&["trace: bob has left."], SOON)?;
        drop(ann);
        server.wait_for_log(&["trace: Ann of York has left."], SOON)?;
        Ok(())
    })
}

/// The same list of hosts as for the scripts of applications.
fn http_not_allowed() -> Result<()> {
    let script = http_login_at(users()?);
    let settings = ["rooms.login_plugin=HttpLogin"];
    server::with_plugins(&[("HttpLogin", &script)], &settings, |server| {
        let denied = Movie::greeted(server.xml)?.log_in("bob", "")?;
        let reason = text(&denied, "Reason");
        ensure!(
            reason == "The list of users cannot be reached.",
            "{denied:?}"
        );
        server.wait_for_log(&["HttpLogin", "is not allowed"], SOON)?;
        Ok(())
    })
}

const UNCHECKED: &str = "The login could not be checked. Please try again later.";

fn failing() -> Result<()> {
    let login =
        "function login(name) { if (name == 'bad') throw new Error('no'); return name != 'cyd'; }";
    for (script, settings, reason) in [
        (login, "scripts.handler_ms=5000", "Error: no"),
        (
            "var nothing;",
            "scripts.handler_ms=5000",
            "no function login",
        ),
        ("var a = ;", "scripts.handler_ms=5000", "a plugin has ended"),
        (
            "function login() { for (;;) {} }",
            "scripts.handler_ms=500",
            "500 ms",
        ),
    ] {
        let settings = ["rooms.login_plugin=Login", settings];
        server::with_plugins(&[("Login", script)], &settings, |server| {
            let mut movie = Movie::greeted(server.xml)?;
            let denied = movie.log_in("bad", "")?;
            ensure!(text(&denied, "Result") == "Denied", "{denied:?}");
            ensure!(text(&denied, "Reason") == UNCHECKED, "{denied:?}");
            server.wait_for_log(&["Login", reason], SOON)?;
            if script == login {
                let denied = movie.log_in("cyd", "")?;
                ensure!(
                    text(&denied, "Reason") == "The login is refused.",
                    "{denied:?}"
                );
                let accepted = movie.log_in("bob", "")?;
                ensure!(text(&accepted, "Result") == "Accepted", "{accepted:?}");
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Meanwhile the name is taken; afterwards it is free again, and a late decision changes nothing.
fn late() -> Result<()> {
    let script = "var responses = [];
        function login(name, password, hash, response) {
            trace('asked for ' + name);
            if (name == 'bob') { responses[0].accept(); return true; }
            responses.push(response);
        }";
    let settings = ["rooms.login_plugin=Login", "rooms.login_decision_ms=1500"];
    server::with_plugins(&[("Login", script)], &settings, |server| {
        let mut ann = Movie::greeted(server.xml)?;
        ann.send("Login", "<Name>ann</Name><Password></Password>")?;
        server.wait_for_log(&["asked for ann"], SOON)?;
        let taken = Movie::greeted(server.xml)?.log_in("Ann", "")?;
        ensure!(text(&taken, "Result") == "Denied", "{taken:?}");
        ensure!(text(&taken, "Reason") != UNCHECKED, "{taken:?}");
        let denied = ann.packet("LoginResponse")?;
        ensure!(text(&denied, "Reason") == UNCHECKED, "{denied:?}");
        server.wait_for_log(&["rooms.login_decision_ms"], SOON)?;
        let accepted = ann.log_in("bob", "")?;
        ensure!(text(&accepted, "Result") == "Accepted", "{accepted:?}");
        // One that leaves while it waits takes its name with it.
        let mut cy = Movie::greeted(server.xml)?;
        cy.send("Login", "<Name>cyd</Name><Password></Password>")?;
        server.wait_for_log(&["asked for cyd"], SOON)?;
        drop(cy);
        server.wait_for_log(&["connection closed", "client_left"], SOON)?;
        let mut again = Movie::greeted(server.xml)?;
        again.send("Login", "<Name>cyd</Name><Password></Password>")?;
        let late = again.packet("LoginResponse")?;
        ensure!(text(&late, "Reason") == UNCHECKED, "{late:?}");
        Ok(())
    })
}

fn kept() -> Result<()> {
    let script = format!(
        "{TELL}
        function login(name, password, hash, response) {{
            response.accept({{variables: {{rank: 3}}, serverVariables: {{id: name + hash.get('k')}}}});
        }}
        function pluginRequest(hash) {{
            tell(hash, getUserServerVariable(hash.get(EXECUTING_USER_NAME), 'id'));
        }}"
    );
    let settings = ["rooms.login_plugin=Login"];
    server::with_plugins(&[("Login", &script)], &settings, |server| {
        let mut ann = Movie::greeted(server.xml)?;
        ann.send(
            "Login",
            "<Name>ann</Name><Password></Password><UserVariables><UserVariable><Name>k</Name>\
             <Data><![CDATA[7]]></Data></UserVariable></UserVariables>",
        )?;
        let accepted = ann.packet("LoginResponse")?;
        let variables = accepted.parameters.array("Variables");
        let rank = variables.first().context("no variables")?;
        ensure!(rank.text("Name").as_deref() == Some("rank"), "{accepted:?}");
        ensure!(rank.text("Value").as_deref() == Some("3"), "{accepted:?}");
        ensure!(answer(&mut ann, "Login", "id")? == "ann7");
        Ok(())
    })
}
