//! What an administrator sees and changes.

use amf::{Str, Value};
use rtmp::shared_object::Event;

use super::world::*;
use crate::{Config, Kind, Limits, Refusal, SyncCode};

fn administer(
    world: &mut World,
    kind: Kind,
    slots: &[(&str, Option<Value>)],
) -> Result<u32, Refusal> {
    let slots: Vec<(Str, Option<Value>)> = slots
        .iter()
        .map(|(name, value)| ((*name).into(), value.clone()))
        .collect();
    let changed = world
        .directory
        .administer(world.now, "so", kind, &slots, false);
    world.pump();
    changed
}

fn seen(world: &mut World, kind: Kind) -> Option<(u32, Vec<(Str, Value)>)> {
    let seen = world.directory.inspect(world.now, "so", kind).unwrap();
    world.pump();
    seen.map(|object| (object.version, object.slots))
}

#[test]
fn clients_and_the_script_are_told_of_one_version() {
    let mut world = World::prompt();
    let id = world.open();
    world.set(id, "gone", 1);
    world.ask(1, 0, vec![Event::Use]);
    world.told(1);
    let slots = [("a", Some(2.into())), ("gone", None), ("never", None)];
    assert_eq!(administer(&mut world, Kind::Temporary, &slots), Ok(2));
    let news = vec![change("a", 2), Event::Remove(vec!["gone".into()])];
    assert_eq!(world.told_once(1), (2, news));
    let told = world.syncs.remove(0).into_iter();
    let told: Vec<_> = told
        .map(|entry| (entry.code, entry.name, entry.old))
        .collect();
    assert_eq!(
        told,
        [
            (SyncCode::Change, Some("a".into()), None),
            (SyncCode::Delete, Some("gone".into()), Some(1.into())),
        ]
    );
    let slots = vec![("a".into(), 2.into())];
    assert_eq!(seen(&mut world, Kind::Temporary), Some((2, slots)));
}

#[test]
fn nothing_changed_is_no_version() {
    let mut world = World::prompt();
    world.open();
    assert_eq!(
        administer(&mut world, Kind::Temporary, &[("a", None)]),
        Ok(0)
    );
    assert!(world.syncs.is_empty());
}

#[test]
fn a_change_waits_for_the_scripts_lock() {
    let mut world = World::prompt();
    let id = world.open();
    world.ask(1, 0, vec![Event::Use]);
    world.told(1);
    world.directory.lock(id);
    let slots = [("a", Some(1.into())), ("b", Some(2.into()))];
    administer(&mut world, Kind::Temporary, &slots).unwrap();
    assert!(world.told(1).is_empty());
    world.directory.unlock(id);
    world.pump();
    assert_eq!(
        world.told_once(1),
        (1, vec![change("a", 1), change("b", 2)])
    );
}

#[test]
fn an_object_that_nobody_uses_is_changed_in_the_store() {
    let mut world = World::prompt();
    assert_eq!(seen(&mut world, Kind::Persistent), None);
    let slots = [("a", Some(Value::from("x")))];
    assert_eq!(administer(&mut world, Kind::Persistent, &slots), Ok(1));
    assert_eq!(world.directory.counts(), (0, 0));
    assert_eq!(world.shelf.get("so").unwrap().head.version, 1);
    let slots = vec![("a".into(), "x".into())];
    assert_eq!(seen(&mut world, Kind::Persistent), Some((1, slots)));
    assert_eq!(world.directory.counts(), (0, 0));
    // The other kind has a name space of its own, and goes with its last user.
    assert_eq!(seen(&mut world, Kind::Temporary), None);
}

#[test]
fn limits_count_what_goes_and_what_comes() {
    let mut world = World::new(Config {
        limits: Limits {
            slots: 2,
            object_bytes: 40,
            ..Limits::default()
        },
        ..Config::default()
    });
    world.open();
    let mut set = |slots: &[(&str, Option<&str>)], replace| {
        let slots: Vec<(Str, Option<Value>)> = slots
            .iter()
            .map(|(name, value)| ((*name).into(), value.map(Value::from)))
            .collect();
        let kind = Kind::Temporary;
        let now = world.now;
        let changed = world.directory.administer(now, "so", kind, &slots, replace);
        changed.map_err(|refusal| match refusal {
            Refusal::Limit { limit, .. } => limit,
            _ => "another",
        })
    };
    let two = [("a", Some("1")), ("b", Some("2"))];
    assert_eq!(set(&two, false), Ok(1));
    assert_eq!(
        set(&[("a", Some("1")), ("c", Some("3"))], false),
        Err("slots")
    );
    assert_eq!(set(&[("a", None), ("c", Some("3"))], false), Ok(2));
    // Those that are not named make room.
    let text = "0123456789";
    let long = [("d", Some(text)), ("e", Some(text))];
    assert_eq!(set(&long, true), Ok(3));
    let longer = [("d", Some("")), ("e", Some("0123456789012345678901234567"))];
    assert_eq!(set(&longer, true), Ok(4));
    let longest = [
        ("d", Some(text)),
        ("e", Some("0123456789012345678901234567")),
    ];
    assert_eq!(set(&longest, true), Err("object_bytes"));
    let slots = seen(&mut world, Kind::Temporary).unwrap().1;
    assert_eq!(slots[0], ("d".into(), "".into()));
}

#[test]
fn a_temporary_object_that_nobody_uses_is_not_made() {
    let mut world = World::prompt();
    let slots = [("a", Some(1.into()))];
    let refused = administer(&mut world, Kind::Temporary, &slots);
    assert_eq!(refused, Err(Refusal::Unused));
    assert_eq!(world.directory.counts(), (0, 0));
}

#[test]
fn limits_hold_for_an_administrator_too() {
    let mut world = World::prompt();
    world.open();
    let max = world.directory.config().limits.slot_bytes;
    let large = Value::byte_array(&vec![0; max + 1]);
    let slots = [
        ("a", Some(1.into())),
        ("b", Some(large)),
        ("c", Some(1.into())),
    ];
    let refused = administer(&mut world, Kind::Temporary, &slots);
    assert!(refused.is_err(), "{refused:?}");
    // All or nothing.
    let nothing = Some((0, Vec::new()));
    assert_eq!(seen(&mut world, Kind::Temporary), nothing);
    let bad = world.directory.inspect(world.now, "a b", Kind::Temporary);
    assert!(matches!(bad, Err(Refusal::Name(_))), "{bad:?}");
    *world.shelf.is_broken.lock().unwrap() = true;
    let broken = world.directory.inspect(world.now, "so", Kind::Persistent);
    assert_eq!(broken, Err(Refusal::Store));
}
