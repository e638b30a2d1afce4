//! Recordings that are played: opened and looked through once for all their players.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use flv::{Located, Read, Tag, TagKind, Walker};
use media::Recorded;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::Recordings;
use super::problem::Problem;
use super::whole::{self, Slow};

/// Bytes that are read ahead of a player.
const PIECE_BYTES: usize = 64 << 10;
/// Tags among which codec headers are looked for where no index tells of them.
const START_TAGS: usize = 32;

/// A recording that is being played.
pub(super) struct Opened {
    file: File,
    pub(super) recorded: Recorded,
    /// The `onMetaData` that the file begins with.
    pub(super) metadata: Option<Tag>,
    pub(super) duration_ms: u64,
    state: FileState,
}

/// What tells that a file is another, or was changed: device, number, length, time of change.
type FileState = (u64, u64, u64, i64, i64);

/// What all players of the server share.
pub(super) struct Library {
    readers: Semaphore,
    /// Those that somebody plays. A path that nobody plays is forgotten with the next.
    opened: Mutex<HashMap<PathBuf, Weak<Opened>>>,
}

/// Where a player's recording is.
#[derive(Clone)]
pub(crate) struct Source {
    shared: Arc<Recordings>,
    path: PathBuf,
    index_entries: usize,
}

impl Library {
    pub(super) fn new(readers: usize) -> Self {
        Self {
            readers: Semaphore::new(readers),
            opened: Mutex::default(),
        }
    }

    /// Opens a file, or finds it open and unchanged. May wait for the disk.
    fn open(&self, path: &Path, index_entries: usize) -> Result<Arc<Opened>, Problem> {
        let file = File::open(path)?;
        let state = state_of(&file)?;
        let known = self.opened.lock().get(path).and_then(Weak::upgrade);
        if let Some(known) = known.filter(|known| known.state == state) {
            return Ok(known);
        }
        let opened = Opened::look_through(file, path, state, index_entries)?;
        let opened = Arc::new(opened);
        let mut all = self.opened.lock();
        all.retain(|_, known| known.strong_count() > 0);
        all.insert(path.to_owned(), Arc::downgrade(&opened));
        Ok(opened)
    }
}

impl Source {
    pub(super) fn new(shared: &Arc<Recordings>, path: PathBuf, index_entries: usize) -> Self {
        Self {
            shared: shared.clone(),
            path,
            index_entries,
        }
    }

    pub(super) const fn shared(&self) -> &Arc<Recordings> {
        &self.shared
    }

    /// Opens the recording; `None` if it is not there or cannot be played.
    pub(super) async fn open(&self) -> Option<Arc<Opened>> {
        let (shared, path) = (self.shared.clone(), self.path.clone());
        let index_entries = self.index_entries;
        let open = move || shared.library.open(&path, index_entries);
        match self.on_disk(open).await {
            Ok(Ok(opened)) => Some(opened),
            Ok(Err(problem)) | Err(problem) => {
                if !problem.is_absent() {
                    let file = self.path.display();
                    tracing::warn!(%file, %problem, "a recording cannot be played");
                }
                None
            }
        }
    }

    /// The bytes from there on, as many as are wanted or some more. Fewer are the end.
    pub(super) async fn read(&self, opened: &Arc<Opened>, read: Read) -> Bytes {
        let opened = opened.clone();
        let read = self.on_disk(move || opened.read(read)).await;
        match read {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(problem)) | Err(problem) => {
                let file = self.path.display();
                tracing::warn!(%file, %problem, "a recording cannot be read");
                Bytes::new()
            }
        }
    }

    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let lost = |_| Problem::broken();
        let readers = &self.shared.library.readers;
        let _permit = readers.acquire().await.map_err(lost)?;
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|_| Problem::broken())
    }
}

impl Opened {
    fn look_through(
        file: File,
        path: &Path,
        state: FileState,
        index_entries: usize,
    ) -> Result<Self, Problem> {
        let mut slow = Slow::new(path);
        let found = whole::scan(&file, index_entries, &mut |at, of| slow.tell(at, of))?;
        let first_tag = u64::from(found.header.size_bytes) + flv::tag::BACK_POINTER_BYTES as u64;
        let mut headers = Vec::new();
        for place in found.index.headers() {
            headers.extend(tag_at(&file, place.position, place.time_ms)?);
        }
        // The index of another program does not say where they are.
        if headers.is_empty() {
            headers = headers_at_start(&file, first_tag)?;
        }
        let first = tag_at(&file, first_tag, 0)?.map(|first| first.tag);
        Ok(Self {
            recorded: Recorded {
                headers: headers.into(),
                index: Arc::new(found.index),
                first_tag,
                has_video: found.totals.has_video,
                has_audio: found.totals.has_audio,
            },
            metadata: first.filter(|tag| tag.kind == TagKind::Script),
            duration_ms: found.totals.duration_ms,
            file,
            state,
        })
    }

    fn read(&self, read: Read) -> Result<Bytes, Problem> {
        whole::read_piece(&self.file, read, PIECE_BYTES)
    }
}

/// The tag at a place, if there is a whole one of a bearable size.
fn tag_at(file: &File, position: u64, time_ms: u64) -> Result<Option<Located>, Problem> {
    let mut walker = Walker::from(position, time_ms, whole::MAX_HEAD_BYTES);
    let mut tags = Vec::new();
    while let Some(read) = walker.wants() {
        let bytes = whole::read_piece(file, read, 0)?;
        if walker.read(&bytes, &mut tags).is_err() || !tags.is_empty() {
            break;
        }
    }
    Ok(tags.into_iter().next())
}

/// The codec headers among the first tags of a file.
fn headers_at_start(file: &File, first_tag: u64) -> Result<Vec<Located>, Problem> {
    let mut tags = whole::first_tags(file, first_tag, START_TAGS)?;
    tags.retain(|found| flv::codec_header(found.tag.kind, &found.tag.payload).is_some());
    Ok(tags)
}

fn state_of(file: &File) -> Result<FileState, Problem> {
    let found = file.metadata()?;
    Ok((
        found.dev(),
        found.ino(),
        found.len(),
        found.mtime(),
        found.mtime_nsec(),
    ))
}
