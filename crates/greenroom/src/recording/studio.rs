//! The studio of an instance: what carries out the orders of the client that stands for the
//! server (`engine::STUDIO`). Each of its plays is a task that reads a recording or a live stream
//! as a player does, and appends it to what the station publishes.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use engine::scripting::ClientStats;
use engine::{CloseReason, Input, STUDIO};
use flv::TagKind;
use media::{Entry, Kind, Next, Playback, Reader, Splice};
use parking_lot::Mutex;
use rtmp::chunk::RawMessage;
use rtmp::{Body, Data, Message};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{RecordedOrder, Recorders, Recordings, Report};
use crate::clock;
use crate::live::{LiveStream, Publication};
use crate::runner::{Endpoint, Link, Order, wait_until};

/// Orders that may wait. The studio does nothing slow between two.
const ORDERS: usize = 4096;
/// Payload bytes taken from a live stream at a time.
const PIECE_BYTES: usize = 256 << 10;

impl Recorders {
    /// The studio of this life of the instance. It ends when nobody has the link.
    pub(crate) fn studio(&self) -> Link {
        let report = Report {
            recording: 0,
            inbox: self.inbox.clone(),
            life: self.life,
        };
        let studio = Studio {
            shared: self.shared.clone(),
            report,
            stations: HashMap::new(),
            plays: HashMap::new(),
        };
        let (link, orders) = Link::new(ORDERS, Arc::new(Nobody));
        let run = studio.run(orders);
        self.shared.tasks.spawn_on(run, &self.shared.runtime);
        link
    }
}

/// The studio has no connection.
struct Nobody;

impl Endpoint for Nobody {
    fn overflow(&self, _: CloseReason) {
        tracing::error!("the studio of an instance does not take its orders");
    }

    fn stats(&self) -> ClientStats {
        ClientStats::default()
    }
}

struct Studio {
    shared: Arc<Recordings>,
    report: Report,
    /// What is published, by message stream.
    stations: HashMap<u32, Arc<Station>>,
    /// What is played, by message stream: it ends when this is dropped.
    plays: HashMap<u32, DropGuard>,
}

/// What a station publishes, and which of the studio's plays it comes from.
struct Station {
    publication: Publication,
    now: Mutex<Now>,
}

#[derive(Default)]
struct Now {
    /// The play that is on; what one before still has is dropped.
    play: u64,
    splice: Splice,
}

impl Studio {
    async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        while let Some(order) = orders.recv().await {
            self.carry_out(order);
        }
    }

    fn carry_out(&mut self, order: Order) {
        match order {
            Order::Publish {
                stream_id,
                publication,
            } => {
                let now = Mutex::default();
                let station = Arc::new(Station { publication, now });
                self.stations.insert(stream_id, station);
            }
            Order::Unpublish { stream_id } => drop(self.stations.remove(&stream_id)),
            Order::Play {
                stream_id,
                live,
                play,
                from,
                length_ms,
                ..
            } => {
                let mut reader = Reader::new(live.settings.reader, length_ms);
                reader.joined_at(from);
                self.start((stream_id, play), |on_air| play_live(on_air, live, reader));
            }
            Order::PlayRecorded(order) => {
                let place = (order.stream_id, order.play);
                self.start(place, |on_air| play_recorded(on_air, *order));
            }
            Order::Stop { stream_id } => drop(self.plays.remove(&stream_id)),
            // All else is for those who have a connection.
            _ => {}
        }
    }

    /// Starts a play of the station whose message stream lies before this one.
    fn start<F>(&mut self, (stream_id, play): (u32, u64), run: impl FnOnce(OnAir) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let on_air = stream_id.wrapping_sub(1);
        let Some(station) = self.stations.get(&on_air).cloned() else {
            return;
        };
        station.now.lock().play = play;
        let stop = CancellationToken::new();
        self.plays.insert(stream_id, stop.clone().drop_guard());
        let (report, played) = (self.report.clone(), run(OnAir { station, play }));
        let run = async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = played => report.post(Input::PlayEnded {
                    client: STUDIO,
                    stream_id,
                    play,
                }).await,
            }
        };
        self.shared.tasks.spawn_on(run, &self.shared.runtime);
    }
}

/// One play on its station.
struct OnAir {
    station: Arc<Station>,
    play: u64,
}

impl OnAir {
    /// Joins what follows to what was before. Returns how much of it is due at once, in ms.
    fn begin(&self) -> u64 {
        let clock = clock::now();
        let mut now = self.station.now.lock();
        if now.play != self.play {
            return 0;
        }
        now.splice.begin(clock);
        now.splice.behind(clock)
    }

    fn append(&self, kind: Kind, time: u32, payload: &Bytes) {
        let mut now = self.station.now.lock();
        if now.play != self.play {
            return;
        }
        let time = now.splice.time(time);
        let publication = &self.station.publication;
        match kind {
            Kind::Audio | Kind::Video => publication.append_media(kind, time, payload.clone()),
            Kind::Data | Kind::DataAmf3 => {
                if let Some(data) = data_of(kind, payload) {
                    publication.append_data(time, &data);
                }
            }
            Kind::Marker(_) => {}
        }
    }
}

/// A data message as a publisher would send it: who comes later is to get the description as well.
fn data_of(kind: Kind, payload: &Bytes) -> Option<Data> {
    let type_id = if kind == Kind::Data { 18 } else { 15 };
    let raw = RawMessage {
        csid: 0,
        type_id,
        timestamp: 0,
        stream_id: 0,
        payload: payload.clone(),
    };
    let message = Message::decode(&raw, &rtmp::Limits::default()).ok()?;
    let Body::Data(mut data) = message.body else {
        return None;
    };
    if data.name() == Some("onMetaData") {
        data.values.insert(0, "@setDataFrame".into());
        data.payload = Bytes::new();
    }
    Some(data)
}

async fn play_recorded(on_air: OnAir, order: RecordedOrder) {
    let Some(opened) = order.source.open().await else {
        return;
    };
    let due_ms = on_air.begin();
    let ahead_ms = (!order.at_once).then_some(due_ms);
    let mut playback = Playback::new(opened.recorded.clone(), order.window, ahead_ms);
    let at_start = opened.metadata.as_ref();
    let metadata = at_start.filter(|_| order.window.start_ms > 0);
    if let Some(metadata) = metadata.or(opened.metadata_apart()) {
        on_air.append(Kind::Data, order.window.start_ms as u32, &metadata.payload);
    }
    loop {
        match playback.next(clock::now()) {
            Next::Read(read) => {
                let bytes = order.source.read(&opened, read).await;
                playback.take(&bytes);
            }
            Next::Send(frame) => {
                let kind = match frame.tag.kind {
                    TagKind::Audio => Kind::Audio,
                    TagKind::Video => Kind::Video,
                    TagKind::Script => Kind::Data,
                    TagKind::ScriptAmf3 => Kind::DataAmf3,
                    TagKind::Unknown(_) => continue,
                };
                on_air.append(kind, frame.time_ms as u32, &frame.tag.payload);
                // All at once is a whole file: the others on this thread have their turns.
                tokio::task::consume_budget().await;
            }
            Next::Wait(at) => wait_until(Some(at)).await,
            Next::Paused | Next::Ended => return,
        }
    }
}

async fn play_live(on_air: OnAir, live: Arc<LiveStream>, mut reader: Reader) {
    let mut grown = live.grown();
    let _counted = live.count_player();
    // The times of every publisher begin anew.
    let mut joined = false;
    while !reader.is_finished() {
        grown.mark_unchanged();
        let mut entries = Vec::new();
        let skipped = {
            let ring = live.ring.lock();
            reader.read(clock::now(), &ring, PIECE_BYTES, &mut entries)
        };
        if skipped {
            live.note_skip(&STUDIO, reader.stats());
        }
        let is_up_to_date = entries.is_empty();
        for entry in entries {
            pass_on(&on_air, &entry, &mut joined);
        }
        if is_up_to_date && !reader.is_finished() && grown.changed().await.is_err() {
            return;
        }
    }
}

fn pass_on(on_air: &OnAir, entry: &Entry, joined: &mut bool) {
    if matches!(entry.kind, Kind::Marker(_)) {
        *joined = false;
        return;
    }
    if !std::mem::replace(joined, true) {
        on_air.begin();
    }
    on_air.append(entry.kind, entry.timestamp, &entry.payload);
}
