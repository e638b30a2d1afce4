//! The world of a plugin: the hall, asked from the plugin's own thread.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use script::{Fields, LoginVerdict, PluginAnswer, PluginHost, PluginOrder, PluginQuestion};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::thread::Begin;
use super::{Id, PluginPost};
use crate::hall::Post;

/// What the plugin's script reaches.
pub(super) struct World {
    id: Id,
    hall: mpsc::WeakSender<Post>,
    written_off: CancellationToken,
    /// How long another plugin may take.
    patience: Duration,
    /// The plugins that wait for what is under way, this one as the last.
    waiting: RefCell<Vec<Id>>,
}

impl World {
    pub(super) fn new(begin: &Begin, written_off: CancellationToken) -> Rc<Self> {
        Rc::new(Self {
            id: begin.id,
            hall: begin.hall.clone(),
            written_off,
            patience: begin.settings.call,
            waiting: RefCell::default(),
        })
    }

    /// Something begins, for which these plugins wait.
    pub(super) fn begin(&self, mut waiting: Vec<Id>) {
        waiting.push(self.id);
        self.waiting.replace(waiting);
    }

    /// What a plugin wants that was away for too long must not reach anybody.
    fn post(&self, post: PluginPost) {
        if self.written_off.is_cancelled() {
            return;
        }
        if let Some(hall) = self.hall.upgrade() {
            // The hall waits for no plugin, so it takes this soon.
            let _ = hall.blocking_send(Post::Plugin(post));
        }
    }
}

impl PluginHost for World {
    fn ask(&self, question: PluginQuestion) -> PluginAnswer {
        let (answer, answered) = oneshot::channel();
        self.post(PluginPost::Question { question, answer });
        answered.blocking_recv().unwrap_or(PluginAnswer::Nothing)
    }

    fn order(&self, order: PluginOrder) {
        let from = self.id;
        self.post(PluginPost::Order { from, order });
    }

    fn call(&self, plugin: &str, hash: Fields) -> Result<Fields, String> {
        let (answer, found) = oneshot::channel();
        self.post(PluginPost::Find {
            from: self.id,
            name: plugin.to_owned(),
            answer,
        });
        let Ok(Some(found)) = found.blocking_recv() else {
            return Err(format!("there is no plugin {plugin}"));
        };
        let waiting = self.waiting.borrow().clone();
        if waiting.contains(&found.id) {
            return Err(format!("the plugin {plugin} waits for this one"));
        }
        let (answer, given) = sync_channel(1);
        if !found.inbox.offer_call(hash, waiting, answer) {
            return Err(format!(
                "the plugin {plugin} has too much to do (limit rooms.plugin_requests)"
            ));
        }
        match given.recv_timeout(self.patience) {
            Ok(Some(fields)) => Ok(fields),
            Ok(None) | Err(RecvTimeoutError::Disconnected) => {
                Err(format!("the plugin {plugin} gives no answer"))
            }
            Err(RecvTimeoutError::Timeout) => Err(format!(
                "the plugin {plugin} gives no answer within {} ms (limit rooms.plugin_call_ms)",
                self.patience.as_millis()
            )),
        }
    }

    fn decide(&self, login: u64, verdict: LoginVerdict) {
        self.post(PluginPost::Decided { login, verdict });
    }
}
