//! The files that applications are made of, watched for changes (`applications.dev`).
//!
//! Whoever reads a file for an application notes it here first, whether it is there or not: a
//! file that appears can change as much as one that does. What becomes of a change is for others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::Mutex;

/// The files of all applications, each as it was when it was noted first.
pub(crate) struct Watch {
    /// Files that one application may have watched.
    most: usize,
    applications: Mutex<BTreeMap<String, Files>>,
}

type Files = BTreeMap<PathBuf, Option<Stamp>>;

/// What shows that a file is not what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let found = std::fs::metadata(path).ok()?;
        Some(Self {
            modified: found.modified().ok(),
            bytes: found.len(),
        })
    }
}

impl Watch {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            applications: Mutex::default(),
        })
    }

    /// Watches a file that is about to be read for an application.
    pub(crate) fn note(&self, app: &str, path: PathBuf) {
        let mut applications = self.applications.lock();
        let files = applications.entry(app.to_owned()).or_default();
        // Whoever read it first has the oldest of it.
        if files.contains_key(&path) {
            return;
        }
        if files.len() >= self.most {
            tracing::debug!(
                app, file = %path.display(), limit = self.most,
                "a file is not watched: the application has too many (applications.dev_files)"
            );
            return;
        }
        let stamp = Stamp::of(&path);
        files.insert(path, stamp);
    }

    /// The applications of which a file has changed, and the first such file. What they were
    /// made of is forgotten: it is noted again when they are made anew.
    pub(crate) fn take_changed(&self) -> Vec<(String, PathBuf)> {
        let mut applications = self.applications.lock();
        let mut changed = Vec::new();
        applications.retain(|app, files| {
            let other = files.iter().find(|(path, was)| Stamp::of(path) != **was);
            let Some((path, _)) = other else { return true };
            changed.push((app.clone(), path.clone()));
            false
        });
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_change_appear_or_go_are_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("main.asc"), "1").unwrap();
        std::fs::write(file("gone.asc"), "1").unwrap();
        let watch = Watch::new(8);
        for (app, name) in [("a", "main.asc"), ("b", "gone.asc"), ("c", "new.asc")] {
            watch.note(app, file(name));
        }
        watch.note("d", file("never.asc"));
        assert_eq!(watch.take_changed(), []);
        std::fs::write(file("main.asc"), "22").unwrap();
        // What is noted again after the change still counts as it was at first.
        watch.note("a", file("main.asc"));
        std::fs::remove_file(file("gone.asc")).unwrap();
        std::fs::write(file("new.asc"), "1").unwrap();
        let told = |app: &str, name: &str| (app.to_owned(), file(name));
        assert_eq!(
            watch.take_changed(),
            [
                told("a", "main.asc"),
                told("b", "gone.asc"),
                told("c", "new.asc")
            ]
        );
        assert_eq!(watch.take_changed(), []);
    }

    #[test]
    fn no_more_files_are_watched_than_the_limit_says() {
        let folder = tempfile::tempdir().unwrap();
        let watch = Watch::new(1);
        for name in ["first", "second"] {
            watch.note("a", folder.path().join(name));
        }
        std::fs::write(folder.path().join("second"), "").unwrap();
        assert_eq!(watch.take_changed(), []);
        std::fs::write(folder.path().join("first"), "").unwrap();
        assert_eq!(watch.take_changed().len(), 1);
    }
}
