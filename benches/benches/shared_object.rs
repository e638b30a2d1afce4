//! What a shared object costs, without sockets: a slot that is set, and a change that many are
//! told.

#![allow(missing_docs, reason = "the macros make functions nobody sees")]

use amf::Value;
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use rtmp::Encoding;
use rtmp::shared_object::{Event, Message};
use sharedobject::{Backlog, Config, Directory, Millis, NothingStored, Output, Rights, UserId};

fn main() {
    divan::main();
}

/// An object that so many clients use, and what waits for each of them.
struct World {
    directory: Directory,
    backlogs: Vec<Backlog>,
    now: Millis,
}

impl World {
    fn new(users: usize) -> Self {
        let limits = Config::default().limits;
        let backlog = |_| Backlog::new(Encoding::Amf0, limits.backlog_bytes);
        let mut world = Self {
            directory: Directory::new(Config::default(), Box::new(NothingStored)),
            backlogs: (0..users).map(backlog).collect(),
            now: Millis(0),
        };
        for user in 0..users {
            world.ask(user, Event::Use);
        }
        world.carry();
        world
    }

    fn ask(&mut self, user: usize, event: Event) {
        // A version from the future conflicts with nothing.
        let message = Message::new("room/42", u32::MAX, false, vec![event]);
        let user = UserId(user as u64);
        self.directory.handle(self.now, user, &message, Rights::ALL);
    }

    /// Carries everything to the clients, up to the bodies of the messages.
    fn carry(&mut self) {
        loop {
            match self.directory.poll() {
                Output::Update { user, update } => {
                    let backlog = &mut self.backlogs[user.0 as usize];
                    backlog.push(update).expect("it has room");
                    black_box(backlog.pop());
                }
                Output::Timeout(_) => return,
                output => {
                    black_box(output);
                }
            }
        }
    }

    /// The end of the time in which changes are gathered.
    fn end_window(&mut self) {
        self.now = self.now + self.directory.config().batch_ms;
        self.directory.handle_timeout(self.now);
        self.carry();
    }
}

fn set(number: usize) -> Event {
    let value = Value::object([("x", Value::from(number as f64)), ("y", 7.5.into())]);
    Event::RequestChange(vec![("position".into(), value)])
}

/// A client alone on an object sets a slot and is answered.
#[divan::bench]
fn slot_set(bencher: Bencher<'_, '_>) {
    let mut world = World::new(1);
    let mut number = 0;
    bencher.bench_local(|| {
        number += 1;
        world.ask(0, set(number));
        world.end_window();
    });
}

/// One sets a slot, and so many are told: the time for each of them.
#[divan::bench(args = [5_000])]
fn told_to(bencher: Bencher<'_, '_>, users: usize) {
    let mut world = World::new(users);
    let mut number = 0;
    bencher.counter(ItemsCount::new(users)).bench_local(|| {
        number += 1;
        world.ask(0, set(number));
        world.end_window();
    });
}

/// Each of so many sets a slot of its own within one window; everybody is told of everybody.
#[divan::bench(args = [200])]
fn all_write(bencher: Bencher<'_, '_>, users: usize) {
    let mut world = World::new(users);
    let mut number = 0;
    let changes = ItemsCount::new(users * (users - 1));
    bencher.counter(changes).bench_local(|| {
        for user in 0..users {
            number += 1;
            let slot = (format!("s{user}").as_str().into(), f64::from(number).into());
            world.ask(user, Event::RequestChange(vec![slot]));
        }
        world.end_window();
    });
}
