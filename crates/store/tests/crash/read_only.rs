//! Files and directories that may not be written. Nothing is forbidden to root, so the child
//! gives root up first.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;

use store::{FileStore, Limits, Store, StoreError, Write};

use crate::child::{self, PATIENCE};
use crate::script;

/// The user without any rights.
const NOBODY: u32 = 65_534;

/// Has the child look at the path, without the right to write there.
fn looked_at(directory: &Path, path: &Path) {
    // The child has to be able to run itself, wherever it lies.
    let program = directory.join("child");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o555)).unwrap();
    let mut command = child::command_of(&program, "read only", path);
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    fs::set_permissions(directory, Permissions::from_mode(0o555)).unwrap();
    let status = command.status().unwrap();
    fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
    assert!(status.success());
}

pub(crate) fn a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let store = FileStore::open(&path, Limits::default()).unwrap();
    let commit = Write::Commit(script::changes(0));
    assert_eq!(store.write(commit, PATIENCE), Ok(()));
    drop(store);
    fs::set_permissions(&path, Permissions::from_mode(0o444)).unwrap();
    looked_at(directory.path(), &path);
}

pub(crate) fn a_directory() {
    let directory = tempfile::tempdir().unwrap();
    looked_at(directory.path(), &directory.path().join("store"));
}

pub(crate) fn child(path: &Path) {
    let opened = FileStore::open(path, Limits::default());
    let read_only = |error: &StoreError| matches!(error, StoreError::ReadOnly { .. });
    if !path.exists() {
        assert!(read_only(&opened.unwrap_err()));
        return;
    }
    let store = opened.unwrap();
    assert!(read_only(&store.stats().trouble.unwrap()));
    let commit = Write::Commit(script::changes(1));
    assert!(read_only(&store.write(commit, PATIENCE).unwrap_err()));
    let loaded = store.load(&script::key(0)).unwrap();
    assert!(loaded == Some(script::object(0)));
    assert_eq!(store.load(&script::key(1)), Ok(None));
}
