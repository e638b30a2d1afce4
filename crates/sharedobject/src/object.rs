//! One object: its contents, who uses it, what they have not been told yet, and its lock.
//!
//! What clients ask for is carried out in `request`, what the script asks for in `script`; both
//! write through the methods here, so that everybody is told and the store knows what changed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use amf::Str;
use rtmp::Millis;
use rtmp::shared_object::{Event, PERSISTENT, PROXIED};

use crate::batch::{Address, Batch, Merge, Update};
use crate::config::Rights;
use crate::directory::{Hub, Timer};
use crate::dirty::Dirty;
use crate::item::{Item, What};
use crate::name::{Kind, ObjectName};
use crate::output::{Output, Refusal, Save, SaveId};
use crate::remote::Remote;
use crate::request::Held;
use crate::state::{RESERVED_VERSIONS, State, Writer};
use crate::user::{ObjectId, UserId};

/// A client that uses the object.
#[derive(Debug)]
pub(crate) struct Subscriber {
    /// Tells this use from the client's next one, after a release. To use the object again
    /// without one goes on with the same: what was asked for before is still answered.
    pub(crate) serial: u64,
    /// It has been told the items of the open batch before this one.
    pub(crate) from: usize,
    /// How the object is named to it.
    pub(crate) address: Arc<Address>,
    /// Whether it may use a proxy; instances may not.
    pub(crate) relay: bool,
    /// While it waits for the end of a lock, or for a proxy's owner.
    waits: Option<Waiting>,
}

/// A client that waits to be told what it lacks.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    /// The version that it came with.
    version: u32,
    /// Whether it did not use the object before.
    is_new: bool,
    /// So many of the requests that the lock holds came before.
    after: usize,
}

#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) id: ObjectId,
    pub(crate) name: ObjectName,
    pub(crate) kind: Kind,
    /// How the object is named to most clients.
    address: Arc<Address>,
    pub(crate) state: State,
    pub(crate) dirty: Dirty,
    pub(crate) auto_commit: bool,
    commit_due: Option<Millis>,
    /// Whether it is stored, or will be with the saves that are on their way.
    pub(crate) is_stored: bool,
    /// Whether the store knows that the object is in use.
    is_marked: bool,
    /// The version that it is marked with: the store has been told of no higher one.
    reserved: u32,
    pub(crate) users: BTreeMap<UserId, Subscriber>,
    /// Who came under the lock.
    waiting: BTreeSet<UserId>,
    /// Whether the script has it open.
    pub(crate) script: bool,
    /// Its owner, if it is a proxy.
    pub(crate) remote: Option<Box<Remote>>,
    /// How often the script has locked it.
    pub(crate) locks: u32,
    /// What clients asked for meanwhile, in order.
    pub(crate) held: VecDeque<Held>,
    pub(crate) held_events: usize,
    pub(crate) held_bytes: usize,
    /// What the script did under its lock, without what it overtook itself.
    behind_lock: Merge,
    /// Whether that changed the contents.
    changed_behind_lock: bool,
    /// What happened and has not been sent to everybody.
    open: Vec<Arc<Item>>,
    /// From then on, something that happens is announced at once.
    quiet_at: Millis,
    flush_due: Option<Millis>,
}

impl Object {
    pub(crate) fn new(id: ObjectId, name: ObjectName, kind: Kind, state: State, hub: &Hub) -> Self {
        let address = Arc::new(Address {
            name: name.text().clone(),
            flags: if kind.is_persistent() { PERSISTENT } else { 0 },
        });
        Self {
            id,
            name,
            kind,
            address,
            state,
            dirty: Dirty::default(),
            auto_commit: hub.config.auto_commit,
            commit_due: None,
            is_stored: false,
            is_marked: false,
            reserved: 0,
            users: BTreeMap::new(),
            waiting: BTreeSet::new(),
            script: false,
            remote: None,
            locks: 0,
            held: VecDeque::new(),
            held_events: 0,
            held_bytes: 0,
            behind_lock: Merge::default(),
            changed_behind_lock: false,
            open: Vec::new(),
            quiet_at: Millis::default(),
            flush_due: None,
        }
    }

    pub(crate) fn is_used(&self) -> bool {
        self.script || !self.users.is_empty()
    }

    pub(crate) fn is_locked(&self) -> bool {
        self.locks > 0
    }

    /// What the script did under its lock.
    #[cfg(test)]
    pub(crate) fn behind_lock(&self) -> &[Arc<Item>] {
        self.behind_lock.items()
    }

    /// Whether it is stored here: a proxy's object is stored by its owner.
    pub(crate) fn is_kept(&self) -> bool {
        self.kind.is_persistent() && self.remote.is_none()
    }

    /// Whether it differs from what is stored, as far as is known.
    pub(crate) fn is_dirty(&self) -> bool {
        self.is_kept() && self.dirty.is_dirty()
    }

    /// Whether those who come are not told anything yet.
    fn holds_back(&self) -> bool {
        let awaits = |remote: &Remote| remote.awaits_copy();
        self.is_locked() || self.remote.as_deref().is_some_and(awaits)
    }

    /// Lets a client use the object, or tells it everything again, by the version it has. Under a
    /// lock it counts as a user at once, but is told at the unlock: nobody is to see the half of
    /// what the script is about to do. So it is with a proxy that does not know its object yet.
    pub(crate) fn subscribe(
        &mut self,
        user: UserId,
        address: Address,
        version: u32,
        rights: Rights,
        hub: &mut Hub,
    ) {
        let before = self.users.get(&user);
        let was_waiting = before.and_then(|subscriber| subscriber.waits);
        let before = before.map(|subscriber| (subscriber.serial, subscriber.from));
        let address = if address == *self.address {
            Arc::clone(&self.address)
        } else {
            Arc::new(address)
        };
        // A server that has waited for too long begins anew, and has given up what it asked for.
        let goes_on = address.flags & PROXIED == 0;
        let known = before.filter(|_| goes_on).map(|(serial, _)| serial);
        let subscriber = Subscriber {
            serial: known.unwrap_or_else(|| hub.serial()),
            from: before.map_or(self.open.len(), |(_, from)| from),
            address,
            relay: rights.relay,
            waits: self.holds_back().then_some(Waiting {
                version,
                is_new: before.is_none() || was_waiting.is_some_and(|waits| waits.is_new),
                after: self.held.len(),
            }),
        };
        self.users.insert(user, subscriber);
        if self.holds_back() {
            self.waiting.insert(user);
        } else {
            let untold = self.untold(user);
            self.welcome(user, version, untold, hub);
        }
    }

    /// Tells a client that it uses the object, and what it lacks of it, behind `items`.
    fn welcome(&mut self, user: UserId, version: u32, mut items: Vec<Arc<Item>>, hub: &mut Hub) {
        items.push(Item::event(Event::UseSuccess));
        // The versions of a proxy are its own, and begin with it.
        let anew = !self.is_kept() || self.state.must_start_anew(version);
        if anew {
            items.push(Item::new(What::Clear));
            items.extend(self.state.changed_since(0).cloned());
        } else {
            items.extend(self.state.changed_since(version).cloned());
            let removed = self.state.removed_since(version);
            items.extend(removed.map(|key| Item::new(What::Remove(key.clone()))));
        }
        self.tell(user, items, hub);
    }

    /// What the client has not been told of the open batch.
    pub(crate) fn untold(&self, user: UserId) -> Vec<Arc<Item>> {
        let from = self.users.get(&user).map(|subscriber| subscriber.from);
        let items = from.and_then(|from| self.open.get(from..));
        items.unwrap_or_default().to_vec()
    }

    /// Sends these items to one client, who then knows everything there is.
    pub(crate) fn tell(&mut self, user: UserId, items: Vec<Arc<Item>>, hub: &mut Hub) {
        let Some(subscriber) = self.users.get_mut(&user) else {
            return;
        };
        subscriber.from = self.open.len();
        let address = Arc::clone(&subscriber.address);
        let update = Update::own(address, self.state.version(), items);
        hub.outputs.push_back(Output::Update { user, update });
    }

    /// Sets a slot. The caller announces the item.
    pub(crate) fn set(
        &mut self,
        key: &Str,
        value: &amf::Value,
        writer: Writer,
        hub: &Hub,
    ) -> Result<Arc<Item>, Refusal> {
        let bytes = self.state.check(key, value, &hub.config.limits)?;
        let item = Item::change(key.clone(), value.clone());
        self.state.set(key, Arc::clone(&item), bytes, writer);
        self.dirty.slot(key);
        Ok(item)
    }

    /// Removes a slot, if it is there. The caller announces the item.
    pub(crate) fn remove(&mut self, key: &Str, writer: Writer) -> Option<Arc<Item>> {
        self.state.remove(key, writer).then(|| {
            self.dirty.slot(key);
            Item::new(What::Remove(key.clone()))
        })
    }

    /// Removes all slots. The caller announces the item.
    pub(crate) fn clear(&mut self, writer: Writer) -> Arc<Item> {
        self.state.clear(writer);
        self.dirty.clear();
        Item::new(What::Clear)
    }

    /// Puts items behind those that everybody is to be told. If they are changes, that is a new
    /// version.
    pub(crate) fn announce(&mut self, items: Vec<Arc<Item>>, changed: bool, hub: &mut Hub) {
        self.open.extend(items);
        if changed {
            let forgotten = self.state.commit(&hub.config.limits);
            if self.is_kept() {
                self.dirty.slots(forgotten);
            }
            self.mark_in_use(hub);
            self.schedule_commit(hub);
        }
    }

    /// Before the first new version reaches many clients, the store is to know that there are
    /// versions it has not seen; and again when half of those it knows of have been given.
    /// Nobody waits for it: a server that dies within this one write may have told a version that
    /// it gives again. To hold every first change until the disk has answered would cost more.
    fn mark_in_use(&mut self, hub: &mut Hub) {
        let enough = self.state.version().saturating_add(RESERVED_VERSIONS / 2);
        if !self.is_kept() || (self.is_marked && enough <= self.reserved) {
            return;
        }
        let id = hub.save_id(self.id);
        let head = self.state.head(true);
        (self.is_marked, self.reserved, self.is_stored) = (true, head.version, true);
        let changes = self.dirty.take_head(id, head);
        let name = self.name.clone();
        hub.outputs
            .push_back(Output::Save(Save { id, name, changes }));
    }

    /// The same for what the script does: under its lock that waits.
    pub(crate) fn announce_by_script(&mut self, item: Arc<Item>, changed: bool, hub: &mut Hub) {
        if self.is_locked() {
            self.behind_lock.push(&item);
            self.changed_behind_lock |= changed;
        } else {
            self.announce(vec![item], changed, hub);
            self.settle(hub);
        }
    }

    /// The same for several changes that are one.
    pub(crate) fn announce_together(&mut self, items: Vec<Arc<Item>>, hub: &mut Hub) {
        if self.is_locked() {
            for item in &items {
                self.behind_lock.push(item);
            }
            self.changed_behind_lock = true;
        } else {
            self.announce(items, true, hub);
            self.settle(hub);
        }
    }

    /// Whether the script may make one more call: under its lock they pile up.
    pub(crate) fn may_call(&self, hub: &Hub) -> Result<(), Refusal> {
        let (limit, max) = ("batch_items", hub.config.limits.batch_items);
        if self.is_locked() && self.behind_lock.kept() >= max {
            return Err(Refusal::Limit { limit, max });
        }
        Ok(())
    }

    /// What happened behind the lock is announced, and who is new since then is let in.
    pub(crate) fn announce_locked(&mut self, hub: &mut Hub) {
        let items = std::mem::take(&mut self.behind_lock).into_items();
        let changed = std::mem::take(&mut self.changed_behind_lock);
        self.announce(items, changed, hub);
        for user in self.waiting.clone() {
            self.admit(user, |waits| waits.is_new, hub);
        }
    }

    /// A request that the lock held, with so many before it, is about to be carried out. If its
    /// client has used the object anew before it, that is answered first: each client's answers
    /// come in the order of what it asked, as those who wait for a new copy rely on.
    pub(crate) fn admit_before(&mut self, user: UserId, carried_out: usize, hub: &mut Hub) {
        self.admit(user, |waits| waits.after <= carried_out, hub);
    }

    /// Who waits to be told what there is, is told.
    pub(crate) fn admit_waiting(&mut self, hub: &mut Hub) {
        for user in std::mem::take(&mut self.waiting) {
            self.admit(user, |_| true, hub);
        }
    }

    fn admit(&mut self, user: UserId, wanted: impl Fn(&Waiting) -> bool, hub: &mut Hub) {
        let subscriber = self.users.get_mut(&user);
        let waits = subscriber.and_then(|user| user.waits.take_if(|waits| wanted(waits)));
        if let Some(waits) = waits {
            let untold = if waits.is_new {
                Vec::new()
            } else {
                self.untold(user)
            };
            self.welcome(user, waits.version, untold, hub);
        }
    }

    /// Sends what everybody is to be told, or sees to it that it is sent when the window ends.
    pub(crate) fn settle(&mut self, hub: &mut Hub) {
        if self.open.is_empty() {
            return;
        }
        if hub.now >= self.quiet_at || self.open.len() >= hub.config.limits.batch_items {
            self.flush(hub);
        } else if self.flush_due.is_none() {
            self.flush_due = Some(self.quiet_at);
            hub.wake(self.quiet_at, self.id, Timer::Flush);
        }
    }

    /// Sends what everybody is to be told.
    pub(crate) fn flush(&mut self, hub: &mut Hub) {
        self.flush_due = None;
        if self.open.is_empty() {
            return;
        }
        self.quiet_at = hub.now + hub.config.batch_ms;
        let items = std::mem::take(&mut self.open);
        let batch = Batch::new(Arc::clone(&self.address), self.state.version(), items);
        for (user, subscriber) in &mut self.users {
            let from = std::mem::take(&mut subscriber.from);
            let is_new = subscriber.waits.is_some_and(|waits| waits.is_new);
            if from < batch.len() && !is_new {
                let address = Arc::clone(&subscriber.address);
                let update = Update::shared(Arc::clone(&batch), from, address);
                hub.outputs.push_back(Output::Update {
                    user: *user,
                    update,
                });
            }
        }
    }

    /// A timer has come: the window has ended, or it is time to save.
    pub(crate) fn handle_timer(&mut self, due: Millis, timer: Timer, hub: &mut Hub) {
        match timer {
            Timer::Flush if self.flush_due == Some(due) => self.flush(hub),
            Timer::Commit if self.commit_due == Some(due) => {
                self.commit_due = None;
                self.save(self.is_used(), hub);
            }
            Timer::Answer => self.see_to_answers(hub),
            // The object has seen to it before.
            Timer::Flush | Timer::Commit => {}
        }
    }

    /// Asks for what has changed to be saved at the usual interval.
    pub(crate) fn schedule_commit(&mut self, hub: &mut Hub) {
        let wanted = self.auto_commit || !self.is_used();
        let due = hub.now + hub.config.commit_interval_ms;
        if wanted && self.is_kept() && self.dirty.is_unsaved() && self.commit_due.is_none() {
            self.commit_due = Some(due);
            hub.wake(due, self.id, Timer::Commit);
        }
    }

    /// Asks for what has changed to be saved now. `in_use` when more may change before the next
    /// save.
    pub(crate) fn save(&mut self, in_use: bool, hub: &mut Hub) {
        if let Some(save) = self.take_changes(in_use, hub) {
            hub.outputs.push_back(Output::Save(save));
        }
    }

    /// The fate of a save. A mark that was lost is made again: with the next save if there will be
    /// one by itself, else with the next change.
    pub(crate) fn saved(&mut self, id: SaveId, worked: bool, hub: &mut Hub) {
        self.dirty.landed(id, worked);
        if !worked && !self.auto_commit {
            self.reserved = 0;
        }
        self.schedule_commit(hub);
    }

    /// What has changed since the last save.
    pub(crate) fn take_changes(&mut self, in_use: bool, hub: &mut Hub) -> Option<Save> {
        if self.is_marked && !in_use {
            self.dirty.slots(Vec::new());
        }
        if !self.is_kept() || !self.dirty.is_unsaved() {
            return None;
        }
        let id = hub.save_id(self.id);
        let head = self.state.head(in_use);
        (self.is_marked, self.reserved) = (in_use, head.version);
        let mut changes = self.dirty.take(id, head, &self.state);
        // What the script has chosen is not forgotten.
        let is_usual = head.resync_depth == hub.config.resync_depth;
        changes.forget = !in_use && is_usual && self.state.is_blank();
        self.is_stored = !changes.forget;
        let name = self.name.clone();
        Some(Save { id, name, changes })
    }
}
