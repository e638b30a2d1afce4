//! What a client that comes back is told: the difference, or everything anew.

use rtmp::shared_object::Event;

use super::world::*;
use crate::{Clearing, Config, ObjectId};

/// `a` set in 1, `b` in 2, `c` in 3, `a` removed in 4, `d` set in 5.
fn history(resync_depth: Option<u32>) -> (World, ObjectId) {
    let mut world = World::new(Config {
        resync_depth,
        batch_ms: 0,
        ..Config::default()
    });
    let id = world.open_kept();
    for key in ["a", "b", "c"] {
        world.set(id, key, 1);
    }
    world.set(id, "a", amf::Value::Null);
    world.set(id, "d", 1);
    (world, id)
}

fn all() -> Vec<Event> {
    let slots = ["b", "c", "d"].map(|key| change(key, 1));
    [Event::UseSuccess, Event::Clear]
        .into_iter()
        .chain(slots)
        .collect()
}

#[test]
fn a_known_version_gets_the_difference() {
    let (mut world, _) = history(None);
    for (version, expected) in [
        (
            1,
            vec![change("b", 1), change("c", 1), change("d", 1), remove("a")],
        ),
        (3, vec![change("d", 1), remove("a")]),
        (4, vec![change("d", 1)]),
        (5, vec![]),
    ] {
        world.ask_kept(1, version, vec![Event::Use]);
        let (now, mut events) = world.told_once(1);
        assert_eq!((now, events.remove(0)), (5, Event::UseSuccess));
        assert_eq!(events, expected, "{version}");
    }
}

#[test]
fn a_version_that_is_none_of_ours_gets_everything() {
    let (mut world, _) = history(None);
    for version in [0, 6, u32::MAX] {
        world.ask_kept(1, version, vec![Event::Use]);
        assert_eq!(world.told_once(1), (5, all()), "{version}");
    }
}

#[test]
fn older_than_the_resync_depth_gets_everything() {
    let (mut world, id) = history(Some(2));
    assert_eq!(world.directory.resync_depth(id), Some(2));
    world.ask_kept(1, 2, vec![Event::Use]);
    assert_eq!(world.told_once(1), (5, all()));
    world.ask_kept(1, 3, vec![Event::Use]);
    assert_eq!(
        world.told_once(1),
        (5, vec![Event::UseSuccess, change("d", 1), remove("a")])
    );
}

#[test]
fn what_was_forgotten_stays_forgotten_when_the_depth_grows() {
    let (mut world, id) = history(None);
    world.directory.set_resync_depth(id, Some(0));
    world.directory.set_resync_depth(id, None);
    world.ask_kept(1, 3, vec![Event::Use]);
    assert_eq!(world.told_once(1), (5, all()));
    world.ask_kept(1, 4, vec![Event::Use]);
    assert_eq!(
        world.told_once(1),
        (5, vec![Event::UseSuccess, change("d", 1)])
    );
}

#[test]
fn a_purge_forgets_deletions_before_its_version() {
    let (mut world, id) = history(None);
    world.directory.purge(id, 4);
    world.ask_kept(1, 3, vec![Event::Use]);
    assert_eq!(world.told_once(1), (5, all()));
    world.ask_kept(1, 4, vec![Event::Use]);
    assert_eq!(
        world.told_once(1),
        (5, vec![Event::UseSuccess, change("d", 1)])
    );
    world.directory.purge(id, 99);
    world.ask_kept(1, 5, vec![Event::Use]);
    assert_eq!(world.told_once(1), (5, vec![Event::UseSuccess]));
}

#[test]
fn who_missed_a_clear_starts_anew() {
    let (mut world, id) = history(None);
    world.directory.clear(id);
    world.pump();
    world.set(id, "e", 1);
    world.ask_kept(1, 5, vec![Event::Use]);
    let anew = vec![Event::UseSuccess, Event::Clear, change("e", 1)];
    assert_eq!(world.told_once(1), (7, anew));
    world.ask_kept(1, 6, vec![Event::Use]);
    assert_eq!(
        world.told_once(1),
        (7, vec![Event::UseSuccess, change("e", 1)])
    );
}

#[test]
fn paths_clear_live_and_stored_objects() {
    let mut world = World::prompt();
    let open = |world: &mut World, name: &str, kind| world.directory.open(name, kind).unwrap();
    let kept = open(&mut world, "a/kept", crate::Kind::Persistent);
    let stored = open(&mut world, "a/stored", crate::Kind::Persistent);
    let other = open(&mut world, "b", crate::Kind::Temporary);
    for id in [kept, stored, other] {
        world.set(id, "x", 1);
    }
    world.directory.close(stored);
    world.pump();
    assert_eq!(world.directory.stats().objects, 2);
    let clearing = world.directory.clear_matching("/a/*");
    assert!(matches!(clearing, Clearing::Asked(_)), "{clearing:?}");
    world.pump();
    let sizes = [kept, other].map(|id| world.directory.size(id));
    assert_eq!(sizes, [0, 1]);
    assert_eq!(world.shelf.get("a/stored"), None);
    assert_eq!(world.directory.clear_matching("/a/*"), Clearing::Done);
    assert_eq!(world.directory.clear_matching("/a//*"), Clearing::Failed);
    *world.shelf.is_broken.lock().unwrap() = true;
    assert_eq!(world.directory.clear_matching("/"), Clearing::Failed);
}

/// Nothing of a cleared object stays in the store, and still nobody takes an old copy for the new
/// object, whatever its name.
#[test]
fn versions_go_on_when_an_object_is_gone() {
    let (mut world, id) = history(None);
    world.directory.clear(id);
    world.directory.close(id);
    world.pump();
    assert_eq!(world.shelf.get("so"), None);
    assert_eq!(world.directory.counts().0, 0);
    for version in [5, 3] {
        world.ask_kept(1, version, vec![Event::Use]);
        let anew = vec![Event::UseSuccess, Event::Clear];
        assert_eq!(world.told_once(1), (6, anew));
    }
    world.ask_kept(1, 6, vec![wish("e", 1)]);
    assert_eq!(world.told_once(1), (7, vec![success("e")]));
    // Who was there at the clear lacks the one change.
    world.ask_kept(2, 6, vec![Event::Use]);
    let one = vec![Event::UseSuccess, change("e", 1)];
    assert_eq!(world.told_once(2), (7, one));
    let other = world.directory.open("other", crate::Kind::Persistent);
    assert_eq!(world.directory.version(other.unwrap()), 6);
}

#[test]
fn an_object_that_was_stored_full_is_cleared_for_whoever_has_its_last_version() {
    let (mut world, id) = history(None);
    world.directory.close(id);
    world.pump();
    assert_eq!(world.directory.counts().0, 0);
    world.directory.clear_matching("/");
    world.pump();
    world.ask_kept(1, 5, vec![Event::Use]);
    let anew = vec![Event::UseSuccess, Event::Clear];
    assert_eq!(world.told_once(1), (6, anew));
}

#[test]
fn what_the_script_has_chosen_is_kept_when_the_object_is_empty() {
    let (mut world, id) = history(None);
    world.directory.set_resync_depth(id, Some(3));
    world.directory.clear(id);
    world.directory.close(id);
    world.pump();
    let stored = world.shelf.get("so").unwrap();
    assert_eq!((stored.head.resync_depth, stored.slots.len()), (Some(3), 0));
}

#[test]
fn several_uses_in_one_message_are_told_everything_once() {
    let (mut world, _) = history(None);
    world.ask_kept(1, 0, vec![Event::Use; 3]);
    assert_eq!(world.told_once(1).1, all());
    // Among changes, too.
    world.ask_kept(2, 0, vec![Event::Use, wish("d", 2), Event::Use]);
    let told = world.told(2);
    assert_eq!(told[0].events, all());
    assert_eq!(told[1].events, [change("d", 1)]);
    assert_eq!(told.len(), 2);
}

#[test]
fn coming_back_within_one_message_is_refused_once() {
    let (mut world, _) = history(None);
    let both = [Event::Use, Event::Release];
    let back_and_forth = both.iter().cycle().take(6);
    world.ask_kept(1, 0, back_and_forth.cloned().collect());
    let told = world.told(1);
    assert_eq!(told[0].events, all());
    assert_eq!(told[1].events, [status(NOT_MADE)]);
    assert_eq!(told.len(), 2);
    assert_eq!(world.directory.stats().subscriptions, 0);
    // One that leaves and comes back in its next message is let in.
    world.ask_kept(1, 0, vec![Event::Release, Event::Use]);
    assert_eq!(world.told_once(1).1, all());
}
