//! The hall: the one task that runs the room kernel, and the way to it.
//!
//! Connections put requests into a bounded inbox, and each has a [`Mailbox`] for what it is told.
//! The hall knows no sockets and waits for no connection. What takes long, hashing passwords, is
//! done beside it ([`hashing`]); what outlives the server goes to the store ([`keeping`]).

mod actor;
mod asks;
mod door;
mod hashing;
mod keeping;
mod listeners;
#[cfg(test)]
mod made;
mod mailbox;
mod plugins;
mod settings;
mod unserved;
mod words;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use amf::Value;
use engine::CloseReason;
use engine::scripting::{RoomAsk, RoomNews};
use rooms::{Actor, Op, UnixMillis, UserId};
use tokio::sync::{mpsc, oneshot};
use xmlsocket::electroserver::SessionConfig;

pub(crate) use door::HallDoor;
pub(crate) use keeping::KeepingError;
pub(crate) use mailbox::Mailbox;
pub(crate) use plugins::{PluginAsk, PluginSettings};
pub(crate) use settings::HallSettings;
pub(crate) use unserved::Unserved;

use crate::config::Config;
use crate::objects::ObjectKeeper;
use actor::Runner;
use keeping::Keeping;
use listeners::ListenerId;
use plugins::{PluginPost, Plugins};

/// The time of the kernel and its dialects.
pub(crate) fn wall_clock() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    UnixMillis(since.map_or(0, |since| since.as_millis() as u64))
}

/// Where a room lies.
fn place(room: &rooms::NewRoom) -> rooms::RoomKey {
    rooms::RoomKey {
        zone: rooms::key(&room.zone),
        room: rooms::key(&room.name),
    }
}

/// What the hall is told.
enum Post {
    Enter {
        user: UserId,
        address: IpAddr,
        mailbox: Arc<Mailbox>,
        /// Told if the connection may stay.
        admitted: oneshot::Sender<()>,
    },
    Input(rooms::Input),
    /// Settings have changed.
    Configure(Box<settings::Changed>),
    /// A script is going to ask for something.
    Listen {
        by: ListenerId,
        news: mpsc::Sender<RoomNews>,
    },
    /// A script asks for something, and waits.
    Ask {
        by: ListenerId,
        ask: Box<RoomAsk>,
        answer: SyncSender<Result<Value, String>>,
    },
    /// A script is gone.
    Deaf {
        by: ListenerId,
    },
    /// Something about plugins.
    Plugin(PluginPost),
}

/// The way to the hall.
pub(crate) struct Hall {
    inbox: mpsc::Sender<Post>,
    /// How the hall speaks to the connections of this dialect.
    pub(crate) dialect: Arc<SessionConfig>,
    /// What nothing is done about.
    pub(crate) unserved: Arc<Unserved>,
    mailbox_bytes: usize,
    door: HallDoor,
    keeping: Keeping,
}

impl Hall {
    /// Starts the hall with what the store has of it.
    ///
    /// # Errors
    ///
    /// The store cannot be read, or holds what is not understood.
    pub(crate) fn start(
        settings: HallSettings,
        plugins: PluginSettings,
        objects: &ObjectKeeper,
    ) -> Result<Self, KeepingError> {
        let keeping = Keeping::new(objects.store(), settings.unsaved_changes);
        tokio::spawn(keeping.clone().look_after(settings.save_again));
        let mut snapshot = keeping.load()?;
        for account in settings.accounts {
            snapshot.apply(rooms::Change::PutAccount(account));
        }
        let mut first = settings.rooms;
        first.retain(|room| !snapshot.rooms.contains_key(&place(room)));
        let (inbox, posts) = mpsc::channel(settings.inbox);
        let dialect = settings.dialect;
        let unserved = Arc::new(Unserved::new(settings.unknown_packets));
        let plugins = Plugins::new(plugins, unserved.clone(), inbox.downgrade());
        let runner = Runner::new(
            rooms::Kernel::new(settings.kernel, snapshot),
            dialect.clone(),
            keeping.clone(),
            hashing::Hashing::new(inbox.downgrade(), settings.password_threads),
            settings.of_scripts,
            plugins,
        );
        tokio::spawn(runner.run(posts, first));
        Ok(Self {
            door: HallDoor {
                inbox: inbox.clone(),
                patience: settings.script_patience,
                news: settings.script_news,
            },
            inbox,
            dialect,
            unserved,
            keeping,
            mailbox_bytes: settings.mailbox_bytes,
        })
    }

    /// The way in for scripts.
    pub(crate) fn door(&self) -> HallDoor {
        self.door.clone()
    }

    /// Brings a connection in. It is out again when what this gives is dropped.
    ///
    /// # Errors
    ///
    /// It may not come in: its address is banned.
    pub(crate) async fn enter(
        &self,
        user: UserId,
        address: IpAddr,
    ) -> Result<Presence, CloseReason> {
        let mailbox = Mailbox::new(self.mailbox_bytes);
        let (admitted, answer) = oneshot::channel();
        let presence = Presence {
            user,
            mailbox: mailbox.clone(),
            inbox: self.inbox.clone(),
        };
        let post = Post::Enter {
            user,
            address,
            mailbox,
            admitted,
        };
        let gone = CloseReason::InternalError;
        self.inbox.send(post).await.map_err(|_| gone)?;
        match answer.await {
            Ok(()) => Ok(presence),
            Err(_) => Err(presence.mailbox.take().1.unwrap_or(gone)),
        }
    }
}

impl Hall {
    /// Gives the hall what has changed of its settings.
    pub(crate) async fn configure(&self, before: &Config, now: &Config) {
        let changed = settings::Changed::between(before, now);
        // The hall ends with the server only.
        let _ = self.inbox.send(Post::Configure(Box::new(changed))).await;
    }

    /// Begins the plugins of the server anew, so that changed scripts are loaded.
    pub(crate) async fn reload_plugins(&self) {
        // The hall ends with the server only.
        let _ = self.inbox.send(Post::Plugin(PluginPost::Reload)).await;
    }

    /// Ends all plugins, and waits for that for so long at most.
    pub(crate) async fn stop_plugins(&self, patience: Duration) {
        let (answer, ends) = oneshot::channel();
        let stop = Post::Plugin(PluginPost::Stop { answer });
        let all = async {
            if self.inbox.send(stop).await.is_ok() {
                for end in ends.await.unwrap_or_default() {
                    end.cancelled().await;
                }
            }
        };
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::warn!("stopped before all plugins had ended");
        }
    }
}

impl Hall {
    /// Waits for what has changed to be stored, so long at most.
    pub(crate) async fn finish(&self, patience: Duration) {
        if !self.keeping.finish(patience).await {
            tracing::error!("changes of bans, rooms or buddies are not stored, and lost");
        }
    }
}

/// A connection in the hall.
pub(crate) struct Presence {
    user: UserId,
    /// What it is told.
    pub(crate) mailbox: Arc<Mailbox>,
    inbox: mpsc::Sender<Post>,
}

impl Presence {
    /// Asks for something, and waits while the hall has too much to do.
    ///
    /// # Errors
    ///
    /// The hall is gone.
    pub(crate) async fn ask(&self, op: Op) -> Result<(), CloseReason> {
        let by = Actor::User(self.user);
        self.post(Post::Input(rooms::Input::Op { by, op })).await
    }

    /// Asks for something of plugins, as [`ask`](Self::ask).
    ///
    /// # Errors
    ///
    /// The hall is gone.
    pub(crate) async fn ask_plugins(&self, asked: PluginAsk) -> Result<(), CloseReason> {
        let user = self.user;
        let post = PluginPost::Ask { user, ask: asked };
        self.post(Post::Plugin(post)).await
    }

    async fn post(&self, post: Post) -> Result<(), CloseReason> {
        let sent = self.inbox.send(post).await;
        sent.map_err(|_| CloseReason::InternalError)
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let post = Post::Input(rooms::Input::Disconnect { user: self.user });
        if let Err(mpsc::error::TrySendError::Full(post)) = self.inbox.try_send(post) {
            let inbox = self.inbox.clone();
            // The hall ends with the server only.
            tokio::spawn(async move { drop(inbox.send(post).await) });
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    /// Whoever asks reads no more until its request is in: so a full inbox stops the reading.
    #[tokio::test]
    async fn who_asks_waits_while_the_inbox_is_full() {
        let (inbox, mut posts) = mpsc::channel(2);
        let presence = Presence {
            user: UserId(1),
            mailbox: Mailbox::new(1024),
            inbox,
        };
        let ask = || presence.ask(Op::Logout);
        assert_eq!(ask().now_or_never(), Some(Ok(())));
        assert_eq!(ask().now_or_never(), Some(Ok(())));
        let mut third = std::pin::pin!(ask());
        assert_eq!(third.as_mut().now_or_never(), None);
        assert!(posts.recv().await.is_some());
        assert_eq!(third.await, Ok(()));
        drop(posts);
        assert_eq!(ask().await, Err(CloseReason::InternalError));
    }
}
