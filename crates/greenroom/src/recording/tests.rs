//! Recordings of a stream without clients: what is written when the disk is fast, slow or busy.

use bytes::Bytes;
use engine::StreamName;
use flv::{Item, Limits, Reader, Tag, TagKind};
use media::{Kind, Marker, ReaderLimits, RingLimits};
use testkit::media::{self as clip, FrameKind, Mark, Video};

use super::*;
use crate::catalog::Catalog;
use crate::live::{Publication, StreamAddress, StreamSettings};
use crate::pump::PumpSettings;

/// An instance's recordings, and the stream they are of.
struct World {
    dir: tempfile::TempDir,
    tasks: TaskTracker,
    shared: Arc<Recordings>,
    recorders: Recorders,
    live: Arc<LiveStream>,
    posts: mpsc::Receiver<Post>,
    /// Keeps the inbox open.
    _inbox: mpsc::Sender<Post>,
    sent: u32,
}

const KIB: usize = 1 << 10;

impl World {
    fn new() -> Self {
        Self::with(4)
    }

    fn with(most: usize) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let tasks = TaskTracker::new();
        tasks.close();
        let shared = Recordings::new(tasks.clone(), most, (1, 1));
        let settings = RecordingSettings {
            folder: dir.path().to_owned(),
            flush: Duration::from_millis(1),
            flush_bytes: 16 * KIB,
            queue_bytes: 64 * KIB,
            ..RecordingSettings::default()
        };
        let (inbox, posts) = mpsc::channel(8);
        let over = CancellationToken::new();
        let recorders = Recorders::new(&shared, &settings, "room", inbox.downgrade(), &over);
        Self {
            dir,
            tasks,
            shared,
            recorders,
            live: stream("cam"),
            posts,
            _inbox: inbox,
            sent: 0,
        }
    }

    fn publish(&self) -> Publication {
        self.live.mark(Marker::Published, "test");
        self.live.publication().expect("it is published")
    }

    fn record(&self, recording: u64, mode: RecordMode) {
        let file = self.live.address.name.recording_file().expect("a file");
        self.recorders.start(&self.live, recording, &file, mode);
    }

    fn unpublish(&self) {
        self.live.mark(Marker::Unpublished, "");
        self.recorders.ending(&self.live);
    }

    /// Sends pictures of a kilobyte each, every tenth a key frame.
    async fn send(&mut self, publication: &Publication, pictures: u32) {
        for _ in 0..pictures {
            let kind = if self.sent.is_multiple_of(10) {
                FrameKind::Key
            } else {
                FrameKind::Inter
            };
            let picture = clip::video_frame(Video::H264, kind, self.sent, KIB);
            publication.append_media(Kind::Video, self.sent * 40, Bytes::from(picture));
            self.sent += 1;
            // Whoever reads may read; the publisher waits for nobody.
            tokio::task::yield_now().await;
        }
    }

    async fn told(&mut self) -> Input {
        let post = self.posts.recv().await.expect("the inbox is open");
        assert_eq!(post.from, Sender::Errand(0));
        post.input
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("room/cam.flv")
    }

    /// The numbers of the pictures recorded, and whether each is a key frame.
    fn recorded(&self) -> Vec<(u32, bool)> {
        let mut reader = Reader::new(Limits::default());
        reader.push(&std::fs::read(self.path()).expect("a file"));
        let mut pictures = Vec::new();
        while let Ok(Some(item)) = reader.poll() {
            if let Item::Tag(Tag {
                kind: TagKind::Video,
                payload,
                ..
            }) = item
            {
                let header = flv::video::parse(&payload).expect("a picture");
                let mark = Mark::find(&payload).expect("its mark");
                pictures.push((mark.number, header.is_key_frame()));
            }
        }
        assert_eq!(reader.finish(), Ok(()));
        pictures
    }
}

fn stream(name: &str) -> Arc<LiveStream> {
    let address = StreamAddress {
        app: "live".into(),
        instance: "room".into(),
        name: StreamName::parse(name, 100).expect("a name"),
    };
    let settings = StreamSettings {
        ring: RingLimits {
            bytes: 32 * KIB as u64,
            window_bytes: 32 * KIB as u64,
            ..RingLimits::default()
        },
        reader: ReaderLimits::default(),
        pump: PumpSettings {
            shards: 1,
            latency_budget: Duration::ZERO,
        },
    };
    LiveStream::new(address, settings, Catalog::new())
}

#[tokio::test]
async fn everything_sent_is_in_the_file_once_it_has_stopped() {
    let mut world = World::new();
    let publication = world.publish();
    // What is sent before the file is open counts, too; it fits the queue.
    world.record(7, RecordMode::Record);
    world.send(&publication, 50).await;
    world.unpublish();
    assert!(matches!(
        world.told().await,
        Input::RecordingStarted { recording: 7 }
    ));
    assert!(matches!(
        world.told().await,
        Input::RecordingStopped { recording: 7 }
    ));
    let numbers: Vec<_> = world
        .recorded()
        .into_iter()
        .map(|(number, _)| number)
        .collect();
    assert_eq!(numbers, (0..50).collect::<Vec<_>>());
    world.tasks.wait().await;
}

#[tokio::test]
async fn a_slow_disk_costs_pictures_and_the_live_stream_does_not_wait() {
    let mut world = World::new();
    let shared = world.shared.clone();
    let disk = shared.writers.acquire().await.expect("nobody closes it");
    let publication = world.publish();
    world.record(1, RecordMode::Record);
    world.send(&publication, 505).await;
    assert_eq!(world.live.ring.lock().head(), 506, "it waited");
    assert!(world.posts.try_recv().is_err(), "nothing is open yet");
    drop(disk);
    assert!(matches!(world.told().await, Input::RecordingStarted { .. }));
    world.send(&publication, 20).await;
    world.unpublish();
    assert!(matches!(world.told().await, Input::RecordingStopped { .. }));
    let recorded = world.recorded();
    let kept = recorded.len();
    assert!((40..300).contains(&kept), "{kept} pictures");
    assert_eq!(recorded[0].0, 0, "what came first waited");
    assert_eq!(recorded[kept - 1].0, 524);
    let mut gaps = 0;
    for pair in recorded.windows(2) {
        if pair[1].0 != pair[0].0 + 1 {
            gaps += 1;
            assert!(
                pair[1].1,
                "a gap ends at picture {}, no key frame",
                pair[1].0
            );
        }
    }
    assert!(gaps > 0);
}

#[tokio::test]
async fn the_next_recording_of_a_file_waits_for_the_end_of_the_one_before() {
    let mut world = World::new();
    let shared = world.shared.clone();
    let disk = shared.writers.acquire().await.expect("nobody closes it");
    for recording in 1..=3 {
        let publication = world.publish();
        world.record(recording, RecordMode::Append);
        world.send(&publication, 10).await;
        world.unpublish();
    }
    drop(disk);
    let mut stopped = Vec::new();
    while stopped.len() < 3 {
        match world.told().await {
            Input::RecordingStopped { recording } => stopped.push(recording),
            Input::RecordingStarted { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    let mut numbers: Vec<_> = world
        .recorded()
        .into_iter()
        .map(|(number, _)| number)
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..30).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_second_recorder_of_a_file_and_one_too_many_are_refused() {
    let mut world = World::with(1);
    let _publication = world.publish();
    world.record(1, RecordMode::Record);
    assert!(matches!(world.told().await, Input::RecordingStarted { .. }));
    world.record(2, RecordMode::Record);
    let Input::RecordingFailed {
        recording: 2,
        no_access: false,
        why,
    } = world.told().await
    else {
        panic!("it is one too many");
    };
    assert!(why.contains("as many recordings"), "{why}");
    let mut world = World::new();
    let _publication = world.publish();
    world.record(1, RecordMode::Record);
    assert!(matches!(world.told().await, Input::RecordingStarted { .. }));
    world.record(2, RecordMode::Record);
    let refused = world.told().await;
    assert!(
        matches!(
            refused,
            Input::RecordingFailed {
                recording: 2,
                no_access: true,
                ..
            }
        ),
        "{refused:?}"
    );
    world.unpublish();
    assert!(matches!(
        world.told().await,
        Input::RecordingStopped { recording: 1 }
    ));
}

#[tokio::test]
async fn an_instance_that_says_nothing_any_more_ends_its_recordings() {
    let mut world = World::new();
    let publication = world.publish();
    world.record(1, RecordMode::Record);
    world.send(&publication, 30).await;
    assert!(matches!(world.told().await, Input::RecordingStarted { .. }));
    let World {
        recorders,
        tasks,
        live,
        dir,
        ..
    } = world;
    drop(recorders);
    tasks.wait().await;
    let file = std::fs::read(dir.path().join("room/cam.flv")).expect("a file");
    let mut reader = Reader::new(Limits::default());
    reader.push(&file);
    let mut items = 0;
    while let Ok(Some(_)) = reader.poll() {
        items += 1;
    }
    assert_eq!((items, reader.finish()), (32, Ok(())));
    assert!(live.ring.lock().is_published());
}

#[tokio::test]
async fn what_is_being_recorded_is_not_deleted_and_what_was_is() {
    let mut world = World::new();
    let file = world.live.address.name.recording_file().expect("a file");
    let _publication = world.publish();
    world.record(1, RecordMode::Record);
    assert!(matches!(world.told().await, Input::RecordingStarted { .. }));
    world.recorders.erase(&file);
    world.unpublish();
    assert!(matches!(world.told().await, Input::RecordingStopped { .. }));
    assert!(world.path().exists());
    world.recorders.erase(&file);
    world.tasks.wait().await;
    assert!(!world.path().exists());
}
