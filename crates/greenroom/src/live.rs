//! A live stream as the server holds it: the ring, and whom to wake when it grows.
//!
//! Publishers append from their own session's task. RTMP players over plain sockets are
//! served by the stream's [pumps](crate::pump), which write to many sockets in a row;
//! everybody else (HTTP, WebSocket) waits for [`LiveStream::grown`] and reads at its pace.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use engine::StreamName;
use media::{Appended, Kind, Marker, ReaderLimits, ReaderStats, Ring, RingLimits};
use parking_lot::{Mutex, MutexGuard};
use rtmp::{Data, Millis};
use tokio::sync::watch;

use crate::catalog::Catalog;
use crate::clock;
use crate::metrics;
use crate::pump::{PumpSettings, Pumps};

/// How the streams of an instance are kept and passed on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamSettings {
    pub(crate) ring: RingLimits,
    pub(crate) reader: ReaderLimits,
    pub(crate) pump: PumpSettings,
}

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
    pub(crate) settings: StreamSettings,
    pub(crate) ring: Mutex<Ring>,
    pub(crate) pumps: Pumps,
    players: AtomicU64,
    grown: watch::Sender<u64>,
    catalog: Arc<Catalog>,
}

impl LiveStream {
    pub(crate) fn new(
        address: StreamAddress,
        settings: StreamSettings,
        catalog: Arc<Catalog>,
    ) -> Arc<Self> {
        let ring = Mutex::new(Ring::new(settings.ring));
        let pumps = Pumps::new(settings.pump);
        let grown = watch::channel(0).0;
        let players = AtomicU64::new(0);
        Arc::new(Self {
            address,
            settings,
            ring,
            pumps,
            players,
            grown,
            catalog,
        })
    }

    /// What the present publisher appends with; `None` if there is none.
    pub(crate) fn publication(self: &Arc<Self>) -> Option<Publication> {
        let epoch = self.ring.lock().epoch()?;
        Some(Publication {
            live: self.clone(),
            epoch,
        })
    }

    /// Notes that a publisher came or went, and tells the players.
    pub(crate) fn mark(self: &Arc<Self>, marker: Marker, publisher: &str) {
        self.ring.lock().append_marker(clock::now(), marker);
        match marker {
            Marker::Published => self.catalog.published(self, publisher),
            Marker::Unpublished => self.catalog.unpublished(self),
        }
        self.wake();
    }

    /// Appends a data message that is not the publisher's: at the time of what came last, whether
    /// anybody publishes or not.
    pub(crate) fn append_data(self: &Arc<Self>, data: &Data) {
        let appended = {
            let mut ring = self.ring.lock();
            let timestamp = ring.last_timestamp();
            ring.on_behalf(|ring| append_data(ring, timestamp, data))
        };
        if let Some(appended) = appended {
            self.after_append(appended);
        }
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

    /// When the last message of the present publisher arrived.
    pub(crate) fn last_media(&self) -> Option<Millis> {
        self.ring.lock().last_media()
    }

    /// Players right now.
    pub(crate) fn players(&self) -> u64 {
        self.players.load(Ordering::Relaxed)
    }

    /// Counts and logs that a slow player was moved to the newest key frame.
    pub(crate) fn note_skip(&self, client: &dyn Display, stats: ReaderStats) {
        metrics::player_skipped();
        // One line for the first skip and then ever more rarely: a slow player skips often.
        if stats.skips.is_power_of_two() {
            let address = &self.address;
            tracing::info!(
                app = %address.app, instance = %address.instance, stream = %address.name,
                %client, skips = stats.skips, skipped_bytes = stats.skipped_bytes,
                skipped_messages = stats.skipped_entries,
                "a slow player was moved to the newest key frame"
            );
        }
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

/// One publisher's right to append to a stream. It ends when the stream is told that the
/// publisher has gone, even before the publisher's own task knows.
pub(crate) struct Publication {
    live: Arc<LiveStream>,
    epoch: u64,
}

impl Publication {
    /// Appends an audio or video message of the publisher.
    pub(crate) fn append_media(&self, kind: Kind, timestamp: u32, payload: Bytes) {
        let now = clock::now();
        let Some(mut ring) = self.ring() else { return };
        let appended = ring.append_media(now, kind, timestamp, payload);
        drop(ring);
        self.live.after_append(appended);
    }

    /// Appends a data message of the publisher, minding `@setDataFrame` and
    /// `@clearDataFrame`.
    pub(crate) fn append_data(&self, timestamp: u32, data: &Data) {
        let Some(mut ring) = self.ring() else { return };
        let appended = append_data(&mut ring, timestamp, data);
        drop(ring);
        if let Some(appended) = appended {
            self.live.after_append(appended);
        }
    }

    /// The ring, if this publisher still writes to it.
    fn ring(&self) -> Option<MutexGuard<'_, Ring>> {
        let ring = self.live.ring.lock();
        (ring.epoch() == Some(self.epoch)).then_some(ring)
    }
}

/// Does what a data message says to do with the ring; `None` if nothing was appended.
fn append_data(ring: &mut Ring, timestamp: u32, data: &Data) -> Option<Appended> {
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
    match (name(0).as_deref(), name(1)) {
        (Some("@setDataFrame"), Some(handler)) => {
            let body = data.body_without_name()?;
            let rest = data.values.get(2..).unwrap_or_default();
            Some(ring.set_data_frame(now, kind, timestamp, (handler, rest), body))
        }
        (Some("@clearDataFrame"), handler) => {
            let handler = handler.as_deref().unwrap_or("onMetaData");
            ring.clear_data_frame(now, handler);
            None
        }
        _ => Some(Appended {
            seq: ring.append_data(now, kind, timestamp, data.payload.clone()),
            described: false,
        }),
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

#[cfg(test)]
mod tests {
    use super::*;
    use rtmp::{Body, Encoding, Message};
    use std::time::Duration;

    fn stream(catalog: &Arc<Catalog>) -> Arc<LiveStream> {
        let address = StreamAddress {
            app: "live".into(),
            instance: "_definst_".into(),
            name: StreamName::parse("one", 100).expect("a name"),
        };
        let settings = StreamSettings {
            ring: RingLimits::default(),
            reader: ReaderLimits::default(),
            pump: PumpSettings {
                shards: 1,
                latency_budget: Duration::ZERO,
            },
        };
        LiveStream::new(address, settings, catalog.clone())
    }

    #[test]
    fn a_publisher_that_was_replaced_appends_nothing_any_more() {
        let live = stream(&Catalog::new());
        live.mark(Marker::Published, "first");
        let first = live.publication().expect("a publisher");
        first.append_media(Kind::Audio, 0, Bytes::from_static(b"\xaf\x01"));
        live.mark(Marker::Unpublished, "");
        assert!(live.publication().is_none());
        first.append_media(Kind::Audio, 0, Bytes::from_static(b"\xaf\x01"));
        live.mark(Marker::Published, "second");
        let second = live.publication().expect("a publisher");
        first.append_media(Kind::Audio, 0, Bytes::from_static(b"\xaf\x01"));
        let text = Data::new(vec!["late".into()], Encoding::Amf0);
        first.append_data(0, &text);
        assert_eq!(live.ring.lock().head(), 4, "three markers and one sound");
        second.append_media(Kind::Audio, 0, Bytes::from_static(b"\xaf\x01"));
        assert_eq!(live.ring.lock().head(), 5);
    }

    #[test]
    fn what_a_script_sends_has_the_time_of_the_media_and_is_no_sign_of_life() {
        let live = stream(&Catalog::new());
        let said = Message::stream(
            0,
            Body::Data(Data::new(vec!["hear".into()], Encoding::Amf0)),
        );
        let mut data = Data::new(vec!["hear".into()], Encoding::Amf0);
        data.payload = said.encode().expect("a message").payload;
        live.append_data(&data);
        live.mark(Marker::Published, "first");
        live.append_data(&data);
        assert_eq!(live.last_media(), None);
        let publisher = live.publication().expect("a publisher");
        publisher.append_media(Kind::Audio, 40, Bytes::from_static(b"\xaf\x01"));
        live.append_data(&data);
        let ring = live.ring.lock();
        let entries = ring.since(0).map(|entry| (entry.kind, entry.timestamp));
        assert_eq!(
            entries.collect::<Vec<_>>(),
            [
                (Kind::Data, 0),
                (Kind::Marker(Marker::Published), 0),
                (Kind::Data, 0),
                (Kind::Audio, 40),
                (Kind::Data, 40),
            ]
        );
    }

    #[test]
    fn metadata_of_a_script_is_kept_for_those_who_come_later() {
        let live = stream(&Catalog::new());
        live.mark(Marker::Published, "first");
        let values: Vec<amf::Value> = vec!["@setDataFrame".into(), "onMetaData".into(), 7.into()];
        let said = Message::stream(0, Body::Data(Data::new(values.clone(), Encoding::Amf0)));
        let mut data = Data::new(values, Encoding::Amf0);
        data.payload = said.encode().expect("a message").payload;
        live.append_data(&data);
        assert_eq!(live.ring.lock().preamble().count(), 1);
        let clear = Data::new(vec!["@clearDataFrame".into()], Encoding::Amf0);
        live.append_data(&clear);
        assert_eq!(live.ring.lock().preamble().count(), 0);
    }

    #[test]
    fn an_old_instance_does_not_take_its_successor_off_the_list() {
        let catalog = Catalog::new();
        let (old, new) = (stream(&catalog), stream(&catalog));
        old.mark(Marker::Published, "old");
        new.mark(Marker::Published, "new");
        old.mark(Marker::Unpublished, "");
        assert_eq!(catalog.rows().len(), 1);
        new.mark(Marker::Unpublished, "");
        assert_eq!(catalog.rows().len(), 0);
    }
}
