//! Shared objects of an instance with a script: what the script does with them and is told of
//! them, and who else may use them.

use amf::Value;
use engine::scripting::{
    AccessRules, ChangeError, ObjectId, OpenError, ScriptEffect, ScriptInput, SharedObjectHost,
};
use engine::{ClientId, Input, ScriptedConfig, SharedObjects};
use rtmp::shared_object::{Event, Message};
use sharedobject::{Config, Limits, NothingStored, ObjectName, Save, SaveId};

use crate::world::{Lines, World, accepting, config, puppet};

fn objects(lock_timeout_ms: Option<u64>) -> SharedObjects {
    let config = Config {
        limits: Limits {
            objects: 2,
            slot_bytes: 100,
            ..Limits::default()
        },
        ..Config::default()
    };
    SharedObjects::new(
        config,
        lock_timeout_ms,
        Box::new(NothingStored),
        Box::new(Keeper::default()),
    )
}

/// Takes everything, and says so when it is asked.
#[derive(Default)]
struct Keeper {
    saves: Vec<SaveId>,
    told: Vec<(SaveId, bool)>,
}

impl engine::ObjectSaver for Keeper {
    fn save(&mut self, save: Save) {
        self.saves.push(save.id);
    }

    fn forget(&mut self, id: SaveId, _: Vec<ObjectName>) {
        self.saves.push(id);
    }

    fn wait(&mut self) {
        let saved = self.saves.drain(..).map(|save| (save, true));
        self.told.extend(saved);
    }

    fn take_saved(&mut self) -> Vec<(SaveId, bool)> {
        std::mem::take(&mut self.told)
    }
}

/// A world whose script has these objects and lets everybody in.
fn world(
    objects: &SharedObjects,
    config: ScriptedConfig,
    mut and: impl FnMut(&ScriptInput) -> Vec<ScriptEffect> + 'static,
) -> World {
    let lines = Lines::default();
    let script = puppet(&lines, move |input| {
        let mut effects = accepting(input);
        effects.extend(and(input));
        effects
    });
    let mut world = World::with_objects(config, lines, objects.clone(), script);
    world.start();
    world.lines.borrow_mut().clear();
    world
}

fn send(world: &mut World, client: ClientId, version: u32, event: Event) {
    let message = Message::new("chat", version, false, vec![event]);
    world.handle(Input::SharedObject { client, message });
}

/// A client that uses the object. Nothing is said about it.
fn user(world: &mut World, id: u64) -> ClientId {
    let client = world.client(id);
    send(world, client, 0, Event::Use);
    world.lines.borrow_mut().clear();
    client
}

fn set(key: &str, value: f64) -> Event {
    Event::RequestChange(vec![(key.into(), value.into())])
}

fn open(objects: &SharedObjects) -> ObjectId {
    objects.open("chat", false, None).expect("it opens")
}

#[test]
fn who_has_not_been_let_in_uses_nothing() {
    let lines = Lines::default();
    let script = puppet(&lines, |_| vec![]);
    let config = ScriptedConfig {
        held_messages: 3,
        held_bytes: 100,
        ..config()
    };
    let mut world = World::with_objects(config, lines, objects(None), script);
    world.start();
    let guest = world.client(1);
    world.lines.borrow_mut().clear();
    for _ in 0..3 {
        send(&mut world, guest, 0, Event::Use);
    }
    // They wait.
    world.expect(&[]);
    send(&mut world, guest, 0, Event::Use);
    world.expect(&["1 dropped chat"]);
    let wordy = world.client(2);
    world.lines.borrow_mut().clear();
    send(&mut world, wordy, 0, set(&"a".repeat(100), 1.0));
    world.expect(&["2 dropped chat"]);
}

#[test]
fn what_a_client_wants_waits_until_it_is_let_in() {
    let lines = Lines::default();
    let objects = objects(None);
    let id = open(&objects);
    let script = puppet(&lines, |input| match input {
        ScriptInput::Disconnect { .. } => vec![ScriptEffect::Accept {
            client: ClientId(1),
        }],
        _ => vec![],
    });
    let mut world = World::with_objects(config(), lines, objects, script);
    // While the script has not started, and while it thinks.
    let early = world.client(1);
    send(&mut world, early, 0, Event::Use);
    world.start();
    send(&mut world, early, 0, set("a", 1.0));
    let other = world.client(2);
    world.lines.borrow_mut().clear();
    world.leave(other);
    let told = format!("> object {}", id.0);
    let lines = world.lines.borrow().clone();
    let place = |part: &str| lines.iter().position(|line| line.contains(part));
    let (accepted, used) = (
        place("Connect.Success"),
        place("1 < so chat v0: UseSuccess"),
    );
    assert!(accepted.is_some() && accepted < used, "{lines:?}");
    assert!(place(&told).is_some(), "{lines:?}");
}

#[test]
fn the_script_is_told_what_clients_do_and_not_what_it_does() {
    let objects = objects(None);
    let id = open(&objects);
    let mut world = world(&objects, config(), |_| vec![]);
    let one = user(&mut world, 1);
    send(&mut world, one, 0, set("a", 1.0));
    let told = format!("> object {}", id.0);
    world.expect(&[
        &format!("{told} change a was None"),
        "1 < so chat v1: success a",
    ]);
    world.now = world.now + 1000;
    objects.set(id, "a".into(), 2.0.into()).expect("it is set");
    assert_eq!(objects.get(id, "a"), Some(Value::from(2.0)));
    world.handle(Input::Timeout);
    world.expect(&["1 < so chat v2: change a=2"]);
    world.now = world.now + 1000;
    send(&mut world, one, 2, Event::RequestRemove(vec!["a".into()]));
    world.expect(&[
        &format!("{told} delete a was Some(2.0)"),
        "1 < so chat v3: success a",
    ]);
}

#[test]
fn what_the_script_sets_in_a_handler_goes_before_what_it_calls() {
    let objects = objects(None);
    let id = open(&objects);
    let host = objects.clone();
    let mut world = world(&objects, config(), move |input| {
        let ScriptInput::Call { client, .. } = input else {
            return vec![];
        };
        host.set(id, "a".into(), 1.0.into()).expect("it is set");
        vec![ScriptEffect::Call {
            client: *client,
            method: "look".into(),
            args: vec![],
            call: None,
        }]
    });
    let one = user(&mut world, 1);
    world.call(one, "go", 0.0, &[]);
    world.expect(&[
        "> 1 calls go 0 with 0",
        "1 < so chat v1: change a=1",
        "1 < look ",
    ]);
}

#[test]
fn messages_reach_the_methods_that_clients_may_call() {
    let only = ScriptedConfig {
        object_methods: Some(vec!["pub".into()]),
        ..config()
    };
    for (config, told) in [(config(), true), (only, false)] {
        let objects = objects(None);
        let id = open(&objects);
        let mut world = world(&objects, config, |_| vec![]);
        let one = user(&mut world, 1);
        for handler in ["private", "public"] {
            world.now = world.now + 1000;
            let event = Event::SendMessage {
                handler: handler.into(),
                args: vec![],
            };
            send(&mut world, one, 0, event);
            let called = format!("> object {} message {handler}", id.0);
            let called = (told || handler == "public").then_some(&*called);
            let sent = format!("1 < so chat v0: send {handler} ");
            let expected: Vec<&str> = called.into_iter().chain([&*sent]).collect();
            world.expect(&expected);
        }
        world.leave(one);
    }
}

#[test]
fn a_lock_holds_what_clients_want_until_the_unlock() {
    let objects = objects(None);
    let id = open(&objects);
    let mut world = world(&objects, config(), |_| vec![]);
    let one = user(&mut world, 1);
    assert_eq!(objects.unlock(id), -1, "it is not locked");
    assert_eq!((objects.lock(id), objects.lock(id)), (1, 2));
    send(&mut world, one, 0, set("a", 1.0));
    objects.set(id, "b".into(), 2.0.into()).expect("it is set");
    objects.set(id, "c".into(), 3.0.into()).expect("it is set");
    world.wait_until(60_000);
    world.expect(&[]);
    assert_eq!((objects.unlock(id), objects.unlock(id)), (1, 0));
    world.handle(Input::Timeout);
    let seen: Vec<String> = world.lines.borrow_mut().drain(..).collect();
    let seen = seen.join("\n");
    let place = |what: &str| {
        seen.find(what)
            .unwrap_or_else(|| panic!("no {what} in {seen}"))
    };
    assert!(
        place("change b=2, change c=3") < place("success a"),
        "{seen}"
    );
}

#[test]
fn a_lock_that_lasts_too_long_is_broken() {
    let objects = objects(Some(500));
    let id = open(&objects);
    let mut world = world(&objects, config(), |_| vec![]);
    let one = user(&mut world, 1);
    objects.lock(id);
    send(&mut world, one, 0, set("a", 1.0));
    world.wait_until(1499);
    world.expect(&[]);
    world.wait_until(1500);
    let seen: Vec<String> = world.lines.borrow_mut().drain(..).collect();
    assert!(
        seen.contains(&"1 < so chat v1: success a".into()),
        "{seen:?}"
    );
    assert!(seen.contains(&"note: unlocked chat".into()), "{seen:?}");
    assert_eq!(objects.unlock(id), -1);
}

#[test]
fn a_flush_says_whether_everything_is_safe() {
    let objects = objects(None);
    let kept = objects.open("kept", true, None).expect("it opens");
    let chat = open(&objects);
    objects
        .set(kept, "a".into(), 1.0.into())
        .expect("it is set");
    assert!(objects.is_dirty(kept) && !objects.is_dirty(chat));
    assert!(objects.flush(kept));
    assert!(!objects.is_dirty(kept));
    assert!(objects.flush(kept), "there is nothing to save");
    assert!(!objects.flush(chat), "a temporary object is not kept");
    assert!(!objects.flush(ObjectId(99)));
    objects
        .set(kept, "a".into(), 2.0.into())
        .expect("it is set");
    assert!(objects.commit(None) && !objects.is_dirty(kept));
    assert!(objects.commit(Some("kept")) && !objects.commit(Some("chat")));
    // Nobody keeps these.
    let lost = SharedObjects::unsaved(Config::default());
    let id = lost.open("kept", true, None).expect("it opens");
    lost.set(id, "a".into(), 1.0.into()).expect("it is set");
    assert!(!lost.flush(id) && lost.is_dirty(id));
    assert_eq!(lost.get(id, "a"), Some(Value::from(1.0)));
}

#[test]
fn limits_and_names_are_told_to_the_script() {
    let objects = objects(None);
    let chat = open(&objects);
    assert_eq!(objects.open("chat", false, None), Ok(chat));
    let bad = objects.open("a b", false, None);
    assert!(matches!(bad, Err(OpenError::Name(_))), "{bad:?}");
    objects.open("two", true, None).expect("it opens");
    let third = objects.open("three", false, None);
    assert!(
        matches!(third, Err(OpenError::Limit { max: 2, .. })),
        "{third:?}"
    );
    let long = objects.set(chat, "a".into(), "x".repeat(101).as_str().into());
    assert!(
        matches!(long, Err(ChangeError::Limit { max: 100, .. })),
        "{long:?}"
    );
    objects.close(chat);
    let closed = objects.set(chat, "a".into(), 1.0.into());
    assert_eq!(closed, Err(ChangeError::Closed));
    objects
        .open("three", false, None)
        .expect("there is room again");
}

#[test]
fn the_access_rules_are_those_of_streams() {
    let objects = objects(None);
    let id = open(&objects);
    objects.set(id, "a".into(), 1.0.into()).expect("it is set");
    let mut world = world(&objects, config(), |input| {
        let ScriptInput::Call { client, args, .. } = input else {
            return vec![];
        };
        let rule = |index: usize| args[index].as_str().unwrap_or_default().to_owned();
        let rules = Box::new(AccessRules {
            read: rule(0),
            write: rule(1),
            ..AccessRules::default()
        });
        let client = *client;
        vec![ScriptEffect::Access { client, rules }]
    });
    let mut refused = |rules: [&str; 2], name: &str, events: Vec<Event>| {
        let client = world.client(1);
        world.call(client, "allow", 0.0, &rules.map(Value::from));
        world.lines.borrow_mut().clear();
        let message = Message::new(name, 1, false, events);
        world.handle(Input::SharedObject { client, message });
        let said: Vec<String> = world.lines.borrow_mut().drain(..).collect();
        world.leave(client);
        world.lines.borrow_mut().clear();
        let said = said.into_iter().filter(|line| line.starts_with("1 < "));
        said.collect::<Vec<_>>().join("\n")
    };
    let said = refused(["", "/"], "chat", vec![Event::Use]);
    assert!(said.contains("SharedObject.NoReadAccess"), "{said}");
    let said = refused(["/", ""], "other", vec![Event::Use]);
    assert!(said.contains("SharedObject.ObjectCreationFailed"), "{said}");
    let said = refused(["chat", "other"], "chat", vec![Event::Use, set("a", 2.0)]);
    let [access, value] =
        ["SharedObject.NoWriteAccess", "change a=1"].map(|what| said.contains(what));
    assert!(access && value, "{said}");
    let said = refused(["/", "chat"], "chat", vec![Event::Use, set("a", 2.0)]);
    assert!(said.contains("success a"), "{said}");
}

#[test]
fn the_end_of_the_instance_saves_everything() {
    let objects = objects(None);
    let kept = objects.open("kept", true, None).expect("it opens");
    let mut world = world(&objects, config(), |_| vec![]);
    objects
        .set(kept, "a".into(), 1.0.into())
        .expect("it is set");
    world.handle(Input::Stop { silent: true });
    assert!(world.instance.has_stopped());
    // It has been asked for: waiting is all that is left.
    assert!(objects.is_dirty(kept));
    assert!(objects.flush(kept));
}
