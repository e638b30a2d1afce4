//! A disk that fails at any point, and power that goes at any point.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tempfile::TempDir;
use testkit::Random;

use super::FileStore;
use super::faulty::{Disk, Faulty};
use crate::{
    Changes, InstanceKey, Kind, Limits, ObjectKey, Scope, SlotChange, Store, StoreError, Write,
};

const PATIENCE: Duration = Duration::from_mins(1);

fn key() -> ObjectKey {
    ObjectKey::new(InstanceKey::new("chat", "lobby"), Kind::Persistent, "o")
}

/// Sets ten slots to a value that only this version has.
fn write(version: u32) -> Write {
    let mut changes = Changes::new(key(), version);
    changes.slots = (0..10)
        .map(|slot| SlotChange::set(format!("{slot}"), version, value(version)))
        .collect();
    Write::Commit(changes)
}

fn value(version: u32) -> Vec<u8> {
    vec![version as u8; 100 + version as usize * 37]
}

/// The version in the store, when all slots are of it.
fn whole_version(store: &FileStore) -> u32 {
    let object = store.load(&key()).unwrap().unwrap();
    let version = object.head.version;
    assert_eq!(object.slots.len(), 10);
    for slot in object.slots.values() {
        assert_eq!(slot.version, version);
        assert_eq!(*slot.value, *value(version));
    }
    version
}

/// A file with version 1, and a disk for it.
fn file() -> (TempDir, PathBuf, Arc<Disk>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = FileStore::open(&path, Limits::default()).unwrap();
    assert_eq!(store.write(write(1), PATIENCE), Ok(()));
    (directory, path, Arc::default())
}

fn on(path: &Path, disk: &Arc<Disk>, retry_after: Duration) -> FileStore {
    let limits = Limits {
        retry_after,
        ..Limits::default()
    };
    FileStore::on(Box::new(Faulty::new(path, Arc::clone(disk))), limits).unwrap()
}

/// Operations of the disk that a few commits take.
fn operations_of_some_commits() -> u64 {
    let (_directory, path, disk) = file();
    let store = on(&path, &disk, Duration::ZERO);
    let before = disk.count();
    for version in 2..=4 {
        assert_eq!(store.write(write(version), PATIENCE), Ok(()));
    }
    let operations = disk.count() - before;
    assert!(operations > 10, "{operations} are too few to fail at");
    operations
}

#[test]
fn a_disk_that_fills_up_at_any_point_is_told_and_read_and_written_again() {
    for point in 0..operations_of_some_commits() {
        let (_directory, path, disk) = file();
        let store = on(&path, &disk, Duration::ZERO);
        disk.fail_after(point, ErrorKind::StorageFull);
        let failed = (2..100).find(|version| {
            let error = store.write(write(*version), PATIENCE).err();
            let told = matches!(error, None | Some(StoreError::NoRoom { .. }));
            assert!(told, "{point}: {error:?}");
            error.is_some()
        });
        let failed = failed.unwrap();
        // The last write may be there; the one before it is.
        let there = whole_version(&store);
        assert!((failed - 1..=failed).contains(&there), "{point}: {there}");
        assert!(store.write(write(failed), PATIENCE).is_err());
        assert!(store.stats().trouble.is_some());

        disk.heal();
        assert_eq!(store.write(write(failed + 1), PATIENCE), Ok(()), "{point}");
        assert_eq!(store.stats().trouble, None);
        assert_eq!(whole_version(&store), failed + 1);
        drop(store);
        let store = FileStore::open(&path, Limits::default()).unwrap();
        assert_eq!(whole_version(&store), failed + 1);
    }
}

#[test]
fn after_a_failure_the_disk_is_left_alone_for_a_while() {
    let (_directory, path, disk) = file();
    let store = on(&path, &disk, Duration::from_hours(1));
    disk.fail_after(0, ErrorKind::StorageFull);
    let error = store.write(write(2), PATIENCE).unwrap_err();
    let count = disk.count();
    assert_eq!(store.write(write(2), PATIENCE), Err(error));
    assert_eq!(disk.count(), count);
    assert_eq!(whole_version(&store), 1);
}

#[test]
fn reads_are_answered_while_the_file_is_opened_again_for_writing() {
    let (_directory, path, disk) = file();
    let store = on(&path, &disk, Duration::ZERO);
    disk.fail_after(0, ErrorKind::StorageFull);
    assert!(store.write(write(2), PATIENCE).is_err());
    for heals in [false, true] {
        let (begun, has_begun) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel();
        disk.hold_opening(begun, may_go_on);
        if heals {
            disk.heal();
        }
        let (read, has_read) = mpsc::channel();
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| store.write(write(2), PATIENCE));
            has_begun.recv().unwrap();
            scope.spawn(|| read.send(whole_version(&store)));
            let version = has_read.recv_timeout(Duration::from_secs(30));
            go_on.send(()).unwrap();
            assert_eq!(version, Ok(1), "a read waits for the disk");
            assert_eq!(writing.join().unwrap().is_ok(), heals);
        });
    }
    assert_eq!(whole_version(&store), 2);
}

#[test]
fn any_other_failure_has_its_own_error() {
    for (kind, expected) in [
        (ErrorKind::QuotaExceeded, "the store has no room: "),
        (
            ErrorKind::ReadOnlyFilesystem,
            "the store cannot be written: ",
        ),
        (ErrorKind::BrokenPipe, "the store failed: "),
    ] {
        let (_directory, path, disk) = file();
        let store = on(&path, &disk, Duration::ZERO);
        disk.fail_after(0, kind);
        let error = store.write(write(2), PATIENCE).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
        assert_eq!(whole_version(&store), 1);
    }
}

#[test]
fn a_disk_that_cannot_be_read_is_told_and_read_again() {
    let (_directory, path, disk) = file();
    let store = on(&path, &disk, Duration::ZERO);
    // Far more than what the cache holds, so that it has to be read.
    let mut changes = Changes::new(
        ObjectKey::new(InstanceKey::new("chat", "lobby"), Kind::Persistent, "large"),
        1,
    );
    changes.slots = (0..400)
        .map(|slot| SlotChange::set(format!("{slot}"), 1, vec![7; 10_000]))
        .collect();
    let large = changes.key.clone();
    assert_eq!(store.write(Write::Commit(changes), PATIENCE), Ok(()));

    disk.fail_reading(Some(ErrorKind::Other));
    let error = store.load(&large).unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error:?}");
    disk.fail_reading(None);
    // Writing opens it anew.
    assert_eq!(store.write(Write::Barrier, PATIENCE), Ok(()));
    assert_eq!(store.load(&large).unwrap().unwrap().slots.len(), 400);
    assert_eq!(whole_version(&store), 1);
}

#[test]
fn power_that_goes_at_any_point_takes_nothing_acknowledged() {
    let operations = operations_of_some_commits();
    for seed in 0..200 {
        let mut random = Random::new(seed);
        let (directory, path, disk) = file();
        let store = on(&path, &disk, Duration::from_hours(1));
        disk.fail_after(random.below(operations), ErrorKind::Other);
        let mut acknowledged = 1;
        while store.write(write(acknowledged + 1), PATIENCE).is_ok() {
            acknowledged += 1;
        }
        let image = directory.path().join("image");
        std::fs::write(&image, disk.lose_power(&mut random)).unwrap();
        drop(store);
        let store = FileStore::open(&image, Limits::default()).unwrap();
        let there = whole_version(&store);
        let allowed = acknowledged..=acknowledged + 1;
        assert!(allowed.contains(&there), "seed {seed}: {there}");
        let listed = store.list(&Scope::Everything, None, 9).unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(store.write(write(there + 1), PATIENCE), Ok(()));
    }
}

#[test]
fn reading_without_writing_repairs_nothing_on_the_disk() {
    let (directory, path, disk) = file();
    let store = on(&path, &disk, Duration::from_hours(1));
    // Not closed in order: the file says that it needs a repair.
    let image = directory.path().join("image");
    std::fs::copy(&path, &image).unwrap();
    drop(store);
    let before = std::fs::read(&image).unwrap();
    let store = FileStore::open_read_only(&image, Limits::default()).unwrap();
    assert_eq!(whole_version(&store), 1);
    drop(store);
    assert!(std::fs::read(&image).unwrap() == before);
}
