//! Where the persistent shared objects of all instances are kept.
//!
//! Owns the way between an instance and the store: the form of an object on either side, what is
//! on its way to be written, and the lines of the log when that fails. The store itself is the
//! crate `store`; when something is saved, the instance decides.

mod form;
mod shelf;
pub(crate) mod stored;
mod turnstile;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use amf::Str;
use engine::{Bucket, ObjectSaver, SharedObjects};
use parking_lot::{Condvar, Mutex};
use sharedobject::{LoadError, Loader, ObjectName, Save, SaveId, Snapshot};
use store::{
    Acknowledge, Epoch, FileStore, Forgotten, InstanceKey, Kind, Limits, ObjectKey, Scope, Store,
    StoreError, Write,
};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::applications::InstanceAddress;
use crate::{clock, metrics};
use shelf::Shelf;
use turnstile::Turnstile;

/// The file in `data.dir`.
pub(crate) const FILE: &str = "greenroom.redb";
/// How long an instance that ends waits before it asks again for what was not saved.
const SAVE_AGAIN_EVERY: Duration = Duration::from_millis(100);
/// The objects that a line of the log names.
const NAMED: usize = 16;

/// How the objects of an instance behave, and what they may cost.
#[derive(Clone, Debug)]
pub(crate) struct ObjectSettings {
    pub(crate) config: sharedobject::Config,
    /// How long in ms a script may have an object locked.
    pub(crate) lock_timeout_ms: Option<u64>,
    /// How long in ms an instance that ends goes on trying to save them.
    pub(crate) end_timeout_ms: u64,
}

/// The objects of all instances.
pub(crate) struct ObjectKeeper {
    /// `None`: nothing outlives the instances.
    store: Option<Arc<dyn Store>>,
    /// How often each object is on its way to the store.
    on_the_way: Mutex<HashMap<ObjectKey, usize>>,
    /// What an administrator changes at the moment no instance loads.
    turnstile: Turnstile,
    /// How long is waited for the store.
    patience: Duration,
    complaints: Mutex<Complaints>,
}

/// Failures in the log: one line a second, however many there are.
struct Complaints {
    lines: Bucket,
    unsaid: u64,
}

impl ObjectKeeper {
    /// Opens the store in the directory.
    ///
    /// # Errors
    ///
    /// Why it cannot be opened; nothing was changed then.
    pub(crate) fn open(
        dir: &Path,
        limits: Limits,
        patience: Duration,
    ) -> Result<Arc<Self>, StoreError> {
        let store = FileStore::open(&dir.join(FILE), limits)?;
        if let Some(trouble) = store.stats().trouble {
            tracing::warn!(%trouble, "the store can be read only: shared objects are not saved");
        }
        Ok(Self::of(Some(Arc::new(store)), patience))
    }

    /// Keeps objects nowhere.
    pub(crate) fn nowhere() -> Arc<Self> {
        Self::of(None, Duration::ZERO)
    }

    pub(crate) fn of(store: Option<Arc<dyn Store>>, patience: Duration) -> Arc<Self> {
        Arc::new(Self {
            store,
            on_the_way: Mutex::default(),
            turnstile: Turnstile::default(),
            patience,
            complaints: Mutex::new(Complaints {
                lines: Bucket::new(1, 1),
                unsaid: 0,
            }),
        })
    }

    /// The store itself, if there is one.
    pub(crate) fn store(&self) -> Option<Arc<dyn Store>> {
        self.store.clone()
    }

    /// Waits until everything that was asked to be saved is.
    pub(crate) fn finish(&self) {
        if let Some(store) = &self.store
            && let Err(error) = store.write(Write::Barrier, self.patience)
        {
            tracing::error!(%error, "shared objects may not have been saved");
        }
    }

    /// Does something with the stored objects of a scope while no instance can load them, unless
    /// one of those that have them `runs`: then `None`. What was on its way to the store is there
    /// before. Blocks.
    pub(crate) fn alone<T>(
        &self,
        scope: Scope,
        runs: impl FnOnce() -> bool,
        work: impl FnOnce() -> T,
    ) -> Result<Option<T>, StoreError> {
        let _closed = self.turnstile.close(scope);
        if runs() {
            return Ok(None);
        }
        if let Some(store) = &self.store {
            store.write(Write::Barrier, self.patience)?;
        }
        Ok(Some(work()))
    }

    /// Waits until the store has the object as it was asked to be saved last, if all of that could
    /// be done.
    pub(crate) fn settle(&self, key: &ObjectKey) -> Result<(), StoreError> {
        self.turnstile.pass(key, self.patience)?;
        let waits = self.on_the_way.lock().contains_key(key);
        match &self.store {
            Some(store) if waits => store.write(Write::Barrier, self.patience),
            _ => Ok(()),
        }
    }

    /// Asks for a save of these objects. `done` is told whether it was done, from any thread.
    fn submit(
        self: &Arc<Self>,
        keys: Vec<ObjectKey>,
        write: Write,
        done: impl FnOnce(bool) + Send + 'static,
    ) {
        let Some(store) = &self.store else {
            return done(false);
        };
        let mut on_the_way = self.on_the_way.lock();
        for key in &keys {
            *on_the_way.entry(key.clone()).or_default() += 1;
        }
        drop(on_the_way);
        let keeper = self.clone();
        store.submit(
            write,
            Acknowledge::new(move |result| {
                keeper.arrived(&keys);
                metrics::object_saved(result.is_ok());
                if let (Err(error), Some(key)) = (&result, keys.first()) {
                    keeper.complain(key, error);
                }
                done(result.is_ok());
            }),
        );
    }

    fn arrived(&self, keys: &[ObjectKey]) {
        let mut on_the_way = self.on_the_way.lock();
        for key in keys {
            if let Some(count) = on_the_way.get_mut(key) {
                *count -= 1;
                if *count == 0 {
                    on_the_way.remove(key);
                }
            }
        }
    }

    fn complain(&self, key: &ObjectKey, error: &StoreError) {
        let mut complaints = self.complaints.lock();
        if !complaints.lines.take(clock::now()) {
            complaints.unsaid += 1;
            return;
        }
        let (app, instance) = (&*key.instance.app, &*key.instance.instance);
        tracing::error!(
            app, instance, object = &*key.name, %error, others = complaints.unsaid,
            "a shared object was not saved; it is in memory, and saved later"
        );
        complaints.unsaid = 0;
    }
}

/// The objects of one instance.
#[derive(Clone)]
pub(crate) struct InstanceObjects {
    keeper: Arc<ObjectKeeper>,
    instance: InstanceKey,
    /// Of this life of the instance: the numbers of saves begin anew with each.
    saved: Arc<Saved>,
    end_timeout: Duration,
    /// Cancelled when the instance is given up while its script is away: another may run in its
    /// place, whose objects it must not overwrite.
    written_off: CancellationToken,
}

/// What became of saves, for the instance to take.
#[derive(Default)]
struct Saved {
    state: Mutex<SavedState>,
    /// Wakes a script that waits.
    landed: Condvar,
    /// Wakes the instance's own task or thread.
    wake: Notify,
}

#[derive(Default)]
struct SavedState {
    results: Vec<(SaveId, bool)>,
    /// Saves of which nothing is known yet.
    in_flight: usize,
}

impl Saved {
    fn land(&self, save: SaveId, done: bool) {
        let mut state = self.state.lock();
        state.results.push((save, done));
        state.in_flight -= 1;
        drop(state);
        self.landed.notify_all();
        self.wake.notify_one();
    }
}

impl InstanceObjects {
    pub(crate) fn new(
        keeper: &Arc<ObjectKeeper>,
        address: &InstanceAddress,
        written_off: CancellationToken,
    ) -> Self {
        Self {
            keeper: keeper.clone(),
            instance: InstanceKey::new(address.app.clone(), address.instance.clone()),
            saved: Arc::default(),
            end_timeout: Duration::ZERO,
            written_off,
        }
    }

    /// The instance's objects, as they are to be made. What becomes of saves of those made before
    /// is not told any more.
    pub(crate) fn make(&mut self, settings: &ObjectSettings) -> SharedObjects {
        self.saved = Arc::default();
        self.end_timeout = Duration::from_millis(settings.end_timeout_ms);
        SharedObjects::new(
            settings.config.clone(),
            settings.lock_timeout_ms,
            Box::new(self.clone()),
            Box::new(self.clone()),
        )
    }

    /// Waits until there is a result of a save to be taken.
    pub(crate) async fn saved(&self) {
        self.saved.wake.notified().await;
    }

    /// Waits until everything that was asked to be saved is, as the instance ends, and asks again
    /// for what was not, but not for ever. What is lost then is in the log.
    pub(crate) async fn settle(&self, objects: &SharedObjects) {
        if self.keeper.store.is_none() {
            return;
        }
        let over = tokio::time::sleep(self.end_timeout);
        tokio::pin!(over);
        let mut again = tokio::time::interval(SAVE_AGAIN_EVERY);
        again.reset();
        loop {
            let unsaved = objects.not_saved(clock::now());
            if unsaved.is_empty() {
                return;
            }
            tokio::select! {
                () = self.saved() => {}
                _ = again.tick() => objects.save_all(clock::now()),
                () = &mut over => return self.give_up(&unsaved),
                () = self.written_off.cancelled() => return,
            }
        }
    }

    fn give_up(&self, unsaved: &[Str]) {
        let (app, instance) = (&*self.instance.app, &*self.instance.instance);
        let named: Vec<&str> = unsaved.iter().take(NAMED).map(|name| &**name).collect();
        tracing::error!(
            app, instance, count = unsaved.len(), objects = ?named,
            after_ms = self.end_timeout.as_millis() as u64,
            "an instance has ended before its shared objects were saved: what had changed in them \
             is lost (limit shared_objects.end_timeout_ms)"
        );
    }

    fn key(&self, name: &str) -> ObjectKey {
        ObjectKey::new(self.instance.clone(), Kind::Persistent, name)
    }

    /// Asks the store, once what was on its way of the object is there.
    fn ask<T: Default>(
        &self,
        name: &str,
        ask: impl FnOnce(&mut Shelf) -> Result<T, LoadError>,
    ) -> Result<T, LoadError> {
        let Some(store) = self.keeper.store() else {
            return Ok(T::default());
        };
        blocking(|| {
            self.keeper.settle(&self.key(name)).map_err(shelf::failed)?;
            ask(&mut Shelf::new(store, self.instance.clone()))
        })
    }

    fn submit(&self, id: SaveId, keys: Vec<ObjectKey>, write: Write) {
        self.saved.state.lock().in_flight += 1;
        let saved = self.saved.clone();
        let done = move |done| saved.land(id, done);
        if self.written_off.is_cancelled() {
            return done(false);
        }
        self.keeper.submit(keys, write, done);
    }
}

impl Loader for InstanceObjects {
    fn load(&mut self, name: &str) -> Result<Option<Snapshot>, LoadError> {
        self.ask(name, |shelf| shelf.load(name))
    }

    fn names(&mut self) -> Result<Vec<Str>, LoadError> {
        self.ask("", Shelf::names)
    }

    fn first_version(&mut self) -> Result<u32, LoadError> {
        self.ask("", Shelf::first_version)
    }
}

impl ObjectSaver for InstanceObjects {
    fn save(&mut self, save: Save) {
        let Save { id, name, changes } = save;
        let key = self.key(name.as_str());
        let write = form::write(key.clone(), changes);
        self.submit(id, vec![key], write);
    }

    fn forget(&mut self, id: SaveId, names: Vec<ObjectName>) {
        let keys = names.iter().map(|name| self.key(name.as_str())).collect();
        let forgotten = |name: &ObjectName| Forgotten {
            name: name.as_str().into(),
            version: None,
        };
        let write = Write::Forget {
            instance: self.instance.clone(),
            objects: names.iter().map(forgotten).collect(),
            epoch: Epoch::default(),
        };
        self.submit(id, keys, write);
    }

    fn wait(&mut self) {
        let until = Instant::now() + self.keeper.patience;
        let mut state = self.saved.state.lock();
        while state.in_flight > 0 {
            if self.saved.landed.wait_until(&mut state, until).timed_out() {
                return;
            }
        }
    }

    fn take_saved(&mut self) -> Vec<(SaveId, bool)> {
        std::mem::take(&mut self.saved.state.lock().results)
    }
}

/// Does something that may wait for the disk. Where many tasks share a thread, the others go on
/// on another meanwhile.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    let shared = Handle::try_current()
        .is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread);
    if shared {
        tokio::task::block_in_place(work)
    } else {
        work()
    }
}

#[cfg(test)]
pub(crate) mod held;
#[cfg(test)]
mod tests;
