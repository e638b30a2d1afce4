//! Recordings that a script deletes by a path (`application.clearStreams`).
//!
//! The script's thread waits, and nobody else: the work is done by the threads that write
//! recordings. What is being recorded is left alone. Who plays a file that is deleted goes on
//! with it to its end.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use engine::StreamPattern;
use engine::scripting::Cleared;
use tokio::time::{Instant, timeout_at};

use super::problem::Problem;
use super::{Recordings, whole};

/// How long a script waits. Less than the time that a handler has by default.
const PATIENCE: Duration = Duration::from_secs(4);

/// Deletes the recordings of one instance.
#[derive(Clone)]
pub(crate) struct Clearer {
    shared: Arc<Recordings>,
    /// The instance's folder of recordings.
    folder: PathBuf,
}

/// The recordings that a pattern means.
#[derive(Default)]
struct Found {
    /// Each by its path in the folder, with its stream's name.
    files: Vec<(String, String)>,
    is_complete: bool,
    has_more: bool,
}

impl Clearer {
    pub(super) fn new(shared: &Arc<Recordings>, folder: PathBuf) -> Self {
        Self {
            shared: shared.clone(),
            folder,
        }
    }

    /// Deletes what a pattern means, at most `max` files. Must not be called on the server's
    /// runtime, for it waits.
    pub(crate) fn clear(&self, pattern: &StreamPattern, max: usize) -> Cleared {
        let (tell, told) = mpsc::sync_channel(1);
        let (clearer, pattern) = (self.clone(), pattern.clone());
        let cleared = async move {
            let _ = tell.send(clearer.run(pattern, max).await);
        };
        self.shared.tasks.spawn_on(cleared, &self.shared.runtime);
        // A disk that does not answer keeps the script no longer either.
        told.recv_timeout(2 * PATIENCE).unwrap_or_default()
    }

    async fn run(self, pattern: StreamPattern, max: usize) -> Cleared {
        let until = Instant::now() + PATIENCE;
        let (folder, wanted) = (self.folder.clone(), pattern.clone());
        let found = move || Found::look(&folder, &wanted, max, until);
        let found = self.shared.on_disk(found).await.unwrap_or_default();
        let mut cleared = Cleared {
            streams: Vec::new(),
            is_complete: found.is_complete,
            has_more: found.has_more,
        };
        let mut folders = BTreeSet::new();
        for (file, stream) in found.files {
            let done = self.erase(&file, until).await;
            cleared.is_complete &= done;
            cleared.streams.push((stream, done));
            let above = file.match_indices('/').map(|(slash, _)| &file[..slash]);
            folders.extend(above.map(str::to_owned));
        }
        if pattern.has_wildcards() {
            let folder = self.folder.clone();
            let remove = move || remove_empty(&folder, &folders);
            let _ = self.shared.on_disk(remove).await;
        }
        cleared
    }

    /// Whether the file is deleted.
    async fn erase(&self, file: &str, until: Instant) -> bool {
        let path = self.folder.join(file);
        let Some(claim) = self.shared.claims.claim_to_erase(&path) else {
            tracing::info!(file = %path.display(), "not cleared: it is being recorded");
            return false;
        };
        // Of a recording that ends just now the rest is still written.
        if timeout_at(until, claim.ready()).await.is_err() {
            tracing::warn!(file = %path.display(), "not cleared: it is still being written");
            return false;
        }
        let erased = self.shared.on_disk({
            let path = path.clone();
            move || erase_with_index(&path)
        });
        match erased.await {
            Ok(Ok(())) => true,
            Ok(Err(problem)) | Err(problem) => {
                tracing::warn!(file = %path.display(), %problem, "not cleared");
                false
            }
        }
    }
}

impl Found {
    /// Looks through the folders in which something may match. Links to folders are not followed:
    /// they may lead out.
    fn look(folder: &Path, pattern: &StreamPattern, max: usize, until: Instant) -> Self {
        let mut found = Self {
            is_complete: true,
            ..Self::default()
        };
        let mut folders = vec![String::new()];
        while let Some(inside) = folders.pop() {
            let looked = found.look_into(folder, &inside, pattern, max, &mut folders);
            let is_absent = |error: &io::Error| error.kind() == ErrorKind::NotFound;
            if let Err(error) = looked
                && !is_absent(&error)
            {
                let folder = folder.join(&inside);
                tracing::warn!(folder = %folder.display(), %error, "cannot be looked through");
                found.is_complete = false;
            }
            if found.has_more || Instant::now() > until {
                found.is_complete = false;
                break;
            }
        }
        found
    }

    fn look_into(
        &mut self,
        folder: &Path,
        inside: &str,
        pattern: &StreamPattern,
        max: usize,
        folders: &mut Vec<String>,
    ) -> io::Result<()> {
        for entry in fs::read_dir(folder.join(inside))? {
            let entry = entry?;
            // No stream has a name that is no text.
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let name = match inside {
                "" => name,
                inside => format!("{inside}/{name}"),
            };
            if is_folder(&entry)? {
                if pattern.reaches(&name) && entry.file_type()?.is_symlink() {
                    tracing::warn!(link = %entry.path().display(), "not cleared: it may lead out");
                    self.is_complete = false;
                } else if pattern.reaches(&name) {
                    folders.push(name);
                }
            } else if let Some(stream) = pattern.stream_of(&name) {
                if self.files.len() == max {
                    self.has_more = true;
                    return Ok(());
                }
                self.files.push((name, stream));
            }
        }
        Ok(())
    }
}

/// Whether there is a folder, be it behind a link.
fn is_folder(entry: &fs::DirEntry) -> io::Result<bool> {
    let kind = entry.file_type()?;
    let is_link_to_one = || fs::metadata(entry.path()).is_ok_and(|found| found.is_dir());
    Ok(kind.is_dir() || kind.is_symlink() && is_link_to_one())
}

/// Deletes a recording, and the index that other servers have written beside it.
fn erase_with_index(path: &Path) -> Result<(), Problem> {
    whole::erase(path)?;
    let is_flv = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("flv"));
    if is_flv {
        whole::erase(&path.with_extension("idx"))?;
    }
    Ok(())
}

/// Removes folders in which nothing is any more, those inside first.
fn remove_empty(folder: &Path, folders: &BTreeSet<String>) {
    for inside in folders.iter().rev() {
        // One that holds something stays.
        let _ = fs::remove_dir(folder.join(inside));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    struct World {
        dir: tempfile::TempDir,
        clearer: Clearer,
    }

    impl World {
        /// With these files in the instance's folder and one beside it.
        fn new(files: &[&str]) -> Self {
            let dir = tempfile::tempdir().expect("a folder");
            let shared = Recordings::new(tokio_util::task::TaskTracker::new(), 4, (1, 1));
            let world = Self {
                clearer: Clearer::new(&shared, dir.path().join("room")),
                dir,
            };
            for file in files.iter().map(|file| format!("room/{file}")) {
                world.write(&file);
            }
            world.write("other/x.flv");
            world
        }

        fn write(&self, file: &str) {
            let path = self.dir.path().join(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, b"FLV").expect("a file");
        }

        async fn clear(&self, path: &str, max: usize) -> Cleared {
            let pattern = StreamPattern::parse(path).expect("a path");
            self.clearer.clone().run(pattern, max).await
        }

        /// What is left of the instance's folder.
        fn left(&self) -> Vec<String> {
            let (mut left, mut folders) = (Vec::new(), vec![self.clearer.folder.clone()]);
            while let Some(folder) = folders.pop() {
                for entry in fs::read_dir(folder).expect("a folder") {
                    let path = entry.expect("an entry").path();
                    let inside = path.strip_prefix(&self.clearer.folder).expect("inside");
                    left.push(inside.to_str().expect("text").to_owned());
                    if path.is_dir() && !path.is_symlink() {
                        folders.push(path);
                    }
                }
            }
            left.sort();
            assert!(self.dir.path().join("other/x.flv").exists());
            left
        }
    }

    #[tokio::test]
    async fn what_a_path_means_is_deleted_with_its_index_and_empty_folders() {
        let files = [
            "one.flv",
            "one.idx",
            "one.mp3",
            "two.flv",
            "a/x1.flv",
            "a/b/y.flv",
            "c/z.flv",
            "c/notes.txt",
        ];
        let world = World::new(&files);
        let one = world.clear("/one", 9).await;
        assert_eq!(
            (one.streams, one.is_complete),
            (vec![("one".to_owned(), true)], true)
        );
        assert!(world.clear("/a", 9).await.streams.is_empty());
        assert_eq!(
            world.left(),
            [
                "a",
                "a/b",
                "a/b/y.flv",
                "a/x1.flv",
                "c",
                "c/notes.txt",
                "c/z.flv",
                "one.mp3",
                "two.flv"
            ]
        );
        let inside = world.clear("/a/b/*", 9).await;
        assert_eq!(inside.streams, [("a/b/y".to_owned(), true)]);
        assert!(inside.is_complete && !world.left().contains(&"a/b".to_owned()));
        assert!(world.clear("mp3:one", 9).await.is_complete);
        assert!(world.clear("/", 9).await.is_complete);
        assert_eq!(world.left(), ["c", "c/notes.txt"]);
        // An instance that has recorded nothing has no folder.
        fs::remove_dir_all(&world.clearer.folder).expect("a folder");
        assert!(world.clear("/", 9).await.is_complete);
    }

    #[tokio::test]
    async fn nothing_outside_is_reached() {
        let world = World::new(&["one.flv"]);
        let (room, other) = (world.clearer.folder.clone(), world.dir.path().join("other"));
        symlink(&other, room.join("link")).expect("a link");
        symlink(other.join("x.flv"), room.join("far.flv")).expect("a link");
        for path in ["/../other/x", "/link/x", "../other/*"] {
            let cleared = world.clear(path, 9).await;
            assert_eq!(cleared.streams, [], "{path}");
        }
        assert!(!world.clear("/link/x", 9).await.is_complete);
        assert!(!world.clear("/", 9).await.is_complete);
        // Of a link to a file the link is what the instance has.
        assert_eq!(world.left(), ["link"]);
    }

    #[tokio::test]
    async fn what_is_being_recorded_and_more_than_the_limit_stay() {
        let world = World::new(&["a.flv", "b.flv", "c.flv"]);
        let stream = crate::live::StreamAddress {
            app: "live".into(),
            instance: "room".into(),
            name: engine::StreamName::parse("a", 9).expect("a name"),
        };
        let path = world.clearer.folder.join("a.flv");
        let claim = world.clearer.shared.claims.claim(&path, &stream);
        let cleared = world.clear("/*", 9).await;
        assert!(!cleared.is_complete && cleared.streams.contains(&("a".to_owned(), false)));
        assert_eq!(world.left(), ["a.flv"]);
        // One that ends is waited for.
        let claim = claim.expect("nobody had it");
        claim.ending();
        let (cleared, ()) = tokio::join!(world.clear("/a", 9), async {
            tokio::task::yield_now().await;
            drop(claim);
        });
        assert!(cleared.is_complete && world.left().is_empty());
        for file in ["room/a.flv", "room/b.flv", "room/c.flv"] {
            world.write(file);
        }
        let cleared = world.clear("/", 2).await;
        assert!(cleared.has_more && !cleared.is_complete);
        assert_eq!((cleared.streams.len(), world.left().len()), (2, 1));
    }

    /// As a script's thread calls it.
    #[tokio::test]
    async fn who_waits_is_told() {
        let world = World::new(&["a.flv"]);
        let clearer = world.clearer.clone();
        let clear = move || {
            let pattern = StreamPattern::parse("/a").expect("a path");
            clearer.clear(&pattern, 9)
        };
        let cleared = tokio::task::spawn_blocking(clear).await;
        assert!(cleared.expect("an answer").is_complete);
    }
}
