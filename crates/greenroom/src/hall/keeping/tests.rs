//! What is kept and loaded again, with stores that work, and stores that fail.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use rooms::{Account, Ban, BanTarget, Role, StoredVariable, Value};
use store::{MemoryStore, Write};

use super::*;
use crate::objects::held::Held;

/// More than any test here has.
const MOST: usize = 1_000;

fn room(zone: &str, name: &str) -> StoredRoom {
    StoredRoom {
        zone: zone.into(),
        name: name.into(),
        password: None,
        description: "".into(),
        capacity: Some(3),
        spectator_capacity: None,
        hidden: false,
        updatable: true,
        numbered: false,
        user_variables: false,
        flood_filter: true,
    }
}

fn variable(name: &str) -> Change {
    Change::PutVariable {
        zone: "main".into(),
        room: "lobby".into(),
        variable: StoredVariable {
            name: name.into(),
            value: Value::Number(0.1),
            locked: true,
            owner: Some("ann".into()),
        },
    }
}

fn changes() -> Vec<Change> {
    let ban = |id| {
        Change::PutBan(Ban {
            id: BanId(id),
            target: BanTarget::Name("bob".into()),
            reason: "\"<&".into(),
            by: None,
            until: None,
        })
    };
    let buddies = |owner: &str, buddies: &[&str]| Change::PutBuddies {
        owner: owner.into(),
        buddies: buddies
            .iter()
            .map(|&name| name.into())
            .collect::<BTreeSet<_>>(),
    };
    vec![
        Change::PutAccount(Account {
            name: "Ann".into(),
            hash: "$argon2id$".into(),
            role: Role::Moderator,
        }),
        ban(1),
        ban(2),
        Change::RemoveBan(BanId(1)),
        Change::PutRoom(room("Main", "Lobby")),
        Change::PutRoom(room("Main", "Gone")),
        variable("topic"),
        variable("gone"),
        Change::RemoveVariable {
            zone: "main".into(),
            room: "lobby".into(),
            name: "gone".into(),
        },
        Change::RemoveRoom {
            zone: "main".into(),
            room: "gone".into(),
        },
        buddies("ann", &["Bob", "cy"]),
        buddies("bob", &["x"]),
        buddies("bob", &[]),
    ]
}

#[test]
fn what_is_kept_is_what_is_loaded() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let keeping = Keeping::new(Some(store.clone()), MOST);
    let mut expected = Snapshot::default();
    for change in changes() {
        keeping.keep(&change);
        expected.apply(change);
    }
    store.write(Write::Barrier, Duration::from_secs(5)).unwrap();
    let loaded = keeping.load().unwrap();
    assert_eq!(loaded, expected);
    assert_eq!((loaded.bans.len(), loaded.rooms.len()), (1, 1));
}

#[test]
fn the_variables_of_a_removed_room_do_not_come_back_with_it() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let keeping = Keeping::new(Some(store.clone()), MOST);
    let remove = Change::RemoveRoom {
        zone: "main".into(),
        room: "lobby".into(),
    };
    let put = Change::PutRoom(room("Main", "Lobby"));
    for change in [put.clone(), variable("topic"), remove, put] {
        keeping.keep(&change);
    }
    store.write(Write::Barrier, Duration::from_secs(5)).unwrap();
    let loaded = keeping.load().unwrap();
    assert_eq!(loaded.rooms.len(), 1);
    assert!(loaded.variables.values().all(BTreeMap::is_empty));
}

/// A store that is full.
fn no_room() -> StoreError {
    StoreError::NoRoom {
        cause: "full".into(),
    }
}

fn topic(value: f64) -> Change {
    Change::PutVariable {
        zone: "main".into(),
        room: "lobby".into(),
        variable: StoredVariable {
            name: "topic".into(),
            value: Value::Number(value),
            locked: false,
            owner: None,
        },
    }
}

// The clock of the test goes ahead by itself whenever there is nothing to do.
#[tokio::test(start_paused = true)]
async fn what_a_full_store_refuses_is_tried_again_until_it_is_there() {
    let store = Arc::new(MemoryStore::default());
    let keeping = Keeping::new(Some(store.clone()), MOST);
    let tries = tokio::spawn(keeping.clone().look_after(Duration::from_secs(1)));
    store.set_trouble(Some(no_room()));
    let mut expected = Snapshot::default();
    for change in changes() {
        keeping.keep(&change);
        expected.apply(change);
    }
    assert!(!keeping.finish(Duration::from_secs(10)).await);
    let failed = store.stats().failed;
    assert!((10..=20).contains(&failed), "{failed}");
    assert_eq!(keeping.load().unwrap(), Snapshot::default());
    store.set_trouble(None);
    assert!(keeping.finish(Duration::from_secs(10)).await);
    assert_eq!(keeping.load().unwrap(), expected);
    tries.abort();
}

#[tokio::test(start_paused = true)]
async fn an_older_value_that_fails_late_does_not_overwrite_a_newer_one() {
    let store = Arc::new(Held::default());
    let keeping = Keeping::new(Some(store.clone()), MOST);
    store.hold(true);
    for value in [1.0, 2.0, 3.0] {
        keeping.keep(&topic(value));
    }
    keeping.keep(&Change::PutRoom(room("Main", "Lobby")));
    // The first is on its way, and of the others the newest waits; so does the room.
    let under_way = store.take();
    assert_eq!(under_way.len(), 2);
    store.hold(false);
    for (write, done) in under_way {
        drop(write);
        done.tell(Err(no_room()));
    }
    assert!(keeping.finish(Duration::from_secs(1)).await);
    let loaded = keeping.load().unwrap();
    let values = loaded.variables.values().flat_map(BTreeMap::values);
    let values: Vec<_> = values.map(|variable| variable.value.clone()).collect();
    assert_eq!(values, [Value::Number(3.0)]);
}

#[tokio::test(start_paused = true)]
async fn of_what_waits_for_the_store_only_so_much_is_kept() {
    let store = Arc::new(MemoryStore::default());
    let keeping = Keeping::new(Some(store.clone()), 2);
    store.set_trouble(Some(no_room()));
    keeping.keep(&Change::PutRoom(room("Main", "Lobby")));
    keeping.keep(&topic(1.0));
    keeping.keep(&Change::PutRoom(room("Main", "More")));
    // There is a place for what is waited for already.
    keeping.keep(&topic(2.0));
    store.set_trouble(None);
    assert!(keeping.finish(Duration::from_secs(1)).await);
    let loaded = keeping.load().unwrap();
    assert_eq!((loaded.rooms.len(), loaded.variables.len()), (1, 1));
    // And for more, when that is there.
    keeping.keep(&Change::PutRoom(room("Main", "More")));
    assert_eq!(keeping.load().unwrap().rooms.len(), 2);
}

#[test]
fn more_than_one_write_takes_is_written_in_several() {
    let store = Arc::new(Held::default());
    let keeping = Keeping::new(Some(store.clone()), MOST);
    store.hold(true);
    for number in 0..600 {
        keeping.keep(&Change::PutRoom(room("Main", &number.to_string())));
    }
    store.let_go();
    assert_eq!(keeping.load().unwrap().rooms.len(), 600);
    assert_eq!(store.stats().writes, 4);
}

proptest! {
    /// Whichever writes fail, the store has in the end what a store has that never fails.
    #[test]
    fn a_store_that_fails_now_and_then_has_all_in_the_end(
        steps in prop::collection::vec((0_usize..13, 0_u8..4), 0..60),
    ) {
        let store = Arc::new(Held::default());
        let keeping = Keeping::new(Some(store.clone()), MOST);
        let mut expected = Snapshot::default();
        for (which, then) in steps {
            let change = changes().swap_remove(which);
            keeping.keep(&change);
            expected.apply(change);
            match then {
                0 => store.hold(true),
                1 => store.let_go(),
                2 => {
                    for (_, done) in store.take() {
                        done.tell(Err(no_room()));
                    }
                }
                _ => keeping.try_again(),
            }
        }
        store.let_go();
        keeping.try_again();
        let mut loaded = keeping.load().unwrap();
        for snapshot in [&mut loaded, &mut expected] {
            // Variables are loaded with their rooms, and be there none.
            let rooms = &snapshot.rooms;
            snapshot.variables.retain(|place, variables| {
                rooms.contains_key(place) && !variables.is_empty()
            });
        }
        prop_assert_eq!(loaded, expected);
    }
}
