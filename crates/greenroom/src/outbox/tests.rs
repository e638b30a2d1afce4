//! The outbox over a real socket: who is served, and who is given up and why.

use std::time::Duration;

use engine::StreamName;
use futures_util::FutureExt as _;
use media::{ReaderLimits, RingLimits};
use tokio::io::AsyncReadExt;
use tokio::io::Interest;
use tokio::net::TcpListener;

use super::*;
use crate::catalog::Catalog;
use crate::live::{Publication, StreamAddress, StreamSettings};
use crate::pump::{PumpSettings, Pumps};

const LIMITS: OutboxLimits = OutboxLimits {
    control_bytes: 1 << 20,
    stall_ms: 15_000,
    behind_ms: 60_000,
};
/// By bytes alone: the tests' time is their own.
const LAG: ReaderLimits = ReaderLimits {
    lag_bytes: 2 << 20,
    lag_ms: u64::MAX,
};
const STREAM_ID: u32 = 1;
const LONG: Duration = Duration::from_secs(20);

/// One player of one published stream.
struct Table {
    publication: Publication,
    live: Arc<LiveStream>,
    outbox: Arc<Outbox>,
    peer: TcpStream,
}

impl Table {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        // Small, so that a peer that does not read is felt soon.
        socket.set_recv_buffer_size(16 << 10).expect("a size");
        let peer = socket.connect(address).await.expect("a connection");
        let (socket, _) = listener.accept().await.expect("a connection");
        let sending = socket2::SockRef::from(&socket);
        sending.set_send_buffer_size(16 << 10).expect("a size");
        let address = StreamAddress {
            app: "live".into(),
            instance: "_definst_".into(),
            name: StreamName::parse("one", 100).expect("a name"),
        };
        let settings = StreamSettings {
            ring: RingLimits::default(),
            reader: LAG,
            pump: PumpSettings {
                shards: 1,
                latency_budget: Duration::ZERO,
            },
        };
        let live = LiveStream::new(address, settings, Catalog::new());
        live.mark(Marker::Published, "test");
        Self {
            publication: live.publication().expect("it is published"),
            live,
            outbox: Outbox::new(Arc::new(socket), LIMITS),
            peer,
        }
    }

    fn play(&self) {
        let greeting = Greeting {
            client_id: "test".into(),
            data: Vec::new(),
        };
        let ticket = Pumps::join(&self.live, &self.outbox, STREAM_ID);
        self.outbox.add_play(Play {
            number: 0,
            stream_id: STREAM_ID,
            live: self.live.clone(),
            reader: Reader::new(LAG, None),
            framing: Framing::Rtmp {
                stream_id: STREAM_ID,
                chunk_size: 4096,
                encoding: rtmp::Encoding::Amf0,
            },
            greeting: Arc::new(greeting),
            ticket,
            told_slow: None,
            _counted: self.live.count_player(),
        });
        self.outbox.flush(Millis(0));
    }

    fn append(&self, bytes: usize) {
        let mut payload = vec![0; bytes];
        payload[0] = 0xaf;
        payload[1] = 1;
        self.publication
            .append_media(Kind::Audio, 0, payload.into());
    }
}

#[tokio::test]
async fn what_comes_before_the_pumps_first_turn_is_sent() {
    let mut table = Table::new().await;
    table.play();
    // On this one thread the pump's task has not run yet.
    table.append(100);
    let mut first = [0];
    let read = tokio::time::timeout(LONG, table.peer.read_exact(&mut first)).await;
    read.expect("the pump slept on").expect("a byte");
}

#[tokio::test]
async fn a_player_that_takes_too_little_is_given_up_in_the_end() {
    let mut table = Table::new().await;
    table.play();
    let mut now = Millis(0);
    let mut taken = vec![0; 64 << 10];
    let mut reason = None;
    for _ in 0..100 {
        // More than the socket takes, and far more than the player does.
        for _ in 0..24 {
            table.append(64 << 10);
        }
        table.outbox.flush(now);
        now = now + 5_000;
        if let Some((at, why)) = table.outbox.patience()
            && at <= now
        {
            reason = Some(why);
            break;
        }
        while table.outbox.blocked_since().is_some() {
            tokio::select! {
                ready = table.outbox.socket.ready(Interest::WRITABLE) => {
                    assert!(ready.expect("ready").is_writable());
                    table.outbox.on_writable(now);
                    break;
                }
                read = table.peer.read(&mut taken) => assert!(read.expect("some bytes") > 0),
            }
        }
    }
    assert_eq!(reason, Some(CloseReason::PlayerBehind));
    assert_eq!(now, Millis(60_000));
}

#[tokio::test]
async fn a_player_that_was_late_once_is_not_given_up_when_all_is_quiet() {
    let table = Table::new().await;
    table.play();
    table.outbox.flush(Millis(0));
    for _ in 0..3 {
        // Past its lag at once: it is moved to the head, where there is nothing more.
        (0..40).for_each(|_| table.append(64 << 10));
        table.outbox.flush(Millis(1_000));
    }
    let deadline = table.outbox.patience().map(|(at, _)| at);
    assert_eq!(deadline, Some(Millis(61_000)));
    table.outbox.flush(Millis(61_000));
    assert_eq!(table.outbox.patience(), None);
}

#[tokio::test]
async fn a_player_is_told_that_it_is_too_slow_every_five_seconds_at_most() {
    let mut table = Table::new().await;
    table.play();
    for at in [1_000, 3_000, 5_999, 6_000] {
        (0..40).for_each(|_| table.append(64 << 10));
        table.outbox.flush(Millis(at));
    }
    table.outbox.push(Bytes::from_static(b"the end"));
    table.outbox.flush(Millis(6_000));
    let mut read = Vec::new();
    while !read.ends_with(b"the end") {
        let more = tokio::time::timeout(LONG, table.peer.read_buf(&mut read)).await;
        assert!(more.expect("something comes").expect("some bytes") > 0);
    }
    let text = String::from_utf8_lossy(&read);
    assert_eq!(text.matches("NetStream.Play.InsufficientBW").count(), 2);
}

#[tokio::test]
async fn a_limit_is_waited_for_without_being_woken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap());
    let (near, far) = tokio::join!(near, listener.accept());
    let _far = far.unwrap();
    let socket = Arc::new(near.unwrap());
    socket.writable().await.unwrap();
    let outbox = Outbox::new(socket, LIMITS);
    outbox.limit(1000);
    outbox.woken().await;
    outbox.push(Bytes::from(vec![0; 3000]));
    let mut now = Millis(5000);
    let mut waits = 0;
    loop {
        outbox.flush(now);
        let Some(at) = outbox.throttled_until(now) else {
            break;
        };
        assert!(
            outbox.woken().now_or_never().is_none(),
            "woken while waiting"
        );
        now = at;
        waits += 1;
    }
    assert!(outbox.is_flushed());
    assert_eq!((outbox.sent_bytes(), waits), (3000, 2));
}

/// An object with a writer and a client that is told what the writer does.
struct Objects {
    directory: sharedobject::Directory,
}

impl Objects {
    const READER: sharedobject::UserId = sharedobject::UserId(2);

    fn new() -> Self {
        let config = sharedobject::Config {
            batch_ms: 0,
            ..sharedobject::Config::default()
        };
        let loader = Box::new(sharedobject::NothingStored);
        let mut objects = Self {
            directory: sharedobject::Directory::new(config, loader),
        };
        let using = rtmp::shared_object::Event::Use;
        for user in [sharedobject::UserId(1), Self::READER] {
            objects.handle(user, using.clone());
        }
        objects
    }

    fn set(&mut self, key: &str, bytes: usize) -> sharedobject::Update {
        let value = amf::Value::from("x".repeat(bytes).as_str());
        let event = rtmp::shared_object::Event::RequestChange(vec![(key.into(), value)]);
        let update = self.handle(sharedobject::UserId(1), event);
        update.expect("the reader is told")
    }

    /// What the reader is told.
    fn handle(
        &mut self,
        user: sharedobject::UserId,
        event: rtmp::shared_object::Event,
    ) -> Option<sharedobject::Update> {
        let message = rtmp::shared_object::Message::new("chat", u32::MAX, false, vec![event]);
        let rights = sharedobject::Rights::ALL;
        self.directory.handle(Millis(0), user, &message, rights);
        let mut told = None;
        loop {
            match self.directory.poll() {
                sharedobject::Output::Update { user, update } if user == Self::READER => {
                    told = Some(update);
                }
                sharedobject::Output::Timeout(_) => return told,
                _ => {}
            }
        }
    }
}

const FRAMING: ObjectFraming = ObjectFraming {
    encoding: rtmp::Encoding::Amf0,
    chunk_size: 4096,
    backlog_bytes: 64 << 10,
};

/// Fills the socket, so that nothing more can be written.
fn fill(outbox: &Outbox) {
    while outbox.blocked_since().is_none() {
        outbox.push(vec![0; 64 << 10].into());
        outbox.flush(Millis(0));
    }
}

#[tokio::test]
async fn a_slow_client_gets_the_latest_of_each_slot() {
    let table = Table::new().await;
    let mut objects = Objects::new();
    fill(&table.outbox);
    for _ in 0..500 {
        let update = objects.set("a", 10_000);
        table.outbox.push_update(update, FRAMING);
        // What else is said in between does not end the merging.
        table.outbox.push(Bytes::from_static(b"call"));
        table.outbox.flush(Millis(0));
    }
    assert_eq!(table.outbox.closed(), None);
    let mut state = table.outbox.state.lock();
    let before = state.queue.len();
    state.queue_objects(usize::MAX);
    assert_eq!(state.queue.len() - before, 1, "one message with one value");
    let bytes = state.queue.back().map(Bytes::len);
    assert!(bytes.is_some_and(|bytes| bytes < 11_000), "{bytes:?}");
}

#[tokio::test]
async fn a_client_for_which_too_much_waits_is_closed() {
    let table = Table::new().await;
    let mut objects = Objects::new();
    fill(&table.outbox);
    for slot in 0..6 {
        let update = objects.set(&format!("slot{slot}"), 10_000);
        table.outbox.push_update(update, FRAMING);
    }
    assert_eq!(table.outbox.closed(), None);
    let update = objects.set("slot6", 10_000);
    table.outbox.push_update(update, FRAMING);
    assert_eq!(table.outbox.closed(), Some(CloseReason::OutboxFull));
}

#[tokio::test]
async fn what_was_queued_before_counts_until_it_is_written() {
    let table = Table::new().await;
    let mut objects = Objects::new();
    // A call behind each change takes it into the queue, as long as nothing says that the client
    // is slow.
    for slot in 0..7 {
        let update = objects.set(&format!("slot{slot}"), 10_000);
        table.outbox.push_update(update, FRAMING);
        table.outbox.push(Bytes::from_static(b"call"));
    }
    assert_eq!(table.outbox.closed(), Some(CloseReason::OutboxFull));
}

#[tokio::test]
async fn a_call_comes_behind_the_change_that_was_before_it() {
    let table = Table::new().await;
    let mut objects = Objects::new();
    table.outbox.push_update(objects.set("a", 10), FRAMING);
    table.outbox.push(Bytes::from_static(b"call"));
    table.outbox.push_update(objects.set("a", 10), FRAMING);
    let state = table.outbox.state.lock();
    let last: Vec<&Bytes> = state.queue.iter().rev().take(2).collect();
    assert_eq!(last[0].as_ref(), b"call");
    assert!(last[1].windows(4).any(|name| name == b"chat"));
    assert_eq!(
        last[1][0], 3,
        "a full header on the connection's chunk stream"
    );
    assert!(
        !state.objects.is_empty(),
        "what comes later may still merge"
    );
}

#[tokio::test]
async fn the_session_knows_of_objects_between_its_messages() {
    let table = Table::new().await;
    let mut objects = Objects::new();
    assert!(!table.outbox.objects_between(), "none yet");
    fill(&table.outbox);
    table.outbox.push_update(objects.set("a", 10), FRAMING);
    for _ in 0..2 {
        assert!(table.outbox.objects_between(), "they may come at any time");
        table.outbox.push(Bytes::from_static(b"call"));
    }
    table.outbox.state.lock().queue_objects(usize::MAX);
    assert!(table.outbox.objects_between(), "they have come since");
    assert!(
        !table.outbox.objects_between(),
        "a full header was behind them"
    );
}
