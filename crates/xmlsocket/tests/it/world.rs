//! A room kernel and the connections of some movies, without a socket, on a clock of its own.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rooms::{Actor, Effect, Kernel, Op, Snapshot, UnixMillis, UserId};
use testkit::movie;
use xmlsocket::electroserver::{
    ClientPacket, CreateRoom, Input, JoinRoom, Output, ServerPacket, Session, SessionConfig, Told,
};
use xmlsocket::{Error, Limits};

/// One movie: its connection, and what it was told.
struct Movie {
    session: Session,
    heard: Vec<ServerPacket>,
    /// What its session asked of the server, the kernel's operations left out.
    asked: Vec<Output>,
    closed: bool,
}

/// All of it.
pub(crate) struct World {
    pub(crate) now: UnixMillis,
    config: Arc<SessionConfig>,
    kernel: Kernel,
    movies: BTreeMap<UserId, Movie>,
}

impl World {
    pub(crate) fn new(config: SessionConfig) -> Self {
        let kernel = rooms::Config {
            counts_delay_ms: 0,
            ..rooms::Config::default()
        };
        Self {
            now: UnixMillis(1_000_000),
            config: Arc::new(config),
            kernel: Kernel::new(kernel, Snapshot::default()),
            movies: BTreeMap::new(),
        }
    }

    /// A movie connects and is greeted.
    pub(crate) fn greeted(&mut self) -> UserId {
        let user = self.connected();
        self.pass(self.config.greeting_delay_millis);
        assert!(matches!(
            self.heard(user)[..],
            [ServerPacket::ConnectionResponse(Ok(_))]
        ));
        user
    }

    pub(crate) fn connected(&mut self) -> UserId {
        let user = UserId(self.movies.len() as u64 + 1);
        let movie = Movie {
            session: Session::new(self.config.clone(), self.now),
            heard: Vec::new(),
            asked: Vec::new(),
            closed: false,
        };
        self.movies.insert(user, movie);
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        self.kernel(rooms::Input::Connect { user, address });
        user
    }

    /// A movie that is logged in.
    pub(crate) fn member(&mut self, name: &str) -> UserId {
        let user = self.greeted();
        self.send(user, &login(name));
        assert_eq!(self.heard(user), [ServerPacket::LoginResponse(Ok(vec![]))]);
        user
    }

    /// A movie that is logged in and in a room of the default zone.
    pub(crate) fn in_room(&mut self, name: &str, room: &str) -> UserId {
        let user = self.member(name);
        self.send(user, &create(room));
        if let [ServerPacket::CreateRoom(Err(_))] = self.heard(user)[..] {
            self.send(user, &join(room));
        }
        self.heard(user);
        user
    }

    /// Time goes on; sessions that wait for it are told.
    pub(crate) fn pass(&mut self, millis: u64) {
        self.now = self.now.after(millis);
        let now = self.now;
        for user in self.movies.keys().copied().collect::<Vec<_>>() {
            self.session(user, Input::Timeout { now })
                .expect("no bytes");
        }
    }

    pub(crate) fn send(&mut self, user: UserId, packet: &ClientPacket) {
        let text = packet.encode() + "\0";
        self.bytes(user, text.as_bytes()).expect("a packet");
    }

    pub(crate) fn bytes(&mut self, user: UserId, bytes: &[u8]) -> Result<(), Error> {
        let now = self.now;
        self.session(user, Input::Receive { now, bytes })
    }

    pub(crate) fn server(&mut self, op: Op) {
        let by = Actor::Server;
        self.kernel(rooms::Input::Op { by, op });
    }

    pub(crate) fn disconnect(&mut self, user: UserId) {
        self.kernel(rooms::Input::Disconnect { user });
    }

    /// What a movie was told since it was last asked.
    pub(crate) fn heard(&mut self, user: UserId) -> Vec<ServerPacket> {
        std::mem::take(&mut self.movie(user).heard)
    }

    /// What its session asked of the server since it was last asked.
    pub(crate) fn asked(&mut self, user: UserId) -> Vec<Output> {
        std::mem::take(&mut self.movie(user).asked)
    }

    pub(crate) fn closed(&mut self, user: UserId) -> bool {
        self.movie(user).closed
    }

    pub(crate) fn session(&mut self, user: UserId, input: Input<'_>) -> Result<(), Error> {
        let done = self.movie(user).session.handle(input);
        loop {
            match self.movie(user).session.poll() {
                Output::Timeout(_) => return done,
                Output::Transmit(frame) => self.hear(user, &frame),
                Output::Op(op) => {
                    let by = Actor::User(user);
                    self.kernel(rooms::Input::Op { by, op: *op });
                }
                other => self.movie(user).asked.push(other),
            }
        }
    }

    fn movie(&mut self, user: UserId) -> &mut Movie {
        self.movies.get_mut(&user).expect("a movie")
    }

    /// Takes in frames, each of which has to be one that the class can read.
    fn hear(&mut self, user: UserId, frames: &[u8]) {
        let (end, texts) = frames.split_last().expect("a frame");
        assert_eq!(*end, 0);
        for text in texts.split(|byte| *byte == 0) {
            let text = str::from_utf8(text).expect("UTF-8");
            movie::see(text).unwrap_or_else(|why| panic!("{why}: {text}"));
            let packet = ServerPacket::decode(text, &Limits::default()).expect("our own");
            self.movie(user).heard.push(packet.expect("our own"));
        }
    }

    fn kernel(&mut self, input: rooms::Input) {
        self.kernel.handle(self.now, input);
        while let rooms::Output::Effect(effect) = self.kernel.poll() {
            match effect {
                Effect::Tell { to, event } => {
                    let told = Told::new(&event, &self.config);
                    for user in to.as_slice() {
                        let (event, told) = (&event, told.as_ref());
                        self.session(*user, Input::Told { event, told })
                            .expect("no bytes");
                    }
                }
                Effect::Close { user, .. } => self.movie(user).closed = true,
                _ => {}
            }
        }
    }
}

pub(crate) fn login(name: &str) -> ClientPacket {
    ClientPacket::Login {
        name: name.to_owned(),
        password: String::new(),
        variables: vec![],
    }
}

/// As the chat of the tutorial does: without a zone.
pub(crate) fn new_room(room: &str) -> CreateRoom {
    CreateRoom {
        zone: None,
        name: room.to_owned(),
        password: String::new(),
        description: "WDDX".to_owned(),
        capacity: None,
        updatable: true,
        hidden: false,
        numbered: false,
        flood_filter: true,
        user_variables: false,
        variables: vec![],
        plugins: vec![],
    }
}

pub(crate) fn create(room: &str) -> ClientPacket {
    ClientPacket::CreateRoom(Box::new(new_room(room)))
}

pub(crate) fn join(room: &str) -> ClientPacket {
    ClientPacket::JoinRoom(JoinRoom {
        zone: None,
        room: room.to_owned(),
        password: String::new(),
        numbered: true,
    })
}
