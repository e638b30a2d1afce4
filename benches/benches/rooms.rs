//! What the kernel of the socket server costs, without sockets and without writing XML. Whoever is
//! told something is visited, and nothing is done for it.
//!
//! - `say`: a message to a room of 1,000; an item is one recipient.
//! - `join`: 1,000 users come into one room one after the other; an item is one join. Each is told
//!   who is there, and those are told of it.

#![allow(missing_docs, reason = "the macros make functions nobody sees")]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use rooms::{
    Actor, Config, Effect, FloodRules, Input, Kernel, Leaving, Lifetime, NewRoom, Op, Output,
    Pairs, Part, RoomId, RoomRef, Secret, Snapshot, UnixMillis, UserId,
};

const USERS: u64 = 1_000;

fn main() {
    divan::main();
}

struct Hall {
    kernel: Kernel,
    now: UnixMillis,
}

impl Hall {
    /// A room without anybody, and 1,000 users who are logged in.
    fn new() -> Self {
        let flood = FloodRules {
            enabled: false,
            ..FloodRules::default()
        };
        let config = Config {
            flood,
            ..Config::default()
        };
        let mut hall = Self {
            kernel: Kernel::new(config, Snapshot::default()),
            now: UnixMillis(1_000_000),
        };
        let mut room = NewRoom::new("Main", "Lobby");
        room.lifetime = Lifetime::Permanent;
        let op = Op::CreateRoom {
            room: Box::new(room),
            or_join: false,
            leaving: Leaving::All,
        };
        hall.handle(Input::Op {
            by: Actor::Server,
            op,
        });
        for id in 0..USERS {
            hall.log_in(UserId(id));
        }
        hall
    }

    fn log_in(&mut self, user: UserId) {
        let address = [127, 0, 0, 1].into();
        self.handle(Input::Connect { user, address });
        let op = Op::Login {
            name: format!("user{}", user.0).into(),
            password: Secret("".into()),
            variables: Pairs::default(),
            admin: false,
        };
        self.op(user, op);
    }

    fn join_all(&mut self) {
        for id in 0..USERS {
            let op = Op::Join {
                room: RoomRef::Id(RoomId(1)),
                password: Secret("".into()),
                part: Part::Player,
                leaving: Leaving::All,
            };
            self.op(UserId(id), op);
        }
    }

    fn op(&mut self, user: UserId, op: Op) -> usize {
        let by = Actor::User(user);
        self.handle(Input::Op { by, op })
    }

    /// Takes an input, and counts who is told anything.
    fn handle(&mut self, input: Input) -> usize {
        self.kernel.handle(self.now, input);
        let mut told = 0;
        while let Output::Effect(effect) = self.kernel.poll() {
            if let Effect::Tell { to, event } = black_box(effect) {
                for user in to.as_slice() {
                    black_box(user);
                    told += 1;
                }
                drop(event);
            }
        }
        told
    }
}

#[divan::bench]
fn say(bencher: Bencher<'_, '_>) {
    let mut hall = Hall::new();
    hall.join_all();
    hall.handle(Input::Timeout);
    let op = Op::Say {
        room: RoomRef::Id(RoomId(1)),
        text: "hello, everybody".into(),
        variables: Pairs::default(),
    };
    let recipients = ItemsCount::new(USERS as usize);
    bencher
        .counter(recipients)
        .bench_local(|| assert_eq!(hall.op(UserId(7), op.clone()), USERS as usize));
}

#[divan::bench]
fn join(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(USERS as usize))
        .with_inputs(Hall::new)
        .bench_local_values(|mut hall| {
            hall.join_all();
            hall
        });
}
