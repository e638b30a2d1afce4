//! The world around a directory: clients that keep what they are sent, a script, and a store.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use amf::{Str, Value};
use rtmp::shared_object::{Event, Message, PROXIED};
use rtmp::{Encoding, Millis};

use crate::{
    Config, Directory, Head, Kind, LoadError, Loader, Note, ObjectId, ObjectName, Output, Rights,
    Save, Snapshot, SyncEntry, Update, UserId,
};

/// The stored objects, shared with the directory's loader.
#[derive(Clone, Default)]
pub(super) struct Shelf {
    pub(super) objects: Arc<Mutex<BTreeMap<Str, Snapshot>>>,
    pub(super) is_broken: Arc<Mutex<bool>>,
    /// The highest version of the objects that are there no more.
    pub(super) gone: Arc<Mutex<u32>>,
}

impl Shelf {
    pub(super) fn get(&self, name: &str) -> Option<Snapshot> {
        self.objects.lock().unwrap().get(name).cloned()
    }

    pub(super) fn apply(&self, save: &Save) {
        let mut objects = self.objects.lock().unwrap();
        if save.changes.forget {
            objects.remove(save.name.as_str());
            return self.outlive(save.changes.head.version);
        }
        let object = objects.entry(save.name.text().clone()).or_default();
        object.apply(&save.changes);
    }

    pub(super) fn forget(&self, names: &[ObjectName]) {
        let mut objects = self.objects.lock().unwrap();
        for name in names {
            let forgotten = objects.remove(name.as_str());
            let version = forgotten.map_or(0, |object| object.head.version + 1);
            self.outlive(version);
        }
    }

    fn outlive(&self, version: u32) {
        let mut gone = self.gone.lock().unwrap();
        *gone = version.max(*gone);
    }

    /// What is stored of the object, or what a new one begins with.
    pub(super) fn at_rest(&self, name: &str, resync_depth: Option<u32>) -> Option<Snapshot> {
        let version = *self.gone.lock().unwrap();
        let blank = || Snapshot {
            head: Head {
                version,
                floor: version,
                resync_depth,
            },
            ..Snapshot::default()
        };
        self.get(name).or_else(|| (version > 0).then(blank))
    }
}

impl Loader for Shelf {
    fn load(&mut self, name: &str) -> Result<Option<Snapshot>, LoadError> {
        if *self.is_broken.lock().unwrap() {
            return Err(LoadError("on fire".to_owned()));
        }
        Ok(self.get(name))
    }

    fn names(&mut self) -> Result<Vec<Str>, LoadError> {
        if *self.is_broken.lock().unwrap() {
            return Err(LoadError("on fire".to_owned()));
        }
        Ok(self.objects.lock().unwrap().keys().cloned().collect())
    }

    fn first_version(&mut self) -> Result<u32, LoadError> {
        Ok(*self.gone.lock().unwrap())
    }
}

/// A directory and everybody around it.
pub(super) struct World {
    pub(super) directory: Directory,
    pub(super) now: Millis,
    pub(super) shelf: Shelf,
    /// Whether saves are carried out as they come; otherwise they wait in `saves`.
    pub(super) saves_at_once: bool,
    pub(super) saves: Vec<Save>,
    updates: BTreeMap<u64, Vec<Update>>,
    pub(super) syncs: Vec<Vec<SyncEntry>>,
    pub(super) calls: Vec<(Str, Vec<Value>)>,
    pub(super) notes: Vec<Note>,
    /// What the script's `onStatus` was told.
    pub(super) statuses: Vec<&'static str>,
    /// What was sent to other instances, and over which connection.
    pub(super) sent: Vec<(u64, Message)>,
    pub(super) due: Option<Millis>,
}

impl World {
    pub(super) fn new(config: Config) -> Self {
        Self::on(config, Shelf::default())
    }

    /// A directory over what is stored already.
    pub(super) fn on(config: Config, shelf: Shelf) -> Self {
        Self {
            directory: Directory::new(config, Box::new(shelf.clone())),
            now: Millis(1_000),
            shelf,
            saves_at_once: true,
            saves: Vec::new(),
            updates: BTreeMap::new(),
            syncs: Vec::new(),
            calls: Vec::new(),
            notes: Vec::new(),
            statuses: Vec::new(),
            sent: Vec::new(),
            due: None,
        }
    }

    /// Everything is announced at once.
    pub(super) fn prompt() -> Self {
        Self::new(Config {
            batch_ms: 0,
            ..Config::default()
        })
    }

    /// Carries out what the directory asks for until there is nothing more.
    pub(super) fn pump(&mut self) {
        loop {
            match self.directory.poll() {
                Output::Update { user, update } => {
                    self.updates.entry(user.0).or_default().push(update);
                }
                Output::Save(save) if self.saves_at_once => {
                    self.shelf.apply(&save);
                    self.directory.saved(self.now, save.id, true);
                }
                Output::Save(save) => self.saves.push(save),
                Output::Forget { id, names } => {
                    self.shelf.forget(&names);
                    self.directory.saved(self.now, id, true);
                }
                Output::Sync { entries, .. } => self.syncs.push(entries),
                Output::Message { handler, args, .. } => self.calls.push((handler, args)),
                Output::Note(note) => self.notes.push(note),
                Output::Status { code, .. } => self.statuses.push(code.as_str()),
                Output::Upstream { link, message } => self.sent.push((link.0, message)),
                Output::Timeout(due) => return self.due = due,
            }
        }
    }

    pub(super) fn wait(&mut self, millis: u64) {
        self.now = self.now + millis;
        self.directory.handle_timeout(self.now);
        self.pump();
    }

    pub(super) fn send(&mut self, user: u64, message: &Message, rights: Rights) {
        let now = self.now;
        self.directory.handle(now, UserId(user), message, rights);
        self.pump();
    }

    /// A client asks for something of the temporary object `so`.
    pub(super) fn ask(&mut self, user: u64, version: u32, events: Vec<Event>) {
        let message = Message::new("so", version, false, events);
        self.send(user, &message, Rights::ALL);
    }

    /// The same for the persistent one.
    pub(super) fn ask_kept(&mut self, user: u64, version: u32, events: Vec<Event>) {
        let message = Message::new("so", version, true, events);
        self.send(user, &message, Rights::ALL);
    }

    /// The same in the dialect between servers.
    pub(super) fn ask_proxied(&mut self, user: u64, version: u32, events: Vec<Event>) {
        let mut message = Message::new("so", version, false, events);
        message.flags |= PROXIED;
        self.send(user, &message, Rights::ALL);
    }

    pub(super) fn leave(&mut self, user: u64) {
        self.directory.leave(self.now, UserId(user));
        self.pump();
    }

    /// The script opens the temporary object `so`.
    pub(super) fn open(&mut self) -> ObjectId {
        self.directory.open("so", Kind::Temporary).unwrap()
    }

    pub(super) fn open_kept(&mut self) -> ObjectId {
        self.directory.open("so", Kind::Persistent).unwrap()
    }

    pub(super) fn set(&mut self, id: ObjectId, key: &str, value: impl Into<Value>) {
        let (key, value) = (Str::from(key), value.into());
        self.directory.set(id, &key, &value).unwrap();
        self.pump();
    }

    /// What the client has been sent since this was last asked.
    pub(super) fn updates(&mut self, user: u64) -> Vec<Update> {
        self.updates.remove(&user).unwrap_or_default()
    }

    /// Forgets what these clients have been sent.
    pub(super) fn hush(&mut self, users: &[u64]) {
        for user in users {
            self.updates.remove(user);
        }
    }

    /// What the client has been sent, as messages read from the bytes.
    pub(super) fn told(&mut self, user: u64) -> Vec<Message> {
        let updates = self.updates(user);
        updates
            .iter()
            .map(|update| read(update, Encoding::Amf0))
            .collect()
    }

    /// The version and the events of the one message that the client has been sent.
    #[track_caller]
    pub(super) fn told_once(&mut self, user: u64) -> (u32, Vec<Event>) {
        let mut told = self.told(user);
        assert_eq!(told.len(), 1, "{told:?}");
        let message = told.remove(0);
        (message.version, message.events)
    }
}

/// The message that the bytes of an update hold, which is the one that it says it is.
pub(super) fn read(update: &Update, encoding: Encoding) -> Message {
    let type_id = match encoding {
        Encoding::Amf0 => rtmp::message::type_id::SHARED_OBJECT_AMF0,
        Encoding::Amf3 => rtmp::message::type_id::SHARED_OBJECT_AMF3,
    };
    let payload = update.payload(encoding);
    let message = Message::decode(type_id, &payload, &rtmp::Limits::default()).unwrap();
    let said = update.message(encoding);
    assert_eq!((&message.name, message.flags), (&said.name, said.flags));
    assert_eq!(message.events.len(), said.events.len());
    message
}

pub(super) fn change(key: &str, value: impl Into<Value>) -> Event {
    Event::Change(vec![(key.into(), value.into())])
}

pub(super) fn wish(key: &str, value: impl Into<Value>) -> Event {
    Event::RequestChange(vec![(key.into(), value.into())])
}

pub(super) fn remove(key: &str) -> Event {
    Event::Remove(vec![key.into()])
}

pub(super) fn unwish(key: &str) -> Event {
    Event::RequestRemove(vec![key.into()])
}

pub(super) fn success(key: &str) -> Event {
    Event::Success(vec![key.into()])
}

pub(super) fn call(handler: &str, arg: impl Into<Value>) -> Event {
    Event::SendMessage {
        handler: handler.into(),
        args: vec![arg.into()],
    }
}

pub(super) fn status(code: &'static str) -> Event {
    Event::Status {
        code: Str::from_static(code),
        level: Str::from_static("error"),
    }
}

pub(super) const NO_WRITE: &str = "SharedObject.NoWriteAccess";
pub(super) const NO_READ: &str = "SharedObject.NoReadAccess";
pub(super) const NOT_MADE: &str = "SharedObject.ObjectCreationFailed";
