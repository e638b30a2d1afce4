//! The shared objects of an instance, as all of its parts hold them.
//!
//! The objects themselves are a [`Directory`]. The instance tells it what clients want; a script
//! uses it in the middle of a handler, so both hold it by a [`SharedObjects`]. Proxies of other
//! instances' objects speak with their owners over the script's connections. Owned here: the time, the way of saves to whoever keeps them, and the order of what comes out.

mod client;
mod script;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use amf::{Str, Value};
use parking_lot::{Mutex, MutexGuard};
use rtmp::shared_object::Message;
use rtmp::{Encoding, Millis};
use sharedobject::{
    Config, Directory, Inspected, Kind, Loader, NothingStored, ObjectId, ObjectName, Output,
    Refusal, Rights, Save, SaveId, UserId,
};

use crate::client::ClientId;
use crate::scripting::LinkId;

/// Keeps the persistent objects of one instance.
pub trait ObjectSaver: Send {
    /// Asks for a save, without waiting for it. Saves are done in the order in which they are
    /// asked for.
    fn save(&mut self, save: Save);

    /// Asks for objects to be removed together, likewise.
    fn forget(&mut self, id: SaveId, names: Vec<ObjectName>);

    /// Waits until it is known what became of every save asked for, but not for long.
    fn wait(&mut self);

    /// What became of saves, each told once: whether it is done and safe.
    fn take_saved(&mut self) -> Vec<(SaveId, bool)>;
}

/// Keeps nothing: every save fails at once.
#[derive(Debug, Default)]
struct NoSaver(Vec<SaveId>);

impl ObjectSaver for NoSaver {
    fn save(&mut self, save: Save) {
        self.0.push(save.id);
    }

    fn forget(&mut self, id: SaveId, _names: Vec<ObjectName>) {
        self.0.push(id);
    }

    fn wait(&mut self) {}

    fn take_saved(&mut self) -> Vec<(SaveId, bool)> {
        self.0.drain(..).map(|save| (save, false)).collect()
    }
}

/// The shared objects of one instance: a handle that can be cloned.
#[derive(Clone)]
pub struct SharedObjects(Arc<Mutex<Inner>>);

struct Inner {
    directory: Directory,
    saver: Box<dyn ObjectSaver>,
    now: Millis,
    /// What came out of the directory and has not been taken.
    outputs: VecDeque<Output>,
    due: Option<Millis>,
    /// Since when the script has had objects locked.
    locked: BTreeMap<ObjectId, Millis>,
    lock_timeout_ms: Option<u64>,
    /// The objects that were unlocked because of that. Not told yet.
    overdue: Vec<Str>,
}

impl SharedObjects {
    /// Objects that are kept: `loader` finds what `saver` has saved.
    pub fn new(
        config: Config,
        lock_timeout_ms: Option<u64>,
        loader: Box<dyn Loader>,
        saver: Box<dyn ObjectSaver>,
    ) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            directory: Directory::new(config, loader),
            saver,
            now: Millis::default(),
            outputs: VecDeque::new(),
            due: None,
            locked: BTreeMap::new(),
            lock_timeout_ms,
            overdue: Vec::new(),
        })))
    }

    /// Objects that nobody keeps: persistent ones live as long as the instance.
    pub fn unsaved(config: Config) -> Self {
        Self::new(
            config,
            None,
            Box::new(NothingStored),
            Box::new(NoSaver::default()),
        )
    }

    /// How many there are, and how many clients use any of them.
    pub fn counts(&self) -> (usize, usize) {
        self.0.lock().directory.counts()
    }

    /// The object of this name as an administrator sees it; `None` when there is none.
    pub fn inspect(
        &self,
        now: Millis,
        name: &str,
        kind: Kind,
    ) -> Result<Option<Inspected>, Refusal> {
        let mut inner = self.at(now);
        let inspected = inner.directory.inspect(now, name, kind);
        inner.drain();
        inspected
    }

    /// The persistent objects in memory, and their versions.
    pub fn versions(&self) -> Vec<(Str, u32)> {
        self.0.lock().directory.versions()
    }

    /// Sets slots by an administrator's will, or removes those without a value, and with `replace`
    /// all others; all of that or nothing. Answers the object's version. The instance has to be given
    /// [`Input::ObjectsSaved`](crate::Input::ObjectsSaved) then, so that it tells its clients.
    pub fn administer(
        &self,
        now: Millis,
        name: &str,
        kind: Kind,
        slots: &[(Str, Option<Value>)],
        replace: bool,
    ) -> Result<u32, Refusal> {
        let mut inner = self.at(now);
        let directory = &mut inner.directory;
        let changed = directory.administer(now, name, kind, slots, replace);
        inner.drain();
        changed
    }

    /// A client has sent a message.
    pub(crate) fn handle(&self, now: Millis, client: ClientId, message: &Message, rights: Rights) {
        let mut inner = self.at(now);
        inner.directory.handle(now, user(client), message, rights);
        inner.drain();
    }

    /// A client has gone.
    pub(crate) fn leave(&self, now: Millis, client: ClientId) {
        let mut inner = self.at(now);
        inner.directory.leave(now, user(client));
        inner.drain();
    }

    /// The script has begun to open a connection to the instance at this address.
    pub(crate) fn link_opened(&self, now: Millis, link: LinkId, uri: &str, encoding: Encoding) {
        let mut inner = self.at(now);
        let link = known_link(link);
        inner.directory.link_opened(now, link, uri, encoding);
        inner.drain();
    }

    /// The other instance has accepted the connection.
    pub(crate) fn link_up(&self, now: Millis, link: LinkId) {
        let mut inner = self.at(now);
        inner.directory.link_up(now, known_link(link));
        inner.drain();
    }

    /// The connection has come to its end, or could not be opened.
    pub(crate) fn link_down(&self, now: Millis, link: LinkId) {
        let mut inner = self.at(now);
        inner.directory.link_down(now, known_link(link));
        inner.drain();
    }

    /// The other instance has sent a message about one of its objects.
    pub(crate) fn hear(&self, now: Millis, link: LinkId, message: &Message) {
        let mut inner = self.at(now);
        inner.directory.hear(now, known_link(link), message);
        inner.drain();
    }

    /// Does what is due, and learns what became of saves.
    pub(crate) fn handle_timeout(&self, now: Millis) {
        let mut inner = self.at(now);
        inner.take_saved();
        inner.directory.handle_timeout(now);
        inner.unlock_overdue();
        inner.drain();
    }

    /// Learns what became of saves. Answers the names of the objects that have changed since they
    /// were saved.
    pub fn not_saved(&self, now: Millis) -> Vec<Str> {
        let mut inner = self.at(now);
        inner.take_saved();
        inner.directory.unsaved()
    }

    /// Asks for all that has changed to be saved: the instance ends.
    pub fn save_all(&self, now: Millis) {
        let mut inner = self.at(now);
        inner.directory.save_all(now);
        inner.drain();
    }

    /// The time for all that the script does next.
    pub(crate) fn set_now(&self, now: Millis) {
        drop(self.at(now));
    }

    /// What is to be done next.
    pub(crate) fn next_output(&self) -> Option<Output> {
        self.0.lock().outputs.pop_front()
    }

    /// The objects that were unlocked because the script had them locked for too long.
    pub(crate) fn take_overdue(&self) -> Vec<Str> {
        std::mem::take(&mut self.0.lock().overdue)
    }

    /// When something is due.
    pub(crate) fn next_timeout(&self) -> Option<Millis> {
        let inner = self.0.lock();
        let since = inner.locked.values().min();
        let unlock = since.zip(inner.lock_timeout_ms);
        let unlock = unlock.map(|(since, after)| *since + after);
        inner.due.into_iter().chain(unlock).min()
    }

    fn at(&self, now: Millis) -> MutexGuard<'_, Inner> {
        let mut inner = self.0.lock();
        inner.now = inner.now.max(now);
        inner
    }
}

impl fmt::Debug for SharedObjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedObjects")
            .field(&self.counts())
            .finish()
    }
}

impl Inner {
    /// Takes everything out of the directory, after each thing put in. Saves go their way at once,
    /// so that none overtakes another.
    fn drain(&mut self) {
        loop {
            match self.directory.poll() {
                Output::Save(save) => self.saver.save(save),
                Output::Forget { id, names } => self.saver.forget(id, names),
                Output::Timeout(due) => return self.due = due,
                output => self.outputs.push_back(output),
            }
        }
    }

    /// Unlocks what the script has had locked for too long.
    fn unlock_overdue(&mut self) {
        let Some(after) = self.lock_timeout_ms else {
            return;
        };
        let (now, directory) = (self.now, &mut self.directory);
        self.locked.retain(|object, since| {
            let overdue = *since + after <= now;
            if overdue {
                let named = directory.named(*object);
                self.overdue.extend(named.map(|(name, _)| name.clone()));
                directory.break_lock(*object);
            }
            !overdue
        });
    }

    /// Answers what became of which saves.
    fn take_saved(&mut self) -> Vec<(SaveId, bool)> {
        let told = self.saver.take_saved();
        for (save, done) in &told {
            self.directory.saved(self.now, *save, *done);
        }
        self.drain();
        told
    }
}

/// A connection of the script, as the directory knows it.
fn known_link(link: LinkId) -> sharedobject::LinkId {
    sharedobject::LinkId(link.0)
}

/// A client, as the directory knows it.
fn user(client: ClientId) -> UserId {
    UserId(client.0)
}
