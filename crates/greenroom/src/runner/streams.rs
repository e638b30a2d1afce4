//! The rings of one instance's streams.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use engine::{Host, StreamName};
use parking_lot::Mutex;
use rtmp::Millis;

use crate::applications::InstanceAddress;
use crate::catalog::Catalog;
use crate::live::{LiveStream, StreamAddress, StreamSettings};

/// Streams of an instance below which unused ones are not looked for.
const SWEEP_FROM: usize = 64;

/// The rings of an instance's streams, by name.
pub(super) struct Streams {
    catalog: Arc<Catalog>,
    /// What new streams are made with.
    settings: Mutex<StreamSettings>,
    pub(super) address: InstanceAddress,
    live: Mutex<HashMap<StreamName, Arc<LiveStream>>>,
    /// How many streams there may be before those nobody uses are looked for.
    sweep_at: AtomicUsize,
}

impl Streams {
    pub(super) fn new(
        catalog: &Arc<Catalog>,
        settings: StreamSettings,
        address: &InstanceAddress,
    ) -> Arc<Self> {
        Arc::new(Self {
            catalog: catalog.clone(),
            settings: Mutex::new(settings),
            address: address.clone(),
            live: Mutex::default(),
            sweep_at: AtomicUsize::new(SWEEP_FROM),
        })
    }

    /// Makes new streams in another way from now on.
    pub(super) fn set(&self, settings: StreamSettings) {
        *self.settings.lock() = settings;
    }

    /// A stream that somebody publishes, plays or waits for.
    pub(super) fn get(&self, name: &StreamName) -> Option<Arc<LiveStream>> {
        self.live.lock().get(name).cloned()
    }

    pub(super) fn get_or_make(&self, name: &StreamName) -> Arc<LiveStream> {
        if let Some(stream) = self.get(name) {
            return stream;
        }
        if self.live.lock().len() >= self.sweep_at.load(Ordering::Relaxed) {
            self.sweep();
        }
        let InstanceAddress { app, instance } = self.address.clone();
        let address = StreamAddress {
            app,
            instance,
            name: name.clone(),
        };
        let settings = *self.settings.lock();
        let stream = LiveStream::new(address, settings, self.catalog.clone());
        self.live.lock().insert(name.clone(), stream.clone());
        stream
    }

    /// Forgets the streams that nobody publishes or plays.
    pub(super) fn sweep(&self) {
        let in_use = |stream: &mut Arc<LiveStream>| {
            Arc::strong_count(stream) > 1 || stream.ring.lock().is_published()
        };
        let mut live = self.live.lock();
        live.retain(|_, stream| in_use(stream));
        // Twice what is in use: a client that plays name after name costs a bounded room, and
        // looking costs little per name.
        self.sweep_at
            .store((live.len() * 2).max(SWEEP_FROM), Ordering::Relaxed);
    }
}

/// What the instance knows of its streams.
pub(super) struct StreamsHost(pub(super) Arc<Streams>);

impl Host for StreamsHost {
    fn last_media(&self, stream: &StreamName) -> Option<Millis> {
        let live = self.0.live.lock().get(stream)?.clone();
        live.last_media()
    }
}
