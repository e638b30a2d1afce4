//! An instance with a script: a thread of its own, on which the script may take its time.
//!
//! One life of the instance follows another on the same thread, from the start of its script
//! to its stop; those who joined while one life ended begin the next. So an instance never
//! runs twice. Between lives the thread ends as soon as nobody has a seat.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use engine::scripting::{NoRooms, RoomHost, RoomNews, Script, ScriptHost};
use engine::{
    ClientId, Effect, Input, Output, Rejection, ScriptedConfig, ScriptedInstance, SharedObjects,
};
use rtmp::{Body, Message, Millis};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::hands::Hands;
use super::objects::ObjectGauge;
use super::room::{Ending, Room, Timed};
use super::stats::{Stats, World};
use super::streams::{Streams, StreamsHost};
use super::{Ask, Order, Post, Sender, wait_until};
use crate::applications::{Applications, InstanceAddress};
use crate::links::Errands;
use crate::objects::InstanceObjects;
use crate::recording::Recorders;
use crate::scripts::Broken;
use crate::{clock, metrics};

/// Stack of a script's thread. Only what is used of it costs memory.
pub(crate) const STACK_BYTES: usize = 8 << 20;

/// Starts the thread of an instance, which waits for nobody if it is to begin `at_once`. Must be
/// called on the server's runtime.
///
/// # Errors
///
/// The system has no thread left.
pub(crate) fn start(
    applications: &Arc<Applications>,
    address: &InstanceAddress,
    id: u64,
    inbox_events: usize,
    asks: mpsc::Receiver<Ask>,
    at_once: bool,
) -> std::io::Result<(mpsc::Sender<Post>, Arc<Room>)> {
    let (inbox, posts) = mpsc::channel(inbox_events);
    let stuck_after_ms = applications.settings().stuck_after_ms;
    let room = Room::new(stuck_after_ms, applications.lost_threads().clone());
    let (applications, address) = (applications.clone(), address.clone());
    let (thread_room, weak_inbox, runtime) = (room.clone(), inbox.downgrade(), Handle::current());
    let body = move || {
        let ending = Ending(thread_room.clone());
        let timers = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        match timers {
            Ok(timers) => {
                let streams = applications.settings().streams;
                let streams = Streams::new(applications.catalog(), streams, &address);
                let recorders = Recorders::new(
                    applications.recordings(),
                    &applications.settings().recording,
                    &address.instance,
                    weak_inbox.clone(),
                    &thread_room.written_off,
                );
                let runner = Runner {
                    hands: Hands::new(streams, recorders),
                    stats: Rc::default(),
                    kept: InstanceObjects::new(
                        applications.objects(),
                        &address,
                        thread_room.written_off.clone(),
                    ),
                    errands: Errands::new(runtime, &applications, weak_inbox, &thread_room),
                    news: mpsc::channel(1).1,
                    applications,
                    address,
                    id,
                    room: thread_room,
                    posts,
                    asks,
                    life: 0,
                    at_once,
                    later: VecDeque::new(),
                };
                timers.block_on(runner.run());
            }
            Err(error) => tracing::error!(%error, "a script's thread has no timers"),
        }
        drop(ending);
    };
    std::thread::Builder::new()
        .name("script".into())
        .stack_size(STACK_BYTES)
        .spawn(body)?;
    Ok((inbox, room))
}

struct Runner {
    applications: Arc<Applications>,
    address: InstanceAddress,
    id: u64,
    room: Arc<Room>,
    posts: mpsc::Receiver<Post>,
    asks: mpsc::Receiver<Ask>,
    hands: Hands,
    stats: Rc<Stats>,
    kept: InstanceObjects,
    errands: Errands,
    /// What the script is to be told of rooms.
    news: mpsc::Receiver<RoomNews>,
    /// Counts the lives of the instance.
    life: u64,
    /// The next life waits for nobody.
    at_once: bool,
    /// Joins for the next life.
    later: VecDeque<Input>,
}

impl Runner {
    async fn run(mut self) {
        while self.wait_for_next_life().await {
            self.live().await;
            if self.is_written_off() {
                return;
            }
        }
    }

    /// One life of the instance, from the start of its script to its stop.
    async fn live(&mut self) {
        let address = self.address.clone();
        self.life += 1;
        tracing::info!(app = %address.app, instance = %address.instance, "instance started");
        self.stats.begin(|client| {
            let mut joining = self.later.iter().filter_map(joins);
            joining.any(|joining| joining == client)
        });
        self.room.set_busy(true);
        let (mut instance, objects, load_on_startup) = self.make_instance();
        let mut gauge = ObjectGauge::new(objects.clone());
        // They wait in the instance while its script starts, and share its fate if it fails.
        for join in std::mem::take(&mut self.later) {
            instance.handle(clock::now(), join);
        }
        instance.start(clock::now());
        let mut timeout = self.carry_out(&mut instance);
        self.room.set_busy(false);
        while !instance.has_stopped() && !self.is_written_off() {
            let post = tokio::select! {
                post = self.posts.recv() => post,
                () = wait_until(timeout) => Some(own_post(Input::Timeout)),
                () = self.kept.saved() => Some(own_post(Input::ObjectsSaved)),
                Some(ask) = self.asks.recv() => {
                    ask(&objects);
                    Some(own_post(Input::ObjectsSaved))
                }
                Some(news) = self.news.recv() => Some(own_post(Input::RoomNews(news))),
                // In a turn of its own, as any other end of a connection.
                () = std::future::ready(()), if self.errands.has_refused() => {
                    let refused = self.errands.take_refused();
                    refused.map(|input| Post { from: Sender::Errand(self.life), input, link: None })
                }
            };
            let Some(post) = post else { break };
            // What was loaded with the server is loaded again when it is to be loaded anew.
            // Not so by an administrator, who would have said so.
            self.at_once |= load_on_startup
                && post.from == Sender::Server
                && matches!(post.input, Input::Stop { silent: true });
            self.room.set_busy(true);
            timeout = self.take(&mut instance, post);
            gauge.update();
            self.room.set_busy(false);
        }
        self.later.extend(instance.take_waiting());
        self.errands.drop_all();
        self.hands.end_life();
        // Who joins meanwhile waits in the inbox.
        self.kept.settle(&objects).await;
        tracing::info!(app = %address.app, instance = %address.instance, "instance stopped");
    }

    /// The instance with its script and its shared objects, as the application's files say now,
    /// and whether it is to be there without clients.
    fn make_instance(&mut self) -> (ScriptedInstance, SharedObjects, bool) {
        let rooms = self.open_rooms();
        let applications = &self.applications;
        let loaded = applications.load_settings(&self.address.app);
        let settings = loaded.as_ref().unwrap_or(applications.settings()).clone();
        let objects = self.kept.make(&settings.objects);
        let script: Box<dyn Script> = match loaded {
            Ok(settings) => {
                let host: Rc<dyn ScriptHost> = Rc::new(World {
                    stats: self.stats.clone(),
                    objects: objects.clone(),
                    rooms,
                    clearer: self.hands.recorders.clearer(&settings.recording),
                });
                applications.load_script(&self.address, &settings.script, host)
            }
            Err(faulty) => Box::new(Broken::new(faulty.to_string())),
        };
        let stuck_after_ms = settings.stuck_after_ms;
        self.room.set_patience(stuck_after_ms);
        self.hands.streams.set(settings.streams);
        self.hands.recorders.begin(self.life, &settings.recording);
        self.errands.set(settings.links);
        let scripted = ScriptedConfig {
            name: format!("{}/{}", self.address.app, self.address.instance),
            ..settings.scripted
        };
        let room = self.room.clone();
        let script = Box::new(Timed::new(script, room));
        let streams = Box::new(StreamsHost(self.hands.streams.clone()));
        let config = settings.config;
        let instance = ScriptedInstance::new(config, scripted, streams, objects.clone(), script);
        (instance, objects, settings.load_on_startup)
    }

    /// The rooms for one life of the instance. News for the life before is not for this one.
    fn open_rooms(&mut self) -> Box<dyn RoomHost> {
        let Some(door) = self.applications.hall() else {
            return Box::new(NoRooms);
        };
        let (door, news) = door.open();
        self.news = news;
        Box::new(door)
    }

    fn take(&mut self, instance: &mut ScriptedInstance, post: Post) -> Option<Millis> {
        let Post { from, input, link } = post;
        if let (Sender::Client(client), Some(link)) = (from, link) {
            self.stats.arrived(client, &link);
            self.hands.links.insert(client, link);
        }
        let of_an_earlier_life = matches!(from, Sender::Errand(life) if life != self.life);
        let gone = left(&input);
        if !of_an_earlier_life {
            instance.handle(clock::now(), input);
        }
        let timeout = self.carry_out(instance);
        self.settle(from, gone);
        timeout
    }

    /// Tells the sender that its post was handled, and forgets it if it has gone.
    fn settle(&mut self, from: Sender, gone: bool) {
        if let Sender::Client(client) = from {
            self.hands.done(client);
            if gone {
                self.stats.left(client);
                self.hands.forget(client);
            }
        }
    }

    fn carry_out(&mut self, instance: &mut ScriptedInstance) -> Option<Millis> {
        loop {
            let effect = match instance.poll() {
                Output::Effect(effect) => effect,
                Output::Timeout(at) => {
                    self.hands.tell_updates();
                    return at;
                }
            };
            // What a script wants that was away for too long must not reach anybody.
            if self.is_written_off() {
                continue;
            }
            if let Effect::Close { client, reason } = &effect {
                self.stats.closed(*client);
                if *reason == engine::CloseReason::Rejected {
                    metrics::rejected("application");
                }
            }
            if let Some(effect) = self.hands.carry_out(instance.instance(), effect) {
                self.script_effect(effect);
            }
        }
    }

    fn script_effect(&mut self, effect: Effect) {
        let (app, instance) = (&*self.address.app, &*self.address.instance);
        match effect {
            Effect::Accepted { client } => {
                self.stats.accepted(client);
                tracing::debug!(app, instance, %client, "client accepted");
            }
            Effect::Dropped { client, name } => tracing::debug!(
                app, instance, %client, command = &*name,
                "a command of a client that has not been let in was dropped"
            ),
            Effect::Trace(line) => tracing::info!(app, instance, "trace: {line}"),
            Effect::Problem(problem) => tracing::warn!(
                app,
                instance,
                code = problem.code,
                file = problem.file,
                line = problem.line,
                source_line = problem.source_line,
                "script: {}",
                problem.description
            ),
            Effect::StreamSend { name, data } => self.hands.say(&name, &data),
            Effect::LinkOpen { link, url } => self.errands.open(self.life, link, url),
            Effect::LinkSend { link, message } => self.errands.send(link, message),
            Effect::LinkClose { link } => self.errands.close(link),
            Effect::SocketOpen {
                socket,
                host,
                port,
                text_bytes,
            } => {
                let server = (host, port);
                self.errands
                    .open_socket(self.life, socket, server, text_bytes);
            }
            Effect::SocketSend { socket, text } => self.errands.send_text(socket, text),
            Effect::SocketClose { socket } => self.errands.close_socket(socket),
            Effect::Http { request, what } => self.errands.request(self.life, request, *what),
            _ => {}
        }
    }

    /// Waits until somebody joins; false when nobody can any more.
    async fn wait_for_next_life(&mut self) -> bool {
        loop {
            if self.applications.is_closing() {
                self.turn_away();
                self.at_once = false;
            }
            if std::mem::take(&mut self.at_once) {
                return true;
            }
            if !self.later.is_empty() {
                return true;
            }
            if self.applications.retire(&self.address, self.id) {
                return false;
            }
            // There are no objects between two lives: what is asked of them waits for the next.
            tokio::select! {
                post = self.posts.recv() => match post {
                    Some(post) => self.note(post),
                    None => return false,
                },
                () = self.room.freed.notified() => {}
            }
        }
    }

    /// Takes a post between two lives.
    fn note(&mut self, post: Post) {
        let Post { from, input, link } = post;
        if let (Sender::Client(client), Some(link)) = (from, link) {
            self.stats.arrived(client, &link);
            self.hands.links.insert(client, link);
        }
        let gone = left(&input);
        if joins(&input).is_some() {
            self.later.push_back(input);
        } else if let (Input::Disconnect { client }, true) = (&input, gone) {
            self.later.retain(|join| joins(join) != Some(*client));
        }
        self.settle(from, gone);
    }

    /// Rejects those who came while the server stops.
    fn turn_away(&mut self) {
        for join in std::mem::take(&mut self.later) {
            let Some(client) = joins(&join) else {
                continue;
            };
            if let Input::Connect { transaction, .. } = join {
                let error = Rejection::ShuttingDown.status().error(transaction);
                let message = Message::connection(Body::Command(error));
                self.hands.give(client, Order::Send(message));
            }
            self.hands
                .give(client, Order::Close(engine::CloseReason::Rejected));
        }
    }

    fn is_written_off(&self) -> bool {
        self.room.written_off.is_cancelled()
    }
}

fn own_post(input: Input) -> Post {
    Post {
        from: Sender::Server,
        input,
        link: None,
    }
}

fn left(input: &Input) -> bool {
    matches!(input, Input::Disconnect { .. })
}

fn joins(input: &Input) -> Option<ClientId> {
    match input {
        Input::Connect { client, .. } | Input::PortOpened { client, .. } => Some(*client),
        _ => None,
    }
}
