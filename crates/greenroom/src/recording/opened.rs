//! Recordings that are played: opened and looked through once for all their players.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use engine::FileKind;
use flv::mp4::Mp4Kind;
use flv::{Container, KeyframeIndex, Located, Read, Tag, TagKind, Walker};
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
    content: Content,
    pub(super) kind: FileKind,
    pub(super) recorded: Recorded,
    /// The `onMetaData` that the file begins with, or that is made for it.
    pub(super) metadata: Option<Tag>,
    pub(super) duration_ms: u64,
    pub(super) state: FileState,
}

/// Where the bytes are.
enum Content {
    File(File),
    /// Tags that were made of the file.
    Made(Bytes),
}

/// What tells that a file is another, or was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileState {
    device: u64,
    pub(super) number: u64,
    pub(super) bytes: u64,
    /// When it was changed: seconds of the Unix epoch, and nanoseconds.
    pub(super) changed: (i64, i64),
}

/// What all players of the server share.
pub(super) struct Library {
    readers: Semaphore,
    /// Those that somebody plays. A path that nobody plays is forgotten with the next.
    opened: Mutex<HashMap<(PathBuf, FileKind), Weak<Opened>>>,
}

/// Where a player's recording is.
#[derive(Clone)]
pub(crate) struct Source {
    shared: Arc<Recordings>,
    path: PathBuf,
    kind: FileKind,
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
    fn open(&self, source: &Source) -> Result<Arc<Opened>, Problem> {
        let file = File::open(&source.path)?;
        let state = state_of(&file)?;
        let key = (source.path.clone(), source.kind);
        let known = self.opened.lock().get(&key).and_then(Weak::upgrade);
        if let Some(known) = known.filter(|known| known.state == state) {
            return Ok(known);
        }
        let entries = source.index_entries;
        let opened = match source.kind {
            FileKind::Flv => Opened::look_through(file, &source.path, state, entries)?,
            FileKind::Mp3 => Opened::look_through_mp3(file, state, entries)?,
            FileKind::Mp4 => Opened::look_through_mp4(file, state, entries)?,
            FileKind::Id3 => Opened::titles(&file, state, entries)?,
        };
        let opened = Arc::new(opened);
        let mut all = self.opened.lock();
        all.retain(|_, known| known.strong_count() > 0);
        all.insert(key, Arc::downgrade(&opened));
        Ok(opened)
    }
}

impl Source {
    pub(super) fn new(
        shared: &Arc<Recordings>,
        (path, kind): (PathBuf, FileKind),
        index_entries: usize,
    ) -> Self {
        Self {
            shared: shared.clone(),
            path,
            kind,
            index_entries,
        }
    }

    pub(super) const fn shared(&self) -> &Arc<Recordings> {
        &self.shared
    }

    /// Opens the recording; `None` if it is not there or cannot be played.
    pub(super) async fn open(&self) -> Option<Arc<Opened>> {
        let source = self.clone();
        let open = move || source.shared.library.open(&source);
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
                container: Container::Flv,
                headers: headers.into(),
                index: Arc::new(found.index),
                first_tag,
                has_video: found.totals.has_video,
                has_audio: found.totals.has_audio,
            },
            metadata: first.filter(|tag| tag.kind == TagKind::Script),
            duration_ms: found.totals.duration_ms,
            kind: FileKind::Flv,
            content: Content::File(file),
            state,
        })
    }

    fn look_through_mp3(
        file: File,
        state: FileState,
        index_entries: usize,
    ) -> Result<Self, Problem> {
        let found = whole::scan_mp3(&file, index_entries)?;
        Ok(Self {
            metadata: made(found.metadata()),
            duration_ms: found.duration_ms(),
            recorded: Recorded {
                headers: Arc::default(),
                index: found.index.clone(),
                first_tag: found.first_frame,
                has_video: false,
                has_audio: true,
                container: Container::Mp3(Arc::new(found)),
            },
            kind: FileKind::Mp3,
            content: Content::File(file),
            state,
        })
    }

    fn look_through_mp4(
        file: File,
        state: FileState,
        index_entries: usize,
    ) -> Result<Self, Problem> {
        let found = whole::scan_mp4(&file, index_entries)?;
        Ok(Self {
            metadata: made(found.metadata()),
            duration_ms: found.duration_ms,
            recorded: Recorded {
                headers: found.headers().into(),
                index: found.index.clone(),
                first_tag: 0,
                has_video: found.has(Mp4Kind::Avc),
                has_audio: found.has(Mp4Kind::Aac),
                container: Container::Mp4(Arc::new(found)),
            },
            kind: FileKind::Mp4,
            content: Content::File(file),
            state,
        })
    }

    /// What an MP3 file says of itself, as a file of that alone.
    fn titles(file: &File, state: FileState, index_entries: usize) -> Result<Self, Problem> {
        let found = whole::scan_mp3(file, index_entries)?;
        let mut content = flv::write_header(false, false).to_vec();
        let first_tag = content.len() as u64;
        if let Some(tag) = made(found.id3_message()) {
            flv::write_tag(tag.kind, 0, &tag.payload, &mut content)?;
        }
        Ok(Self {
            metadata: None,
            duration_ms: 0,
            recorded: Recorded {
                container: Container::Flv,
                headers: Arc::default(),
                index: Arc::new(KeyframeIndex::new(0)),
                first_tag,
                has_video: false,
                has_audio: false,
            },
            kind: FileKind::Id3,
            content: Content::Made(content.into()),
            state,
        })
    }

    /// Metadata that no tag of the file holds: it is sent before any.
    pub(super) fn metadata_apart(&self) -> Option<&Tag> {
        self.metadata
            .as_ref()
            .filter(|_| self.kind != FileKind::Flv)
    }

    fn read(&self, read: Read) -> Result<Bytes, Problem> {
        match &self.content {
            Content::File(file) => whole::read_piece(file, read, PIECE_BYTES),
            Content::Made(bytes) => {
                let from = usize::try_from(read.position).unwrap_or(usize::MAX);
                Ok(bytes.slice(from.min(bytes.len())..))
            }
        }
    }
}

/// A data message that was made for a file; `None` where it has too much to say for one.
fn made(payload: Result<Bytes, amf::EncodeError>) -> Option<Tag> {
    Some(Tag {
        kind: TagKind::Script,
        filtered: false,
        timestamp_ms: 0,
        stream_id: 0,
        payload: payload.ok()?,
    })
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
    Ok(FileState {
        device: found.dev(),
        number: found.ino(),
        bytes: found.len(),
        changed: (found.mtime(), found.mtime_nsec()),
    })
}
