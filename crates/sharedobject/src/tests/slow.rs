//! What waits for a client whose connection takes nothing.

use rtmp::Encoding;
use rtmp::shared_object::{Event, Message};

use super::world::*;
use crate::{Backlog, ObjectId, Overflow};

/// An object that one client and the script use.
fn used() -> (World, ObjectId) {
    let mut world = World::prompt();
    let id = world.open();
    world.ask(1, 0, vec![Event::Use]);
    world.told(1);
    (world, id)
}

fn backlog(bytes: usize) -> Backlog {
    Backlog::new(Encoding::Amf0, bytes)
}

fn push(world: &mut World, backlog: &mut Backlog) -> Result<(), Overflow> {
    let updates = world.updates(1);
    updates
        .into_iter()
        .try_for_each(|update| backlog.push(update))
}

fn pop(backlog: &mut Backlog) -> Option<(u32, Vec<Event>)> {
    let out = backlog.pop()?;
    let message = Message::decode(out.type_id, &out.payload, &rtmp::Limits::default()).unwrap();
    Some((message.version, message.events))
}

#[test]
fn of_each_slot_the_latest_value_is_sent() {
    let (mut world, id) = used();
    let mut backlog = backlog(1_000);
    for n in 0..500 {
        world.set(id, "a", n);
        world.set(id, "b", -n);
        push(&mut world, &mut backlog).unwrap();
    }
    world.set(id, "b", amf::Value::Null);
    push(&mut world, &mut backlog).unwrap();
    assert_eq!(backlog.merged(), 1_000);
    assert_eq!(
        pop(&mut backlog),
        Some((1_001, vec![change("a", 499), remove("b")]))
    );
    assert_eq!(pop(&mut backlog), None);
    assert_eq!((backlog.bytes(), backlog.is_empty()), (0, true));
}

#[test]
fn calls_and_answers_are_kept_in_their_places() {
    let (mut world, id) = used();
    let mut backlog = backlog(1_000);
    world.set(id, "a", 1);
    world.directory.send(id, &"f".into(), &[1.into()]).unwrap();
    world.set(id, "a", 2);
    world.ask(1, 1, vec![wish("b", 1), wish("a", 9)]);
    world.set(id, "a", 3);
    world.set(id, "a", 4);
    push(&mut world, &mut backlog).unwrap();
    let all = vec![
        change("a", 1),
        call("f", 1),
        change("a", 2),
        success("b"),
        change("a", 2),
        change("a", 4),
    ];
    assert_eq!(pop(&mut backlog), Some((5, all)));
}

#[test]
fn a_clear_overtakes_the_changes_before_it() {
    let (mut world, id) = used();
    let mut backlog = backlog(1_000);
    world.set(id, "a", 1);
    world.directory.send(id, &"f".into(), &[1.into()]).unwrap();
    world.set(id, "a", 2);
    world.set(id, "b", 2);
    world.directory.clear(id);
    world.pump();
    world.set(id, "b", 3);
    push(&mut world, &mut backlog).unwrap();
    let bytes = backlog.bytes();
    let all = vec![change("a", 1), call("f", 1), Event::Clear, change("b", 3)];
    assert_eq!(pop(&mut backlog), Some((5, all)));
    assert_eq!(bytes, 17 + 18 + 5 + 17);
}

#[test]
fn backlog_bytes_is_a_limit_on_what_waits() {
    let (mut world, id) = used();
    let mut backlog = backlog(100);
    let text = "x".repeat(200);
    world.set(id, "a", text.as_str());
    push(&mut world, &mut backlog).unwrap();
    world.set(id, "a", "y");
    push(&mut world, &mut backlog).unwrap();
    assert_eq!(backlog.bytes(), 5 + 3 + 4);
    for n in 0..4 {
        world.directory.send(id, &"f".into(), &[n.into()]).unwrap();
    }
    world.pump();
    assert_eq!(push(&mut world, &mut backlog), Ok(()));
    world.set(id, "b", text.as_str());
    assert_eq!(push(&mut world, &mut backlog), Err(Overflow { max: 100 }));
}

#[test]
fn objects_wait_side_by_side() {
    let (mut world, id) = used();
    let mut backlog = backlog(1_000);
    let kept = world.open_kept();
    world.ask_kept(1, 0, vec![Event::Use]);
    world.told(1);
    for n in 0..3 {
        world.set(id, "a", n);
        world.set(kept, "k", n);
    }
    push(&mut world, &mut backlog).unwrap();
    assert_eq!(pop(&mut backlog), Some((3, vec![change("a", 2)])));
    assert_eq!(pop(&mut backlog), Some((3, vec![change("k", 2)])));
    assert!(backlog.is_empty());
}

#[test]
fn each_of_many_objects_is_merged_with_its_own_while_others_are_sent() {
    let mut world = World::prompt();
    let names: Vec<String> = (0..100).map(|n| format!("so/{n}")).collect();
    let ids: Vec<_> = names
        .iter()
        .map(|name| world.directory.open(name, crate::Kind::Temporary).unwrap())
        .collect();
    for name in &names {
        let message = Message::new(name.as_str(), 0, false, vec![Event::Use]);
        world.send(1, &message, crate::Rights::ALL);
    }
    let mut backlog = backlog(100_000);
    push(&mut world, &mut backlog).unwrap();
    for _ in 0..40 {
        pop(&mut backlog).unwrap();
    }
    for value in [1, 2] {
        for id in &ids {
            world.set(*id, "a", value);
        }
        push(&mut world, &mut backlog).unwrap();
    }
    // Sixty were not sent, and the others have their two changes in one.
    assert_eq!(backlog.merged(), 60 + 100);
    let mut told = Vec::new();
    while let Some(out) = backlog.pop() {
        let limits = rtmp::Limits::default();
        let message = Message::decode(out.type_id, &out.payload, &limits).unwrap();
        assert_eq!(message.events.last(), Some(&change("a", 2)));
        told.push(message.name.to_string());
    }
    let order = names[40..].iter().chain(&names[..40]);
    assert!(told.iter().eq(order), "{told:?}");
    assert_eq!(backlog.bytes(), 0);
}

#[test]
fn a_refusal_does_not_take_the_version_back() {
    let (mut world, id) = used();
    let mut backlog = backlog(1_000);
    world.set(id, "a", 1);
    world.set(id, "a", 2);
    world.ask(1, 2, vec![Event::Release]);
    world.ask(1, 0, vec![wish("a", 3)]);
    push(&mut world, &mut backlog).unwrap();
    assert_eq!(
        pop(&mut backlog),
        Some((2, vec![change("a", 2), status(NO_WRITE)]))
    );
}
