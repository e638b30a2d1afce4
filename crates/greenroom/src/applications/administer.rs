//! What an administrator does with instances: lists, loads and unloads them, and asks for what is
//! in their shared objects.

use std::sync::Arc;
use std::time::Duration;

use engine::{Input, Rejection, SharedObjects};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use super::{Applications, InstanceAddress};
use crate::runner::{Ask, Post, Room, Sender};

/// How long an administrator waits until an instance has ended, or answers.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long after an instance has dropped what it was asked the next is looked for.
const AGAIN: Duration = Duration::from_millis(10);

/// A running instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct InstanceRow {
    pub(crate) app: Arc<str>,
    pub(crate) instance: Arc<str>,
    pub(crate) clients: usize,
    /// Whether it has a script.
    pub(crate) script: bool,
}

/// What an instance made of an ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked<T> {
    /// This.
    Done(T),
    /// It does not run.
    NotRunning,
    /// It does not answer: its script is busy.
    Busy,
}

impl Applications {
    /// The instances that run, of all applications or of one.
    pub(crate) fn rows(&self, app: Option<&str>) -> Vec<InstanceRow> {
        let running = self.running.lock();
        let wanted = running
            .instances
            .iter()
            .filter(|(address, _)| app.is_none_or(|app| *address.app == *app));
        wanted
            .map(|(address, here)| InstanceRow {
                app: address.app.clone(),
                instance: address.instance.clone(),
                clients: here.clients,
                script: here.script,
            })
            .collect()
    }

    /// Starts an instance, unless it runs. Whether it was started. Waits for one that is ending.
    ///
    /// # Errors
    ///
    /// What a client would be told who wants to join it.
    pub(crate) async fn load(
        self: &Arc<Self>,
        app: &str,
        instance: &str,
    ) -> Result<bool, Rejection> {
        let address = self.address(app, instance)?;
        self.wait_for_end(&address).await;
        if self.is_closing() {
            return Err(Rejection::ShuttingDown);
        }
        if self.is_running(app, instance)? {
            return Ok(false);
        }
        let way = self.way_of(&address)?;
        let mut running = self.running.lock();
        if running.at(&address).is_some() {
            return Ok(false);
        }
        self.check_room(&running, app)?;
        let started = self.start(&mut running, &address, &way, 0)?;
        running.instances.insert(address, started);
        Ok(true)
    }

    /// Stops an instance: its clients are told and closed, and its script is not asked. Answers
    /// whether it has ended, or `None` when it does not run.
    pub(crate) async fn unload(&self, app: &str, instance: &str) -> Option<bool> {
        let (inbox, room) = self.take_instance(app, instance)?;
        let stop = Post {
            from: Sender::Administrator,
            input: Input::Stop { silent: true },
            link: None,
        };
        let ended = async {
            // An instance that has ended meanwhile needs no telling.
            let _ = inbox.send(stop).await;
            ended(&room).await;
        };
        Some(tokio::time::timeout(PATIENCE, ended).await.is_ok())
    }

    /// An instance that is to stop. Nobody joins one without a script any more; one with a script
    /// sees to that itself.
    fn take_instance(&self, app: &str, instance: &str) -> Option<(mpsc::Sender<Post>, Arc<Room>)> {
        let address = self.address(app, instance).ok()?;
        let mut running = self.running.lock();
        let here = running.at(&address)?;
        here.ending |= !here.script;
        Some((here.inbox.clone(), here.room.clone()))
    }

    /// Has something done with the shared objects of an instance, in between its other work.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        app: &str,
        instance: &str,
        what: impl FnOnce(&SharedObjects) -> T + Clone + Send + 'static,
    ) -> Asked<T> {
        let address = InstanceAddress {
            app: app.into(),
            instance: instance.into(),
        };
        let asked = async {
            while let Some(asks) = self.asks_of(&address) {
                let (sender, answer) = oneshot::channel();
                let what = what.clone();
                // Whoever asked may have gone.
                let ask: Ask = Box::new(move |objects| drop(sender.send(what(objects))));
                if asks.send(ask).await.is_ok()
                    && let Ok(done) = answer.await
                {
                    return Asked::Done(done);
                }
                // It was ending, and has dropped what it was asked. Who comes next is asked anew.
                asks.closed().await;
                tokio::time::sleep(AGAIN).await;
            }
            Asked::NotRunning
        };
        let asked = tokio::time::timeout(PATIENCE, asked).await;
        asked.unwrap_or(Asked::Busy)
    }

    fn asks_of(&self, address: &InstanceAddress) -> Option<mpsc::Sender<Ask>> {
        let running = self.running.lock();
        let here = running.instances.get(address);
        here.map(|here| here.asks.clone())
    }

    /// An instance of an application that runs: this one, or any.
    pub(crate) fn running(&self, app: &str, instance: Option<&str>) -> Option<InstanceRow> {
        let mut rows = self.rows(Some(app)).into_iter();
        rows.find(|row| instance.is_none_or(|instance| *row.instance == *instance))
    }
}

/// Waits until a script's thread has ended, or is counted on no more.
async fn ended(room: &Room) {
    tokio::select! {
        () = room.ended.cancelled() => {}
        () = room.written_off.cancelled() => {}
    }
}
