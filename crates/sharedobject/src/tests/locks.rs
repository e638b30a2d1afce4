//! The script's lock: what waits for it, in which order, and what is told at its end.

use rtmp::shared_object::Event;

use super::world::*;
use crate::object::Object;
use crate::{Config, Limits, ObjectId};

fn locked() -> (World, ObjectId) {
    let mut world = World::prompt();
    let id = world.open();
    for user in [1, 2] {
        world.ask(user, 0, vec![Event::Use]);
        world.told(user);
    }
    assert_eq!(world.directory.lock(id), 1);
    (world, id)
}

fn unlock(world: &mut World, id: ObjectId) -> i32 {
    let left = world.directory.unlock(id);
    world.pump();
    left
}

#[test]
fn locks_are_counted() {
    let (mut world, id) = locked();
    assert_eq!(world.directory.lock(id), 2);
    assert!(world.directory.is_locked(id));
    assert_eq!(unlock(&mut world, id), 1);
    assert_eq!(unlock(&mut world, id), 0);
    assert_eq!(unlock(&mut world, id), -1);
    assert!(!world.directory.is_locked(id));
}

#[test]
fn calls_of_the_script_under_its_lock_are_bounded() {
    let (mut world, id) = locked();
    let max = world.directory.config().limits.batch_items;
    let call = |world: &mut World| world.directory.send(id, &"f".into(), &[]).is_ok();
    for _ in 0..max {
        world.set(id, "a", 1);
        assert!(call(&mut world));
    }
    assert!(!call(&mut world) && world.directory.mark(id, &"f".into(), &[]).is_err());
    unlock(&mut world, id);
    assert!(call(&mut world), "without a lock nothing piles up");
}

#[test]
fn an_unlock_announces_everything_as_one_version() {
    let (mut world, id) = locked();
    world.set(id, "a", 1);
    world.set(id, "a", 2);
    world.set(id, "b", 3);
    assert!(world.told(1).is_empty());
    assert_eq!(world.directory.get(id, "a"), Some(2.into()));
    assert_eq!(world.directory.version(id), 0);
    unlock(&mut world, id);
    let news = vec![change("a", 2), change("b", 3)];
    assert_eq!(world.told_once(1), (1, news.clone()));
    assert_eq!(world.told_once(2), (1, news));
}

#[test]
fn an_unlock_without_changes_is_no_version() {
    let (mut world, id) = locked();
    unlock(&mut world, id);
    assert_eq!(world.directory.version(id), 0);
    assert!(world.told(1).is_empty());
}

#[test]
fn what_clients_ask_for_waits_and_is_answered_in_order() {
    let (mut world, id) = locked();
    world.set(id, "a", 0);
    world.ask(1, 0, vec![wish("x", 1)]);
    world.ask(2, 0, vec![wish("y", 2), call("f", 2)]);
    world.ask(1, 0, vec![wish("a", 1)]);
    assert!(world.told(1).is_empty() && world.told(2).is_empty());
    unlock(&mut world, id);
    let told = world.told(1);
    assert_eq!(
        (told[0].version, &told[0].events),
        (2, &vec![change("a", 0), success("x")])
    );
    let second = vec![change("y", 2), call("f", 2), change("a", 0)];
    assert_eq!((told[1].version, &told[1].events), (3, &second));
    assert_eq!(told.len(), 2);
    let answer = vec![change("a", 0), change("x", 1), success("y"), call("f", 2)];
    assert_eq!(world.told_once(2), (3, answer));
}

#[test]
fn who_leaves_is_not_answered_but_what_was_asked_for_is_done() {
    for releases in [false, true] {
        let (mut world, id) = locked();
        world.ask(1, 0, vec![wish("a", 1)]);
        if releases {
            world.ask(1, 0, vec![Event::Release]);
        } else {
            world.leave(1);
        }
        unlock(&mut world, id);
        assert!(world.told(1).is_empty());
        assert_eq!(world.told_once(2), (1, vec![change("a", 1)]));
    }
}

#[test]
fn who_leaves_and_comes_back_is_told_as_a_stranger() {
    let (mut world, id) = locked();
    world.ask(1, 0, vec![wish("a", 1)]);
    world.ask(1, 0, vec![Event::Release]);
    world.ask(1, 0, vec![Event::Use]);
    assert!(world.told(1).is_empty());
    unlock(&mut world, id);
    let told = world.told(1);
    assert_eq!(told[0].events, [Event::UseSuccess, Event::Clear]);
    assert_eq!(
        (told[1].version, &told[1].events),
        (1, &vec![change("a", 1)])
    );
}

#[test]
fn who_comes_under_a_lock_is_let_in_at_its_end() {
    let (mut world, id) = locked();
    world.set(id, "a", 1);
    world.directory.send(id, &"f".into(), &[1.into()]).unwrap();
    for user in [3, 4] {
        world.ask(
            user,
            0,
            vec![Event::Use, wish(["b", "c"][user as usize - 3], 9)],
        );
    }
    world.leave(4);
    assert!(world.told(3).is_empty());
    assert_eq!(world.directory.stats().subscriptions, 3);
    unlock(&mut world, id);
    let told = world.told(3);
    let all = [Event::UseSuccess, Event::Clear, change("a", 1)];
    assert_eq!((told[0].version, &told[0].events[..]), (1, &all[..]));
    assert_eq!(
        (told[1].version, &told[1].events[..]),
        (2, &[success("b")][..])
    );
    assert_eq!(
        (told[2].version, &told[2].events[..]),
        (3, &[change("c", 9)][..])
    );
    assert!(world.told(4).is_empty());
}

#[test]
fn a_second_use_under_a_lock_is_answered_once_at_its_end() {
    let (mut world, id) = locked();
    world.directory.send(id, &"f".into(), &[1.into()]).unwrap();
    world.ask(1, 0, vec![Event::Use]);
    world.ask(1, 0, vec![Event::Use]);
    assert!(world.told(1).is_empty());
    unlock(&mut world, id);
    let events = [call("f", 1), Event::UseSuccess, Event::Clear];
    assert_eq!(world.told_once(1).1, events);
}

#[test]
fn a_second_use_is_answered_in_its_place_between_requests() {
    let (mut world, id) = locked();
    world.ask(1, 0, vec![wish("a", 1)]);
    world.ask(1, 0, vec![Event::Use]);
    world.ask(1, 0, vec![wish("b", 2)]);
    assert!(world.told(1).is_empty());
    unlock(&mut world, id);
    let told = world.told(1);
    assert_eq!((told[0].version, &told[0].events), (1, &vec![success("a")]));
    let anew = vec![Event::UseSuccess, Event::Clear, change("a", 1)];
    assert_eq!((told[1].version, &told[1].events), (1, &anew));
    assert_eq!((told[2].version, &told[2].events), (2, &vec![success("b")]));
    assert_eq!(told.len(), 3);
}

#[test]
fn more_than_the_limit_does_not_wait() {
    let mut world = World::new(Config {
        limits: Limits {
            held_requests: 2,
            ..Limits::default()
        },
        batch_ms: 0,
        ..Config::default()
    });
    let id = world.open();
    world.ask(1, 0, vec![Event::Use]);
    world.told(1);
    world.directory.lock(id);
    world.ask(1, 0, vec![wish("a", 1), wish("b", 1)]);
    world.ask(1, 0, vec![wish("c", 1)]);
    assert_eq!(world.told_once(1), (0, vec![status(NO_WRITE), remove("c")]));
    unlock(&mut world, id);
    assert_eq!(world.told_once(1), (1, vec![success("a"), success("b")]));
    world.directory.lock(id);
    world.ask(1, 1, vec![wish("c", 1)]);
    assert!(world.told(1).is_empty());
}

#[test]
fn more_bytes_than_the_limit_do_not_wait() {
    let mut world = World::new(Config {
        limits: Limits {
            held_bytes: 100,
            ..Limits::default()
        },
        batch_ms: 0,
        ..Config::default()
    });
    let id = world.open();
    world.ask(1, 0, vec![Event::Use]);
    world.told(1);
    world.directory.lock(id);
    let long = "x".repeat(60);
    world.ask(1, 0, vec![wish("a", long.as_str())]);
    for event in [wish("b", long.as_str()), unwish(&long), call("f", &*long)] {
        world.ask(1, 0, vec![event]);
        assert_eq!(world.told_once(1).1[0], status(NO_WRITE));
    }
    world.ask(1, 0, vec![wish("b", 1)]);
    assert!(world.told(1).is_empty());
    unlock(&mut world, id);
    assert_eq!(world.told(1).len(), 2);
    world.directory.lock(id);
    world.ask(1, 2, vec![wish("b", long.as_str())]);
    assert!(world.told(1).is_empty());
}

#[test]
fn of_what_a_script_sets_behind_its_lock_the_last_value_is_kept() {
    let (mut world, id) = locked();
    for number in 0..100 {
        world.set(id, "a", number);
    }
    let waiting = world.directory.objects.get(&id).map(Object::behind_lock);
    assert_eq!(waiting.map(<[_]>::len), Some(1));
    unlock(&mut world, id);
    assert_eq!(world.told_once(1), (1, vec![change("a", 99)]));
}

#[test]
fn closing_and_breaking_a_lock_unlock() {
    for closes in [false, true] {
        let (mut world, id) = locked();
        world.directory.lock(id);
        world.set(id, "a", 1);
        world.ask(1, 0, vec![wish("b", 2)]);
        if closes {
            world.directory.close(id);
        } else {
            world.directory.break_lock(id);
        }
        world.pump();
        assert_eq!(world.told_once(1), (2, vec![change("a", 1), success("b")]));
        assert_eq!(world.directory.get(id, "a").is_none(), closes);
    }
}

#[test]
fn calls_and_clears_of_the_script_keep_their_place_behind_the_lock() {
    let (mut world, id) = locked();
    world.set(id, "a", 1);
    world.directory.send(id, &"f".into(), &[1.into()]).unwrap();
    world.set(id, "a", 2);
    assert!(world.directory.clear(id));
    world.set(id, "b", 3);
    world.directory.mark(id, &"g".into(), &[2.into()]).unwrap();
    world.pump();
    assert!(world.told(1).is_empty());
    unlock(&mut world, id);
    let news = vec![
        change("a", 1),
        call("f", 1),
        Event::Clear,
        change("b", 3),
        call("g", 2),
    ];
    assert_eq!(world.told_once(1), (1, news));
}

#[test]
fn an_object_that_is_not_open_does_nothing() {
    let (mut world, id) = locked();
    world.directory.close(id);
    let directory = &mut world.directory;
    assert_eq!(directory.lock(id), -1);
    assert_eq!(directory.unlock(id), -1);
    assert!(directory.set(id, &"a".into(), &1.into()).is_err());
    assert!(directory.send(id, &"f".into(), &[]).is_err());
    assert!(directory.mark(id, &"f".into(), &[]).is_err());
    assert!(!directory.clear(id));
    assert!(directory.take_changes(id).is_none());
    assert_eq!((directory.size(id), directory.version(id)), (0, 0));
    assert!(directory.names(id).is_empty());
}
