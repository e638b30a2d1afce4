//! A live stream as the server holds it: the ring, and whom to wake when it grows.
//!
//! Publishers append from their own session's task. RTMP players over plain sockets are
//! served by the stream's [pumps](crate::pump), which write to many sockets in a row;
//! everybody else (HTTP, WebSocket) waits for [`LiveStream::grown`] and reads at its pace.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use engine::StreamName;
use media::{Appended, Kind, Marker, Ring, RingLimits};
use parking_lot::Mutex;
use rtmp::{Data, Millis};
use tokio::sync::watch;

use crate::catalog::Catalog;
use crate::clock;
use crate::pump::Pumps;

/// Where a stream lives: `application/instance/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StreamAddress {
    pub(crate) app: Arc<str>,
    pub(crate) instance: Arc<str>,
    pub(crate) name: StreamName,
}

/// One live stream, published or waited for.
pub(crate) struct LiveStream {
    pub(crate) address: StreamAddress,
    pub(crate) ring: Mutex<Ring>,
    pub(crate) pumps: Pumps,
    players: AtomicU64,
    grown: watch::Sender<u64>,
    catalog: Arc<Catalog>,
}

impl LiveStream {
    pub(crate) fn new(
        address: StreamAddress,
        limits: RingLimits,
        pumps: Pumps,
        catalog: Arc<Catalog>,
    ) -> Arc<Self> {
        let ring = Mutex::new(Ring::new(limits));
        let grown = watch::channel(0).0;
        let players = AtomicU64::new(0);
        Arc::new(Self {
            address,
            ring,
            pumps,
            players,
            grown,
            catalog,
        })
    }

    /// Appends an audio or video message of the publisher.
    pub(crate) fn append_media(self: &Arc<Self>, kind: Kind, timestamp: u32, payload: Bytes) {
        let now = clock::now();
        let appended = self.ring.lock().append_media(now, kind, timestamp, payload);
        self.after_append(appended);
    }

    /// Appends a data message of the publisher, minding `@setDataFrame` and
    /// `@clearDataFrame`.
    pub(crate) fn append_data(self: &Arc<Self>, timestamp: u32, data: &Data) {
        let now = clock::now();
        let name = |index: usize| {
            data.values
                .get(index)
                .and_then(amf::Value::as_text)
                .cloned()
        };
        let kind = match data.encoding {
            rtmp::Encoding::Amf0 => Kind::Data,
            rtmp::Encoding::Amf3 => Kind::DataAmf3,
        };
        let mut ring = self.ring.lock();
        let appended = match (name(0).as_deref(), name(1)) {
            (Some("@setDataFrame"), Some(handler)) => {
                let Some(body) = data.body_without_name() else {
                    return;
                };
                let rest = data.values.get(2..).unwrap_or_default();
                ring.set_data_frame(now, kind, timestamp, (handler, rest), body)
            }
            (Some("@clearDataFrame"), handler) => {
                return ring.clear_data_frame(handler.as_deref().unwrap_or("onMetaData"));
            }
            _ => {
                let seq = ring.append_data(now, kind, timestamp, data.payload.clone());
                Appended {
                    seq,
                    described: false,
                }
            }
        };
        drop(ring);
        self.after_append(appended);
    }

    /// Notes that a publisher came or went, and tells the players.
    pub(crate) fn mark(self: &Arc<Self>, marker: Marker, publisher: &str) {
        self.ring.lock().append_marker(clock::now(), marker);
        match marker {
            Marker::Published => self.catalog.published(self, publisher),
            Marker::Unpublished => self.catalog.unpublished(&self.address),
        }
        self.wake();
    }

    /// A receiver that changes whenever the ring has grown.
    pub(crate) fn grown(&self) -> watch::Receiver<u64> {
        self.grown.subscribe()
    }

    /// Counts a player for as long as the returned guard lives.
    pub(crate) fn count_player(self: &Arc<Self>) -> PlayerCount {
        self.players.fetch_add(1, Ordering::Relaxed);
        self.catalog.changed();
        PlayerCount(self.clone())
    }

    /// When the last audio or video message of the present publisher arrived.
    pub(crate) fn last_media(&self) -> Option<Millis> {
        self.ring.lock().last_media()
    }

    /// Players right now.
    pub(crate) fn players(&self) -> u64 {
        self.players.load(Ordering::Relaxed)
    }

    fn after_append(self: &Arc<Self>, appended: Appended) {
        if appended.described {
            self.catalog.changed();
        }
        self.wake();
    }

    fn wake(self: &Arc<Self>) {
        self.pumps.wake();
        if self.grown.receiver_count() > 0 {
            self.grown.send_modify(|head| *head += 1);
        }
    }
}

/// One player in a stream's count.
pub(crate) struct PlayerCount(Arc<LiveStream>);

impl Drop for PlayerCount {
    fn drop(&mut self) {
        self.0.players.fetch_sub(1, Ordering::Relaxed);
        self.0.catalog.changed();
    }
}
