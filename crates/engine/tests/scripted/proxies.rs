//! Shared objects that another instance owns: how the script's connections, the proxies and the
//! clients of this instance come together.

use amf::Value;
use engine::scripting::{
    ChangeError, LinkId, ObjectId, OpenError, ScriptEffect, ScriptInput, SharedObjectHost,
};
use engine::{ClientId, Input, SharedObjects};
use rtmp::shared_object::{Event, Message};
use rtmp::{Body, Command, Encoding};
use sharedobject::Config;

use crate::world::{Lines, World, accepting, config, connect, puppet};

const LINK: LinkId = LinkId(5);

fn open(link: LinkId, url: &str) -> ScriptEffect {
    ScriptEffect::Link {
        link,
        url: url.into(),
        args: vec![],
        encoding: 3,
    }
}

/// A world whose script opens its connection in the handler in which it gets the object.
fn world() -> (World, SharedObjects, ObjectId) {
    let objects = SharedObjects::unsaved(Config {
        batch_ms: 0,
        ..Config::default()
    });
    let id = objects.open("chat", false, Some(LINK)).expect("it opens");
    let lines = Lines::default();
    let script = puppet(&lines, |input| match input {
        ScriptInput::Start => vec![open(LINK, "rtmp://localhost/owner")],
        ScriptInput::Call { .. } => vec![ScriptEffect::LinkClose { link: LINK }],
        other => accepting(other),
    });
    let mut world = World::with_objects(config(), lines, objects.clone(), script);
    world.start();
    world.lines.borrow_mut().clear();
    (world, objects, id)
}

impl World {
    fn owner_accepts(&mut self) {
        let info = Value::object([("code", "NetConnection.Connect.Success".into())]);
        let command = Command::new("_result", 1.0, vec![info]).with_object(Value::Null);
        let message = rtmp::Message::connection(Body::Command(command));
        self.handle(Input::LinkMessage {
            link: LINK,
            message,
        });
    }

    fn owner_says(&mut self, version: u32, events: Vec<Event>) {
        let message = Message::new("chat", version, false, events);
        let message = rtmp::Message::connection(Body::SharedObject(message));
        self.handle(Input::LinkMessage {
            link: LINK,
            message,
        });
    }

    fn asks(&mut self, client: ClientId, version: u32, events: Vec<Event>) {
        let message = Message::new("chat", version, false, events);
        self.handle(Input::SharedObject { client, message });
    }
}

fn slots(key: &str, value: f64) -> Vec<(amf::Str, Value)> {
    vec![(key.into(), value.into())]
}

#[test]
fn clients_are_served_over_the_scripts_connection() {
    let (mut world, objects, id) = world();
    let one = world.client(1);
    world.asks(one, 0, vec![Event::Use]);
    world.expect(&[]);
    world.owner_accepts();
    world.expect(&[
        "> link 5 NetConnection.Connect.Success true",
        "link 5 < so chat v0: Use",
    ]);
    let Some(Body::SharedObject(sent)) = world.last.take().map(|message| message.body) else {
        panic!("no subscription");
    };
    assert_eq!((sent.encoding, sent.flags), (Encoding::Amf3, 0x10));
    let told = format!("> object {}", id.0);
    world.owner_says(
        3,
        vec![
            Event::UseSuccess,
            Event::Clear,
            Event::Change(slots("a", 1.0)),
        ],
    );
    world.expect(&[
        &format!("{told} clear  was None change a was None"),
        "1 < so chat v2: UseSuccess, Clear, change a=1",
    ]);
    world.asks(one, 2, vec![Event::RequestChange(slots("a", 2.0))]);
    world.expect(&["link 5 < so chat v3: RequestChange([(\"a\", 2.0)])"]);
    world.owner_says(4, vec![Event::ChangeEcho(slots("a", 2.0))]);
    world.expect(&[
        &format!("{told} change a was Some(1.0)"),
        "1 < so chat v3: success a",
    ]);
    assert_eq!(objects.lock(id), -1);
    assert_eq!(objects.get(id, "a"), Some(2.0.into()));
    world.owner_says(
        5,
        vec![Event::SendMessage {
            handler: "hear".into(),
            args: vec![],
        }],
    );
    world.expect(&[
        &format!("{told} message hear"),
        "1 < so chat v3: send hear ",
    ]);
}

#[test]
fn what_the_script_asks_in_a_handler_goes_to_the_owner_behind_it() {
    let (mut world, objects, id) = world();
    world.owner_accepts();
    world.owner_says(3, vec![Event::UseSuccess]);
    world.lines.borrow_mut().clear();
    objects
        .set(id, "a".into(), 1.0.into())
        .expect("it is asked");
    assert_eq!(objects.get(id, "a"), None);
    world.handle(Input::Timeout);
    world.expect(&["link 5 < so chat v3: RequestChange([(\"a\", 1.0)])"]);
    world.owner_says(4, vec![Event::Change(slots("a", 7.0))]);
    world.expect(&[&format!("> object {} reject a was None", id.0)]);
}

#[test]
fn a_connection_that_ends_leaves_the_proxy_idle() {
    let (mut world, objects, id) = world();
    let one = world.client(1);
    world.owner_accepts();
    world.owner_says(3, vec![Event::UseSuccess, Event::Change(slots("a", 1.0))]);
    world.asks(one, 0, vec![Event::Use]);
    world.lines.borrow_mut().clear();
    world.call(one, "hangUp", 0.0, &[]);
    world.expect(&["> 1 calls hangUp 0 with 0", "link 5 closed"]);
    world.asks(one, 9, vec![Event::RequestChange(slots("a", 2.0))]);
    world.expect(&[
        "note: 1 refused: the owner of the object cannot be reached",
        "1 < so chat v2: SharedObject.NoWriteAccess, change a=1",
    ]);
    let set = objects.set(id, "a".into(), 2.0.into());
    assert_eq!(set, Err(ChangeError::NotConnected));
    assert_eq!(
        objects.open("chat", false, Some(LINK)),
        Err(OpenError::NotConnected)
    );
    assert_eq!(objects.open("chat", false, Some(LinkId(6))), Ok(id));
}

#[test]
fn a_connection_that_fails_is_told_by_a_status_in_a_turn_of_its_own() {
    let objects = SharedObjects::unsaved(Config::default());
    let host = objects.clone();
    let lines = Lines::default();
    let mut links = 0;
    // It answers every refusal with another attempt.
    let script = puppet(&lines, move |input| match input {
        ScriptInput::Start | ScriptInput::ObjectStatus { .. } => {
            links += 1;
            let link = LinkId(links);
            host.open("chat", false, Some(link)).expect("it opens");
            vec![open(link, "nowhere")]
        }
        other => accepting(other),
    });
    let mut world = World::with_objects(config(), lines, objects, script);
    world.start();
    let count = |world: &World| {
        let lines = world.lines.borrow();
        let statuses = lines
            .iter()
            .filter(|line| line.contains("ObjectCreationFailed"));
        statuses.count()
    };
    assert_eq!(count(&world), 0);
    for turns in 1..4 {
        world.handle(Input::Timeout);
        world.handle(Input::Timeout);
        assert_eq!(count(&world), turns);
    }
}

#[test]
fn a_proxy_is_no_owner_of_other_instances() {
    let (mut world, ..) = world();
    let Input::Connect {
        mut info,
        client,
        transaction,
        origin,
    } = connect(1)
    else {
        unreachable!();
    };
    info.swf_url = Some("rtmp://_defaultVHost_:1935/other".into());
    world.handle(Input::Connect {
        info,
        client,
        transaction,
        origin,
    });
    world.lines.borrow_mut().clear();
    world.asks(client, 0, vec![Event::Use]);
    world.expect(&[
        "note: 1 refused: a proxy has no proxies",
        "1 < so chat v0: SharedObject.ObjectCreationFailed",
    ]);
}

#[test]
fn a_lock_ends_where_a_proxy_begins() {
    let objects = SharedObjects::new(
        Config::default(),
        Some(100),
        Box::new(sharedobject::NothingStored),
        Box::new(Nowhere),
    );
    let id = objects.open("chat", false, None).expect("it opens");
    assert_eq!(objects.lock(id), 1);
    assert_eq!(objects.open("chat", false, Some(LINK)), Ok(id));
    assert_eq!(objects.lock(id), -1);
    let lines = Lines::default();
    let script = puppet(&lines, accepting);
    let mut world = World::with_objects(config(), lines, objects, script);
    world.start();
    world.lines.borrow_mut().clear();
    world.now = world.now + 1_000;
    world.handle(Input::Timeout);
    world.expect(&[]);
}

struct Nowhere;

impl engine::ObjectSaver for Nowhere {
    fn save(&mut self, _: sharedobject::Save) {}

    fn forget(&mut self, _: sharedobject::SaveId, _: Vec<sharedobject::ObjectName>) {}

    fn wait(&mut self) {}

    fn take_saved(&mut self) -> Vec<(sharedobject::SaveId, bool)> {
        Vec::new()
    }
}
