//! One recording, from its order to its end.

use std::future::pending;
use std::path::PathBuf;
use std::sync::Arc;

use engine::RecordMode;
use flv::Full;
use media::{Entry, Kind, Marker, Reader};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::claims::Claim;
use super::file::Writer;
use super::problem::Problem;
use super::{RecordingSettings, Recordings, Report};
use crate::live::LiveStream;
use crate::{clock, metrics};

/// What an entry costs in the queue beside its payload.
const ENTRY_BYTES: usize = 128;

/// What is to be recorded.
pub(super) struct Order {
    /// The right to write the file; `None` if somebody does.
    pub(super) claim: Option<Claim>,
    pub(super) live: Arc<LiveStream>,
    /// The publisher's number in the stream's ring, and the place of its mark.
    pub(super) epoch: u64,
    pub(super) path: PathBuf,
    pub(super) mode: RecordMode,
    pub(super) settings: RecordingSettings,
    pub(super) over: CancellationToken,
    pub(super) report: Report,
}

/// Records, and reports.
pub(super) async fn run(shared: Arc<Recordings>, order: Order) {
    let Order {
        claim,
        live,
        epoch,
        path,
        mode,
        settings,
        over,
        report,
    } = order;
    let address = live.address.clone();
    let mut source = Source::new(live, epoch, &settings, over);
    let task = Task {
        shared,
        path,
        mode,
        settings,
        report: report.clone(),
    };
    let ended = task.record(claim, &mut source).await;
    let (app, instance, stream) = (&*address.app, &*address.instance, &address.name);
    match ended {
        Ok(Ended { bytes, ms, full }) => {
            let limit = full.map_or("none", |full| match full {
                Full::Bytes => "bytes",
                Full::Duration => "duration",
            });
            metrics::recording_ended(if full.is_some() { "limit" } else { "finished" });
            tracing::info!(
                app, instance, %stream, bytes, duration_ms = ms, limit,
                skips = source.skips(), "recording finished"
            );
            report.stopped().await;
        }
        Err(problem) => {
            metrics::recording_ended("failed");
            tracing::warn!(app, instance, %stream, %problem, "recording failed");
            report.failed(&problem).await;
        }
    }
}

/// How a recording ended.
struct Ended {
    bytes: u64,
    ms: u64,
    full: Option<Full>,
}

struct Task {
    shared: Arc<Recordings>,
    path: PathBuf,
    mode: RecordMode,
    settings: RecordingSettings,
    report: Report,
}

impl Task {
    async fn record(&self, claim: Option<Claim>, source: &mut Source) -> Result<Ended, Problem> {
        let place = self.shared.places.clone().try_acquire_owned();
        let _place = place.map_err(|_| Problem::too_many())?;
        let _counted = metrics::OpenRecording::new();
        let claim = claim.ok_or_else(Problem::taken)?;
        source.meanwhile(claim.ready()).await;
        let (path, mode) = (self.path.clone(), self.mode);
        let settings = self.settings.clone();
        let opened = self
            .shared
            .on_disk(move || Writer::open(path, mode, &settings));
        let mut writer = source.meanwhile(opened).await??;
        self.report.started().await;
        while writer.full().is_none() {
            source.fill(&self.settings).await;
            let batch = source.take_batch();
            if batch.is_empty() {
                break;
            }
            writer = source.meanwhile(self.write(writer, batch)).await?;
        }
        // Whoever publishes the name next waits for the file.
        claim.ending();
        let finished = self.shared.on_disk(move || {
            let finished = writer.finish();
            finished.map(|()| writer)
        });
        let writer = finished.await??;
        Ok(Ended {
            bytes: writer.bytes(),
            ms: writer.duration_ms(),
            full: writer.full(),
        })
    }

    async fn write(&self, mut writer: Writer, batch: Vec<Arc<Entry>>) -> Result<Writer, Problem> {
        let before = writer.bytes();
        let written = self.shared.on_disk(move || {
            let written = writer.write(&batch);
            written.map(|()| writer)
        });
        let writer = written.await??;
        metrics::recorded(writer.bytes().saturating_sub(before));
        Ok(writer)
    }
}

/// What the stream brings, gathered in a bounded queue.
struct Source {
    live: Arc<LiveStream>,
    epoch: u64,
    reader: Reader,
    grown: watch::Receiver<u64>,
    over: CancellationToken,
    queue: Vec<Arc<Entry>>,
    queued_bytes: usize,
    most_bytes: usize,
    /// Nothing more will come.
    has_ended: bool,
}

impl Source {
    fn new(
        live: Arc<LiveStream>,
        epoch: u64,
        settings: &RecordingSettings,
        over: CancellationToken,
    ) -> Self {
        Self {
            epoch,
            reader: Reader::of_everything(epoch),
            grown: live.grown(),
            live,
            over,
            queue: Vec::new(),
            queued_bytes: 0,
            most_bytes: settings.queue_bytes,
            has_ended: false,
        }
    }

    fn skips(&self) -> u64 {
        self.reader.stats().skips
    }

    /// Waits for something that does not need the source, and gathers while it does.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = self.gather() => {}
            }
        }
    }

    /// Gathers until it is time to write, or nothing more comes.
    async fn fill(&mut self, settings: &RecordingSettings) {
        while self.queue.is_empty() && !self.has_ended {
            self.gather().await;
        }
        let due = tokio::time::sleep(settings.flush);
        tokio::pin!(due);
        let enough = settings.flush_bytes.min(settings.queue_bytes);
        while !self.has_ended && self.queued_bytes < enough {
            tokio::select! {
                () = &mut due => return,
                () = self.gather() => {}
            }
        }
    }

    fn take_batch(&mut self) -> Vec<Arc<Entry>> {
        self.queued_bytes = 0;
        std::mem::take(&mut self.queue)
    }

    /// Takes what the ring has gained, or waits until it has. Waits for ever while the queue is
    /// full or nothing more comes.
    async fn gather(&mut self) {
        if self.has_ended || self.queued_bytes >= self.most_bytes {
            return pending().await;
        }
        self.grown.mark_unchanged();
        if self.take_in() {
            return;
        }
        if self.over.is_cancelled() {
            self.has_ended = true;
            return;
        }
        tokio::select! {
            _ = self.grown.changed() => {}
            () = self.over.cancelled() => {}
        }
    }

    /// Whether the ring had something.
    fn take_in(&mut self) -> bool {
        let before = self.queue.len();
        let most = self.most_bytes - self.queued_bytes;
        let (skipped, is_published) = {
            let ring = self.live.ring.lock();
            let now = clock::now();
            let skipped = self.reader.read(now, &ring, most, &mut self.queue);
            (skipped, ring.epoch() == Some(self.epoch))
        };
        if skipped {
            self.note_skip();
            // The mark of this publisher's end may be among what was lost.
            if !is_published {
                self.queue.truncate(before);
                self.has_ended = true;
                return true;
            }
        }
        let gained = self.queue.len() > before;
        let is_end = |entry: &Arc<Entry>| entry.kind == Kind::Marker(Marker::Unpublished);
        if let Some(end) = self.queue.iter().position(is_end) {
            self.queue.truncate(end);
            self.has_ended = true;
        }
        let new = self.queue.get(before..).unwrap_or_default();
        let bytes = new.iter().map(|entry| entry.payload.len() + ENTRY_BYTES);
        self.queued_bytes += bytes.sum::<usize>();
        gained
    }

    fn note_skip(&self) {
        metrics::recording_skipped();
        let stats = self.reader.stats();
        if stats.skips.is_power_of_two() {
            let address = &self.live.address;
            tracing::warn!(
                app = %address.app, instance = %address.instance, stream = %address.name,
                skips = stats.skips, skipped_bytes = stats.skipped_bytes,
                skipped_messages = stats.skipped_entries,
                "the disk is too slow: a recording skipped to the newest key frame"
            );
        }
    }
}
