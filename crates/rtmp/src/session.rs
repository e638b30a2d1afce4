//! One connection: handshake, chunk streams, acknowledgements, pings and deadlines in one state
//! machine, for either side.
//!
//! Bytes, messages and the time go in through [`Session::handle`]; bytes to send, events and
//! the time of the next timeout come out of [`Session::poll`]. After each `handle`, poll until
//! it answers [`Output::Timeout`], and only then call `handle` again. Any split of the same
//! bytes gives the same events.

mod config;
mod flow;
mod liveness;

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

pub use config::SessionConfig;

use crate::chunk::{RawMessage, Reader, Writer};
use crate::error::{Error, Limit};
use crate::handshake::{self, Handshake};
use crate::message::{Body, Message, UserControl, split_aggregate, type_id};
use crate::shared_object;
use crate::time::Millis;
use flow::Flow;
use liveness::Liveness;

/// What a session is told.
#[derive(Debug)]
pub enum Input<'a> {
    /// The peer sent bytes. Events of one call are kept until they are polled, so hand in what
    /// one read gave, not a file.
    Receive {
        /// The time.
        now: Millis,
        /// The bytes, in any split.
        bytes: &'a [u8],
    },
    /// The time that [`Output::Timeout`] named has come. Harmless at any other time.
    Timeout {
        /// The time.
        now: Millis,
    },
    /// A message for the peer. Until the handshake is done it is held back.
    Send(Message),
    /// The peer's answer to a ping is wanted, for [`Session::ping_rtt_millis`].
    Ping {
        /// The time.
        now: Millis,
    },
}

/// What a session has to say.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Bytes for the peer, to be sent in this order.
    Transmit(Bytes),
    /// Something for the layer above.
    Event(Event),
    /// Nothing more for now; call with [`Input::Timeout`] at this time, if nothing else happens
    /// before.
    Timeout(Option<Millis>),
}

/// What happened on the connection.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The handshake is complete. Comes once, before any message.
    HandshakeDone(Handshake),
    /// A message from the peer. Set Chunk Size, Abort, Acknowledgement, Window Acknowledgement
    /// Size, Set Peer Bandwidth and pings have been dealt with already and come all the same.
    Message(Message),
}

/// The state of one connection, as server or as client.
#[derive(Debug)]
pub struct Session {
    config: SessionConfig,
    is_server: bool,
    stage: Stage,
    writer: Writer,
    flow: Flow,
    liveness: Liveness,
    handshake: Option<Handshake>,
    events: VecDeque<Event>,
    /// Messages that the bytes handed in last have brought so far.
    messages_at_once: usize,
    out: BytesMut,
    /// Chunks that wait for the end of the handshake.
    held: BytesMut,
}

/// What the peer's next byte belongs to.
#[derive(Debug)]
enum Stage {
    Server(handshake::Server),
    Client(handshake::Client),
    Open(Reader),
    Failed(Error),
}

impl Session {
    /// The server's side of a connection that a client just opened. `seed` makes the
    /// handshake's random bytes; give each session its own.
    pub fn server(config: SessionConfig, seed: [u8; 32], now: Millis) -> Self {
        let stage = Stage::Server(handshake::Server::new(seed));
        Self::new(config, true, stage, BytesMut::new(), now)
    }

    /// The client's side of a connection that was just opened. Its first packet is ready to be
    /// polled; `seed` is as in [`Session::server`].
    pub fn client(config: SessionConfig, seed: [u8; 32], now: Millis) -> Self {
        let mut out = BytesMut::new();
        let client = handshake::Client::new(config.digest, seed, &mut out);
        Self::new(config, false, Stage::Client(client), out, now)
    }

    fn new(
        config: SessionConfig,
        is_server: bool,
        stage: Stage,
        out: BytesMut,
        now: Millis,
    ) -> Self {
        let liveness = Liveness::new(&config, is_server, now);
        Self {
            config,
            is_server,
            stage,
            writer: Writer::new(),
            flow: Flow::default(),
            liveness,
            handshake: None,
            events: VecDeque::new(),
            messages_at_once: 0,
            out,
            held: BytesMut::new(),
        }
    }

    /// Takes in one thing. Poll afterwards, also after an error: what happened before it is
    /// still there.
    ///
    /// # Errors
    ///
    /// When the peer's bytes are refused or a deadline has passed: the session is over, and
    /// every later call gets the same error. [`Error::Unsendable`] and [`Error::TooLong`],
    /// which only [`Input::Send`] gets, leave the session as it was.
    pub fn handle(&mut self, input: Input<'_>) -> Result<(), Error> {
        if let Stage::Failed(error) = &self.stage {
            return Err(error.clone());
        }
        let done = match input {
            Input::Send(message) => return self.send(&message),
            Input::Receive { now, bytes } => self.receive(now, bytes),
            Input::Timeout { now } => self.time_passed(now),
            Input::Ping { now } => {
                let stamp = self.liveness.ping(now);
                self.control(Body::UserControl(UserControl::PingRequest(stamp)))
            }
        };
        done.inspect_err(|error| self.stage = Stage::Failed(error.clone()))
    }

    /// The next thing the session has to say: bytes first, then events, then the timeout.
    pub fn poll(&mut self) -> Output {
        if !self.out.is_empty() {
            let bytes = self.out.split().freeze();
            self.flow.sent += bytes.len() as u64;
            return Output::Transmit(bytes);
        }
        match (self.events.pop_front(), &self.stage) {
            (Some(event), _) => Output::Event(event),
            (None, Stage::Failed(_)) => Output::Timeout(None),
            (None, _) => Output::Timeout(self.liveness.next()),
        }
    }

    /// Ends the deadline for `connect`. The session does so itself when the command passes;
    /// this is for peers that connect in another way.
    pub const fn connected(&mut self) {
        self.liveness.connected();
    }

    /// Tells of chunks that the caller made with [`crate::chunk::frame`] and sends by itself,
    /// in the place among [`Output::Transmit`] where they were noted: they are counted, and the
    /// next header on each chunk stream is a full one again, because the peer's memory of
    /// headers has changed.
    pub fn note_framed_elsewhere(&mut self, bytes: u64) {
        self.flow.sent += bytes;
        self.writer.forget();
    }

    /// The size of the chunks we send, in bytes, for [`crate::chunk::frame`]. Changed by
    /// sending [`Body::SetChunkSize`].
    pub const fn out_chunk_size(&self) -> u32 {
        self.writer.chunk_size()
    }

    /// Bytes received, handshake included.
    pub const fn bytes_received(&self) -> u64 {
        self.flow.received
    }

    /// Bytes handed out to be sent or noted as sent elsewhere, handshake included.
    pub const fn bytes_sent(&self) -> u64 {
        self.flow.sent
    }

    /// Bytes the peer says it has received, modulo 2³²; 0 before it said so.
    pub const fn bytes_acknowledged(&self) -> u32 {
        self.flow.acknowledged_by_peer
    }

    /// Round-trip time of the last ping that was answered, in milliseconds.
    pub const fn ping_rtt_millis(&self) -> Option<u64> {
        self.liveness.rtt_millis
    }

    /// Whether the last ping was answered; true before the first.
    pub fn ping_answered(&self) -> bool {
        self.liveness.answered()
    }

    /// What the handshake found out, once it is complete.
    pub const fn handshake(&self) -> Option<&Handshake> {
        self.handshake.as_ref()
    }

    /// Whether this is the server's side.
    pub const fn is_server(&self) -> bool {
        self.is_server
    }

    fn receive(&mut self, now: Millis, bytes: &[u8]) -> Result<(), Error> {
        // A sign of life counts before the deadlines are looked at: it cannot be missing.
        if !bytes.is_empty() {
            self.liveness.received(now);
        }
        self.liveness.check(now)?;
        self.flow.received += bytes.len() as u64;
        self.messages_at_once = 0;
        let mut input = bytes;
        if !matches!(self.stage, Stage::Open(_)) {
            self.shake_hands(&mut input)?;
        }
        while let Stage::Open(reader) = &mut self.stage
            && let Some(raw) = reader.read(&mut input)?
        {
            self.on_raw(&raw, now)?;
        }
        if let Some(sequence) = self.flow.acknowledge() {
            self.control(Body::Acknowledgement(sequence))?;
        }
        Ok(())
    }

    /// Goes on with the handshake, and opens the chunk stream when it is complete.
    fn shake_hands(&mut self, input: &mut &[u8]) -> Result<(), Error> {
        let done = match &mut self.stage {
            Stage::Server(server) => server.receive(input, &mut self.out)?,
            Stage::Client(client) => client.receive(input, &mut self.out)?,
            Stage::Open(_) | Stage::Failed(_) => None,
        };
        if let Some(handshake) = done {
            self.liveness.handshake_done();
            self.handshake = Some(handshake);
            self.events.push_back(Event::HandshakeDone(handshake));
            let consumed = self.flow.received - input.len() as u64;
            self.stage = Stage::Open(Reader::starting_at(self.config.limits, consumed));
            self.out.unsplit(self.held.split());
        }
        Ok(())
    }

    /// A message as the reader put it together; an aggregate becomes what is inside.
    fn on_raw(&mut self, raw: &RawMessage, now: Millis) -> Result<(), Error> {
        if raw.type_id == type_id::AGGREGATE && self.config.split_aggregates {
            return split_aggregate(raw).try_for_each(|inner| self.on_message(&inner?, now));
        }
        self.on_message(raw, now)
    }

    /// Does what the protocol itself asks for, and hands the message out.
    fn on_message(&mut self, raw: &RawMessage, now: Millis) -> Result<(), Error> {
        let max = self.config.limits.messages_at_once;
        if self.messages_at_once >= max {
            return Err(Error::Limit {
                which: Limit::MessagesAtOnce,
                max: max as u64,
                offset: self.flow.received,
            });
        }
        self.messages_at_once += 1;
        let message = self.decode(raw)?;
        match &message.body {
            Body::WindowAckSize(bytes) => self.flow.set_window(*bytes),
            Body::Acknowledgement(sequence) => self.flow.acknowledged_by_peer = *sequence,
            Body::SetPeerBandwidth { bytes, limit } => {
                if let Some(window) = self.flow.window_for(*bytes, *limit) {
                    self.control(Body::WindowAckSize(window))?;
                }
            }
            Body::UserControl(UserControl::PingRequest(stamp)) => {
                self.control(Body::UserControl(UserControl::PingResponse(*stamp)))?;
            }
            Body::UserControl(UserControl::PingResponse(stamp)) => {
                self.liveness.pong(*stamp, now);
            }
            Body::Command(command) if self.is_server && command.name == "connect" => {
                self.liveness.connected();
            }
            _ => {}
        }
        self.events.push_back(Event::Message(message));
        Ok(())
    }

    /// Reads a message. One about a shared object that a client has put together wrongly is that
    /// object's business: the client is told, and the connection goes on.
    fn decode(&self, raw: &RawMessage) -> Result<Message, Error> {
        let error = match Message::decode(raw, &self.config.limits) {
            Err(error @ (Error::Malformed { .. } | Error::Amf { .. })) if self.is_server => error,
            decoded => return decoded,
        };
        let RawMessage {
            stream_id,
            timestamp,
            type_id,
            payload,
            ..
        } = raw;
        if ![type_id::SHARED_OBJECT_AMF0, type_id::SHARED_OBJECT_AMF3].contains(type_id) {
            return Err(error);
        }
        let unreadable = shared_object::Message::unreadable(*type_id, payload);
        Ok(Message {
            stream_id: *stream_id,
            timestamp: *timestamp,
            body: Body::SharedObject(unreadable.map_err(|_| error)?),
        })
    }

    fn time_passed(&mut self, now: Millis) -> Result<(), Error> {
        self.liveness.check(now)?;
        match self.liveness.ping_due(now) {
            Some(stamp) => self.control(Body::UserControl(UserControl::PingRequest(stamp))),
            None => Ok(()),
        }
    }

    fn control(&mut self, body: Body) -> Result<(), Error> {
        self.send(&Message::connection(body))
    }

    fn send(&mut self, message: &Message) -> Result<(), Error> {
        let raw = message.encode_within(&self.config.limits.amf)?;
        if let Body::WindowAckSize(bytes) = message.body {
            self.flow.announce(bytes);
        }
        let out = match self.stage {
            Stage::Server(_) | Stage::Client(_) => &mut self.held,
            Stage::Open(_) | Stage::Failed(_) => &mut self.out,
        };
        self.writer.write(&raw, out);
        Ok(())
    }
}
