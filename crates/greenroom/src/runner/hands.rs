//! The hands of an instance: what carries out its effects on sessions and streams.

use std::collections::HashMap;
use std::sync::Arc;

use engine::{ClientId, Effect, Instance, StreamName};
use media::Marker;
use rtmp::Data;
use sharedobject::Update;

use super::objects::ObjectLog;
use super::streams::Streams;
use super::{Link, Order};
use crate::recording::{RecordedOrder, Recorders};

/// Who is here, and what they may be made to do.
pub(super) struct Hands {
    pub(super) streams: Arc<Streams>,
    pub(super) recorders: Recorders,
    pub(super) objects: ObjectLog,
    pub(super) links: HashMap<ClientId, Link>,
    /// What has happened to shared objects and their clients have not been told: one order tells
    /// a client of all that one input has led to.
    updates: HashMap<ClientId, Vec<Update>>,
}

impl Hands {
    pub(super) fn new(streams: Arc<Streams>, recorders: Recorders) -> Self {
        Self {
            streams,
            recorders,
            objects: ObjectLog::default(),
            links: HashMap::new(),
            updates: HashMap::new(),
        }
    }

    /// Tells the sender of a post that it has been handled.
    pub(super) fn done(&mut self, client: ClientId) {
        self.give(client, Order::Done);
    }

    /// Ends the studio with the life of its instance.
    pub(super) fn end_life(&mut self) {
        self.links.remove(&engine::STUDIO);
    }

    /// Forgets a client that has gone, and streams that only it used.
    pub(super) fn forget(&mut self, client: ClientId) {
        self.links.remove(&client);
        self.updates.remove(&client);
        self.streams.sweep();
    }

    /// Gives an order, behind what the client has not been told of shared objects.
    pub(super) fn give(&mut self, client: ClientId, order: Order) {
        let updates = self.updates.remove(&client);
        if client == engine::STUDIO {
            let studio = self.links.entry(client);
            studio.or_insert_with(|| self.recorders.studio());
        }
        if let Some(link) = self.links.get(&client) {
            if let Some(updates) = updates {
                link.give(Order::SharedObjects(updates));
            }
            link.give(order);
        }
    }

    /// Tells everybody what has happened to shared objects.
    pub(super) fn tell_updates(&mut self) {
        for (client, updates) in self.updates.drain() {
            if let Some(link) = self.links.get(&client) {
                link.give(Order::SharedObjects(updates));
            }
        }
    }

    /// Carries out one effect on sessions and streams; gives back what is about neither.
    pub(super) fn carry_out(&mut self, instance: &Instance, effect: Effect) -> Option<Effect> {
        let effect = self.keep_files(effect)?;
        let effect = self.play_recorded(effect)?;
        let (client, order) = match effect {
            Effect::Mark { name, marker } => {
                self.mark(instance, &name, marker);
                return None;
            }
            Effect::Send { client, message } => (client, Order::Send(message)),
            Effect::Close { client, reason } => (client, Order::Close(reason)),
            Effect::Publish {
                client,
                stream_id,
                name,
            } => {
                let order = self.publish(stream_id, &name)?;
                (client, order)
            }
            Effect::Unpublish { client, stream_id } => (client, Order::Unpublish { stream_id }),
            Effect::Play {
                client,
                stream_id,
                name,
                play,
                length_ms,
                selection,
                samples,
            } => {
                let live = self.streams.get_or_make(&name);
                let from = live.ring.lock().head();
                (
                    client,
                    Order::Play {
                        stream_id,
                        live,
                        play,
                        from,
                        length_ms,
                        selection,
                        samples,
                    },
                )
            }
            Effect::Stop { client, stream_id } => (client, Order::Stop { stream_id }),
            Effect::Pause {
                client,
                stream_id,
                paused,
            } => (client, Order::Pause { stream_id, paused }),
            Effect::Select {
                client,
                stream_id,
                selection,
            } => (
                client,
                Order::Select {
                    stream_id,
                    selection,
                },
            ),
            other => return self.carry_out_other(other),
        };
        self.give(client, order);
        None
    }

    /// Lets a client play a recording; gives back all else.
    fn play_recorded(&mut self, effect: Effect) -> Option<Effect> {
        let Effect::PlayRecorded {
            client,
            stream_id,
            file,
            play,
            window,
            at_once,
            selection,
        } = effect
        else {
            return Some(effect);
        };
        let order = RecordedOrder {
            source: self.recorders.source(&file),
            stream_id,
            play,
            window,
            at_once,
            selection,
        };
        self.give(client, Order::PlayRecorded(Box::new(order)));
        None
    }

    /// What is not about streams.
    fn carry_out_other(&mut self, effect: Effect) -> Option<Effect> {
        let (client, order) = match effect {
            Effect::SharedObject { client, update } => {
                self.updates.entry(client).or_default().push(update);
                return None;
            }
            Effect::ObjectNote(note) => {
                self.objects.log(&self.streams.address, *note);
                return None;
            }
            Effect::PortSend { client, text } => (client, Order::Text(text)),
            Effect::Ping { client } => (client, Order::Ping),
            Effect::LimitBandwidth { client, down, up } => {
                (client, Order::LimitBandwidth { down, up })
            }
            other => return Some(other),
        };
        self.give(client, order);
        None
    }

    /// Carries out what is about recordings; gives back all else.
    fn keep_files(&self, effect: Effect) -> Option<Effect> {
        match effect {
            Effect::Record {
                recording,
                name,
                file,
                mode,
            } => {
                let live = self.streams.get_or_make(&name);
                self.recorders.start(&live, recording, &file, mode);
            }
            Effect::EraseRecording { file } => self.recorders.erase(&file),
            Effect::FindRecording { ask, file } => self.recorders.find(ask, &file),
            other => return Some(other),
        }
        None
    }

    fn publish(&self, stream_id: u32, name: &StreamName) -> Option<Order> {
        // The mark that came before made it the publisher.
        let publication = self.streams.get_or_make(name).publication()?;
        Some(Order::Publish {
            stream_id,
            publication,
        })
    }

    /// Sends a data message of the script's to the players of a stream. One that is not there
    /// has nobody who could hear it.
    pub(super) fn say(&self, name: &StreamName, data: &Data) {
        if let Some(live) = self.streams.get(name) {
            live.append_data(data);
        }
    }

    fn mark(&self, instance: &Instance, name: &StreamName, marker: Marker) {
        let live = self.streams.get_or_make(name);
        let publisher = match marker {
            Marker::Published => instance.publisher_agent(name).unwrap_or_default(),
            Marker::Unpublished => "",
        };
        let address = &live.address;
        tracing::info!(
            app = %address.app, instance = %address.instance, stream = %name, publisher,
            "{}", if marker == Marker::Published { "published" } else { "unpublished" }
        );
        live.mark(marker, publisher);
        if marker == Marker::Unpublished {
            self.recorders.ending(&live);
        }
    }
}
