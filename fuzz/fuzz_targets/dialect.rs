//! Any bytes from the clients of a room, in pieces, through their sessions and the room kernel. All
//! that a client is told can be read again.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use rooms::{Actor, Effect, Kernel, Op, Snapshot, UnixMillis, UserId};
use xmlsocket::Limits;
use xmlsocket::electroserver::{Input, Output, ServerPacket, Session, SessionConfig, Told};

const CLIENTS: u64 = 3;

fuzz_target!(|bytes: &[u8]| {
    let config = Arc::new(SessionConfig::default());
    let mut world = World {
        kernel: Kernel::new(rooms::Config::default(), Snapshot::default()),
        sessions: Vec::new(),
        config,
        now: UnixMillis(0),
    };
    for id in 0..CLIENTS {
        let session = Session::new(world.config.clone(), world.now);
        world.sessions.push(session);
        let (user, address) = (UserId(id), IpAddr::V4(Ipv4Addr::LOCALHOST));
        world.kernel(rooms::Input::Connect { user, address });
        let login = format!(
            "<XmlDoc><Action>Login</Action><Parameters><Name>user{id}</Name></Parameters></XmlDoc>\0"
        );
        world.receive(id, login.as_bytes());
    }
    for (id, piece) in (0..CLIENTS)
        .cycle()
        .zip(bytes.split_inclusive(|byte| *byte == 0))
    {
        world.now = world.now.after(100);
        world.receive(id, piece);
    }
});

struct World {
    kernel: Kernel,
    sessions: Vec<Session>,
    config: Arc<SessionConfig>,
    now: UnixMillis,
}

impl World {
    fn receive(&mut self, id: u64, bytes: &[u8]) {
        let now = self.now;
        let _ = self.sessions[id as usize].handle(Input::Receive { now, bytes });
        for op in self.drain(id) {
            let by = Actor::User(UserId(id));
            self.kernel(rooms::Input::Op { by, op });
        }
    }

    /// What a session asks of the kernel. What it tells its client is looked at.
    fn drain(&mut self, id: u64) -> Vec<Op> {
        let mut ops = Vec::new();
        loop {
            match self.sessions[id as usize].poll() {
                Output::Timeout(_) => return ops,
                Output::Op(op) => ops.push(*op),
                // In an old code page a frame is not what it was.
                Output::Transmit(frames) if frames.is_ascii() => {
                    let texts = str::from_utf8(&frames[..frames.len() - 1]).expect("ASCII");
                    for text in texts.split('\0') {
                        let packet = ServerPacket::decode(text, &Limits::default());
                        assert!(packet.expect("our own").is_some());
                    }
                }
                other => drop(format!("{other:?}")),
            }
        }
    }

    fn kernel(&mut self, input: rooms::Input) {
        self.kernel.handle(self.now, input);
        while let rooms::Output::Effect(effect) = self.kernel.poll() {
            let Effect::Tell { to, event } = effect else {
                continue;
            };
            let told = Told::new(&event, &self.config);
            for user in to.as_slice() {
                let (event, told) = (&event, told.as_ref());
                let _ = self.sessions[user.0 as usize].handle(Input::Told { event, told });
                assert!(self.drain(user.0).is_empty());
            }
        }
    }
}
