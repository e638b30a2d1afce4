//! Which live streams there are, for the page, the API and the metrics.
//!
//! Only a view: the instances decide what is published. Holds weak references, so it keeps
//! no stream alive.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use rtmp::Millis;
use serde::Serialize;
use tokio::sync::watch;

use crate::clock;
use crate::live::{LiveStream, StreamAddress};

/// One live stream, as `/api/streams` shows it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StreamRow {
    app: Arc<str>,
    instance: Arc<str>,
    name: String,
    path: String,
    video: Option<&'static str>,
    audio: Option<&'static str>,
    width: Option<u32>,
    height: Option<u32>,
    players: u64,
    publisher: String,
    since_ms: u64,
    kbps: u64,
}

struct Published {
    stream: Weak<LiveStream>,
    publisher: String,
    since: Millis,
}

/// The live streams of the whole server.
pub(crate) struct Catalog {
    streams: Mutex<BTreeMap<StreamAddress, Published>>,
    version: watch::Sender<u64>,
}

impl Catalog {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            streams: Mutex::default(),
            version: watch::channel(0).0,
        })
    }

    pub(crate) fn published(&self, stream: &Arc<LiveStream>, publisher: &str) {
        let entry = Published {
            stream: Arc::downgrade(stream),
            publisher: publisher.to_owned(),
            since: clock::now(),
        };
        self.streams.lock().insert(stream.address.clone(), entry);
        self.changed();
    }

    /// Takes a stream off the list, unless another of the same address is there: an instance
    /// that is ending may learn late that its publisher has gone.
    pub(crate) fn unpublished(&self, stream: &Arc<LiveStream>) {
        let mut streams = self.streams.lock();
        let listed = streams.get(&stream.address);
        if listed.is_some_and(|entry| std::ptr::eq(entry.stream.as_ptr(), &raw const **stream)) {
            streams.remove(&stream.address);
        }
        drop(streams);
        self.changed();
    }

    /// Something the rows show has changed.
    pub(crate) fn changed(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    /// A receiver that changes whenever the rows do.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Streams being published.
    pub(crate) fn len(&self) -> usize {
        self.streams.lock().len()
    }

    /// Players of all published streams.
    pub(crate) fn players(&self) -> u64 {
        let streams = self.streams.lock();
        streams
            .values()
            .filter_map(|entry| entry.stream.upgrade())
            .map(|s| s.players())
            .sum()
    }

    /// All rows, in the order of their addresses.
    pub(crate) fn rows(&self) -> Vec<StreamRow> {
        let streams = self.streams.lock();
        streams
            .iter()
            .filter_map(|(address, entry)| row(address, entry))
            .collect()
    }
}

fn row(address: &StreamAddress, entry: &Published) -> Option<StreamRow> {
    let stream = entry.stream.upgrade()?;
    let ring = stream.ring.lock();
    let info = *ring.info();
    let StreamAddress {
        app,
        instance,
        name,
    } = address;
    Some(StreamRow {
        app: app.clone(),
        instance: instance.clone(),
        name: name.to_string(),
        path: format!("/{app}/{instance}/{name}.flv"),
        video: info.video,
        audio: info.audio,
        width: info.width,
        height: info.height,
        players: stream.players(),
        publisher: entry.publisher.clone(),
        since_ms: clock::now().since(entry.since),
        kbps: ring.bits_per_second() / 1000,
    })
}
