//! The directory: which objects there are, how long they live, and when something is due.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use amf::Str;
use rtmp::Millis;
use rtmp::shared_object::Message;
use rustc_hash::FxHashMap;

use crate::config::{Config, Rights};
use crate::loader::Loader;
use crate::name::{Kind, ObjectName};
use crate::object::Object;
use crate::output::{Note, Output, Refusal, SaveId};
use crate::remote::Links;
use crate::state::State;
use crate::user::{ObjectId, UserId};

/// The shared objects of one instance.
///
/// Told something by [`Self::handle`], [`Self::leave`], [`Self::saved`], a call of the script or
/// [`Self::handle_timeout`]; asked by [`Self::poll`] until that answers [`Output::Timeout`].
/// Calls of the script happen at the time of the last call that was given one.
pub struct Directory {
    pub(crate) hub: Hub,
    loader: Box<dyn Loader>,
    pub(crate) objects: FxHashMap<ObjectId, Object>,
    pub(crate) names: BTreeMap<(ObjectName, Kind), ObjectId>,
    pub(crate) uses: FxHashMap<UserId, BTreeSet<ObjectId>>,
    pub(crate) links: Links,
    /// How many persistent objects there are, in memory or stored; `None` when that must be counted.
    kept: Option<usize>,
}

/// What is there now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Objects in memory.
    pub objects: usize,
    /// Uses of objects by clients.
    pub subscriptions: usize,
    /// Changed objects that are not saved yet, or are being saved.
    pub dirty: usize,
}

/// What all objects share.
pub(crate) struct Hub {
    pub(crate) config: Config,
    pub(crate) now: Millis,
    pub(crate) outputs: VecDeque<Output>,
    timers: BTreeSet<(Millis, ObjectId, Timer)>,
    numbers: u64,
    /// The objects whose saves have not been acknowledged.
    saves: FxHashMap<SaveId, ObjectId>,
}

/// What an object waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The end of the window in which announcements are gathered.
    Flush,
    /// The time to save.
    Commit,
    /// The owner of a proxy's object must have answered.
    Answer,
}

impl Hub {
    pub(crate) fn wake(&mut self, due: Millis, object: ObjectId, timer: Timer) {
        self.timers.insert((due, object, timer));
    }

    /// A number that was not given before.
    pub(crate) fn serial(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// The number of a new save of this object.
    pub(crate) fn save_id(&mut self, object: ObjectId) -> SaveId {
        let id = SaveId(self.serial());
        self.saves.insert(id, object);
        id
    }

    /// Asks for stored objects to be removed.
    pub(crate) fn forget(&mut self, names: Vec<ObjectName>) -> SaveId {
        let id = SaveId(self.serial());
        self.outputs.push_back(Output::Forget { id, names });
        id
    }

    pub(crate) fn note(&mut self, note: Note) {
        self.outputs.push_back(Output::Note(note));
    }
}

impl Directory {
    /// A directory without objects; `loader` knows those that are stored.
    pub fn new(config: Config, loader: Box<dyn Loader>) -> Self {
        Self {
            hub: Hub {
                config,
                now: Millis::default(),
                outputs: VecDeque::new(),
                timers: BTreeSet::new(),
                numbers: 0,
                saves: FxHashMap::default(),
            },
            loader,
            objects: FxHashMap::default(),
            names: BTreeMap::new(),
            uses: FxHashMap::default(),
            links: Links::default(),
            kept: None,
        }
    }

    /// How the objects behave.
    pub fn config(&self) -> &Config {
        &self.hub.config
    }

    /// A client has sent a message. `rights` are those for the object that it names. Every
    /// request in it is answered, now or, when a script has the object locked, at its unlock.
    pub fn handle(&mut self, now: Millis, user: UserId, message: &Message, rights: Rights) {
        self.advance(now);
        self.request(user, message, rights);
    }

    /// A client has gone: it no longer uses any object.
    pub fn leave(&mut self, now: Millis, user: UserId) {
        self.advance(now);
        for id in self.uses.remove(&user).unwrap_or_default() {
            if let Some(object) = self.objects.get_mut(&id) {
                object.users.remove(&user);
            }
            self.retire(id);
        }
    }

    /// The time asked for by [`Output::Timeout`] may have come.
    pub fn handle_timeout(&mut self, now: Millis) {
        self.advance(now);
        while let Some(&(due, id, timer)) = self.hub.timers.first() {
            if due > self.hub.now {
                return;
            }
            self.hub.timers.pop_first();
            if let Some(object) = self.objects.get_mut(&id) {
                object.handle_timer(due, timer, &mut self.hub);
            }
        }
    }

    /// What is to be done next.
    pub fn poll(&mut self) -> Output {
        let due = self.hub.timers.first().map(|(due, ..)| *due);
        let next = self.hub.outputs.pop_front();
        next.unwrap_or(Output::Timeout(due))
    }

    /// Whether a save worked. One that did not is tried again, with what has changed since.
    pub fn saved(&mut self, now: Millis, save: SaveId, worked: bool) {
        self.advance(now);
        let Some(id) = self.hub.saves.remove(&save) else {
            // Stored objects have been removed.
            self.kept = None;
            return;
        };
        if let Some(object) = self.objects.get_mut(&id) {
            object.saved(save, worked, &mut self.hub);
            if worked {
                self.retire(id);
            }
        }
    }

    /// Asks for everything that has changed to be saved, as the instance is about to end.
    pub fn save_all(&mut self, now: Millis) {
        self.advance(now);
        let mut ids: Vec<_> = self.objects.keys().copied().collect();
        ids.sort_unstable();
        for id in ids {
            if let Some(object) = self.objects.get_mut(&id) {
                object.save(false, &mut self.hub);
            }
        }
    }

    /// The names of the objects of which something is not saved, in order.
    pub fn unsaved(&self) -> Vec<Str> {
        let dirty = |id: &&ObjectId| self.objects.get(id).is_some_and(Object::is_dirty);
        let ids = self.names.iter().filter(|(_, id)| dirty(id));
        ids.map(|((name, _), _)| name.text().clone()).collect()
    }

    /// Objects in memory, and clients that use any. Costs nothing.
    pub fn counts(&self) -> (usize, usize) {
        (self.objects.len(), self.uses.len())
    }

    /// What is there now. Walks through all objects.
    pub fn stats(&self) -> Stats {
        let objects = self.objects.values();
        Stats {
            objects: self.objects.len(),
            subscriptions: objects.clone().map(|object| object.users.len()).sum(),
            dirty: objects.filter(|object| object.is_dirty()).count(),
        }
    }

    pub(crate) fn advance(&mut self, now: Millis) {
        self.hub.now = self.hub.now.max(now);
    }

    /// The object of this name, if it is in memory.
    pub(crate) fn find(&self, name: &ObjectName, kind: Kind) -> Option<ObjectId> {
        self.names.get(&(name.clone(), kind)).copied()
    }

    /// The stored object of this name, brought into memory.
    pub(crate) fn load(&mut self, name: &ObjectName) -> Result<Option<ObjectId>, Refusal> {
        let loaded = match self.loader.load(name.as_str()) {
            Ok(None) => return Ok(None),
            Ok(Some(snapshot)) => State::restore(&snapshot).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match loaded {
            Ok(state) => {
                let id = self.add(name, Kind::Persistent, state)?;
                if let Some(object) = self.objects.get_mut(&id) {
                    object.is_stored = true;
                }
                Ok(Some(id))
            }
            Err(why) => Err(self.load_failed(name.text().clone(), why)),
        }
    }

    /// A new object of this name. A persistent one is not stored yet.
    pub(crate) fn make(&mut self, name: &ObjectName, kind: Kind) -> Result<ObjectId, Refusal> {
        if !kind.is_persistent() {
            return self.make_unkept(name, kind);
        }
        self.check_room()?;
        let kept = self.count_kept()?;
        let max = self.hub.config.limits.stored_objects;
        if kept >= max {
            let limit = "stored_objects";
            return Err(Refusal::Limit { limit, max });
        }
        let version = match self.loader.first_version() {
            Ok(version) => version,
            Err(error) => return Err(self.load_failed(name.text().clone(), error.to_string())),
        };
        let state = State::beginning_with(version, self.hub.config.resync_depth);
        let id = self.add(name, kind, state)?;
        self.kept = Some(kept + 1);
        Ok(id)
    }

    /// A new object of this name that is not to be stored here.
    pub(crate) fn make_unkept(
        &mut self,
        name: &ObjectName,
        kind: Kind,
    ) -> Result<ObjectId, Refusal> {
        let state = State::new(self.hub.config.resync_depth);
        self.add(name, kind, state)
    }

    fn check_room(&self) -> Result<(), Refusal> {
        let max = self.hub.config.limits.objects;
        if self.objects.len() >= max {
            let limit = "objects";
            return Err(Refusal::Limit { limit, max });
        }
        Ok(())
    }

    /// How many persistent objects there are, in memory or stored.
    fn count_kept(&mut self) -> Result<usize, Refusal> {
        if let Some(kept) = self.kept {
            return Ok(kept);
        }
        let stored = self.stored_names().ok_or(Refusal::Store)?;
        let new = |object: &&Object| object.is_kept() && !object.is_stored;
        let kept = stored.len() + self.objects.values().filter(new).count();
        self.kept = Some(kept);
        Ok(kept)
    }

    fn load_failed(&mut self, name: Str, why: String) -> Refusal {
        self.hub.note(Note::LoadFailed { name, why });
        Refusal::Store
    }

    fn add(&mut self, name: &ObjectName, kind: Kind, state: State) -> Result<ObjectId, Refusal> {
        self.check_room()?;
        let id = ObjectId(self.hub.serial());
        let object = Object::new(id, name.clone(), kind, state, &self.hub);
        self.objects.insert(id, object);
        self.names.insert((name.clone(), kind), id);
        Ok(id)
    }

    /// The names of all stored objects; none when the store does not answer.
    pub(crate) fn stored_names(&mut self) -> Option<Vec<Str>> {
        match self.loader.names() {
            Ok(names) => Some(names),
            Err(error) => {
                self.load_failed(Str::EMPTY, error.to_string());
                None
            }
        }
    }

    /// Lets go of an object that nobody uses: at once when it is temporary, else once it is
    /// saved.
    pub(crate) fn retire(&mut self, id: ObjectId) {
        let Some(object) = self.objects.get_mut(&id) else {
            return;
        };
        if object.is_used() {
            return;
        }
        object.save(false, &mut self.hub);
        object.release(&mut self.hub);
        if !object.is_dirty()
            && let Some(object) = self.objects.remove(&id)
        {
            if object.is_kept() && !object.is_stored {
                self.kept = self.kept.map(|kept| kept.saturating_sub(1));
            }
            self.names.remove(&(object.name, object.kind));
        }
    }
}
