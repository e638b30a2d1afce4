//! Every limit by its name: what is over it is refused to who wants it, and changes nothing.

use amf::Value;
use rtmp::shared_object::{Event, Message};

use super::world::*;
use crate::{Config, Kind, Limits, Note, OpenError, Refusal, Rights};

fn world(limits: Limits) -> World {
    let mut world = World::new(Config {
        limits,
        batch_ms: 0,
        ..Config::default()
    });
    world.ask(1, 0, vec![Event::Use]);
    world.told(1);
    world
}

/// The limit that was named when something was last refused.
fn refused_by(world: &World) -> Option<&'static str> {
    match world.notes.last() {
        Some(Note::Refused {
            why: Refusal::Limit { limit, .. },
            ..
        }) => Some(limit),
        _ => None,
    }
}

fn wide() -> Limits {
    Limits::default()
}

#[test]
fn objects() {
    let mut world = world(Limits {
        objects: 1,
        ..wide()
    });
    world.ask_kept(1, 0, vec![Event::Use]);
    assert_eq!(world.told_once(1).1, [status(NOT_MADE)]);
    assert_eq!(refused_by(&world), Some("objects"));
    let opened = world.directory.open("other", Kind::Temporary);
    let (limit, max) = ("objects", 1);
    assert_eq!(opened, Err(OpenError(Refusal::Limit { limit, max })));
    assert!(world.directory.open("so", Kind::Temporary).is_ok());
}

#[test]
fn stored_objects() {
    let mut world = world(Limits {
        stored_objects: 2,
        ..wide()
    });
    let open = |world: &mut World, name| world.directory.open(name, Kind::Persistent);
    let (limit, max) = ("stored_objects", 2);
    let refused = Err(OpenError(Refusal::Limit { limit, max }));
    for name in ["a", "b"] {
        let id = open(&mut world, name).unwrap();
        world.set(id, "x", 1);
        world.directory.close(id);
        world.pump();
    }
    assert_eq!(world.directory.counts().0, 1);
    world.ask_kept(1, 0, vec![Event::Use]);
    assert_eq!(world.told_once(1).1, [status(NOT_MADE)]);
    assert_eq!(refused_by(&world), Some("stored_objects"));
    // What is there is used, and temporary objects do not count.
    let a = open(&mut world, "a").unwrap();
    assert!(world.directory.open("c", Kind::Temporary).is_ok());
    assert_eq!(open(&mut world, "c"), refused);
    // Nor does what was never stored, or is there no more.
    world.directory.clear(a);
    world.directory.close(a);
    world.pump();
    let c = open(&mut world, "c").unwrap();
    assert_eq!(open(&mut world, "d"), refused);
    world.directory.close(c);
    assert!(open(&mut world, "d").is_ok());
    world.directory.clear_matching("/b");
    world.pump();
    assert!(open(&mut world, "e").is_ok());
    assert_eq!(open(&mut world, "f"), refused);
    // Another life counts what is stored.
    *world.shelf.is_broken.lock().unwrap() = true;
    let mut next = World::on(world.directory.config().clone(), world.shelf.clone());
    assert_eq!(open(&mut next, "f"), Err(OpenError(Refusal::Store)));
}

#[test]
fn name_bytes() {
    let mut world = world(Limits {
        name_bytes: 4,
        ..wide()
    });
    for (name, code) in [("1234", None), ("12345", Some(NOT_MADE))] {
        let message = Message::new(name, 0, false, vec![Event::Use]);
        world.send(1, &message, Rights::ALL);
        let refused = world.told_once(1).1 == code.map(status).into_iter().collect::<Vec<_>>();
        assert_eq!(refused, code.is_some(), "{name}");
    }
}

#[test]
fn subscribers() {
    let mut world = world(Limits {
        subscribers: 1,
        ..wide()
    });
    world.ask(2, 0, vec![Event::Use]);
    assert_eq!(world.told_once(2).1, [status(NOT_MADE)]);
    assert_eq!(refused_by(&world), Some("subscribers"));
    world.ask(1, 0, vec![Event::Use]);
    assert_eq!(world.told_once(1).1[0], Event::UseSuccess);
    world.leave(1);
    world.ask(2, 0, vec![Event::Use]);
    assert_eq!(world.told_once(2).1[0], Event::UseSuccess);
}

#[test]
fn slots() {
    let mut world = world(Limits { slots: 2, ..wide() });
    world.ask(
        1,
        0,
        vec![wish("a", 1), wish("b", 1), wish("c", 1), wish("a", 2)],
    );
    let answer = vec![
        success("a"),
        success("b"),
        status(NO_WRITE),
        remove("c"),
        success("a"),
    ];
    assert_eq!(world.told_once(1), (1, answer));
    assert_eq!(refused_by(&world), Some("slots"));
    world.ask(1, 1, vec![unwish("a"), wish("c", 1)]);
    assert_eq!(world.told_once(1).1, [success("a"), success("c")]);
}

#[test]
fn slot_name_bytes() {
    let mut world = world(Limits {
        slot_name_bytes: 3,
        ..wide()
    });
    world.ask(1, 0, vec![wish("abc", 1), wish("abcd", 1)]);
    assert_eq!(
        world.told_once(1).1,
        [success("abc"), status(NO_WRITE), remove("abcd")]
    );
    assert_eq!(refused_by(&world), Some("slot_name_bytes"));
    world.ask(1, 0, vec![call("abcd", 1)]);
    assert_eq!(world.told_once(1).1, [status(NO_WRITE)]);
}

#[test]
fn slot_bytes() {
    let mut world = world(Limits {
        slot_bytes: 20,
        ..wide()
    });
    world.ask(1, 0, vec![wish("a", "12345678901234567")]);
    world.ask(1, 1, vec![wish("a", "123456789012345678")]);
    assert_eq!(
        world.told(1)[1].events,
        [status(NO_WRITE), change("a", "12345678901234567")]
    );
    assert_eq!(refused_by(&world), Some("slot_bytes"));
    world.ask(1, 1, vec![wish("a", Value::byte_array(&[0; 99]).in_amf3())]);
    assert_eq!(world.told_once(1).1[0], status(NO_WRITE));
    world.ask(1, 1, vec![call("f", "123456789012345678")]);
    assert_eq!(world.told_once(1).1, [status(NO_WRITE)]);
    let id = world.open();
    let (key, long) = ("a".into(), Value::from("123456789012345678"));
    assert!(world.directory.set(id, &key, &long).is_err());
    assert!(world.directory.send(id, &key, &[long]).is_err());
}

/// A list of the same text many times over. As it is stored, and as clients write it in AMF3, the
/// text is there once.
fn grows(text_bytes: usize, times: usize) -> Value {
    let text = Value::from("x".repeat(text_bytes).as_str());
    let first = [Value::Integer(1)];
    Value::array(first.into_iter().chain(vec![text; times])).in_amf3()
}

#[test]
fn slot_bytes_are_those_that_are_sent() {
    // The second has too many parts to be written without its message.
    for value in [grows(40_000, 400), grows(200, 11_000)] {
        let mut world = world(wide());
        world.ask(1, 0, vec![wish("a", value.clone())]);
        assert_eq!(world.told_once(1).1, [status(NO_WRITE), remove("a")]);
        assert_eq!(refused_by(&world), Some("slot_bytes"));
        world.notes.clear();
        world.ask(1, 0, vec![call("f", value.clone())]);
        assert_eq!(world.told_once(1).1, [status(NO_WRITE)]);
        assert_eq!(refused_by(&world), Some("slot_bytes"));
        let id = world.open();
        assert!(world.directory.set(id, &"a".into(), &value).is_err());
        assert!(world.directory.send(id, &"f".into(), &[value]).is_err());
    }
}

#[test]
fn a_true_value_is_written_once_however_often_it_is_told() {
    let mut world = world(wide());
    let id = world.open();
    world.set(id, "a", "true");
    world.told(1);
    let wishes = vec![wish("a", 1), unwish("a"), wish("b", 1), wish("a", 2)];
    let message = Message::new("so", 1, false, wishes);
    let rights = Rights {
        write: false,
        ..Rights::ALL
    };
    world.send(1, &message, rights);
    let update = world.updates(1).remove(0);
    let items: Vec<_> = update.items().iter().map(std::sync::Arc::as_ptr).collect();
    assert_eq!(items.len(), 5);
    assert_eq!((items[1], items[1]), (items[2], items[4]));
    // Not across a change.
    world.ask(2, 0, vec![Event::Use]);
    world.ask(2, 0, vec![wish("a", 1), unwish("b"), wish("b", "b")]);
    world.told(1);
    world.ask(1, 0, vec![wish("a", 1), Event::RequestClear, wish("a", 2)]);
    let answers = vec![change("a", "true"), Event::Clear, success("a")];
    assert_eq!(world.told_once(1).1, answers);
}

#[test]
fn a_call_is_as_long_as_all_its_arguments() {
    let mut world = world(Limits {
        slot_bytes: 300,
        ..wide()
    });
    let send = |args| Event::SendMessage {
        handler: "f".into(),
        args,
    };
    // In AMF3 a list of them is short; as arguments each takes nine bytes.
    world.ask(1, 0, vec![send(vec![Value::Integer(1); 33])]);
    assert_eq!(world.told_once(1).1.len(), 1);
    assert_eq!(refused_by(&world), None);
    world.ask(1, 0, vec![send(vec![Value::Integer(1); 34])]);
    assert_eq!(world.told_once(1).1, [status(NO_WRITE)]);
    assert_eq!(refused_by(&world), Some("slot_bytes"));
}

#[test]
fn object_bytes_are_those_that_are_sent() {
    let limits = Limits {
        object_bytes: 2_000,
        ..wide()
    };
    let mut world = world(limits);
    world.ask_kept(1, 0, vec![Event::Use, wish("a", grows(100, 10))]);
    world.leave(1);
    world.told(1);
    // The object is read from the store.
    world.ask_kept(2, 0, vec![Event::Use]);
    world.told(2);
    world.ask_kept(2, 9, vec![wish("b", grows(100, 10))]);
    assert_eq!(world.told_once(2).1, [status(NO_WRITE), remove("b")]);
    assert_eq!(refused_by(&world), Some("object_bytes"));
}

#[test]
fn object_bytes() {
    let mut world = world(Limits {
        object_bytes: 40,
        ..wide()
    });
    world.ask(1, 0, vec![wish("a", "1234567890"), wish("b", "1234567890")]);
    world.told(1);
    world.ask(1, 1, vec![wish("c", "1234567890")]);
    assert_eq!(world.told_once(1).1, [status(NO_WRITE), remove("c")]);
    assert_eq!(refused_by(&world), Some("object_bytes"));
    world.ask(1, 1, vec![wish("a", "1"), wish("c", "123456789")]);
    assert_eq!(world.told_once(1).1, [success("a"), success("c")]);
    world.ask(
        1,
        1,
        vec![Event::RequestClear, wish("c", "12345678901234567890")],
    );
    assert_eq!(world.told_once(1).1, [Event::Clear, success("c")]);
}

#[test]
fn deletion_records() {
    let mut world = world(Limits {
        deletion_records: 2,
        ..wide()
    });
    world.ask_kept(1, 0, vec![Event::Use]);
    for key in ["a", "b", "c"] {
        world.ask_kept(1, 99, vec![wish(key, 1)]);
    }
    for key in ["a", "b", "c"] {
        world.ask_kept(1, 99, vec![unwish(key)]);
    }
    world.told(1);
    world.ask_kept(2, 3, vec![Event::Use]);
    assert_eq!(
        world.told_once(2),
        (6, vec![Event::UseSuccess, Event::Clear])
    );
    world.ask_kept(2, 4, vec![Event::Use]);
    assert_eq!(
        world.told_once(2),
        (6, vec![Event::UseSuccess, remove("b"), remove("c")])
    );
}
