//! Two sessions and the bytes between them, on a clock that the test moves.

use rtmp::{Body, Command, Error, Event, Input, Message, Millis, Output, Session, SessionConfig};

/// One side of the connection.
pub(crate) struct Side {
    pub(crate) session: Session,
    /// What has been polled and not been taken.
    pub(crate) events: Vec<Event>,
    /// Bytes for the other side.
    pub(crate) wire: Vec<u8>,
}

impl Side {
    pub(crate) fn new(session: Session) -> Self {
        Self {
            session,
            events: Vec::new(),
            wire: Vec::new(),
        }
    }

    /// Hands in one thing and drains the session, as its contract says; the next timeout.
    pub(crate) fn handle(&mut self, input: Input<'_>) -> Result<Option<Millis>, Error> {
        let done = self.session.handle(input);
        let next = self.drain();
        done.map(|()| next)
    }

    pub(crate) fn drain(&mut self) -> Option<Millis> {
        loop {
            match self.session.poll() {
                Output::Transmit(bytes) => self.wire.extend_from_slice(&bytes),
                Output::Event(event) => self.events.push(event),
                Output::Timeout(at) => return at,
            }
        }
    }

    pub(crate) fn send(&mut self, message: Message) {
        self.handle(Input::Send(message)).unwrap();
    }

    pub(crate) fn call(&mut self, stream_id: u32, command: Command) {
        self.send(Message::stream(stream_id, Body::Command(command)));
    }

    /// The messages since the last call.
    pub(crate) fn messages(&mut self) -> Vec<Message> {
        let events = std::mem::take(&mut self.events);
        let message = |event| match event {
            Event::Message(message) => Some(message),
            _ => None,
        };
        events.into_iter().filter_map(message).collect()
    }

    /// The commands since the last call.
    pub(crate) fn commands(&mut self) -> Vec<Command> {
        let command = |message: Message| match message.body {
            Body::Command(command) => Some(command),
            _ => None,
        };
        self.messages().into_iter().filter_map(command).collect()
    }
}

/// Both sides.
pub(crate) struct Pair {
    pub(crate) client: Side,
    pub(crate) server: Side,
    pub(crate) now: Millis,
    /// How many bytes cross at a time.
    pub(crate) piece: usize,
}

impl Pair {
    pub(crate) fn new(client: SessionConfig, server: SessionConfig) -> Self {
        let now = Millis(1_000_000);
        Self {
            client: Side::new(Session::client(client, [1; 32], now)),
            server: Side::new(Session::server(server, [2; 32], now)),
            now,
            piece: 997,
        }
    }

    /// A pair that has shaken hands and connected.
    pub(crate) fn connected() -> Self {
        let mut pair = Self::new(SessionConfig::default(), SessionConfig::default());
        pair.client.call(0, Command::new("connect", 1.0, vec![]));
        pair.drive();
        let commands = pair.server.commands();
        assert_eq!(commands.len(), 1);
        assert_eq!(commands[0].name, "connect");
        pair.client.events.clear();
        pair
    }

    /// Carries bytes in both directions until neither side has any left.
    pub(crate) fn drive(&mut self) {
        self.client.drain();
        self.server.drain();
        while !self.client.wire.is_empty() || !self.server.wire.is_empty() {
            carry(&mut self.client, &mut self.server, self.now, self.piece);
            carry(&mut self.server, &mut self.client, self.now, self.piece);
        }
    }

    /// Moves the clock and tells both sides.
    pub(crate) fn wait(&mut self, millis: u64) {
        self.now = self.now + millis;
        let now = self.now;
        self.client.handle(Input::Timeout { now }).unwrap();
        self.server.handle(Input::Timeout { now }).unwrap();
    }
}

fn carry(from: &mut Side, to: &mut Side, now: Millis, piece: usize) {
    for bytes in std::mem::take(&mut from.wire).chunks(piece) {
        to.handle(Input::Receive { now, bytes }).unwrap();
    }
}
