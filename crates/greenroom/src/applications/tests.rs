//! Instances on threads of their own: whoever comes and goes, one runs at a time, and everybody
//! who joins is answered.

mod admission;
mod asking;
mod handover;
mod leaving;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use engine::scripting::{ClientStats, Script, ScriptEffect, ScriptInput, ScriptOutput};
use engine::{ClientId, CloseReason, Input, Origin};
use rtmp::{Body, Millis};
use tokio_util::task::TaskTracker;

use super::*;
use crate::clock;
use crate::config::Config;
use crate::runner::{Endpoint, Link, Order, Sender};
use crate::settings;

/// What the scripts of a test share.
#[derive(Default)]
struct Book {
    alive: AtomicUsize,
    most_alive: AtomicUsize,
    lives: AtomicUsize,
    accepted: AtomicUsize,
    left: AtomicUsize,
    /// A call does not come back while this is set.
    hold: AtomicBool,
    /// Such a call has begun.
    held: AtomicBool,
}

struct Probe {
    book: Arc<Book>,
    effects: VecDeque<ScriptEffect>,
}

impl Script for Probe {
    fn handle(&mut self, _: Millis, input: ScriptInput) {
        match input {
            ScriptInput::Start => self.effects.push_back(ScriptEffect::Started),
            ScriptInput::Connect { client, .. } => {
                self.book.accepted.fetch_add(1, Ordering::SeqCst);
                self.effects.push_back(ScriptEffect::Accept { client });
            }
            ScriptInput::Disconnect { .. } => {
                self.book.left.fetch_add(1, Ordering::SeqCst);
            }
            ScriptInput::Stop { silent, .. } => {
                // Every second wish to stop an idle instance is refused.
                let odd = self.book.lives.load(Ordering::SeqCst) % 2 == 1;
                let allowed = silent || odd;
                self.effects.push_back(ScriptEffect::Stop { allowed });
            }
            ScriptInput::Call { .. } => {
                self.book.held.store(true, Ordering::SeqCst);
                while self.book.hold.load(Ordering::SeqCst) {
                    std::thread::yield_now();
                }
            }
            _ => {}
        }
    }

    fn poll(&mut self) -> ScriptOutput {
        match self.effects.pop_front() {
            Some(effect) => ScriptOutput::Effect(effect),
            None => ScriptOutput::Timeout(None),
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.book.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Probes(Arc<Book>);

impl Scripts for Probes {
    fn places(&self, folder: &Path) -> Vec<PathBuf> {
        vec![folder.join("main.asc")]
    }

    fn load(&self, _: Wanted<'_>) -> Result<Box<dyn Script>, String> {
        let book = self.0.clone();
        let alive = book.alive.fetch_add(1, Ordering::SeqCst) + 1;
        book.most_alive.fetch_max(alive, Ordering::SeqCst);
        book.lives.fetch_add(1, Ordering::SeqCst);
        let effects = VecDeque::new();
        Ok(Box::new(Probe { book, effects }))
    }
}

struct Nowhere;

impl Endpoint for Nowhere {
    fn overflow(&self, _: CloseReason) {}

    fn stats(&self) -> ClientStats {
        ClientStats::default()
    }
}

fn applications(max_idle_ms: u64) -> (Arc<Applications>, Arc<Book>, tempfile::TempDir) {
    let mut config = Config::default();
    config.scripts.max_idle_ms = max_idle_ms;
    applications_with(&config)
}

fn applications_with(config: &Config) -> (Arc<Applications>, Arc<Book>, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("app")).unwrap();
    std::fs::write(dir.path().join("app/main.asc"), "").unwrap();
    let book = Arc::new(Book::default());
    let applications = Applications::new(
        dir.path().to_owned(),
        settings::application_limits(config),
        (
            settings::instance_settings(config, 1, 1935),
            settings::file_settings(config),
        ),
        (
            Catalog::new(),
            Recordings::new(TaskTracker::new(), 8, (1, 1)),
        ),
        ObjectKeeper::nowhere(),
        Box::new(Probes(book.clone())),
    );
    (applications, book, dir)
}

struct Visitor {
    seat: Seat,
    client: ClientId,
    orders: mpsc::Receiver<Order>,
}

impl Visitor {
    /// Joins and asks to come in.
    async fn come(applications: &Arc<Applications>, id: u64) -> Self {
        Self::come_to(applications, "room", id).await
    }

    /// Joins this instance and asks to come in.
    async fn come_to(applications: &Arc<Applications>, instance: &str, id: u64) -> Self {
        let seat = applications.join("app", instance).await.unwrap();
        let (link, orders) = Link::new(8, Arc::new(Nowhere));
        let client = ClientId(id);
        let input = Input::Connect {
            client,
            info: Box::default(),
            transaction: 1.0,
            origin: Origin::default(),
        };
        let mut visitor = Self {
            seat,
            client,
            orders,
        };
        visitor.post(input, Some(link)).await;
        visitor
    }

    async fn post(&mut self, input: Input, link: Option<Link>) {
        let post = Post {
            from: Sender::Client(self.client),
            input,
            link,
        };
        self.seat.inbox.send(post).await.unwrap();
    }

    /// Waits until it is accepted (true) or closed.
    async fn answered(&mut self) -> bool {
        loop {
            match self.orders.recv().await {
                Some(Order::Send(message)) => match message.body {
                    Body::Command(command) if &*command.name == "_result" => return true,
                    _ => {}
                },
                Some(Order::Close(_)) | None => return false,
                Some(_) => {}
            }
        }
    }

    /// Leaves; `unanswered` posts of it have not been said to be done.
    async fn leave(self, unanswered: usize) {
        runner::leave(self.seat, self.client, self.orders, unanswered + 1).await;
    }
}

async fn emptied(applications: &Arc<Applications>) {
    loop {
        let room = {
            let running = applications.running.lock();
            let first = running.instances.values().next();
            first.map(|here| here.room.clone())
        };
        match room {
            Some(room) => room.ended.cancelled().await,
            None => return,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_instance_runs_at_a_time_and_everybody_is_answered() {
    let (applications, book, _dir) = applications(1);
    let visits = |from: u64| {
        let applications = applications.clone();
        async move {
            for id in from..from + 300 {
                let mut visitor = Visitor::come(&applications, id).await;
                if id % 5 == 0 {
                    // Gone before it is answered.
                    visitor.leave(1).await;
                    continue;
                }
                let accepted = visitor.answered().await;
                if accepted && id % 7 == 0 {
                    let stop = Post {
                        from: Sender::Server,
                        input: Input::Stop { silent: true },
                        link: None,
                    };
                    visitor.seat.inbox.send(stop).await.unwrap();
                }
                visitor.leave(1).await;
            }
        }
    };
    let tasks: Vec<_> = (0..6).map(|n| tokio::spawn(visits(n * 1000 + 1))).collect();
    for task in tasks {
        task.await.unwrap();
    }
    // What is left is idle, and stops when its script allows it.
    applications.unload_scripts().await;
    emptied(&applications).await;
    let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
    assert_eq!(count(&book.most_alive), 1);
    assert_eq!(count(&book.alive), 0);
    assert!(count(&book.lives) > 1);
    assert_eq!(count(&book.accepted), count(&book.left));
}

impl Visitor {
    /// Calls something that does not come back while the book says so, and waits until it is
    /// written off.
    async fn get_lost(&mut self, applications: &Arc<Applications>, book: &Book) -> Arc<Room> {
        let room = self.seat.room.clone();
        book.hold.store(true, Ordering::SeqCst);
        book.held.store(false, Ordering::SeqCst);
        let call = Input::Command {
            client: self.client,
            stream_id: 0,
            command: rtmp::Command::new("stay", 0.0, vec![]),
        };
        self.post(call, None).await;
        while !book.held.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
        // By a clock that is far ahead, so that nothing need be waited for.
        while !room.written_off.is_cancelled() {
            applications.write_off_stuck(clock::now() + 3_600_000);
            tokio::task::yield_now().await;
        }
        room
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_that_stays_away_is_written_off_and_the_next_begins_anew() {
    let (applications, book, _dir) = applications(60_000);
    let mut stuck = Visitor::come(&applications, 1).await;
    assert!(stuck.answered().await);
    let room = stuck.get_lost(&applications, &book).await;
    stuck.seat.written_off().await;
    // Its seat counts in no other instance.
    let mut next = Visitor::come(&applications, 2).await;
    assert!(next.answered().await);
    drop(stuck);
    assert_eq!(applications.running.lock().instances.len(), 1);
    assert_eq!(book.lives.load(Ordering::SeqCst), 2);
    book.hold.store(false, Ordering::SeqCst);
    room.ended.cancelled().await;
    next.leave(1).await;
    applications.stop_scripts(Duration::from_mins(1)).await;
    assert_eq!(book.alive.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_script_starts_while_too_many_threads_are_lost() {
    let mut config = Config::default();
    config.scripts.lost_threads = 2;
    let (applications, book, _dir) = applications_with(&config);
    let mut runs = Visitor::come_to(&applications, "runs", 1).await;
    assert!(runs.answered().await);
    // By that clock whoever is busy is stuck.
    let room = runs.seat.room.clone();
    while room.is_stuck(clock::now() + 3_600_000) {
        tokio::task::yield_now().await;
    }
    let mut rooms = Vec::new();
    let mut lost = Vec::new();
    for id in 2..4 {
        let mut visitor = Visitor::come(&applications, id).await;
        assert!(visitor.answered().await);
        rooms.push(visitor.get_lost(&applications, &book).await);
        lost.push(visitor);
    }
    let refused = applications.join("app", "room").await.err();
    let expected = Rejection::TooManyLostThreads("app/room".into());
    assert_eq!(refused, Some(expected));
    // What runs goes on.
    let mut late = Visitor::come_to(&applications, "runs", 4).await;
    assert!(late.answered().await);
    // One that comes back makes room.
    book.hold.store(false, Ordering::SeqCst);
    for room in rooms {
        room.ended.cancelled().await;
    }
    assert_eq!(applications.lost_threads().count(), 0);
    let mut next = Visitor::come(&applications, 5).await;
    assert!(next.answered().await);
}
