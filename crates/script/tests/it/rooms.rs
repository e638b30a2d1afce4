//! `Rooms`: what a script asks for, what it makes of the answers, and what it is told.

use std::cell::RefCell;

use amf::Value;
use engine::scripting::{RoomAsk, RoomEvent, RoomHost, RoomNews, ScriptEffect, ScriptInput};
use script::{ApplicationInfo, MemoryFiles, ScriptConfig};

use crate::driver::{Driver, evaluator, problems, traces};

/// Writes down what is asked; knows the room `Lobby` of the zone `Main` only.
#[derive(Default)]
pub(crate) struct Lobby {
    asked: RefCell<Vec<RoomAsk>>,
}

impl RoomHost for Lobby {
    fn ask(&self, ask: RoomAsk) -> Result<Value, String> {
        self.asked.borrow_mut().push(ask.clone());
        let names = |names: &[&str]| {
            let names = names.iter().map(|name| Value::from(*name));
            Value::StrictArray(names.collect())
        };
        match ask {
            RoomAsk::Zones => Ok(names(&["Main"])),
            RoomAsk::Rooms { .. } => Ok(names(&["Lobby"])),
            RoomAsk::Room(room) if room.room.as_str().eq_ignore_ascii_case("lobby") => {
                let user = Value::object([("name", Value::from("ann"))]);
                Ok(Value::object([
                    ("zone", Value::from("Main")),
                    ("name", Value::from("Lobby")),
                    ("users", Value::StrictArray([user].into())),
                    (
                        "variables",
                        Value::object([("topic", Value::from("chess"))]),
                    ),
                ]))
            }
            RoomAsk::Room(_) => Ok(Value::Null),
            RoomAsk::Create { room, .. } if room.room.as_str() == "Lobby" => {
                Err("there is a room of that name".into())
            }
            RoomAsk::Enter { .. } => Ok(Value::from("77")),
            _ => Ok(Value::Undefined),
        }
    }
}

/// What evaluating something asked for, in its debug form.
fn asked(driver: &mut Driver, expression: &str) -> String {
    let world = driver.world.clone();
    world.rooms.asked.borrow_mut().clear();
    driver.eval(expression);
    let asked = world.rooms.asked.borrow();
    format!("{asked:?}")
}

fn news(driver: &mut Driver, event: RoomEvent, args: &[&str]) -> Vec<String> {
    let args = args.iter().map(|arg| Value::from(*arg)).collect();
    let effects = driver.input(ScriptInput::RoomNews(RoomNews { event, args }));
    assert_eq!(problems(&effects), [] as [String; 0]);
    traces(&effects).into_iter().map(str::to_owned).collect()
}

/// A script of the instance that the zone `main` is bound to, and what clients may find there.
fn bound(script: &str) -> Driver {
    let files = MemoryFiles::new().with("main.asc", script);
    let info = ApplicationInfo {
        zone: Some("main".into()),
        ..ApplicationInfo::default()
    };
    let mut driver = Driver::with(files, ScriptConfig::default(), info);
    assert_eq!(
        problems(&driver.input(ScriptInput::Start)),
        [] as [String; 0]
    );
    driver
}

fn slots(driver: &Driver) -> Vec<String> {
    driver.world.objects.names("rooms")
}

#[test]
fn a_bound_zone_is_a_shared_object() {
    let mut driver = bound("");
    let begun = ["room/Lobby", "user/Lobby/ann", "variable/Lobby/topic"];
    assert_eq!(slots(&driver), begun);
    let value = driver.world.objects.value("rooms", "variable/Lobby/topic");
    let value = value.expect("the variable");
    let field = |name: &str| value.get(name).and_then(Value::as_str);
    let shown = ["kind", "room", "name", "value"].map(field);
    assert_eq!(shown, ["variable", "Lobby", "topic", "chess"].map(Some));

    news(&mut driver, RoomEvent::Created, &["Main", "New"]);
    news(&mut driver, RoomEvent::Entered, &["Main", "New", "bob"]);
    news(&mut driver, RoomEvent::Variable, &["Main", "New", "a", "b"]);
    news(&mut driver, RoomEvent::Left, &["Main", "Lobby", "ann"]);
    news(&mut driver, RoomEvent::Entered, &["Other", "Lobby", "cid"]);
    let now = [
        "room/Lobby",
        "room/New",
        "user/New/bob",
        "variable/Lobby/topic",
        "variable/New/a",
    ];
    assert_eq!(slots(&driver), now);
    news(&mut driver, RoomEvent::Removed, &["Main", "New"]);
    assert_eq!(slots(&driver), ["room/Lobby", "variable/Lobby/topic"]);
    // Some was not told: all is read again.
    news(&mut driver, RoomEvent::Lost, &["7"]);
    assert_eq!(slots(&driver), begun);
}

#[test]
fn what_clients_change_in_it_is_changed_back() {
    let mut driver = bound("");
    driver.world.objects.enter("rooms");
    driver
        .world
        .objects
        .client_sets("rooms", "user/Lobby/ann", "me");
    driver
        .world
        .objects
        .client_sets("rooms", "user/Lobby/nobody", "me");
    driver.tell();
    let ann = driver.world.objects.value("rooms", "user/Lobby/ann");
    let ann = ann.expect("the user");
    assert_eq!(ann.get("kind").and_then(Value::as_str), Some("user"));
    assert_eq!(slots(&driver).len(), 3);
}

/// What clients are called with, and what they are answered.
fn calls(effects: &[ScriptEffect]) -> Vec<String> {
    let calls = effects.iter().filter_map(|effect| match effect {
        ScriptEffect::Call {
            client,
            method,
            args,
            ..
        } => Some(format!("{} {}{args:?}", client.0, method.as_str())),
        ScriptEffect::Return { outcome, .. } => Some(format!("{outcome:?}")),
        _ => None,
    });
    calls.collect()
}

#[test]
fn clients_of_a_bound_zone_are_called_and_speak() {
    let mut driver = bound("");
    driver.connect(1, &[]);
    driver.connect(2, &[]);
    let args = ["Main", "Lobby", "ann", "hi"].map(Value::from).to_vec();
    let said = ScriptInput::RoomNews(RoomNews {
        event: RoomEvent::Message,
        args,
    });
    let told = calls(&driver.input(said));
    assert_eq!(told.len(), 2);
    assert!(
        told[1].starts_with("2 onRoomMessage[\"Lobby\", \"ann\", \"hi\""),
        "{told:?}"
    );

    let not_in = driver.call(1, "roomSay", &["x".into()]);
    assert_eq!(calls(&not_in), ["Result(false)"]);
    let entered = driver.call(1, "roomEnter", &["Lobby".into(), "bob".into()]);
    assert_eq!(calls(&entered), ["Result(true)"]);
    let spoken = driver.call(1, "roomSay", &["x".into()]);
    assert_eq!(calls(&spoken), ["Result(true)"]);
    let args = ["77", "ann", "psst"].map(Value::from).to_vec();
    let whispered = ScriptInput::RoomNews(RoomNews {
        event: RoomEvent::Whisper,
        args,
    });
    let told = calls(&driver.input(whispered));
    assert!(
        told.len() == 1 && told[0].starts_with("1 onRoomPrivateMessage"),
        "{told:?}"
    );
    driver.world.rooms.asked.borrow_mut().clear();
    driver.disconnect(1);
    let asked = format!("{:?}", driver.world.rooms.asked.borrow());
    assert!(asked.contains("GuestLeave"), "{asked}");
}

#[test]
fn a_script_says_who_may_speak() {
    let mut driver = bound(
        "var enter = Client.prototype.roomEnter;
         Client.prototype.roomEnter = function (room, name) {
             return name == 'bob' && enter.call(this, room, name);
         };",
    );
    driver.connect(1, &[]);
    let refused = driver.call(1, "roomEnter", &["Lobby".into(), "eve".into()]);
    assert_eq!(calls(&refused), ["Result(false)"]);
    let entered = driver.call(1, "roomEnter", &["Lobby".into(), "bob".into()]);
    assert_eq!(calls(&entered), ["Result(true)"]);
}

const EVALUATE: &str = "Client.prototype.evaluate = function (text) { return (0, eval)(text); };";

#[test]
fn rooms_are_found_and_read() {
    let mut driver = evaluator(EVALUATE);
    driver.check(&[
        ("Rooms.zones().join()", "Main"),
        (
            "Rooms.list('Main').length + Rooms.list('Main')[0].name",
            "1Lobby",
        ),
        ("Rooms.find('main', 'nowhere')", "null"),
        (
            "(r = Rooms.find('main', 'lobby'), [r, r.zone, r.name])",
            "[object Room],Main,Lobby",
        ),
        (
            "[r.exists, r.users[0].name, r.variables.topic]",
            "true,ann,chess",
        ),
        (
            "(e = Rooms.create('Main', 'New'), [e.exists, e.users.length])",
            "false,0",
        ),
    ]);
}

#[test]
fn what_is_refused_is_a_warning() {
    let mut driver = evaluator(EVALUATE);
    let effects = driver.call(
        1,
        "evaluate",
        &["Rooms.create('Main', 'Lobby') === null".into()],
    );
    let said = problems(&effects);
    assert!(
        said.len() == 1 && said[0].contains("there is a room of that name"),
        "{said:?}"
    );
}

#[test]
fn what_is_done_is_asked_with_texts_and_variables() {
    let mut driver = evaluator(EVALUATE);
    driver.eval("r = Rooms.find('Main', 'Lobby')");
    let said = asked(&mut driver, "r.send('Bot', 5, {a: 1})");
    for part in ["Say", "\"Lobby\"", "\"Bot\"", "\"5\"", "{\"a\": 1.0}"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let said = asked(
        &mut driver,
        "r.setVariable('topic', true); r.removeVariable('topic')",
    );
    assert!(
        said.contains("SetVariable") && said.contains("true"),
        "{said}"
    );
    assert!(said.contains("RemoveVariable"), "{said}");
    let said = asked(
        &mut driver,
        "r.kick('ann'); r.remove(); Rooms.send('ann', 'Bot', 'psst')",
    );
    assert!(
        said.contains("Kick") && said.contains("Remove(") && said.contains("Tell"),
        "{said}"
    );
    let said = asked(&mut driver, "Rooms.watch('Main'); Rooms.unwatch('Main')");
    assert!(said.contains("Watch") && said.contains("Unwatch"), "{said}");
}

#[test]
fn handlers_are_told_what_happens() {
    let mut driver = evaluator(&format!(
        "{EVALUATE}
        function show(name) {{
            Rooms[name] = function (room) {{
                trace([name, room.zone, room.name].concat([].slice.call(arguments, 1)).join());
            }};
        }}
        show('onRoomCreated'); show('onRoomRemoved'); show('onUserEntered'); show('onUserLeft');
        show('onMessage'); show('onVariable');
        Rooms.onLost = function (count) {{ trace('lost ' + count); }};"
    ));
    for (event, args, expected) in [
        (
            RoomEvent::Created,
            &["Main", "A"][..],
            "onRoomCreated,Main,A",
        ),
        (RoomEvent::Removed, &["Main", "A"], "onRoomRemoved,Main,A"),
        (
            RoomEvent::Entered,
            &["Main", "A", "ann"],
            "onUserEntered,Main,A,ann",
        ),
        (
            RoomEvent::Left,
            &["Main", "A", "ann"],
            "onUserLeft,Main,A,ann",
        ),
        (
            RoomEvent::Message,
            &["Main", "A", "ann", "hi"],
            "onMessage,Main,A,ann,hi",
        ),
        (
            RoomEvent::Variable,
            &["Main", "A", "t", "v"],
            "onVariable,Main,A,t,v",
        ),
        (RoomEvent::Lost, &["3"], "lost 3"),
    ] {
        assert_eq!(news(&mut driver, event, args), [expected]);
    }
}

#[test]
fn guests_speak_are_spoken_to_and_go() {
    let mut driver = evaluator(EVALUATE);
    driver.eval(
        "r = Rooms.find('Main', 'Lobby'); g = r.enter('bob', '192.0.2.1');
         g.onMessage = function (from, text) { trace([this === g, from, text].join()); };
         g.onEnd = function (why) { trace([why, this.isHere, this.send('x')].join()); };",
    );
    driver.check(&[(
        "[g, g.name, g.room === r, g.isHere]",
        "[object RoomGuest],bob,true,true",
    )]);
    let said = asked(&mut driver, "g.send('hi')");
    assert!(
        said.contains("GuestSay") && said.contains("\"77\""),
        "{said}"
    );
    let heard = news(&mut driver, RoomEvent::Whisper, &["77", "ann", "psst"]);
    assert_eq!(heard, ["true,ann,psst"]);
    assert_eq!(
        news(&mut driver, RoomEvent::GuestEnded, &["77", "kicked"]),
        ["kicked,false,false"]
    );
    assert_eq!(asked(&mut driver, "g.leave(); g.send('late')"), "[]");
    driver.eval("h = r.enter('cid')");
    assert!(asked(&mut driver, "h.leave()").contains("GuestLeave"));
    driver.check(&[("h.isHere", "false")]);
}
