//! Carrying out what the instance orders.

use std::sync::Arc;

use engine::CloseReason;
use media::{Framing, Reader};
use rtmp::status::{Code, Status};
use rtmp::{Body, Message};

use super::Connection;
use crate::clock;
use crate::live::LiveStream;
use crate::outbox::{Greeting, ObjectFraming, Play};
use crate::pump::Pumps;
use crate::recording::{RecordedOrder, RecordedPlay, Sink};
use crate::runner::Order;

impl Connection {
    pub(super) fn carry_out(&mut self, order: Order) -> Result<(), CloseReason> {
        match &order {
            Order::Done => self.ahead.answer(),
            _ => self.ahead.order(),
        }
        match order {
            Order::Send(message) => self.send_for_instance(message)?,
            Order::Close(reason) => return Err(reason),
            Order::Publish {
                stream_id,
                publication,
            } => {
                self.publishing.insert(stream_id, publication);
            }
            Order::Unpublish { stream_id } => {
                self.publishing.remove(&stream_id);
            }
            Order::Play {
                stream_id,
                live,
                play,
                from,
                length_ms,
                selection,
                samples,
            } => {
                let mut reader = Reader::new(live.settings.reader, length_ms);
                reader.joined_at(from);
                reader.select(selection);
                self.start_play((stream_id, play), live, reader, samples);
            }
            Order::PlayRecorded(order) => self.start_recorded(*order),
            Order::Stop { stream_id } => self.stop_play(stream_id),
            Order::Pause { stream_id, paused } => {
                self.outbox.pause(clock::now(), stream_id, paused);
            }
            Order::Select {
                stream_id,
                selection,
            } => self.outbox.select(stream_id, selection),
            Order::Ping => self.ping()?,
            Order::LimitBandwidth { down, up } => {
                if let Some(down) = down {
                    self.outbox.limit(down);
                }
                if let Some(up) = up {
                    self.upload.set(up);
                }
            }
            Order::SharedObjects(updates) => {
                let framing = self.object_framing();
                for update in updates {
                    self.outbox.push_update(update, framing);
                }
            }
            // Texts are for connections of XML ports.
            Order::Text(_) | Order::Done => {}
        }
        Ok(())
    }

    /// Sends what the instance, perhaps its script, wants sent. What cannot be said in the
    /// client's encoding is not sent; if it answers a call the client is told so.
    fn send_for_instance(&mut self, message: Message) -> Result<(), CloseReason> {
        let transaction = match &message.body {
            Body::Command(command) if &*command.name == "_result" => Some(command.transaction),
            _ => None,
        };
        self.leave_room_for_objects();
        match self.session.handle(rtmp::Input::Send(message)) {
            Ok(()) => {
                self.outbox.count_messages(1);
                self.drain_session()
            }
            Err(error @ rtmp::Error::Unsendable { .. }) => {
                tracing::info!(conn = %self.client, %error, "a message was not sent");
                let Some(transaction) = transaction else {
                    return Ok(());
                };
                let text = format!("The result cannot be sent: {error}.");
                let status = Status::new(Code::CallFailed, text);
                self.send_command(status.error(transaction))
            }
            Err(error) => Err(self.fault(&error)),
        }
    }

    /// Shared objects are framed past the session, perhaps between what it has said and what it
    /// says next.
    pub(super) fn leave_room_for_objects(&mut self) {
        if self.outbox.objects_between() {
            self.session.note_framed_elsewhere(0);
        }
    }

    fn object_framing(&self) -> ObjectFraming {
        ObjectFraming {
            encoding: self.encoding,
            chunk_size: self.session.out_chunk_size(),
            backlog_bytes: self.shared.config.shared_objects.backlog_bytes,
        }
    }

    fn start_play(
        &mut self,
        (stream_id, number): (u32, u64),
        live: Arc<LiveStream>,
        reader: Reader,
        samples: (bool, bool),
    ) {
        let settings = &self.shared.applications.settings().config;
        let framing = Framing::Rtmp {
            stream_id,
            chunk_size: self.session.out_chunk_size(),
            encoding: self.encoding,
        };
        let greeting = Greeting {
            client_id: self.client.to_string(),
            data: engine::data_start(samples, settings.data_start),
        };
        let ticket = Pumps::join(&live, &self.outbox, stream_id);
        let counted = live.count_player();
        let greeting = Arc::new(greeting);
        self.outbox.add_play(Play {
            stream_id,
            number,
            live,
            reader,
            framing,
            greeting,
            ticket,
            told_slow: None,
            _counted: counted,
        });
    }

    fn start_recorded(&mut self, order: RecordedOrder) {
        let stream_id = order.stream_id;
        let sink = Sink {
            client: self.client,
            outbox: Arc::downgrade(&self.outbox),
            framing: Framing::Rtmp {
                stream_id,
                chunk_size: self.session.out_chunk_size(),
                encoding: self.encoding,
            },
        };
        let buffer_ms = self.outbox.buffer(stream_id);
        self.outbox
            .add_recorded(RecordedPlay::start(order, sink, buffer_ms));
    }

    fn stop_play(&mut self, stream_id: u32) {
        if let Some(play) = self.outbox.remove_play(stream_id) {
            play.live.pumps.leave(play.ticket);
        }
    }

    pub(super) fn stop_plays(&mut self) {
        for play in self.outbox.take_plays() {
            play.live.pumps.leave(play.ticket);
        }
    }
}
