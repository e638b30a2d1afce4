//! The example of two instances that talk to each other, as it is shipped.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use amf::Value;
use engine::ClientId;
use engine::scripting::{CallOutcome, ClientInfo, LinkId, ScriptEffect, ScriptInput, StopReason};
use script::check::{CheckLimits, CheckSetup, check};
use script::{ApplicationInfo, MemoryFiles, ScriptConfig};

use crate::driver::{Driver, call, problems, reject};

const LOBBY: &str = include_str!("../../../../applications/lobby/main.asc");
const ROOM: &str = include_str!("../../../../applications/room/main.asc");

/// The clients that are connections of the room have their link's number and this.
const LINKS: u64 = 1_000;

/// A lobby and a room, and what goes between them.
struct Pair {
    lobby: Driver,
    room: Driver,
    /// What each movie in the lobby has been told last.
    seen: BTreeMap<u64, Vec<(String, f64)>>,
    /// What movies in the room were told.
    said: Vec<ScriptEffect>,
    /// Whether the lobby can be reached.
    reachable: bool,
}

#[derive(Clone, Copy)]
enum Side {
    Lobby,
    Room,
}

fn info(name: &str) -> ApplicationInfo {
    ApplicationInfo {
        name: name.into(),
        ..ApplicationInfo::default()
    }
}

fn started(script: &str, name: &str) -> (Driver, Vec<ScriptEffect>) {
    let files = MemoryFiles::new().with("main.asc", script);
    let mut driver = Driver::with(files, ScriptConfig::default(), info(name));
    let effects = driver.input(ScriptInput::Start);
    assert_eq!(problems(&effects), [] as [String; 0], "{name}");
    (driver, effects)
}

fn status(code: &str) -> Value {
    Value::object([("code", Value::from(code))])
}

impl Pair {
    /// A lobby in which movie 1 looks, and then a room.
    fn new(reachable: bool) -> Self {
        let (lobby, _) = started(LOBBY, "lobby/_definst_");
        let (room, effects) = started(ROOM, "room/blue");
        let mut pair = Self {
            lobby,
            room,
            seen: BTreeMap::new(),
            said: Vec::new(),
            reachable,
        };
        let looking = pair.lobby.connect(1, &[]);
        pair.carry(Side::Lobby, looking);
        assert_eq!(pair.rooms(), []);
        pair.carry(Side::Room, effects);
        pair
    }

    /// What movie 1 shows.
    fn rooms(&self) -> &[(String, f64)] {
        &self.seen[&1]
    }

    /// Carries out effects, and those that come of them.
    fn carry(&mut self, side: Side, effects: Vec<ScriptEffect>) {
        let mut waiting = VecDeque::new();
        waiting.push_back((side, effects));
        while let Some((side, effects)) = waiting.pop_front() {
            for effect in effects {
                waiting.push_back(match side {
                    Side::Lobby => (Side::Room, self.carry_out_of_lobby(effect)),
                    Side::Room => self.carry_out_of_room(effect),
                });
            }
        }
    }

    /// What the lobby wants; answers what the room makes of it.
    fn carry_out_of_lobby(&mut self, effect: ScriptEffect) -> Vec<ScriptEffect> {
        let link_of = |client: ClientId| client.0.checked_sub(LINKS).map(LinkId);
        match effect {
            ScriptEffect::Accept { client } => link_of(client).map_or_else(Vec::new, |link| {
                self.room.input(ScriptInput::LinkStatus {
                    link,
                    info: status("NetConnection.Connect.Success"),
                    connected: true,
                })
            }),
            ScriptEffect::Call {
                client,
                method,
                args,
                call: None,
            } => {
                assert_eq!(method.as_str(), "rooms");
                assert_eq!(link_of(client), None, "a room is not told of rooms");
                self.seen.insert(client.0, rooms(&args));
                Vec::new()
            }
            other => panic!("the lobby wants {other:?}"),
        }
    }

    /// What the room wants; answers what comes of it, and where.
    fn carry_out_of_room(&mut self, effect: ScriptEffect) -> (Side, Vec<ScriptEffect>) {
        let client = |link: LinkId| ClientId(link.0 + LINKS);
        match effect {
            ScriptEffect::Link {
                link, url, args, ..
            } => {
                assert_eq!(url, "rtmp://localhost/lobby");
                return self.link(link, args);
            }
            ScriptEffect::LinkSend {
                link,
                method,
                args,
                call,
            } => {
                assert_eq!(call, None, "the room wants no answers");
                let input = ScriptInput::Call {
                    client: client(link),
                    method,
                    args,
                    transaction: 0.0,
                    native: false,
                };
                return (Side::Lobby, self.lobby.input(input));
            }
            ScriptEffect::LinkClose { link } => {
                let client = client(link);
                let input = ScriptInput::Disconnect { client };
                return (Side::Lobby, self.lobby.input(input));
            }
            ScriptEffect::Call { .. } => self.said.push(effect),
            ScriptEffect::Started
            | ScriptEffect::Accept { .. }
            | ScriptEffect::Return { .. }
            | ScriptEffect::Stop { allowed: true }
            | ScriptEffect::Trace(_) => {}
            other => panic!("the room wants {other:?}"),
        }
        (Side::Room, Vec::new())
    }

    /// The room connects to the lobby.
    fn link(&mut self, link: LinkId, args: Vec<Value>) -> (Side, Vec<ScriptEffect>) {
        if !self.reachable {
            return (Side::Room, self.lose(link, "NetConnection.Connect.Failed"));
        }
        let about = ClientInfo {
            agent: "FlashCom/1.5.2".into(),
            ip: "127.0.0.1".into(),
            ..ClientInfo::default()
        };
        let input = ScriptInput::Connect {
            client: ClientId(link.0 + LINKS),
            info: Box::new(about),
            args,
        };
        (Side::Lobby, self.lobby.input(input))
    }

    fn lose(&mut self, link: LinkId, code: &str) -> Vec<ScriptEffect> {
        self.room.input(ScriptInput::LinkStatus {
            link,
            info: status(code),
            connected: false,
        })
    }

    fn join(&mut self, client: u64, name: &str) {
        let effects = self.room.connect(client, &[name.into()]);
        self.carry(Side::Room, effects);
    }

    fn leave(&mut self, client: u64) {
        let effects = self.room.disconnect(client);
        self.carry(Side::Room, effects);
    }

    fn pass(&mut self, ms: u64) {
        let effects = self.room.pass(ms);
        self.carry(Side::Room, effects);
    }
}

/// The list that a movie is told.
fn rooms(args: &[Value]) -> Vec<(String, f64)> {
    let [list] = args else {
        panic!("{args:?}");
    };
    let room = |room: &Value| {
        let name = room.get("name").and_then(Value::as_str).expect("a name");
        let users = room.get("users").and_then(Value::as_f64).expect("a number");
        (name.to_owned(), users)
    };
    list.as_array().expect("a list").iter().map(room).collect()
}

fn blue(users: f64) -> [(String, f64); 1] {
    [("blue".to_owned(), users)]
}

#[test]
fn the_lobby_knows_how_many_people_are_in_the_room() {
    let mut pair = Pair::new(true);
    assert_eq!(pair.rooms(), blue(0.0), "the room has started");
    let mut inside: Vec<u64> = Vec::new();
    for step in 0..40 {
        // Comes and goes, three times as many comings.
        if step % 4 == 3 {
            let client = inside.remove(step % inside.len());
            pair.leave(client);
        } else {
            inside.push(step as u64 + 1);
            pair.join(step as u64 + 1, "ann");
        }
        assert_eq!(pair.rooms(), blue(inside.len() as f64), "step {step}");
    }
    let stopping = pair.room.stop(StopReason::Idle, false);
    assert!(stopping.contains(&ScriptEffect::Stop { allowed: true }));
    pair.carry(Side::Room, stopping);
    assert_eq!(pair.rooms(), [], "the room has ended");
    pair.pass(60_000);
    assert_eq!(pair.rooms(), [], "and does not come again");
}

#[test]
fn a_lobby_that_was_away_is_told_when_it_is_back() {
    let mut pair = Pair::new(false);
    pair.join(1, "ann");
    pair.join(2, "bob");
    pair.pass(20_000);
    assert_eq!(pair.rooms(), []);
    pair.reachable = true;
    pair.pass(5_000);
    assert_eq!(pair.rooms(), blue(2.0));
    pair.pass(60_000);
    assert_eq!(pair.rooms(), blue(2.0), "one connection is enough");
}

#[test]
fn a_room_that_lost_its_connection_connects_again() {
    let mut pair = Pair::new(true);
    pair.join(1, "ann");
    let effects = pair.lose(LinkId(1), "NetConnection.Connect.Closed");
    pair.carry(Side::Room, effects);
    // The lobby has not noticed yet when the room is back.
    pair.pass(5_000);
    assert_eq!(pair.rooms(), blue(1.0));
    let gone = pair.lobby.disconnect(LINKS + 1);
    pair.carry(Side::Lobby, gone);
    assert_eq!(pair.rooms(), blue(1.0), "the new connection counts");
    let gone = pair.lobby.disconnect(LINKS + 2);
    pair.carry(Side::Lobby, gone);
    assert_eq!(pair.rooms(), [], "a room that goes without a word");
}

#[test]
fn a_movie_is_no_room() {
    let mut pair = Pair::new(true);
    let effects = pair.lobby.connect(7, &["room".into(), "red".into()]);
    let message = Value::object([("message", Value::from("That is not a room."))]);
    let mut expected = reject(7);
    if let ScriptEffect::Reject { application, .. } = &mut expected {
        *application = message;
    }
    assert_eq!(effects, [expected]);
    let lies = pair.lobby.call(1, "count", &[99.0.into()]);
    assert!(matches!(
        lies.as_slice(),
        [ScriptEffect::Return {
            outcome: CallOutcome::Error(_),
            ..
        }]
    ));
    assert_eq!(pair.rooms(), blue(0.0));
}

#[test]
fn people_in_a_room_hear_each_other() {
    let mut pair = Pair::new(true);
    pair.join(1, "ann");
    pair.join(2, "bob");
    let effects = pair.room.call(1, "say", &["hello".into()]);
    pair.carry(Side::Room, effects);
    let heard = ["ann".into(), "hello".into()];
    assert_eq!(
        pair.said,
        [call(1, "said", &heard), call(2, "said", &heard)]
    );
}

#[test]
fn the_report_finds_nothing_in_them() {
    for (script, name) in [(LOBBY, "lobby/_definst_"), (ROOM, "room/blue")] {
        let report = check(&CheckSetup {
            files: Rc::new(MemoryFiles::new().with("main.asc", script)),
            config: ScriptConfig::default(),
            info: info(name),
            limits: CheckLimits::default(),
        });
        assert_eq!(report.findings, [], "{name}");
        assert_eq!(report.files, ["main.asc"]);
    }
}
