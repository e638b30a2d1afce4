//! A real limit on the size of the file, which the child meets and then lifts.

use std::path::Path;

use rlimit::Resource;
use store::{FileStore, Limits, Store, StoreError, Write};

use crate::child::{self, PATIENCE};
use crate::script;

/// Whoever reaches the limit gets a signal that ends it, unless it is ignored; what a shell
/// ignores is ignored by what it starts.
const IGNORING_THE_SIGNAL: [&str; 2] = ["-c", "trap '' XFSZ; exec \"$0\""];

pub(crate) fn test() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let mut command = child::command_of(Path::new("sh"), "no room", &path);
    command.args(IGNORING_THE_SIGNAL);
    command.arg(std::env::current_exe().unwrap());
    assert!(command.status().unwrap().success());
}

pub(crate) fn child(path: &Path) {
    let limits = Limits {
        retry_after: std::time::Duration::ZERO,
        ..Limits::default()
    };
    let store = FileStore::open(path, limits).unwrap();
    let commit = |number| store.write(Write::Commit(script::changes(number)), PATIENCE);
    assert_eq!(commit(0), Ok(()));

    let (_, hard) = Resource::FSIZE.get().unwrap();
    let len = std::fs::metadata(path).unwrap().len();
    Resource::FSIZE.set(len, hard).unwrap();
    // The file has some room inside.
    let refused = (1..10_000).find(|number| commit(*number).is_err()).unwrap();
    for _ in 0..3 {
        let error = commit(refused).unwrap_err();
        assert!(matches!(error, StoreError::NoRoom { .. }), "{error:?}");
        assert_eq!(store.stats().trouble, Some(error));
        same(&store, refused);
    }

    Resource::FSIZE.set(hard, hard).unwrap();
    assert_eq!(commit(refused), Ok(()));
    assert_eq!(store.stats().trouble, None);
    same(&store, refused + 1);
    drop(store);
    let store = FileStore::open(path, limits).unwrap();
    same(&store, refused + 1);
}

/// The store holds the commits before `end`.
fn same(store: &FileStore, end: u32) {
    for number in end.saturating_sub(script::OBJECTS)..end {
        let loaded = store.load(&script::key(number)).unwrap();
        assert!(loaded == Some(script::object(number)), "{number}");
    }
}
