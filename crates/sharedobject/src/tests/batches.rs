//! The window in which announcements are gathered, and what is shared by all who get them.

use rtmp::shared_object::Event;
use rtmp::{Encoding, Millis};

use super::world::*;
use crate::{Config, Limits};

fn windowed(batch_items: usize) -> World {
    let mut world = World::new(Config {
        limits: Limits {
            batch_items,
            ..Limits::default()
        },
        batch_ms: 20,
        ..Config::default()
    });
    for user in [1, 2, 3] {
        world.ask(user, 0, vec![Event::Use]);
        world.told(user);
    }
    world
}

#[test]
fn the_first_change_is_told_at_once_and_the_next_when_the_window_ends() {
    let mut world = windowed(99);
    let id = world.open();
    world.set(id, "a", 1);
    assert_eq!(world.told_once(1), (1, vec![change("a", 1)]));
    world.set(id, "a", 2);
    world.set(id, "b", 3);
    world.set(id, "a", 4);
    assert!(world.told(1).is_empty());
    assert_eq!(world.due, Some(world.now + 20));
    world.wait(19);
    assert!(world.told(1).is_empty());
    world.wait(1);
    assert_eq!(
        world.told_once(1),
        (4, vec![change("a", 4), change("b", 3)])
    );
    world.wait(20);
    world.set(id, "a", 5);
    assert_eq!(world.told_once(1), (5, vec![change("a", 5)]));
}

#[test]
fn an_answer_comes_at_once_behind_what_was_not_told_yet() {
    let mut world = windowed(99);
    let id = world.open();
    world.set(id, "a", 1);
    world.told(1);
    world.set(id, "a", 2);
    world.ask(1, 1, vec![wish("b", 9)]);
    assert_eq!(world.told_once(1), (3, vec![change("a", 2), success("b")]));
    world.set(id, "c", 3);
    world.hush(&[2, 3]);
    world.wait(20);
    assert_eq!(world.told_once(1), (4, vec![change("c", 3)]));
    let all = vec![change("a", 2), change("b", 9), change("c", 3)];
    assert_eq!(world.told_once(2), (4, all));
}

#[test]
fn who_comes_within_the_window_is_not_told_twice() {
    let mut world = windowed(99);
    let id = world.open();
    world.set(id, "a", 1);
    world.set(id, "a", 2);
    world.ask(4, 0, vec![Event::Use]);
    let all = vec![Event::UseSuccess, Event::Clear, change("a", 2)];
    assert_eq!(world.told_once(4), (2, all));
    world.wait(20);
    assert!(world.told(4).is_empty());
}

#[test]
fn a_mark_takes_everything_with_it() {
    let mut world = windowed(99);
    let id = world.open();
    world.set(id, "a", 1);
    world.told(1);
    world.set(id, "a", 2);
    world
        .directory
        .mark(id, &"done".into(), &[7.into()])
        .unwrap();
    world.pump();
    assert_eq!(
        world.told_once(1),
        (2, vec![change("a", 2), call("done", 7)])
    );
}

#[test]
fn calls_stay_between_the_changes() {
    let mut world = windowed(99);
    let id = world.open();
    world.set(id, "x", 0);
    world.hush(&[1, 2]);
    for n in 0..3 {
        world.set(id, "a", n);
        world.set(id, "a", n + 10);
        world.directory.send(id, &"f".into(), &[n.into()]).unwrap();
    }
    world.wait(20);
    let news: Vec<_> = (0..3)
        .flat_map(|n| [change("a", n + 10), call("f", n)])
        .collect();
    assert_eq!(world.told_once(1), (7, news));
}

#[test]
fn a_full_batch_does_not_wait() {
    let mut world = windowed(3);
    let id = world.open();
    world.set(id, "a", 1);
    world.told(1);
    for n in 0..3 {
        assert!(world.told(1).is_empty());
        world.set(id, &format!("s{n}"), n);
    }
    assert_eq!(world.told_once(1).1.len(), 3);
}

#[test]
fn one_body_serves_all() {
    let mut world = windowed(99);
    let id = world.open();
    world.set(id, "a", "a value that is long enough to be seen");
    let bodies: Vec<_> = [1, 2, 3]
        .into_iter()
        .flat_map(|user| world.updates(user))
        .collect();
    assert_eq!(bodies.len(), 3);
    for encoding in [Encoding::Amf0, Encoding::Amf3] {
        let first = bodies[0].payload(encoding);
        for update in &bodies {
            assert_eq!(update.payload(encoding).as_ptr(), first.as_ptr());
        }
    }
}

#[test]
fn values_that_refer_to_themselves_are_sent_whole() {
    use amf::{Reference, Value};
    let mut world = windowed(99);
    let id = world.open();
    let cycle = |n: i32| {
        Value::object([
            ("n", Value::from(n)),
            ("me", Value::Reference(Reference::Enclosing(0))),
        ])
    };
    world.set(id, "x", 0);
    world.told(1);
    world.set(id, "a", Value::object([("plain", 1.into())]));
    world.set(id, "b", cycle(1));
    world.set(id, "c", cycle(2));
    world.wait(20);
    for update in world.updates(1) {
        for encoding in [Encoding::Amf0, Encoding::Amf3] {
            let events = read(&update, encoding).events;
            let value = |event: &Event| match event {
                Event::Change(slots) => slots[0].1.plain().clone(),
                event => panic!("{event:?}"),
            };
            assert_eq!(value(&events[0]).get("plain"), Some(&1.into()));
            for (event, n) in events[1..].iter().zip([1, 2]) {
                assert_eq!(
                    value(event).get("n").and_then(Value::as_f64),
                    Some(f64::from(n))
                );
                let me = value(event).get("me").cloned();
                assert!(
                    matches!(me, Some(Value::Reference(Reference::Enclosing(0)))),
                    "{me:?}"
                );
            }
        }
    }
}

#[test]
fn time_does_not_run_backwards() {
    let mut world = windowed(99);
    let id = world.open();
    world.set(id, "a", 1);
    world.set(id, "a", 2);
    world.directory.handle_timeout(Millis(0));
    world.pump();
    assert_eq!(world.due, Some(world.now + 20));
}
