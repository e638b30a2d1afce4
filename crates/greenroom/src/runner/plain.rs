//! An instance without a script: a task of the runtime.

use std::sync::Arc;

use engine::{Input, Instance, Output, SharedObjects};
use rtmp::Millis;
use tokio::sync::mpsc;

use super::hands::Hands;
use super::objects::ObjectGauge;
use super::room::{Ending, Room};
use super::streams::{Streams, StreamsHost};
use super::{Ask, Post, Sender, wait_until};
use crate::applications::{Applications, InstanceAddress, InstanceSettings};
use crate::clock;
use crate::objects::InstanceObjects;
use crate::recording::Recorders;

/// Starts an instance. It ends when it has lost its last client, or is told to stop and has none.
pub(crate) fn start(
    applications: &Arc<Applications>,
    settings: &InstanceSettings,
    (address, id): (&InstanceAddress, u64),
    inbox_events: usize,
    asks: mpsc::Receiver<Ask>,
) -> (mpsc::Sender<Post>, Arc<Room>) {
    let (inbox, posts) = mpsc::channel(inbox_events);
    let streams = Streams::new(applications.catalog(), settings.streams, address);
    let host = Box::new(StreamsHost(streams.clone()));
    let room = Room::new(settings.stuck_after_ms, applications.lost_threads().clone());
    let written_off = room.written_off.clone();
    let mut kept = InstanceObjects::new(applications.objects(), address, written_off.clone());
    let objects = kept.make(&settings.objects);
    let recorders = Recorders::new(
        applications.recordings(),
        &settings.recording,
        &address.instance,
        inbox.downgrade(),
        &written_off,
    );
    let runner = Runner {
        applications: applications.clone(),
        id,
        room: room.clone(),
        instance: Instance::new(settings.config.clone(), host, objects.clone()),
        kept,
        gauge: ObjectGauge::new(objects.clone()),
        objects,
        asks,
        hands: Hands::new(streams, recorders),
    };
    tokio::spawn(runner.run(posts));
    (inbox, room)
}

struct Runner {
    applications: Arc<Applications>,
    id: u64,
    room: Arc<Room>,
    instance: Instance,
    kept: InstanceObjects,
    gauge: ObjectGauge,
    objects: SharedObjects,
    asks: mpsc::Receiver<Ask>,
    hands: Hands,
}

impl Runner {
    async fn run(mut self, mut posts: mpsc::Receiver<Post>) {
        let _ending = Ending(self.room.clone());
        let address = self.hands.streams.address.clone();
        tracing::info!(app = %address.app, instance = %address.instance, "instance started");
        let mut timeout = None;
        loop {
            let may_end = tokio::select! {
                post = posts.recv() => match post {
                    Some(post) => {
                        let stops = matches!(post.input, Input::Stop { .. });
                        timeout = self.take(post);
                        stops
                    }
                    None => break,
                },
                () = self.room.freed.notified() => true,
                () = wait_until(timeout) => {
                    timeout = self.handle(Input::Timeout);
                    false
                }
                () = self.kept.saved() => {
                    timeout = self.handle(Input::ObjectsSaved);
                    false
                }
                Some(ask) = self.asks.recv() => {
                    ask(&self.objects);
                    timeout = self.handle(Input::ObjectsSaved);
                    false
                }
            };
            if may_end && self.applications.begin_end(&address, self.id) {
                break;
            }
        }
        // Whoever did not wait for the answer has gone, but what it sent counts.
        while let Ok(post) = posts.try_recv() {
            self.take(post);
        }
        self.instance.save_objects(clock::now());
        self.carry_out();
        self.kept.settle(&self.objects).await;
        tracing::info!(app = %address.app, instance = %address.instance, "instance stopped");
        self.applications.retire(&address, self.id);
    }

    fn take(&mut self, post: Post) -> Option<Millis> {
        let Post { from, input, link } = post;
        let client = match from {
            Sender::Client(client) => client,
            // There is one life only, and no script: an errand is a recording.
            Sender::Server | Sender::Administrator | Sender::Errand(_) => {
                return self.handle(input);
            }
        };
        if let Some(link) = link {
            self.hands.links.insert(client, link);
        }
        let left = matches!(input, Input::Disconnect { .. });
        let timeout = self.handle(input);
        self.hands.done(client);
        if left {
            self.hands.forget(client);
        }
        timeout
    }

    fn handle(&mut self, input: Input) -> Option<Millis> {
        self.instance.handle(clock::now(), input);
        let timeout = self.carry_out();
        self.gauge.update();
        timeout
    }

    fn carry_out(&mut self) -> Option<Millis> {
        loop {
            match self.instance.poll() {
                // What is about neither sessions nor streams only scripts want.
                Output::Effect(effect) => drop(self.hands.carry_out(&self.instance, effect)),
                Output::Timeout(at) => {
                    self.hands.tell_updates();
                    return at;
                }
            }
        }
    }
}
