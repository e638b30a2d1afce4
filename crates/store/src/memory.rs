//! [`MemoryStore`], for tests: what a store does, without a disk.

use std::collections::{BTreeMap, HashMap};

use parking_lot::Mutex;

use crate::{
    Acknowledge, Changes, Epoch, Head, InstanceKey, Kind, Listed, ObjectKey, Scope, Stats, Store,
    StoreError, StoredObject, StoredSlot, Write,
};

/// Keeps everything in memory and acknowledges at once.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<ObjectKey, StoredObject>,
    epochs: HashMap<InstanceKey, Epoch>,
    stats: Stats,
}

impl MemoryStore {
    /// From now on every write fails with this, as with a full disk; `None` ends it.
    pub fn set_trouble(&self, trouble: Option<StoreError>) {
        self.0.lock().stats.trouble = trouble;
    }
}

impl Store for MemoryStore {
    fn load(&self, key: &ObjectKey) -> Result<Option<StoredObject>, StoreError> {
        Ok(self.0.lock().objects.get(key).cloned())
    }

    fn list(
        &self,
        scope: &Scope,
        after: Option<&ObjectKey>,
        max: usize,
    ) -> Result<Vec<Listed>, StoreError> {
        let state = self.0.lock();
        let listed = state
            .objects
            .iter()
            .filter(|(key, _)| scope.contains(key) && after.is_none_or(|after| *key > after))
            .take(max)
            .map(|(key, object)| Listed {
                key: key.clone(),
                head: object.head,
            });
        Ok(listed.collect())
    }

    fn submit(&self, write: Write, done: Acknowledge) {
        let result = self.0.lock().take(write);
        done.tell(result);
    }

    fn stats(&self) -> Stats {
        self.0.lock().stats.clone()
    }
}

impl State {
    fn take(&mut self, write: Write) -> Result<(), StoreError> {
        let result = self.apply(write);
        match &result {
            Ok(()) => {
                self.stats.commits += 1;
                self.stats.writes += 1;
            }
            Err(_) => self.stats.failed += 1,
        }
        result
    }

    fn apply(&mut self, write: Write) -> Result<(), StoreError> {
        if let Some(trouble) = &self.stats.trouble {
            return Err(trouble.clone());
        }
        if let Some((instance, given)) = write.fence() {
            let held = self.epochs.entry(instance.clone()).or_default();
            if *held > given {
                return Err(StoreError::Fenced { held: *held, given });
            }
            *held = given;
        }
        match write {
            Write::Commit(changes) => self.commit(changes),
            Write::DeleteObject { key, .. } => drop(self.objects.remove(&key)),
            Write::Forget {
                instance, objects, ..
            } => {
                for object in objects {
                    let key = ObjectKey::new(instance.clone(), Kind::Persistent, object.name);
                    let stored = self.objects.remove(&key);
                    let stored = stored.map(|stored| stored.head.version.saturating_add(1));
                    let gone = ObjectKey::gone(instance.host.clone(), instance.app.clone());
                    self.outlive(gone, object.version.or(stored));
                }
            }
            Write::DeleteInstance(key) => {
                let gone = ObjectKey::gone(key.host.clone(), key.app.clone());
                self.drop_all(&Scope::Instance(key), gone);
            }
            Write::DeleteApplication { host, app } => {
                let gone = ObjectKey::gone(host.clone(), app.clone());
                self.drop_all(&Scope::Application { host, app }, gone);
            }
            Write::Barrier => {}
        }
        Ok(())
    }

    fn drop_all(&mut self, scope: &Scope, gone: ObjectKey) {
        let dropped = self.objects.iter().filter(|(key, _)| scope.contains(key));
        let after = |(key, object): (&ObjectKey, &StoredObject)| {
            let given = u32::from(key.kind != Kind::Gone);
            object.head.version.saturating_add(given)
        };
        let newest = dropped.map(after).max();
        self.objects.retain(|key, _| !scope.contains(key));
        self.outlive(gone, newest);
    }

    /// Remembers that an application's objects have had this version.
    fn outlive(&mut self, gone: ObjectKey, version: Option<u32>) {
        let before = self.objects.get(&gone).map(|gone| gone.head.version);
        if version > before {
            let version = version.unwrap_or_default();
            let mut changes = Changes::new(gone, version);
            changes.head.floor = version;
            self.commit(changes);
        }
    }

    fn commit(&mut self, changes: Changes) {
        if changes.replace {
            self.objects.remove(&changes.key);
        }
        let object = self.objects.entry(changes.key).or_insert(StoredObject {
            head: Head::default(),
            slots: BTreeMap::new(),
            deletions: BTreeMap::new(),
        });
        object.head = changes.head;
        for change in changes.slots {
            let version = change.version;
            if let Some(value) = change.value {
                object.deletions.remove(&change.name);
                let slot = StoredSlot { version, value };
                object.slots.insert(change.name, slot);
            } else {
                object.slots.remove(&change.name);
                object.deletions.insert(change.name, version);
            }
        }
        object
            .deletions
            .retain(|_, version| *version >= changes.forget_before);
    }
}
