//! How the scripts of instances reach the hall. A script's thread waits for the answer, for so long at
//! most; the hall waits for no script.

use std::cell::Cell;
use std::sync::mpsc as answers;
use std::time::{Duration, Instant};

use amf::Value;
use engine::scripting::{RoomAsk, RoomHost, RoomNews};
use tokio::sync::mpsc;

use super::Post;
use super::listeners::ListenerId;

/// Between two attempts to put something into an inbox that is full.
const REST: Duration = Duration::from_millis(1);

/// What a script hears that gets no answer.
const BUSY: &str = "the rooms have too much to do (rooms.script_wait_ms)";

/// The way to the hall for all scripts of the server.
#[derive(Clone)]
pub(crate) struct HallDoor {
    pub(super) inbox: mpsc::Sender<Post>,
    /// How long a script waits.
    pub(super) patience: Duration,
    /// How much news may wait for one script.
    pub(super) news: usize,
}

impl HallDoor {
    /// A door for one life of an instance, and where its news comes out.
    pub(crate) fn open(&self) -> (ScriptDoor, mpsc::Receiver<RoomNews>) {
        let (news, receiver) = mpsc::channel(self.news);
        let door = ScriptDoor {
            door: self.clone(),
            id: ListenerId(rand::random()),
            news: Cell::new(Some(news)),
        };
        (door, receiver)
    }

    /// Puts something into the inbox of the hall; false if there is no place in time. Called on a
    /// script's own thread.
    fn post(&self, mut post: Post) -> bool {
        let until = Instant::now() + self.patience;
        loop {
            match self.inbox.try_send(post) {
                Ok(()) => return true,
                Err(mpsc::error::TrySendError::Full(back)) if Instant::now() < until => post = back,
                Err(_) => return false,
            }
            std::thread::sleep(REST);
        }
    }
}

/// The way to the hall for one script. The hall forgets the script when this is dropped, and those
/// for whom it spoke leave.
pub(crate) struct ScriptDoor {
    door: HallDoor,
    id: ListenerId,
    /// Until the hall has it: most scripts never ask for anything.
    news: Cell<Option<mpsc::Sender<RoomNews>>>,
}

impl RoomHost for ScriptDoor {
    fn ask(&self, ask: RoomAsk) -> Result<Value, String> {
        let busy = || BUSY.to_owned();
        let by = self.id;
        if let Some(news) = self.news.take()
            && !self.door.post(Post::Listen {
                by,
                news: news.clone(),
            })
        {
            self.news.set(Some(news));
            return Err(busy());
        }
        let (answer, answered) = answers::sync_channel(1);
        let ask = Box::new(ask);
        if !self.door.post(Post::Ask { by, ask, answer }) {
            return Err(busy());
        }
        let answered = answered.recv_timeout(self.door.patience);
        answered.unwrap_or_else(|_| Err(busy()))
    }
}

impl Drop for ScriptDoor {
    fn drop(&mut self) {
        if self.news.take().is_none() {
            // If there is no place in time, the hall finds nobody at the other end.
            self.door.post(Post::Deaf { by: self.id });
        }
    }
}
