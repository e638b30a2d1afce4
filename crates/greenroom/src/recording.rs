//! Recording live streams into files.
//!
//! A recording is one more reader of a stream's ring: a task gathers what the ring gains and
//! hands it in batches to threads that may wait for the disk. A disk that is slow fills the
//! task's bounded queue, then leaves the ring unread until it holds no more what comes next;
//! so a recording loses pictures before the live stream waits. What a file holds is the
//! business of the `flv` crate.

mod claims;
mod clearing;
mod download;
mod file;
mod opened;
mod player;
mod problem;
mod studio;
mod task;
mod whole;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use engine::{Input, RecordMode, RecordingFile};
use flv::RecorderLimits;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::live::LiveStream;
use crate::runner::{Post, Sender};
use claims::Claims;
pub(crate) use clearing::Clearer;
pub(crate) use download::{Download, Part};
use opened::Library;
pub(crate) use opened::Source;
pub(crate) use player::{RecordedOrder, RecordedPlay, Sink};
pub(crate) use problem::Problem;
pub(crate) use whole::{erase, first_tags, is_locked, open_whole, read_piece, scan};

/// How an application's streams are recorded.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecordingSettings {
    /// The folder of its recordings; below it lies one for each instance.
    pub(crate) folder: PathBuf,
    pub(crate) limits: RecorderLimits,
    /// How long what was received may wait to be written.
    pub(crate) flush: Duration,
    /// Bytes that are written without waiting for more.
    pub(crate) flush_bytes: usize,
    /// How often what was written is forced onto the disk; `None` leaves that to the system.
    pub(crate) sync: Option<Duration>,
    /// Bytes that may wait while the disk is slow.
    pub(crate) queue_bytes: usize,
}

impl RecordingSettings {
    /// Where a recording of an instance is. The instance's name is a path.
    pub(crate) fn path(&self, instance: &Path, file: &RecordingFile) -> PathBuf {
        self.folder.join(instance).join(Path::new(file.as_str()))
    }
}

/// What all recordings of the server share.
pub(crate) struct Recordings {
    tasks: TaskTracker,
    runtime: Handle,
    /// Recordings there may be.
    places: Arc<Semaphore>,
    /// Those that may use the disk at one time.
    writers: Semaphore,
    library: Library,
    claims: Arc<Claims>,
}

impl Recordings {
    /// For at most `most` recordings, `writers` of which write at the same time. Those that are
    /// not finished are among `tasks`. Players' files are read by `readers` at the same time.
    /// Must be called on the server's runtime.
    pub(crate) fn new(
        tasks: TaskTracker,
        most: usize,
        (writers, readers): (usize, usize),
    ) -> Arc<Self> {
        Arc::new(Self {
            tasks,
            runtime: Handle::current(),
            places: Arc::new(Semaphore::new(most)),
            writers: Semaphore::new(writers),
            library: Library::new(readers),
            claims: Arc::default(),
        })
    }

    /// Does something that may wait for the disk, on a thread that may.
    ///
    /// # Errors
    ///
    /// It panicked.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let lost = |_| Problem::broken();
        let _permit = self.writers.acquire().await.map_err(lost)?;
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|_| Problem::broken())
    }
}

/// The recordings of one instance.
pub(crate) struct Recorders {
    shared: Arc<Recordings>,
    settings: RecordingSettings,
    /// The instance's name as a path.
    instance: PathBuf,
    inbox: mpsc::WeakSender<Post>,
    life: u64,
    /// Cancelled when the instance does not tell its streams any more who comes and goes.
    over: CancellationToken,
    _dropped: DropGuard,
}

/// How a recording reports to the instance that ordered it.
#[derive(Clone)]
struct Report {
    recording: u64,
    inbox: mpsc::WeakSender<Post>,
    life: u64,
}

impl Recorders {
    /// For the instance of this inbox; they end with `over`, or when this is dropped.
    pub(crate) fn new(
        shared: &Arc<Recordings>,
        settings: &RecordingSettings,
        instance: &str,
        inbox: mpsc::WeakSender<Post>,
        over: &CancellationToken,
    ) -> Self {
        let over = over.child_token();
        Self {
            shared: shared.clone(),
            settings: settings.clone(),
            instance: PathBuf::from(instance),
            inbox,
            life: 0,
            _dropped: over.clone().drop_guard(),
            over,
        }
    }

    /// A new life of the instance begins: its recordings are made in this way.
    pub(crate) fn begin(&mut self, life: u64, settings: &RecordingSettings) {
        self.life = life;
        self.settings = settings.clone();
    }

    /// Records what the stream's present publisher sends.
    pub(crate) fn start(
        &self,
        live: &Arc<LiveStream>,
        recording: u64,
        file: &RecordingFile,
        mode: RecordMode,
    ) {
        let Some(epoch) = live.ring.lock().epoch() else {
            return;
        };
        let path = self.path(file);
        let order = task::Order {
            claim: self.shared.claims.claim(&path, &live.address),
            live: live.clone(),
            epoch,
            path,
            mode,
            settings: self.settings.clone(),
            over: self.over.clone(),
            report: Report {
                recording,
                inbox: self.inbox.clone(),
                life: self.life,
            },
        };
        let recorded = task::run(self.shared.clone(), order);
        self.shared.tasks.spawn_on(recorded, &self.shared.runtime);
    }

    /// The stream's publisher has gone. Who records the same file next waits until what was
    /// recorded is in it.
    pub(crate) fn ending(&self, live: &LiveStream) {
        if let Ok(file) = live.address.name.recording_file() {
            self.shared.claims.ending(&self.path(&file), &live.address);
        }
    }

    /// Deletes a recording, unless it is being made.
    pub(crate) fn erase(&self, file: &RecordingFile) {
        let path = self.path(file);
        let Some(claim) = self.shared.claims.claim_to_erase(&path) else {
            return;
        };
        let shared = self.shared.clone();
        let erased = async move {
            claim.ready().await;
            let erased = shared.on_disk(move || erase(&path)).await;
            if let Ok(Err(problem)) | Err(problem) = erased {
                tracing::warn!(%problem, "a recording could not be deleted");
            }
            drop(claim);
        };
        self.shared.tasks.spawn_on(erased, &self.shared.runtime);
    }

    /// What deletes recordings for the script of a life with these settings.
    pub(crate) fn clearer(&self, settings: &RecordingSettings) -> Clearer {
        Clearer::new(&self.shared, settings.folder.join(&self.instance))
    }

    /// Looks for a recording that somebody wants to play, or to know the length of.
    pub(crate) fn find(&self, ask: u64, file: &RecordingFile) {
        let source = self.source(file);
        let report = Report {
            recording: 0,
            inbox: self.inbox.clone(),
            life: self.life,
        };
        let found = async move {
            let found = source.open().await;
            let found = found.map(|opened| opened.duration_ms);
            report.post(Input::RecordingFound { ask, found }).await;
        };
        self.shared.tasks.spawn_on(found, &self.shared.runtime);
    }

    /// Where a player's recording is.
    pub(crate) fn source(&self, file: &RecordingFile) -> Source {
        let path = (self.path(file), file.kind());
        Source::new(&self.shared, path, self.settings.limits.index_entries)
    }

    fn path(&self, file: &RecordingFile) -> PathBuf {
        self.settings.path(&self.instance, file)
    }
}

impl Report {
    async fn started(&self) {
        let recording = self.recording;
        self.post(Input::RecordingStarted { recording }).await;
    }

    async fn stopped(&self) {
        let recording = self.recording;
        self.post(Input::RecordingStopped { recording }).await;
    }

    async fn failed(&self, problem: &Problem) {
        self.post(Input::RecordingFailed {
            recording: self.recording,
            no_access: problem.no_access,
            why: problem.told(),
        })
        .await;
    }

    /// Nobody is told if the instance has ended.
    async fn post(&self, input: Input) {
        if let Some(inbox) = self.inbox.upgrade() {
            let from = Sender::Errand(self.life);
            let link = None;
            let _ = inbox.send(Post { from, input, link }).await;
        }
    }
}

#[cfg(test)]
mod tests;
