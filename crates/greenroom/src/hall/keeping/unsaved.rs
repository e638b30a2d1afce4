//! What of the hall is not in the store yet.
//!
//! At most one write of an object is on its way. What changes meanwhile, or was refused, waits, the
//! newest of each slot only: so an older value never overwrites a newer one, whatever fails.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use store::{Acknowledge, Changes, Epoch, SlotChange, Store, StoreError, Write};
use tokio::sync::watch;

use super::{VERSION, object_key};
use crate::metrics;

/// Slots of one write. The largest values of so many fit into the store's queue.
const SLOTS_AT_ONCE: usize = 256;

/// A change of one object of the store.
pub(super) enum Edit {
    /// A slot is set, or removed.
    Slot {
        object: String,
        slot: String,
        value: Option<Vec<u8>>,
    },
    /// The object goes, with all its slots.
    Drop { object: String },
}

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// All is in the store.
    Saved,
    /// Something is on its way.
    UnderWay,
    /// Something was refused: what waits goes on its way at the next try.
    Refused,
}

/// Everything that is to be stored.
pub(super) struct Unsaved {
    store: Arc<dyn Store>,
    /// Changes that wait or are on their way.
    most: usize,
    state: Mutex<State>,
    phase: watch::Sender<Phase>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<Arc<str>, Object>,
    count: usize,
    /// Since all was saved, the log has told of a refusal, or of a change that is lost.
    told_refused: bool,
    told_lost: bool,
}

#[derive(Default)]
struct Object {
    under_way: Option<Batch>,
    waiting: Batch,
}

/// Changes of one object: first it goes, if it does, then slots change.
#[derive(Clone, Default)]
struct Batch {
    dropped: bool,
    slots: BTreeMap<Arc<str>, Option<Arc<[u8]>>>,
}

impl Unsaved {
    pub(super) fn new(store: Arc<dyn Store>, most: usize) -> Arc<Self> {
        Arc::new(Self {
            store,
            most,
            state: Mutex::default(),
            phase: watch::Sender::new(Phase::Saved),
        })
    }

    /// Takes a change in, and sends it if nothing is in its way.
    pub(super) fn add(self: &Arc<Self>, edit: Edit) {
        let name: Arc<str> = match &edit {
            Edit::Slot { object, .. } | Edit::Drop { object } => object.as_str().into(),
        };
        let taken = self.state.lock().add(name.clone(), edit, self.most);
        if taken {
            self.send(name);
        }
    }

    /// Tries again, `every` so often, what was refused.
    pub(super) async fn look_after(self: Arc<Self>, every: Duration) {
        let mut phase = self.phase.subscribe();
        // The sender is ours.
        while phase.wait_for(|is| *is == Phase::Refused).await.is_ok() {
            tokio::time::sleep(every).await;
            self.try_again();
        }
    }

    /// Sends all that waits.
    pub(super) fn try_again(self: &Arc<Self>) {
        let state = self.state.lock();
        if *self.phase.borrow() == Phase::Refused {
            self.phase.send_replace(Phase::UnderWay);
        }
        let names: Vec<_> = state.objects.keys().cloned().collect();
        drop(state);
        for name in names {
            self.send(name);
        }
    }

    /// Waits until all is in the store.
    pub(super) async fn saved(&self) {
        // The sender is ours.
        let _ = self
            .phase
            .subscribe()
            .wait_for(|is| *is == Phase::Saved)
            .await;
    }

    fn send(self: &Arc<Self>, name: Arc<str>) {
        let mut state = self.state.lock();
        if *self.phase.borrow() == Phase::Refused {
            return;
        }
        let Some(batch) = state.next_of(&name) else {
            return;
        };
        self.phase.send_replace(Phase::UnderWay);
        drop(state);
        let unsaved = self.clone();
        let write = batch.into_write(&name);
        let done = Acknowledge::new(move |result| unsaved.done(name, result));
        self.store.submit(write, done);
    }

    fn done(self: &Arc<Self>, name: Arc<str>, result: Result<(), StoreError>) {
        metrics::rooms_saved(result.is_ok());
        let mut state = self.state.lock();
        match result {
            Ok(()) => state.saved(&name),
            Err(error) => {
                state.refused(&name, &error);
                self.phase.send_replace(Phase::Refused);
            }
        }
        if state.objects.is_empty() {
            state.all_saved();
            self.phase.send_replace(Phase::Saved);
        }
        drop(state);
        self.send(name);
    }
}

impl State {
    /// False if there is no place for it.
    fn add(&mut self, name: Arc<str>, edit: Edit, most: usize) -> bool {
        let full = self.count >= most;
        let object = self.objects.get(&name);
        let is_new = object.is_none_or(|object| object.waiting.grows_by(&edit));
        if full && is_new {
            self.lose(most);
            return false;
        }
        let waiting = &mut self.objects.entry(name).or_default().waiting;
        let before = waiting.len();
        waiting.add(edit);
        self.count = self.count + waiting.len() - before;
        true
    }

    fn lose(&mut self, most: usize) {
        if !mem::replace(&mut self.told_lost, true) {
            tracing::error!(
                most,
                "too many changes of bans, rooms or buddies wait for the store \
                 (rooms.unsaved_changes): more last until the server ends"
            );
        }
    }

    /// What of an object is to be sent next, if none of it is on its way.
    fn next_of(&mut self, name: &str) -> Option<Batch> {
        let object = self.objects.get_mut(name)?;
        if object.under_way.is_some() || object.waiting.len() == 0 {
            return None;
        }
        let batch = object.waiting.take(SLOTS_AT_ONCE);
        object.under_way = Some(batch.clone());
        Some(batch)
    }

    fn saved(&mut self, name: &str) {
        let Some(object) = self.objects.get_mut(name) else {
            return;
        };
        let batch = object.under_way.take();
        self.count -= batch.map_or(0, |batch| batch.len());
        if object.waiting.len() == 0 {
            self.objects.remove(name);
        }
    }

    /// What was refused waits again, but for what has changed since.
    fn refused(&mut self, name: &str, error: &StoreError) {
        if let Some(object) = self.objects.get_mut(name) {
            let batch = object.under_way.take().unwrap_or_default();
            let before = batch.len() + object.waiting.len();
            object.waiting.put_beneath(batch);
            self.count -= before - object.waiting.len();
        }
        if !mem::replace(&mut self.told_refused, true) {
            tracing::error!(
                %error,
                "a change of bans, rooms or buddies was not stored: it is tried again"
            );
        }
    }

    fn all_saved(&mut self) {
        if mem::take(&mut self.told_refused) {
            tracing::info!("all changes of bans, rooms and buddies are stored again");
        }
        self.told_lost = false;
    }
}

impl Batch {
    fn len(&self) -> usize {
        usize::from(self.dropped) + self.slots.len()
    }

    /// Whether there is one more to remember with this.
    fn grows_by(&self, edit: &Edit) -> bool {
        match edit {
            Edit::Slot { slot, .. } => !self.slots.contains_key(slot.as_str()),
            Edit::Drop { .. } => self.len() == 0,
        }
    }

    fn add(&mut self, edit: Edit) {
        match edit {
            Edit::Slot { slot, value, .. } => {
                self.slots.insert(slot.into(), value.map(Into::into));
            }
            Edit::Drop { .. } => {
                self.slots.clear();
                self.dropped = true;
            }
        }
    }

    /// Takes out the first of it.
    fn take(&mut self, slots: usize) -> Self {
        let rest = match self.slots.keys().nth(slots).cloned() {
            Some(first) => self.slots.split_off(&first),
            None => BTreeMap::new(),
        };
        Self {
            dropped: mem::take(&mut self.dropped),
            slots: mem::replace(&mut self.slots, rest),
        }
    }

    /// Adds what is older.
    fn put_beneath(&mut self, older: Self) {
        if self.dropped {
            return;
        }
        self.dropped = older.dropped;
        for (slot, value) in older.slots {
            self.slots.entry(slot).or_insert(value);
        }
    }

    fn into_write(self, name: &str) -> Write {
        let key = object_key(name);
        if self.dropped && self.slots.is_empty() {
            let epoch = Epoch::default();
            return Write::DeleteObject { key, epoch };
        }
        let change = |(name, value)| SlotChange {
            name,
            version: VERSION,
            value,
        };
        Write::Commit(Changes {
            replace: self.dropped,
            // Nobody has a copy that would have to be told of a deletion.
            forget_before: VERSION + 1,
            slots: self.slots.into_iter().map(change).collect(),
            ..Changes::new(key, VERSION)
        })
    }
}
