//! An instance without a script: a task of the runtime.

use engine::{Input, Instance, Output, SharedObjects};
use rtmp::Millis;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::hands::Hands;
use super::objects::ObjectGauge;
use super::streams::{Streams, StreamsHost};
use super::{Ask, Post, Sender, wait_until};
use crate::applications::{Applications, InstanceAddress, InstanceSettings};
use crate::clock;
use crate::objects::InstanceObjects;
use crate::recording::Recorders;

/// Starts an instance. It ends when nobody holds its inbox any more.
pub(crate) fn start(
    applications: &Applications,
    settings: &InstanceSettings,
    address: &InstanceAddress,
    inbox_events: usize,
    asks: mpsc::Receiver<Ask>,
) -> mpsc::Sender<Post> {
    let (inbox, posts) = mpsc::channel(inbox_events);
    let streams = Streams::new(applications.catalog(), settings.streams, address);
    let host = Box::new(StreamsHost(streams.clone()));
    let kept = InstanceObjects::new(applications.objects(), address, CancellationToken::new());
    let objects = kept.make(&settings.objects);
    let recorders = Recorders::new(
        applications.recordings(),
        &settings.recording,
        &address.instance,
        inbox.downgrade(),
        &CancellationToken::new(),
    );
    let runner = Runner {
        instance: Instance::new(settings.config.clone(), host, objects.clone()),
        kept,
        gauge: ObjectGauge::new(objects.clone()),
        objects,
        asks,
        hands: Hands::new(streams, recorders),
    };
    tokio::spawn(runner.run(posts));
    inbox
}

struct Runner {
    instance: Instance,
    kept: InstanceObjects,
    gauge: ObjectGauge,
    objects: SharedObjects,
    asks: mpsc::Receiver<Ask>,
    hands: Hands,
}

impl Runner {
    async fn run(mut self, mut posts: mpsc::Receiver<Post>) {
        let address = self.hands.streams.address.clone();
        tracing::info!(app = %address.app, instance = %address.instance, "instance started");
        let mut timeout = None;
        loop {
            tokio::select! {
                post = posts.recv() => match post {
                    Some(post) => timeout = self.take(post),
                    None => break,
                },
                () = wait_until(timeout) => timeout = self.handle(Input::Timeout),
                () = self.kept.saved() => timeout = self.handle(Input::ObjectsSaved),
                Some(ask) = self.asks.recv() => {
                    ask(&self.objects);
                    timeout = self.handle(Input::ObjectsSaved);
                }
            }
        }
        self.instance.save_objects(clock::now());
        tracing::info!(app = %address.app, instance = %address.instance, "instance stopped");
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
