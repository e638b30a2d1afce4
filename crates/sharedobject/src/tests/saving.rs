//! What is saved, when, and what comes back.

use amf::Value;
use rtmp::shared_object::Event;

use super::world::*;
use crate::state::RESERVED_VERSIONS;
use crate::{Config, Note, SlotChange, decode_value, encode_value};

/// A persistent object with `a` = 1, marked in the store as in use; nothing is carried out.
fn changed() -> (World, crate::ObjectId) {
    let mut world = World::prompt();
    let id = world.open_kept();
    world.set(id, "x", 0);
    world.wait(1_000);
    world.saves_at_once = false;
    assert!(!world.directory.is_dirty(id));
    world.set(id, "a", 1);
    (world, id)
}

fn again(world: World) -> World {
    World::on(world.directory.config().clone(), world.shelf)
}

#[test]
fn changes_are_saved_at_the_interval() {
    let (mut world, id) = changed();
    assert!(world.directory.is_dirty(id));
    world.wait(999);
    assert!(world.saves.is_empty());
    world.wait(1);
    let save = world.saves.remove(0);
    let names: Vec<_> = save
        .changes
        .slots
        .iter()
        .map(|(name, _)| name.clone())
        .collect();
    assert_eq!(names, ["a"]);
    assert!(world.directory.is_dirty(id));
    world.directory.saved(world.now, save.id, true);
    assert!(!world.directory.is_dirty(id));
    world.wait(5_000);
    assert!(world.saves.is_empty());
}

#[test]
fn a_save_that_failed_is_tried_again_with_what_came_since() {
    let (mut world, id) = changed();
    world.wait(1_000);
    let save = world.saves.remove(0);
    world.set(id, "b", 2);
    world.directory.saved(world.now, save.id, false);
    assert!(world.directory.is_dirty(id));
    world.wait(1_000);
    let save = world.saves.remove(0);
    assert_eq!(save.changes.slots.len(), 2);
    world.directory.saved(world.now, save.id, true);
    assert!(!world.directory.is_dirty(id));
}

#[test]
fn without_auto_commit_only_a_flush_saves() {
    let (mut world, id) = changed();
    world.wait(1_000);
    let save = world.saves.remove(0);
    world.directory.saved(world.now, save.id, true);
    world.directory.set_auto_commit(id, false);
    world.set(id, "a", 2);
    world.wait(10_000);
    assert!(world.saves.is_empty());
    let save = world.directory.take_changes(id).unwrap();
    assert_eq!(save.changes.slots.len(), 1);
    assert!(world.directory.take_changes(id).is_none());
    world.directory.saved(world.now, save.id, true);
    assert!(!world.directory.is_dirty(id));
}

#[test]
fn a_temporary_object_is_never_saved() {
    let mut world = World::prompt();
    world.saves_at_once = false;
    let id = world.open();
    world.set(id, "a", 1);
    world.wait(10_000);
    world.directory.save_all(world.now);
    world.pump();
    assert!(!world.directory.is_dirty(id) && world.saves.is_empty());
    assert!(world.directory.take_changes(id).is_none());
}

#[test]
fn an_object_stays_in_memory_until_it_is_saved() {
    let (mut world, id) = changed();
    world.directory.close(id);
    world.pump();
    let save = world.saves.remove(0);
    assert_eq!(world.directory.stats().objects, 1);
    world.directory.saved(world.now, save.id, false);
    world.wait(1_000);
    let save = world.saves.remove(0);
    world.shelf.apply(&save);
    world.directory.saved(world.now, save.id, true);
    assert_eq!(world.directory.stats(), crate::Stats::default());
    let id = world.open_kept();
    assert_eq!(world.directory.get(id, "a"), Some(1.into()));
    assert_eq!(world.directory.version(id), 2);
}

#[test]
fn versions_and_deletions_go_on_after_an_orderly_restart() {
    let mut world = World::prompt();
    let id = world.open_kept();
    for key in ["a", "b"] {
        world.set(id, key, 1);
    }
    world.set(id, "a", Value::Null);
    world.directory.set_resync_depth(id, Some(50));
    world.directory.save_all(world.now);
    world.pump();
    let mut world = again(world);
    world.ask_kept(1, 1, vec![Event::Use]);
    let difference = vec![Event::UseSuccess, change("b", 1), remove("a")];
    assert_eq!(world.told_once(1), (3, difference));
    let id = world.open_kept();
    assert_eq!(world.directory.resync_depth(id), Some(50));
    world.set(id, "a", 2);
    assert_eq!(world.told_once(1), (4, vec![change("a", 2)]));
}

#[test]
fn after_a_crash_everybody_starts_anew_with_a_higher_version() {
    let (mut world, id) = changed();
    world.set(id, "a", 7);
    let before = world.directory.version(id);
    let mut world = again(world);
    world.ask_kept(1, before, vec![Event::Use]);
    let (version, events) = world.told_once(1);
    assert!(version > before);
    assert_eq!(events, [Event::UseSuccess, Event::Clear, change("x", 0)]);
    world.ask_kept(1, version, vec![wish("y", 1)]);
    assert_eq!(world.told_once(1), (version + 1, vec![success("y")]));
    world.ask_kept(2, version, vec![Event::Use]);
    assert_eq!(world.told_once(2).1, [Event::UseSuccess, change("y", 1)]);
}

#[test]
fn the_script_can_save_what_only_clients_use() {
    let mut world = World::new(Config {
        auto_commit: false,
        ..Config::default()
    });
    world.ask_kept(1, 0, vec![Event::Use, wish("a", 1)]);
    let kept = world.directory.kept(None);
    assert_eq!(world.directory.kept(Some("so")), kept);
    let save = world.directory.take_changes(kept[0]).unwrap();
    assert_eq!(save.changes.slots.len(), 1);
    assert!(world.directory.kept(Some("nosuch")).is_empty());
}

/// A persistent object that only a flush saves, and that has been changed.
fn changed_without_auto_commit() -> (World, crate::ObjectId) {
    let mut world = World::new(Config {
        auto_commit: false,
        batch_ms: 0,
        ..Config::default()
    });
    let id = world.open_kept();
    world.set(id, "a", 1);
    (world, id)
}

#[test]
fn the_store_knows_a_higher_version_however_many_there_are_without_a_save() {
    let (mut world, id) = changed_without_auto_commit();
    for _ in 0..RESERVED_VERSIONS {
        world.directory.clear(id);
        world.pump();
    }
    let stored = world.shelf.get("so").unwrap().head.version;
    assert!(stored > world.directory.version(id), "{stored}");
    assert!(world.shelf.get("so").unwrap().slots.is_empty());
}

#[test]
fn a_mark_that_was_not_stored_is_tried_again_with_the_next_change() {
    let mut world = World::new(Config {
        auto_commit: false,
        ..Config::default()
    });
    world.saves_at_once = false;
    let id = world.open_kept();
    world.set(id, "a", 1);
    let lost = world.saves.remove(0);
    world.set(id, "a", 2);
    assert!(world.saves.is_empty());
    world.directory.saved(world.now, lost.id, false);
    world.set(id, "a", 3);
    let save = world.saves.remove(0);
    assert!(save.changes.head.version > 3);
    world.directory.saved(world.now, save.id, true);
    world.set(id, "a", 4);
    assert!(world.saves.is_empty());
}

#[test]
fn a_clear_drops_what_is_stored() {
    let (mut world, id) = changed();
    world.directory.clear(id);
    world.set(id, "b", 1);
    world.wait(1_000);
    let save = world.saves.remove(0);
    assert!(save.changes.clear);
    assert_eq!(save.changes.slots.len(), 1);
    world.shelf.apply(&save);
    world.directory.saved(world.now, save.id, true);
    let snapshot = world.shelf.get("so").unwrap();
    assert_eq!(snapshot.slots.len(), 1);
    assert!(snapshot.removed.is_empty());
}

#[test]
fn a_failed_clear_is_still_a_clear() {
    let (mut world, id) = changed();
    world.directory.clear(id);
    let save = world.directory.take_changes(id).unwrap();
    world.pump();
    world.set(id, "b", 1);
    world.directory.saved(world.now, save.id, false);
    let save = world.directory.take_changes(id).unwrap();
    assert!(save.changes.clear);
    assert_eq!(save.changes.slots.len(), 1);
}

#[test]
fn forgotten_deletions_are_dropped_from_the_store() {
    let (mut world, id) = changed();
    world.set(id, "a", Value::Null);
    world.directory.purge(id, 99);
    let save = world.directory.take_changes(id).unwrap();
    // The deletion in the last version is not before it.
    assert!(matches!(
        save.changes.slots[0].1,
        SlotChange::Removed { version: 3 }
    ));
    world.set(id, "b", 1);
    world.directory.purge(id, 99);
    let save = world.directory.take_changes(id).unwrap();
    let changes: Vec<_> = save.changes.slots.iter().map(|(name, _)| &**name).collect();
    assert_eq!(changes, ["a", "b"]);
    assert_eq!(save.changes.slots[0].1, SlotChange::Forgotten);
}

#[test]
fn a_store_that_does_not_answer_refuses_the_use() {
    let mut world = World::prompt();
    *world.shelf.is_broken.lock().unwrap() = true;
    world.ask_kept(1, 0, vec![Event::Use]);
    assert_eq!(world.told_once(1).1, [status(NOT_MADE)]);
    assert!(matches!(world.notes[0], Note::LoadFailed { .. }));
    world.ask(1, 0, vec![Event::Use]);
    assert_eq!(world.told_once(1).1[0], Event::UseSuccess);
}

#[test]
fn a_damaged_value_refuses_the_use_and_is_not_overwritten() {
    let world = World::prompt();
    let mut damaged = crate::Snapshot::default();
    damaged.head.version = 1;
    damaged.slots.push(("a".into(), 1, vec![1, 0xff]));
    world
        .shelf
        .objects
        .lock()
        .unwrap()
        .insert("so".into(), damaged.clone());
    let mut world = World::on(Config::default(), world.shelf);
    world.ask_kept(1, 0, vec![Event::Use]);
    assert_eq!(world.told_once(1).1, [status(NOT_MADE)]);
    assert_eq!(world.shelf.get("so"), Some(damaged));
}

#[test]
fn every_kind_of_value_comes_back() {
    use amf::{Date, Dictionary, EcmaArray, Vector};
    use std::sync::Arc;
    let dictionary = Dictionary::new(true, [(Value::Integer(1), Value::from("one"))]);
    let vector = Vector {
        items: [1, 2].into(),
        fixed: true,
    };
    for value in [
        Value::Number(f64::NAN),
        Value::Boolean(true),
        Value::from("text"),
        Value::Date(Date {
            millis: 5.0,
            zone: 60,
        }),
        Value::typed_object("app.Point", [("x", 1.into()), ("y", Value::Undefined)]),
        Value::ecma_array([("k", Value::Null)]),
        Value::array([1.into(), Value::array([])]),
        Value::XmlDocument("<a/>".into()),
        Value::Unsupported,
        Value::Integer(7),
        Value::object([("n", Value::Integer(-7))]),
        Value::byte_array(&[0, 1, 2]),
        Value::VectorInt(Arc::new(vector)),
        Value::Dictionary(Arc::new(dictionary)),
        Value::Xml("<b/>".into()),
        Value::EcmaArray(Arc::new(EcmaArray::with_dense(
            [("k", 1.into())],
            [2.into()],
        ))),
        Value::object([("bytes", Value::byte_array(&[9]).in_amf3())]),
        Value::typed_object("app.Point", [("x", Value::Integer(1))]).in_amf3(),
    ] {
        let stored = encode_value(&value, 1_000).unwrap();
        let back = decode_value(&stored).unwrap();
        assert_eq!(
            format!("{:?}", back.plain()),
            format!("{:?}", value.plain())
        );
    }
}

#[test]
fn stored_bytes_of_another_form_are_refused() {
    for bytes in [&[][..], &[9, 5], &[1], &[1, 5, 5], &[1, 3]] {
        assert!(decode_value(bytes).is_err(), "{bytes:?}");
    }
}
