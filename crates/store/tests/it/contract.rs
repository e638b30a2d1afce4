//! What every store does.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use store::{
    Changes, Epoch, FileStore, Forgotten, InstanceKey, Kind, Limits, MemoryStore, ObjectKey, Scope,
    SlotChange, Store, StoreError, StoredObject, Write,
};

/// Far more than any of these writes takes; nothing waits for it to pass.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) fn key(app: &str, instance: &str, name: &str) -> ObjectKey {
    ObjectKey::new(InstanceKey::new(app, instance), Kind::Persistent, name)
}

pub(crate) fn commit(key: &ObjectKey, version: u32, slots: &[(&str, Option<&str>)]) -> Write {
    let mut changes = Changes::new(key.clone(), version);
    changes.slots = slots
        .iter()
        .map(|(name, value)| match value {
            Some(value) => SlotChange::set(*name, version, value.as_bytes()),
            None => SlotChange::delete(*name, version),
        })
        .collect();
    Write::Commit(changes)
}

fn done(store: &dyn Store, write: Write) {
    assert_eq!(store.write(write, PATIENCE), Ok(()));
}

fn names(store: &dyn Store, scope: &Scope) -> Vec<String> {
    let listed = store.list(scope, None, usize::MAX).unwrap();
    listed.iter().map(|one| one.key.to_string()).collect()
}

/// Runs a test on a new store of each kind.
fn on_each(test: impl Fn(&dyn Store)) {
    test(&MemoryStore::default());
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(&directory.path().join("store"), Limits::default()).unwrap();
    test(&store);
}

#[test]
fn an_object_is_loaded_as_it_was_committed() {
    on_each(|store| {
        let key = key("chat", "lobby", "users/x");
        assert_eq!(store.load(&key), Ok(None));
        done(store, commit(&key, 3, &[("a", Some("1")), ("b", Some(""))]));
        done(store, commit(&key, 4, &[("a", None), ("c", Some("2"))]));

        let object = store.load(&key).unwrap().unwrap();
        assert_eq!(object.head.version, 4);
        let slot = |name: &str| {
            let slot = object.slots.get(name)?;
            Some((slot.version, slot.value.to_vec()))
        };
        assert_eq!(slot("a"), None);
        assert_eq!(slot("b"), Some((3, Vec::new())));
        assert_eq!(slot("c"), Some((4, b"2".to_vec())));
        let deletions: Vec<_> = object.deletions.iter().collect();
        assert_eq!(deletions, [(&Arc::from("a"), &4)]);
    });
}

#[test]
fn a_slot_that_comes_back_is_deleted_no_more() {
    on_each(|store| {
        let key = key("chat", "lobby", "o");
        done(store, commit(&key, 1, &[("a", None)]));
        done(store, commit(&key, 2, &[("a", Some("x"))]));
        let object = store.load(&key).unwrap().unwrap();
        assert!(object.deletions.is_empty());
        assert!(object.slots.contains_key("a"));
    });
}

#[test]
fn old_deletions_are_forgotten_on_request() {
    on_each(|store| {
        let (key, other) = (key("chat", "lobby", "o"), key("chat", "lobby", "o2"));
        for key in [&key, &other] {
            done(store, commit(key, 1, &[("a", None)]));
            done(store, commit(key, 2, &[("b", None)]));
        }
        let mut changes = Changes::new(key.clone(), 3);
        changes.forget_before = 2;
        changes.head.resync_depth = Some(1);
        changes.head.floor = 2;
        done(store, Write::Commit(changes));
        let object = store.load(&key).unwrap().unwrap();
        assert_eq!(object.deletions.keys().collect::<Vec<_>>(), [&"b".into()]);
        assert_eq!(object.head.resync_depth, Some(1));
        assert_eq!(object.head.floor, 2);
        assert_eq!(store.load(&other).unwrap().unwrap().deletions.len(), 2);
    });
}

#[test]
fn the_whole_of_an_object_replaces_it() {
    on_each(|store| {
        let (from, to) = (key("chat", "lobby", "from"), key("chat", "lobby", "to"));
        done(store, commit(&from, 7, &[("a", Some("1")), ("gone", None)]));
        done(store, commit(&to, 2, &[("b", Some("2")), ("old", None)]));
        let object = store.load(&from).unwrap().unwrap();
        done(store, Write::Commit(Changes::whole(to.clone(), &object)));
        assert_eq!(store.load(&to), Ok(Some(object)));
    });
}

#[test]
fn lists_have_pages_and_scopes() {
    on_each(|store| {
        let all = [
            key("chat", "a", "x"),
            key("chat", "a", "x/1"),
            key("chat", "a", "x/2"),
            key("chat", "a", "y"),
            key("chat", "b", "x"),
            key("chat2", "a", "x"),
        ];
        for key in all.iter().rev() {
            done(store, commit(key, 1, &[]));
        }
        let text =
            |keys: &[ObjectKey]| -> Vec<String> { keys.iter().map(ToString::to_string).collect() };
        assert_eq!(names(store, &Scope::Everything), text(&all));
        let chat = Scope::application("chat");
        assert_eq!(names(store, &chat), text(&all[..5]));
        let instance = Scope::Instance(InstanceKey::new("chat", "a"));
        assert_eq!(names(store, &instance), text(&all[..4]));
        let prefix = Scope::Prefix(key("chat", "a", "x/"));
        assert_eq!(names(store, &prefix), text(&all[1..3]));

        let mut pages = Vec::new();
        let mut after = None;
        loop {
            let page = store.list(&chat, after.as_ref(), 2).unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            pages.push(page.len());
        }
        assert_eq!(pages, [2, 2, 1]);
        assert_eq!(store.list(&chat, None, 0), Ok(Vec::new()));
        // What comes after something before the scope begins with the scope.
        let page = store.list(&Scope::application("chat2"), Some(&all[0]), 9);
        assert_eq!(page.unwrap().len(), 1);
    });
}

#[test]
fn deleting_takes_what_is_meant_and_nothing_beside() {
    on_each(|store| {
        let keys = [
            key("chat", "a", "x"),
            key("chat", "a", "x2"),
            key("chat", "a2", "x"),
            key("chat2", "a", "x"),
        ];
        for key in &keys {
            done(store, commit(key, 1, &[("s", Some("v")), ("d", None)]));
        }
        let epoch = Epoch::default();
        let delete = |key: &ObjectKey| Write::DeleteObject {
            key: key.clone(),
            epoch,
        };
        done(store, delete(&keys[0]));
        done(store, delete(&keys[0]));
        assert_eq!(store.load(&keys[0]), Ok(None));
        assert_eq!(names(store, &Scope::Everything).len(), 3);
        // Nothing of the old one is left to come back.
        done(store, commit(&keys[0], 1, &[]));
        let object = store.load(&keys[0]).unwrap().unwrap();
        assert!(object.slots.is_empty() && object.deletions.is_empty());

        done(store, Write::DeleteInstance(keys[0].instance.clone()));
        // The first is what is left of the versions.
        let left = ["chat//", "chat/a2/x", "chat2/a/x"];
        assert_eq!(names(store, &Scope::Everything), left);
        done(
            store,
            Write::DeleteApplication {
                host: store::DEFAULT_HOST.into(),
                app: "chat".into(),
            },
        );
        assert_eq!(names(store, &Scope::Everything), ["chat//", "chat2/a/x"]);
        let left = store.load(&keys[3]).unwrap().unwrap();
        assert_eq!((left.slots.len(), left.deletions.len()), (1, 1));
    });
}

#[test]
fn versions_of_objects_that_are_gone_stay_given() {
    on_each(|store| {
        let gone = |app: &str| {
            let gone = ObjectKey::gone(store::DEFAULT_HOST.into(), app.into());
            let left = store.load(&gone).unwrap();
            left.map(|left| (left.head.version, left.head.floor))
        };
        let forget = |names: &[&str], version| Write::Forget {
            instance: InstanceKey::new("chat", "a"),
            objects: names
                .iter()
                .map(|name| Forgotten {
                    name: (*name).into(),
                    version,
                })
                .collect(),
            epoch: Epoch::default(),
        };
        for (name, version) in [("x", 7), ("y", 3), ("z", 20)] {
            let write = commit(&key("chat", "a", name), version, &[("s", Some("v"))]);
            done(store, write);
        }
        done(store, forget(&["never"], None));
        assert_eq!(gone("chat"), None);
        // Somebody may have the last version that was stored.
        done(store, forget(&["x", "y"], None));
        assert_eq!(gone("chat"), Some((8, 8)));
        done(store, forget(&["z"], Some(5)));
        assert_eq!(gone("chat"), Some((8, 8)));
        assert_eq!(names(store, &Scope::Everything), ["chat//"]);
        done(store, commit(&key("chat", "b", "x"), 30, &[]));
        done(store, Write::DeleteInstance(InstanceKey::new("chat", "b")));
        assert_eq!(gone("chat"), Some((31, 31)));
        let application = Write::DeleteApplication {
            host: store::DEFAULT_HOST.into(),
            app: "chat".into(),
        };
        done(store, application);
        assert_eq!((gone("chat"), gone("chat2")), (Some((31, 31)), None));
    });
}

#[test]
fn an_owner_that_was_replaced_writes_nothing() {
    on_each(|store| {
        let key = key("chat", "lobby", "o");
        let of = |epoch, version| {
            let mut changes = Changes::new(key.clone(), version);
            changes.epoch = Epoch(epoch);
            Write::Commit(changes)
        };
        let fenced = |held, given| StoreError::Fenced {
            held: Epoch(held),
            given: Epoch(given),
        };
        done(store, of(0, 1));
        done(store, of(2, 2));
        assert_eq!(store.write(of(1, 9), PATIENCE), Err(fenced(2, 1)));
        let delete = Write::DeleteObject {
            key: key.clone(),
            epoch: Epoch(0),
        };
        assert_eq!(store.write(delete, PATIENCE), Err(fenced(2, 0)));
        assert_eq!(store.load(&key).unwrap().unwrap().head.version, 2);
        // Another instance has an owner of its own.
        done(store, commit(&self::key("chat", "other", "o"), 1, &[]));
    });
}

#[test]
fn a_barrier_comes_after_all_before_it() {
    on_each(|store| {
        let key = key("chat", "lobby", "o");
        for version in 1..=100 {
            let write = commit(&key, version, &[("a", Some("v"))]);
            store.submit(write, store::Acknowledge::nobody());
        }
        done(store, Write::Barrier);
        assert_eq!(store.load(&key).unwrap().unwrap().head.version, 100);
        assert_eq!(store.stats().writes, 101);
    });
}

/// Any name a client may think of.
fn name() -> BoxedStrategy<String> {
    prop_oneof!["[ab/\0\u{ff}]{0,3}", any::<String>()].boxed()
}

fn write() -> impl Strategy<Value = Write> {
    let key = (name(), name(), name(), any::<bool>()).prop_map(|(app, instance, name, kept)| {
        let kind = if kept {
            Kind::Persistent
        } else {
            Kind::Temporary
        };
        ObjectKey::new(InstanceKey::new(app, instance), kind, name)
    });
    let key = key.boxed();
    let slots = prop::collection::vec((name(), any::<Option<Vec<u8>>>(), 0u32..9), 0..6);
    let commit = (key.clone(), slots, 0u32..9, any::<bool>(), 0u32..9).prop_map(
        |(key, slots, version, replace, forget_before)| {
            let mut changes = Changes::new(key, version);
            changes.slots = slots
                .into_iter()
                .map(|(name, value, version)| SlotChange {
                    name: name.into(),
                    version,
                    value: value.map(Into::into),
                })
                .collect();
            changes.replace = replace;
            changes.forget_before = forget_before;
            Write::Commit(changes)
        },
    );
    let delete = (key, 0..4).prop_map(|(key, what)| match what {
        3 => Write::Forget {
            instance: key.instance,
            objects: vec![Forgotten {
                name: key.name,
                version: None,
            }],
            epoch: Epoch::default(),
        },
        0 => Write::DeleteObject {
            key,
            epoch: Epoch::default(),
        },
        1 => Write::DeleteInstance(key.instance),
        _ => Write::DeleteApplication {
            host: key.instance.host,
            app: key.instance.app,
        },
    });
    prop_oneof![4 => commit, 1 => delete]
}

fn everything(store: &dyn Store) -> Vec<(ObjectKey, Option<StoredObject>)> {
    let listed = store.list(&Scope::Everything, None, usize::MAX).unwrap();
    let keys = listed.into_iter().map(|one| one.key);
    keys.map(|key| {
        let object = store.load(&key).unwrap();
        (key, object)
    })
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_stores_hold_the_same(writes in prop::collection::vec(write(), 1..40)) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let memory = MemoryStore::default();
        let file = FileStore::open(&path, Limits::default()).unwrap();
        for write in writes {
            done(&memory, write.clone());
            file.submit(write, store::Acknowledge::nobody());
        }
        done(&file, Write::Barrier);
        prop_assert_eq!(everything(&file), everything(&memory));
        drop(file);
        let file = FileStore::open(&path, Limits::default()).unwrap();
        prop_assert_eq!(everything(&file), everything(&memory));
    }
}
