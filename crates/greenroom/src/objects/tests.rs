//! The way of objects to a store and back.

use amf::Value;
use engine::scripting::SharedObjectHost as _;

use super::held::Held;
use super::*;

fn settings() -> ObjectSettings {
    ObjectSettings {
        config: sharedobject::Config {
            resync_depth: Some(2),
            ..sharedobject::Config::default()
        },
        lock_timeout_ms: None,
        end_timeout_ms: 60_000,
    }
}

fn kept(store: &Arc<Held>, patience_ms: u64) -> InstanceObjects {
    let store: Arc<dyn Store> = store.clone();
    let keeper = ObjectKeeper::of(Some(store), Duration::from_millis(patience_ms));
    let address = InstanceAddress {
        app: "chat".into(),
        instance: "lobby".into(),
    };
    InstanceObjects::new(&keeper, &address, CancellationToken::new())
}

fn set(objects: &SharedObjects, id: engine::scripting::ObjectId, key: &str, value: Value) {
    objects.set(id, key.into(), value).expect("it is set");
}

#[test]
fn what_was_saved_is_there_for_the_next_life() {
    let store = Arc::new(Held::default());
    let mut kept = kept(&store, 10_000);
    let objects = kept.make(&settings());
    let id = objects.open("a/b", true, None).expect("it opens");
    set(&objects, id, "gone", 1.0.into());
    set(&objects, id, "stays", "here".into());
    assert!(objects.flush(id));
    set(&objects, id, "gone", Value::Null);
    assert!(objects.flush(id));
    // Its deletion is forgotten, and stays so.
    for value in 0..5 {
        set(&objects, id, "stays", f64::from(value).into());
    }
    assert!(objects.flush(id));
    let version = objects.version(id);
    objects.close(id);
    let stored = store.load(&kept.key("a/b")).expect("it can be read");
    let stored = stored.expect("it is there");
    assert!(
        stored.deletions.is_empty() && stored.head.floor > 0,
        "{stored:?}"
    );
    let next = kept.make(&settings());
    let id = next.open("a/b", true, None).expect("it opens");
    assert_eq!(next.names(id), ["stays"]);
    assert_eq!(next.get(id, "stays"), Some(4.0.into()));
    assert_eq!(next.version(id), version);
    assert_eq!(next.resync_depth(id), Some(2));
}

#[test]
fn a_change_in_the_store_leaves_the_mark_of_a_crash() {
    let store = Arc::new(Held::default());
    let mut kept = kept(&store, 10_000);
    let objects = kept.make(&settings());
    let id = objects.open("a", true, None).expect("it opens");
    set(&objects, id, "lost", 1.0.into());
    let told = objects.version(id);
    // It ends without a save: clients have versions that nobody stored.
    drop(objects);
    let key = kept.key("a");
    let set = || {
        let slots = [("b".into(), Some(1.0.into()))];
        let store: Arc<dyn Store> = store.clone();
        stored::set(&store, &key, &slots, false, settings().config).expect("it is set")
    };
    let version = set();
    let there = store.load(&key).expect("it can be read");
    let floor = there.expect("it is there").head.floor;
    assert!(told < floor && floor < version, "{told} {floor} {version}");
    // After an orderly end there is no such mark.
    let again = set();
    let there = store.load(&key).expect("it can be read");
    assert_eq!(there.map(|there| there.head.floor), Some(floor));
    assert_eq!(again, version + 1);
}

#[test]
fn what_is_forgotten_at_once_is_not_there_again() {
    let store = Arc::new(Held::default());
    let mut kept = kept(&store, 10_000);
    let mut forgetful = settings();
    forgetful.config.resync_depth = Some(0);
    let objects = kept.make(&forgetful);
    let id = objects.open("a", true, None).expect("it opens");
    set(&objects, id, "gone", 1.0.into());
    assert!(objects.flush(id));
    set(&objects, id, "gone", Value::Null);
    set(&objects, id, "other", 1.0.into());
    assert!(objects.flush(id));
    let next = kept.make(&settings());
    let id = next.open("a", true, None).expect("it opens");
    assert_eq!(next.names(id), ["other"]);
}

#[test]
fn a_flush_does_not_wait_for_ever_and_nothing_is_lost() {
    let store = Arc::new(Held::default());
    let mut kept = kept(&store, 1);
    let objects = kept.make(&settings());
    let id = objects.open("a", true, None).expect("it opens");
    set(&objects, id, "x", 1.0.into());
    store.hold(true);
    assert!(!objects.flush(id));
    assert!(objects.is_dirty(id));
    assert_eq!(objects.get(id, "x"), Some(1.0.into()));
    store.let_go();
    assert!(objects.flush(id) && !objects.is_dirty(id));
}

#[test]
fn what_is_on_its_way_is_waited_for() {
    let store = Arc::new(Held::default());
    let mut kept = kept(&store, 20_000);
    let objects = kept.make(&settings());
    let id = objects.open("a", true, None).expect("it opens");
    set(&objects, id, "x", 1.0.into());
    store.hold(true);
    // The last user goes, and the next comes before the save is done.
    objects.close(id);
    let next = kept.make(&settings());
    std::thread::scope(|scope| {
        let loading = scope.spawn(|| {
            let id = next.open("a", true, None).expect("it opens");
            next.get(id, "x")
        });
        while store.waiting() < 2 {
            std::thread::yield_now();
        }
        store.let_go();
        assert_eq!(loading.join().expect("it loads"), Some(1.0.into()));
    });
}

#[test]
fn without_a_store_nothing_is_kept_and_flush_says_so() {
    let address = InstanceAddress {
        app: "chat".into(),
        instance: "lobby".into(),
    };
    let mut kept =
        InstanceObjects::new(&ObjectKeeper::nowhere(), &address, CancellationToken::new());
    let objects = kept.make(&settings());
    let id = objects.open("a", true, None).expect("it opens");
    set(&objects, id, "x", 1.0.into());
    assert!(!objects.flush(id));
    objects.close(id);
    let again = objects.open("a", true, None).expect("it opens");
    assert_eq!(
        objects.get(again, "x"),
        Some(1.0.into()),
        "it lives on with the instance"
    );
    let next = kept.make(&settings());
    let id = next.open("a", true, None).expect("it opens");
    assert_eq!(next.get(id, "x"), None);
}

#[test]
fn all_names_are_found_however_many_there_are() {
    let store = Arc::new(Held::default());
    let mut kept = kept(&store, 10_000);
    let count = 2 * shelf::NAMES_AT_ONCE;
    for number in 0..count {
        let changes = store::Changes::new(kept.key(&format!("o{number:05}")), 1);
        store.submit(Write::Commit(changes), Acknowledge::nobody());
    }
    assert_eq!(kept.names().expect("they are listed").len(), count);
    assert!(kept.make(&settings()).clear_matching("/"));
    assert_eq!(kept.names().expect("they are listed").len(), 0);
    assert_eq!(kept.first_version(), Ok(2));
}

/// Many more than may wait for the store.
#[test]
fn all_are_cleared_in_one_write_and_it_is_said_whether_that_is_done() {
    let store = Arc::new(Held::default());
    let mut kept = kept(&store, 1);
    for number in 0..100 {
        let changes = store::Changes::new(kept.key(&number.to_string()), 1);
        store.submit(Write::Commit(changes), Acknowledge::nobody());
    }
    store.hold(true);
    let objects = kept.make(&settings());
    assert!(!objects.clear_matching("/"));
    assert_eq!(store.waiting(), 1);
    store.let_go();
    assert!(objects.clear_matching("/"));
    let id = objects.open("7", true, None).expect("it opens");
    assert_eq!(objects.version(id), 2);
}

#[test]
fn nobody_loads_what_an_administrator_is_about_to_change() {
    let store = Arc::new(Held::default());
    let mut kept = kept(&store, 20_000);
    let key = kept.key("a");
    let scope = Scope::Instance(key.instance.clone());
    let slots = [("x".into(), Some(1.0.into()))];
    std::thread::scope(|scope_of_threads| {
        let (closed, is_closed) = std::sync::mpsc::channel();
        let (load, may_load) = std::sync::mpsc::channel();
        let next = kept.make(&settings());
        let loading = scope_of_threads.spawn(move || {
            is_closed.recv().expect("it is closed");
            load.send(()).expect("somebody listens");
            let id = next.open("a", true, None).expect("it opens");
            next.get(id, "x")
        });
        let there: Arc<dyn Store> = store.clone();
        let set = || {
            closed.send(()).expect("somebody listens");
            // Whoever begins to load now has to wait; so has another administrator.
            may_load.recv().expect("it begins");
            assert!(kept.keeper.turnstile.pass(&key, Duration::ZERO).is_err());
            let other = ObjectKey::new(InstanceKey::new("chat", "b"), Kind::Persistent, "a");
            assert_eq!(kept.keeper.turnstile.pass(&other, Duration::ZERO), Ok(()));
            stored::set(&there, &key, &slots, false, settings().config).expect("it is set")
        };
        assert_eq!(kept.keeper.alone(scope.clone(), || false, set), Ok(Some(1)));
        assert_eq!(loading.join().expect("it loads"), Some(1.0.into()));
    });
    // If somebody may have it, nothing is done.
    assert_eq!(kept.keeper.alone(scope, || true, || ()), Ok(None));
    assert_eq!(kept.keeper.turnstile.pass(&key, Duration::ZERO), Ok(()));
}

#[test]
fn what_an_instance_refuses_is_refused_in_the_store_too() {
    let store = Arc::new(Held::default());
    let kept = kept(&store, 10_000);
    let there: Arc<dyn Store> = store.clone();
    let mut config = settings().config;
    config.limits = sharedobject::Limits {
        slots: 2,
        slot_name_bytes: 3,
        stored_objects: 1,
        ..config.limits
    };
    let set = |object: &str, slots: &[&str]| {
        let slots: Vec<_> = slots
            .iter()
            .map(|name| (Str::from(*name), Some(Value::from(1.0))))
            .collect();
        let set = stored::set(&there, &kept.key(object), &slots, false, config.clone());
        set.map_err(|error| error.to_string())
    };
    let over = |limit, max: usize| Err(format!("the limit {limit} of {max} is reached"));
    assert_eq!(set("a", &["long"]), over("slot_name_bytes", 3));
    assert_eq!(set("a", &["x", "y", "z"]), over("slots", 2));
    assert_eq!(store.load(&kept.key("a")), Ok(None));
    assert_eq!(set("a", &["x", "y"]), Ok(1));
    assert_eq!(set("b", &["x"]), over("stored_objects", 1));
}

#[test]
fn a_copy_is_written_in_few_commits_and_has_the_versions_of_what_is_gone() {
    let store = Arc::new(Held::default());
    let kept = kept(&store, 10_000);
    for number in 0..300 {
        let changes = store::Changes::new(kept.key(&number.to_string()), 7);
        store.submit(Write::Commit(changes), Acknowledge::nobody());
    }
    let scope = Scope::Prefix(kept.key("0"));
    stored::delete(&*store, scope).expect("it is deleted");
    let directory = tempfile::tempdir().expect("a directory");
    let to = FileStore::open(&directory.path().join("copy"), Limits::default());
    let to = to.expect("it opens");
    assert_eq!(stored::copy(&*store, &to).expect("it is copied"), 299);
    let stats = to.stats();
    assert!(stats.writes >= 300 && stats.commits < 100, "{stats:?}");
    let gone = ObjectKey::gone(store::DEFAULT_HOST.into(), "chat".into());
    let gone = to.load(&gone).expect("it can be read");
    assert_eq!(gone.map(|gone| gone.head.version), Some(8));
    let rows = stored::list(&to, &Scope::Everything).expect("they are listed");
    assert_eq!(rows.len(), 299);
}

#[test]
fn an_instance_that_was_written_off_saves_nothing_any_more() {
    let store = Arc::new(Held::default());
    let mut kept = kept(&store, 10_000);
    let objects = kept.make(&settings());
    let id = objects.open("a", true, None).expect("it opens");
    set(&objects, id, "x", 1.0.into());
    assert!(objects.flush(id));
    kept.written_off.cancel();
    set(&objects, id, "x", 2.0.into());
    assert!(!objects.flush(id));
    let stored = store.load(&kept.key("a")).expect("it can be read");
    let slots = stored.expect("it is there").slots;
    assert_eq!(slots["x"].version, 1);
}

/// A changed object of an instance that is about to end.
fn changed(kept: &mut InstanceObjects) -> SharedObjects {
    let objects = kept.make(&settings());
    let id = objects.open("a", true, None).expect("it opens");
    set(&objects, id, "x", 1.0.into());
    objects.save_all(clock::now());
    objects
}

// The clock of the test goes ahead by itself whenever there is nothing to do.
#[tokio::test(start_paused = true)]
async fn an_instance_that_ends_asks_again_for_what_was_not_saved() {
    let store = Arc::new(Held::default());
    let mut kept = kept(&store, 10_000);
    store.refuse(5);
    let objects = changed(&mut kept);
    kept.settle(&objects).await;
    assert_eq!(objects.not_saved(clock::now()), [""; 0]);
    let stored = store.load(&kept.key("a")).expect("it can be read");
    let slots = stored.expect("it is there").slots;
    assert_eq!(slots["x"].version, 1);
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_ends_waits_for_its_saves_but_not_for_ever() {
    let store = Arc::new(Held::default());
    let mut kept = kept(&store, 10_000);
    store.hold(true);
    let objects = changed(&mut kept);
    let begun = tokio::time::Instant::now();
    kept.settle(&objects).await;
    assert_eq!(begun.elapsed().as_millis(), 60_000);
    assert_eq!(objects.not_saved(clock::now()), ["a"]);
    let again = objects.clone();
    let settling = tokio::spawn(async move { kept.settle(&again).await });
    tokio::task::yield_now().await;
    assert!(!settling.is_finished());
    store.let_go();
    settling.await.expect("it does not panic");
    assert_eq!(objects.not_saved(clock::now()), [""; 0]);
}

#[test]
fn a_save_of_an_earlier_life_is_not_taken_for_one_of_the_next() {
    let store = Arc::new(Held::default());
    let mut kept = kept(&store, 1);
    store.hold(true);
    let earlier = kept.make(&settings());
    let id = earlier.open("a", true, None).expect("it opens");
    set(&earlier, id, "x", 1.0.into());
    assert!(!earlier.flush(id));
    let held = store.take();
    let next = kept.make(&settings());
    let id = next.open("b", true, None).expect("it opens");
    set(&next, id, "x", 1.0.into());
    assert!(!next.flush(id));
    store.write_all(held);
    assert!(next.is_dirty(id), "nothing of it is saved");
    store.let_go();
    assert!(!next.is_dirty(id));
}
