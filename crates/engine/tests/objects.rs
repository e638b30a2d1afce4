//! Shared objects of an instance without a script: what each client is told, and what is kept.

#[path = "common/lines.rs"]
mod lines;

use std::collections::BTreeMap;
use std::sync::Arc;

use amf::{Str, Value};
use engine::{
    ClientId, Effect, Host, Input, Instance, InstanceConfig, Millis, ObjectNote, ObjectSaver,
    Origin, Output, SharedObjects, StreamName, WriteRate,
};
use lines::message_line;
use parking_lot::Mutex;
use rtmp::connect::ConnectInfo;
use rtmp::shared_object::{Event, Message};
use rtmp::{Body, Encoding};
use sharedobject::{Config, LoadError, Loader, ObjectName, Save, SaveId, Snapshot};

struct NoMedia;

impl Host for NoMedia {
    fn last_media(&self, _: &StreamName) -> Option<Millis> {
        None
    }
}

/// What is kept, and what the keeper has not told yet.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    objects: BTreeMap<String, Snapshot>,
    told: Vec<(SaveId, bool)>,
    fails: bool,
    damaged: bool,
    /// Saves of slots. Those that only say that an object is in use do not count.
    saves: usize,
}

impl Loader for Shelf {
    fn load(&mut self, name: &str) -> Result<Option<Snapshot>, LoadError> {
        let kept = self.0.lock();
        if kept.damaged {
            return Err(LoadError("it is damaged".into()));
        }
        Ok(kept.objects.get(name).cloned())
    }

    fn names(&mut self) -> Result<Vec<Str>, LoadError> {
        let kept = self.0.lock();
        Ok(kept
            .objects
            .keys()
            .map(|name| name.as_str().into())
            .collect())
    }

    fn first_version(&mut self) -> Result<u32, LoadError> {
        Ok(0)
    }
}

impl ObjectSaver for Shelf {
    fn save(&mut self, save: Save) {
        let mut kept = self.0.lock();
        let worked = !kept.fails;
        kept.told.push((save.id, worked));
        if worked {
            kept.saves += usize::from(!save.changes.slots.is_empty());
            if save.changes.forget {
                kept.objects.remove(save.name.as_str());
                return;
            }
            let object = kept.objects.entry(save.name.to_string()).or_default();
            object.apply(&save.changes);
        }
    }

    fn forget(&mut self, id: SaveId, names: Vec<ObjectName>) {
        let mut kept = self.0.lock();
        let worked = !kept.fails;
        kept.told.push((id, worked));
        if worked {
            kept.objects
                .retain(|name, _| names.iter().all(|forgotten| forgotten.as_str() != name));
        }
    }

    fn wait(&mut self) {}

    fn take_saved(&mut self) -> Vec<(SaveId, bool)> {
        std::mem::take(&mut self.0.lock().told)
    }
}

struct World {
    instance: Instance,
    now: Millis,
    lines: Vec<String>,
    timeout: Option<Millis>,
    persistent: bool,
}

impl World {
    fn new() -> Self {
        Self::with(InstanceConfig::default(), &Shelf::default())
    }

    fn with(config: InstanceConfig, shelf: &Shelf) -> Self {
        let (loader, saver) = (Box::new(shelf.clone()), Box::new(shelf.clone()));
        let objects = SharedObjects::new(Config::default(), None, loader, saver);
        Self {
            instance: Instance::new(config, Box::new(NoMedia), objects),
            now: Millis(1000),
            lines: Vec::new(),
            timeout: None,
            persistent: false,
        }
    }

    /// The same with persistent objects, which the shelf keeps.
    fn kept(shelf: &Shelf) -> Self {
        Self {
            persistent: true,
            ..Self::with(InstanceConfig::default(), shelf)
        }
    }

    fn client(&mut self, id: u64) -> ClientId {
        let client = ClientId(id);
        self.handle(Input::Connect {
            client,
            info: Box::new(ConnectInfo::default()),
            transaction: 1.0,
            origin: Origin::default(),
        });
        client
    }

    fn handle(&mut self, input: Input) {
        self.instance.handle(self.now, input);
        loop {
            match self.instance.poll() {
                Output::Effect(Effect::SharedObject { client, update }) => {
                    let message = update.message(Encoding::Amf0);
                    let message = rtmp::Message::connection(Body::SharedObject(message));
                    let line = format!("{} < {}", client.0, message_line(&message));
                    self.lines.push(line);
                }
                Output::Effect(Effect::ObjectNote(note)) => self.lines.push(note_line(&note)),
                Output::Effect(_) => {}
                Output::Timeout(at) => return self.timeout = at,
            }
        }
    }

    fn send(&mut self, client: ClientId, version: u32, events: Vec<Event>) {
        let message = Message::new("chat", version, self.persistent, events);
        self.handle(Input::SharedObject { client, message });
    }

    /// A client that uses the object. Nothing is said about it.
    fn user(&mut self, id: u64) -> ClientId {
        let client = self.client(id);
        self.send(client, 0, vec![Event::Use]);
        self.lines.clear();
        client
    }

    fn leave(&mut self, client: ClientId) {
        self.handle(Input::Disconnect { client });
    }

    fn wait_until(&mut self, at: u64) {
        while let Some(due) = self.timeout.filter(|due| due.0 <= at) {
            self.now = due.max(self.now);
            self.handle(Input::Timeout);
        }
        self.now = Millis(at);
    }

    #[track_caller]
    fn expect(&mut self, lines: &[&str]) {
        let seen = std::mem::take(&mut self.lines);
        assert_eq!(seen, lines, "\nseen:\n{}", seen.join("\n"));
    }
}

fn note_line(note: &ObjectNote) -> String {
    match note {
        ObjectNote::Refused { client, why, .. } => format!("{} refused: {why}", client.0),
        ObjectNote::TooFast { client, .. } => format!("{} too fast", client.0),
        ObjectNote::LoadFailed { name, why } => format!("{name} not loaded: {why}"),
        ObjectNote::UnknownEvent { client, event, .. } => {
            format!("{} unknown event {event}", client.0)
        }
        ObjectNote::OwnerLost { name, .. } => format!("{name} lost its owner"),
        ObjectNote::Unlocked { object } => format!("{object} unlocked"),
    }
}

fn set(key: &str, value: f64) -> Event {
    Event::RequestChange(vec![(key.into(), value.into())])
}

#[test]
fn a_change_is_answered_and_told_to_the_others() {
    let mut world = World::new();
    let (one, two) = (world.client(1), world.client(2));
    world.send(one, 0, vec![Event::Use]);
    world.expect(&["1 < so chat v0: UseSuccess, Clear"]);
    world.send(one, 0, vec![set("a", 1.0), set("b", 2.0)]);
    world.expect(&["1 < so chat v1: success a, success b"]);
    world.send(two, 0, vec![Event::Use]);
    world.expect(&["2 < so chat v1: UseSuccess, Clear, change a=1, change b=2"]);
    world.now = Millis(2000);
    world.send(two, 1, vec![set("a", 3.0)]);
    world.expect(&["2 < so chat v2: success a", "1 < so chat v2: change a=3"]);
}

#[test]
fn a_slot_is_deleted_by_either_form_of_message() {
    let mut world = World::new();
    let (one, _two) = (world.user(1), world.user(2));
    world.send(one, 0, vec![set("a", 1.0), set("b", 1.0), set("c", 1.0)]);
    world.lines.clear();
    for (at, event, key) in [
        (2000, Event::RequestRemove(vec!["a".into()]), "a"),
        (
            3000,
            Event::RequestChange(vec![("b".into(), Value::Null)]),
            "b",
        ),
        (
            4000,
            Event::RequestChange(vec![("c".into(), Value::Undefined)]),
            "c",
        ),
    ] {
        world.wait_until(at);
        world.send(one, 9, vec![event]);
        let version = at / 1000;
        world.expect(&[
            &format!("1 < so chat v{version}: success {key}"),
            &format!("2 < so chat v{version}: remove {key}"),
        ]);
    }
}

#[test]
fn a_message_goes_to_everybody_the_sender_included() {
    let mut world = World::new();
    let (one, _two) = (world.user(1), world.user(2));
    let event = Event::SendMessage {
        handler: "hear".into(),
        args: vec![5.0.into()],
    };
    world.send(one, 0, vec![event]);
    world.lines.sort();
    world.expect(&["1 < so chat v0: send hear 5", "2 < so chat v0: send hear 5"]);
}

#[test]
fn what_follows_a_first_change_is_gathered() {
    let mut world = World::new();
    let (one, _two) = (world.user(1), world.user(2));
    world.now = Millis(2000);
    world.send(one, 0, vec![set("a", 1.0)]);
    world.expect(&["1 < so chat v1: success a", "2 < so chat v1: change a=1"]);
    for value in 2..6 {
        world.now = world.now + 1;
        world.send(one, value, vec![set("a", f64::from(value))]);
    }
    world.expect(&[
        "1 < so chat v2: success a",
        "1 < so chat v3: success a",
        "1 < so chat v4: success a",
        "1 < so chat v5: success a",
    ]);
    assert_eq!(world.timeout, Some(Millis(2050)));
    world.wait_until(2050);
    world.expect(&["2 < so chat v5: change a=5"]);
}

#[test]
fn a_change_that_lost_is_answered_with_what_won() {
    let mut world = World::new();
    let (one, two) = (world.user(1), world.user(2));
    world.send(one, 0, vec![set("a", 1.0)]);
    world.lines.clear();
    // It had not seen the other's change.
    world.send(two, 0, vec![set("a", 2.0)]);
    let line = world.lines.remove(0);
    assert!(
        line.starts_with("2 < so chat v1:") && line.contains("change a=1"),
        "{line}"
    );
    world.expect(&[]);
}

#[test]
fn a_request_about_an_object_that_is_not_used_is_answered() {
    let mut world = World::new();
    let one = world.client(1);
    world.send(one, 0, vec![set("a", 1.0)]);
    world.lines.retain(|line| line.starts_with("1 < "));
    assert_eq!(world.lines.len(), 1, "{:?}", world.lines);
    assert!(
        world.lines[0].contains("SharedObject."),
        "{:?}",
        world.lines
    );
    // One that nobody knows is not answered at all.
    world.lines.clear();
    world.send(ClientId(9), 0, vec![Event::Use]);
    world.expect(&[]);
}

#[test]
fn a_temporary_object_goes_with_its_last_user() {
    let mut world = World::new();
    let one = world.user(1);
    world.send(one, 0, vec![set("a", 1.0)]);
    world.leave(one);
    world.lines.clear();
    let two = world.client(2);
    world.send(two, 0, vec![Event::Use]);
    world.expect(&["2 < so chat v0: UseSuccess, Clear"]);
}

#[test]
fn who_begins_to_use_objects_too_fast_is_refused() {
    let rate = WriteRate {
        per_second: 10,
        burst: 2,
    };
    let config = InstanceConfig {
        object_writes: rate,
        ..InstanceConfig::default()
    };
    let mut world = World::with(config, &Shelf::default());
    let one = world.user(1);
    for events in [vec![Event::Release], vec![Event::Use]] {
        world.send(one, 0, events);
    }
    world.expect(&["1 < so chat v0: UseSuccess, Clear"]);
    world.send(one, 0, vec![Event::Release]);
    world.expect(&[]);
    world.send(one, 0, vec![Event::Use]);
    world.expect(&[
        "1 too fast",
        "1 refused: the access rules forbid it",
        "1 < so chat v0: SharedObject.NoReadAccess",
    ]);
    world.wait_until(1100);
    world.send(one, 0, vec![Event::Use]);
    world.expect(&["1 < so chat v0: UseSuccess, Clear"]);
}

#[test]
fn who_writes_too_fast_is_refused_alone_and_learns_the_value() {
    // One of them goes for the use.
    let rate = WriteRate {
        per_second: 10,
        burst: 4,
    };
    let config = InstanceConfig {
        object_writes: rate,
        ..InstanceConfig::default()
    };
    let mut world = World::with(config, &Shelf::default());
    let (one, two) = (world.user(1), world.user(2));
    world.send(one, 0, vec![set("a", 1.0), set("b", 2.0), set("c", 3.0)]);
    world.lines.clear();
    world.send(one, 9, vec![set("a", 4.0)]);
    assert_eq!(world.lines.remove(0), "1 too fast");
    let said = world.lines.iter().find(|line| line.starts_with("1 < "));
    let said = said.expect("it is answered").clone();
    assert!(
        said.contains("NoWriteAccess") && said.contains("change a=1"),
        "{said}"
    );
    world.lines.clear();
    world.send(two, 9, vec![set("a", 5.0)]);
    let line = world.lines.iter().find(|line| line.contains("success"));
    assert!(
        line.is_some_and(|line| line.starts_with("2 < ")),
        "{line:?}"
    );
    world.lines.clear();
    world.wait_until(1100);
    world.send(one, 9, vec![set("a", 6.0)]);
    assert!(world.lines.iter().any(|line| line.contains("success a")));
}

#[test]
fn a_persistent_object_outlives_its_instance() {
    let shelf = Shelf::default();
    let mut world = World::kept(&shelf);
    let one = world.user(1);
    world.send(one, 0, vec![set("a", 1.0), set("b", 2.0)]);
    world.send(one, 1, vec![Event::RequestRemove(vec!["b".into()])]);
    assert_eq!(shelf.0.lock().saves, 0);
    world.leave(one);
    assert_eq!(shelf.0.lock().saves, 1);
    let mut world = World::kept(&shelf);
    let two = world.client(2);
    world.send(two, 0, vec![Event::Use]);
    world.expect(&["2 < so chat v2: UseSuccess, Clear, change a=1"]);
    // A client that comes back with what it had is told what it missed.
    let three = world.client(3);
    world.send(three, 1, vec![Event::Use]);
    world.expect(&["3 < so chat v2: UseSuccess, remove b"]);
}

#[test]
fn what_changes_is_saved_after_a_while_and_again_if_that_fails() {
    let shelf = Shelf::default();
    let mut world = World::kept(&shelf);
    let one = world.user(1);
    world.send(one, 0, vec![set("a", 1.0)]);
    world.handle(Input::ObjectsSaved);
    shelf.0.lock().fails = true;
    world.wait_until(2000);
    assert!(shelf.0.lock().objects["chat"].slots.is_empty());
    assert_eq!(shelf.0.lock().told.len(), 1, "it was tried");
    shelf.0.lock().fails = false;
    world.handle(Input::ObjectsSaved);
    world.wait_until(4000);
    let kept = shelf.0.lock().objects["chat"].clone();
    assert_eq!(kept.slots.len(), 1);
    world.handle(Input::ObjectsSaved);
    world.wait_until(9000);
    assert_eq!(shelf.0.lock().saves, 1, "and only when something changes");
}

#[test]
fn an_object_that_cannot_be_read_is_refused_and_not_made_anew() {
    let shelf = Shelf::default();
    shelf.0.lock().damaged = true;
    let mut world = World::kept(&shelf);
    let one = world.client(1);
    world.send(one, 0, vec![Event::Use]);
    let said: Vec<&String> = world
        .lines
        .iter()
        .filter(|line| line.starts_with("1 < "))
        .collect();
    assert!(said[0].contains("ObjectCreationFailed"), "{said:?}");
    assert!(
        world
            .lines
            .iter()
            .any(|line| line.contains("it is damaged"))
    );
    world.instance.save_objects(world.now);
    assert_eq!(shelf.0.lock().saves, 0);
}

#[test]
fn the_bytes_of_the_first_answer() {
    let mut world = World::new();
    let one = world.client(1);
    let message = Message::new("chat", 0, false, vec![Event::Use]);
    let input = Input::SharedObject {
        client: one,
        message,
    };
    world.instance.handle(world.now, input);
    let update = loop {
        match world.instance.poll() {
            Output::Effect(Effect::SharedObject { update, .. }) => break update,
            Output::Effect(_) => {}
            Output::Timeout(_) => panic!("no answer"),
        }
    };
    let expected = [
        b"\0\x04chat".as_slice(),
        &[0; 12],
        &[11, 0, 0, 0, 0],
        &[8, 0, 0, 0, 0],
    ]
    .concat();
    assert_eq!(update.payload(Encoding::Amf0), expected);
    let with_lead = [&[0], expected.as_slice()].concat();
    assert_eq!(update.payload(Encoding::Amf3), with_lead);
}
