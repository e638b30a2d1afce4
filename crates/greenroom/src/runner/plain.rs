//! An instance without a script: a task of the runtime.

use std::sync::Arc;

use engine::{Input, Instance, Output};
use rtmp::Millis;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::hands::Hands;
use super::streams::{Streams, StreamsHost};
use super::{Post, Sender, wait_until};
use crate::applications::{InstanceAddress, InstanceSettings};
use crate::catalog::Catalog;
use crate::clock;
use crate::recording::{Recorders, Recordings};

/// Starts an instance. It ends when nobody holds its inbox any more.
pub(crate) fn start(
    (catalog, recordings): (&Arc<Catalog>, &Arc<Recordings>),
    settings: &InstanceSettings,
    address: &InstanceAddress,
    inbox_events: usize,
) -> mpsc::Sender<Post> {
    let (inbox, posts) = mpsc::channel(inbox_events);
    let streams = Streams::new(catalog, settings.streams, address);
    let host = Box::new(StreamsHost(streams.clone()));
    let instance = Instance::new(settings.config.clone(), host);
    let recorders = Recorders::new(
        recordings,
        &settings.recording,
        &address.instance,
        inbox.downgrade(),
        &CancellationToken::new(),
    );
    let runner = Runner {
        instance,
        hands: Hands::new(streams, recorders),
    };
    tokio::spawn(runner.run(posts));
    inbox
}

struct Runner {
    instance: Instance,
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
                () = wait_until(timeout) => {
                    self.instance.handle(clock::now(), Input::Timeout);
                    timeout = self.carry_out();
                }
            }
        }
        tracing::info!(app = %address.app, instance = %address.instance, "instance stopped");
    }

    fn take(&mut self, post: Post) -> Option<Millis> {
        let Post { from, input, link } = post;
        let client = match from {
            Sender::Client(client) => client,
            // There is one life only, and no script: an errand is a recording.
            Sender::Server | Sender::Errand(_) => {
                self.instance.handle(clock::now(), input);
                return self.carry_out();
            }
        };
        if let Some(link) = link {
            self.hands.links.insert(client, link);
        }
        let left = matches!(input, Input::Disconnect { .. });
        self.instance.handle(clock::now(), input);
        let timeout = self.carry_out();
        self.hands.done(client);
        if left {
            self.hands.forget(client);
        }
        timeout
    }

    fn carry_out(&mut self) -> Option<Millis> {
        loop {
            match self.instance.poll() {
                // What is about neither sessions nor streams only scripts want.
                Output::Effect(effect) => drop(self.hands.carry_out(&self.instance, effect)),
                Output::Timeout(at) => return at,
            }
        }
    }
}
