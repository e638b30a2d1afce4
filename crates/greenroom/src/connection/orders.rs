//! Carrying out what the instance orders.

use std::sync::Arc;

use engine::CloseReason;
use media::{Framing, Reader};

use super::Connection;
use crate::clock;
use crate::live::LiveStream;
use crate::outbox::{Greeting, Play};
use crate::pump::Pumps;
use crate::runner::Order;

impl Connection {
    pub(super) fn carry_out(&mut self, order: Order) -> Result<(), CloseReason> {
        match order {
            Order::Send(message) => self.send(message)?,
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
            } => {
                let limits = self.shared.applications.settings().reader;
                let mut reader = Reader::new(limits, length_ms);
                reader.joined_at(from);
                reader.select(selection);
                self.start_play(stream_id, play, live, reader);
            }
            Order::Stop { stream_id } => self.stop_play(stream_id),
            Order::Pause { stream_id, paused } => {
                self.outbox.pause(clock::now(), stream_id, paused);
            }
            Order::Select {
                stream_id,
                selection,
            } => self.outbox.select(stream_id, selection),
            Order::Done => self.awaiting = false,
        }
        Ok(())
    }

    fn start_play(&mut self, stream_id: u32, number: u64, live: Arc<LiveStream>, reader: Reader) {
        let settings = &self.shared.applications.settings().config;
        let framing = Framing::Rtmp {
            stream_id,
            chunk_size: self.session.out_chunk_size(),
            encoding: self.encoding,
        };
        let greeting = Greeting {
            client_id: self.client.to_string(),
            data: engine::data_start(settings.sample_access, settings.data_start),
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
            _counted: counted,
        });
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
