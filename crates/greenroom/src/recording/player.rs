//! Playing a recording to one client: a task that reads ahead of it a little, and sends what is
//! due when the connection has room.

use std::sync::{Arc, Weak};

use engine::ClientId;
use flv::TagKind;
use media::{Framing, Next, Playback, Selection, VideoSelection, Window};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::opened::{Opened, Source};
use crate::clock;
use crate::outbox::{Outbox, Pushed};
use crate::runner::wait_until;

/// How far ahead a player is sent that has not said how much it buffers.
const AHEAD_MS: u64 = 1000;

/// What an instance orders of a recording.
pub(crate) struct RecordedOrder {
    pub(crate) source: Source,
    pub(crate) stream_id: u32,
    /// The instance's number of the play.
    pub(crate) play: u64,
    pub(crate) window: Window,
    pub(crate) at_once: bool,
    pub(crate) selection: Selection,
}

/// A recording that is played on a message stream: what its task is told. It ends when this is
/// dropped.
pub(crate) struct RecordedPlay {
    pub(crate) stream_id: u32,
    pub(crate) number: u64,
    control: Arc<Control>,
}

struct Control {
    wishes: Mutex<Wishes>,
    changed: Notify,
}

#[derive(Clone, Copy)]
struct Wishes {
    paused: bool,
    ahead_ms: u64,
    selection: Selection,
    stopped: bool,
}

/// Where a player's media goes.
pub(crate) struct Sink {
    pub(crate) client: ClientId,
    pub(crate) outbox: Weak<Outbox>,
    pub(crate) framing: Framing,
}

impl RecordedPlay {
    /// Begins to play. `buffer_ms` is what the client has said it buffers.
    pub(crate) fn start(order: RecordedOrder, sink: Sink, buffer_ms: Option<u32>) -> Self {
        let control = Arc::new(Control {
            wishes: Mutex::new(Wishes {
                paused: false,
                ahead_ms: buffer_ms.map_or(AHEAD_MS, u64::from),
                selection: order.selection,
                stopped: false,
            }),
            changed: Notify::new(),
        });
        let play = Self {
            stream_id: order.stream_id,
            number: order.play,
            control: control.clone(),
        };
        let shared = order.source.shared().clone();
        let player = Player {
            order,
            sink,
            control,
        };
        shared.tasks.spawn_on(player.run(), &shared.runtime);
        play
    }

    pub(crate) fn pause(&self, paused: bool) {
        self.wish(|wishes| wishes.paused = paused);
    }

    pub(crate) fn select(&self, selection: Selection) {
        self.wish(|wishes| wishes.selection = selection);
    }

    pub(crate) fn set_buffer(&self, millis: u32) {
        self.wish(|wishes| wishes.ahead_ms = u64::from(millis));
    }

    /// The connection has room again.
    pub(crate) fn has_room(&self) {
        self.control.changed.notify_one();
    }

    fn wish(&self, change: impl FnOnce(&mut Wishes)) {
        change(&mut self.control.wishes.lock());
        self.control.changed.notify_one();
    }
}

impl Drop for RecordedPlay {
    fn drop(&mut self) {
        self.wish(|wishes| wishes.stopped = true);
    }
}

struct Player {
    order: RecordedOrder,
    sink: Sink,
    control: Arc<Control>,
}

impl Player {
    async fn run(self) {
        if let Some(opened) = self.order.source.open().await {
            self.play(&opened).await;
        }
        if let Some(outbox) = self.sink.outbox.upgrade() {
            outbox.end_recorded(self.order.stream_id, self.order.play);
        }
    }

    async fn play(&self, opened: &Arc<Opened>) {
        let RecordedOrder {
            window, at_once, ..
        } = self.order;
        let wishes = *self.control.wishes.lock();
        let ahead_ms = (!at_once).then_some(wishes.ahead_ms);
        let mut playback = Playback::new(opened.recorded.clone(), window, ahead_ms);
        let metadata = opened.metadata.as_ref().filter(|_| window.start_ms > 0);
        if let Some(metadata) = metadata.or(opened.metadata_apart())
            && !self.send(metadata, playback.first_ms()).await
        {
            return;
        }
        loop {
            let wishes = *self.control.wishes.lock();
            let now = clock::now();
            playback.set_ahead(wishes.ahead_ms);
            if wishes.paused {
                playback.pause(now);
            } else {
                playback.unpause(now);
            }
            let next = playback.next(now);
            if wishes.stopped || matches!(next, Next::Ended) {
                return;
            }
            match next {
                Next::Read(read) => {
                    let bytes = self.order.source.read(opened, read).await;
                    playback.take(&bytes);
                }
                Next::Send(frame) => {
                    let is_header = frame.role == media::Role::Header;
                    let is_wanted = is_header || wants(wishes.selection, frame.tag.kind);
                    if is_wanted && !self.send(&frame.tag, frame.time_ms).await {
                        return;
                    }
                }
                Next::Wait(at) => {
                    self.flush();
                    tokio::select! {
                        () = wait_until(Some(at)) => {}
                        () = self.control.changed.notified() => {}
                    }
                }
                Next::Paused => {
                    self.flush();
                    self.control.changed.notified().await;
                }
                Next::Ended => return,
            }
        }
    }

    /// Sends a tag when there is room for it; false if the play was stopped before.
    async fn send(&self, tag: &flv::Tag, time_ms: u64) -> bool {
        let bytes = media::frame_tag(tag, time_ms as u32, self.sink.framing);
        loop {
            let Some(outbox) = self.sink.outbox.upgrade() else {
                return false;
            };
            match outbox.push_recorded(self.order.stream_id, self.order.play, &bytes) {
                Pushed::Taken => return true,
                Pushed::Gone => return false,
                Pushed::Full => outbox.flush_recorded(clock::now()),
            }
            drop(outbox);
            self.control.changed.notified().await;
        }
    }

    fn flush(&self) {
        if let Some(outbox) = self.sink.outbox.upgrade() {
            outbox.flush_recorded(clock::now());
        }
    }
}

/// Whether the player wants to receive what is of this kind.
fn wants(selection: Selection, kind: TagKind) -> bool {
    match kind {
        TagKind::Audio => selection.audio,
        TagKind::Video => selection.video != VideoSelection::None,
        _ => true,
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        tracing::debug!(conn = %self.sink.client, "a recording is not played any more");
    }
}
