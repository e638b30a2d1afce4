//! What the store in a file does beside: its schema, what is no store, who has it open.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use redb::{Database, TableDefinition};
use store::{Acknowledge, FileStore, Limits, SCHEMA, Scope, Store, StoreError, Write};
use tempfile::TempDir;

use crate::contract::{PATIENCE, commit, key};

/// A directory, and the path of a store in it with one object.
fn with_a_store() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("greenroom.redb");
    let store = open(&path).unwrap();
    let write = commit(&key("chat", "lobby", "o"), 5, &[("a", Some("1"))]);
    assert_eq!(store.write(write, PATIENCE), Ok(()));
    (directory, path)
}

fn open(path: &Path) -> Result<FileStore, StoreError> {
    FileStore::open(path, Limits::default())
}

fn version(store: &FileStore) -> Option<u32> {
    let object = store.load(&key("chat", "lobby", "o")).unwrap()?;
    Some(object.head.version)
}

#[test]
fn what_was_committed_is_there_when_opened_again() {
    let (_directory, path) = with_a_store();
    assert_eq!(version(&open(&path).unwrap()), Some(5));
}

#[test]
fn making_a_store_leaves_nothing_beside_it() {
    let (directory, _path) = with_a_store();
    let files = fs::read_dir(directory.path()).unwrap();
    let names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["greenroom.redb"]);
}

#[test]
fn a_later_schema_is_refused() {
    const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
    let (_directory, path) = with_a_store();
    let database = Database::open(&path).unwrap();
    let change = database.begin_write().unwrap();
    let mut meta = change.open_table(META).unwrap();
    meta.insert("schema", SCHEMA + 1).unwrap();
    drop(meta);
    change.commit().unwrap();
    drop(database);

    let error = open(&path).unwrap_err();
    let (found, known) = (SCHEMA + 1, SCHEMA);
    let expected = StoreError::NewerSchema {
        path: path.clone(),
        found,
        known,
    };
    assert_eq!(error, expected);
    let text = error.to_string();
    assert!(
        text.contains("schema 2") && text.contains("up to 1"),
        "{text}"
    );
}

/// Opens a file with these bytes and shows that it is refused and left alone.
fn refused(bytes: &[u8]) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("greenroom.redb");
    fs::write(&path, bytes).unwrap();
    let error = open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn what_is_no_store_is_refused_and_left_alone() {
    refused(b"");
    refused(b"[server]\nthreads = 1\n");
    refused(&[0; 8_192]);
}

#[test]
fn a_store_that_was_cut_off_is_refused_and_left_alone() {
    let (_directory, path) = with_a_store();
    let whole = fs::read(&path).unwrap();
    for len in [1, 64, 4_096, whole.len() / 2, whole.len() - 4_096] {
        refused(&whole[..len]);
    }
}

#[test]
fn another_database_is_no_store() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("greenroom.redb");
    drop(Database::create(&path).unwrap());
    let error = open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
}

/// Damages every page that holds something, one after the other: the store is refused, or it
/// opens and has what it had.
#[test]
fn damage_anywhere_is_reported_or_harmless() {
    let (_directory, path) = with_a_store();
    let whole = fs::read(&path).unwrap();
    let mut reported = 0;
    for page in 0..whole.len() / 4_096 {
        let at = page * 4_096;
        if whole[at..at + 4_096].iter().all(|byte| *byte == 0) {
            continue;
        }
        let mut bytes = whole.clone();
        for byte in &mut bytes[at..at + 4_096] {
            *byte ^= 0x55;
        }
        fs::write(&path, &bytes).unwrap();
        match open(&path) {
            Ok(store) => assert_eq!(version(&store), Some(5), "page {page}"),
            Err(StoreError::Damaged { .. }) => reported += 1,
            Err(other) => panic!("page {page}: {other:?}"),
        }
    }
    assert!(reported > 0);
}

#[test]
fn one_process_has_it_at_a_time() {
    let (_directory, path) = with_a_store();
    let first = open(&path).unwrap();
    let in_use = StoreError::InUse { path: path.clone() };
    assert_eq!(open(&path).unwrap_err(), in_use);
    let reading = FileStore::open_read_only(&path, Limits::default());
    assert_eq!(reading.unwrap_err(), in_use);
    drop(first);
    assert!(open(&path).is_ok());
}

#[test]
fn opened_for_reading_it_reads_and_changes_nothing() {
    let (_directory, path) = with_a_store();
    let before = fs::read(&path).unwrap();
    let store = FileStore::open_read_only(&path, Limits::default()).unwrap();
    assert_eq!(version(&store), Some(5));
    let write = commit(&key("chat", "lobby", "o"), 6, &[]);
    let error = store.write(write, PATIENCE).unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
    assert_eq!(version(&store), Some(5));
    drop(store);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn opened_for_reading_it_must_be_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("greenroom.redb");
    assert!(FileStore::open_read_only(&path, Limits::default()).is_err());
    assert!(!path.exists());
}

#[test]
fn what_waits_is_committed_together_and_each_is_told() {
    const WRITES: u32 = 2_000;
    let (_directory, path) = with_a_store();
    let store = open(&path).unwrap();
    let (sender, told) = mpsc::channel();
    for number in 0..WRITES {
        let sender = sender.clone();
        let key = key("chat", "lobby", &format!("{number}"));
        let done = Acknowledge::new(move |result| sender.send((number, result)).unwrap());
        store.submit(commit(&key, 1, &[("a", Some("1"))]), done);
    }
    drop(sender);
    let told: Vec<_> = told.iter().collect();
    let expected: Vec<_> = (0..WRITES).map(|number| (number, Ok(()))).collect();
    assert_eq!(told, expected);
    let stats = store.stats();
    assert_eq!(stats.writes, u64::from(WRITES));
    assert!(stats.commits < u64::from(WRITES) / 2, "{stats:?}");
    let listed = store.list(&Scope::Everything, None, usize::MAX).unwrap();
    assert_eq!(listed.len(), WRITES as usize + 1);
}

#[test]
fn what_waits_when_it_is_dropped_is_still_written() {
    let (_directory, path) = with_a_store();
    let store = open(&path).unwrap();
    let (sender, told) = mpsc::channel();
    let done = Acknowledge::new(move |result| sender.send(result).unwrap());
    store.submit(commit(&key("chat", "lobby", "o"), 6, &[]), done);
    drop(store);
    assert_eq!(told.recv(), Ok(Ok(())));
    assert_eq!(version(&open(&path).unwrap()), Some(6));
}

#[test]
fn a_full_queue_says_so() {
    let (_directory, path) = with_a_store();
    let limits = Limits {
        queue_writes: 0,
        ..Limits::default()
    };
    let store = FileStore::open(&path, limits).unwrap();
    let full = StoreError::QueueFull {
        limit: "queue_writes",
        max: 0,
    };
    assert_eq!(store.write(Write::Barrier, PATIENCE), Err(full));
    assert_eq!(store.stats().refused, 1);
}
