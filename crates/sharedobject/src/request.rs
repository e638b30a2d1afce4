//! What clients ask for, and how it is answered: never with silence.
//!
//! All events of one message that change the object are carried out together, announced together
//! and answered together.

use std::collections::BTreeMap;
use std::sync::Arc;

use amf::{Str, Value};
use rtmp::shared_object::{Event, Message, PERSISTENT, PROXIED};
use rtmp::status::Code;

use crate::batch::{Address, Update};
use crate::config::{Conflict, Rights};
use crate::directory::{Directory, Hub};
use crate::item::{Item, bytes_on_wire};
use crate::name::{Kind, ObjectName};
use crate::object::Object;
use crate::output::{Note, Output, Refusal, SyncCode, SyncEntry};
use crate::remote::Asker;
use crate::stored::encode_value;
use crate::user::{ObjectId, UserId};

/// What a client asked for in one message.
#[derive(Debug)]
pub(crate) struct Held {
    user: UserId,
    /// The use of the object that it belongs to: after another it is not answered.
    serial: u64,
    /// The version that the client had.
    version: u32,
    rights: Rights,
    events: Vec<Event>,
}

/// What becomes of one message.
struct Work<'a> {
    asked: &'a Held,
    /// Everything in it is refused, for this reason.
    denied: Option<Refusal>,
    /// Whether the client speaks as a server that uses an object of ours.
    proxied: bool,
    /// What everybody is told.
    items: Vec<Arc<Item>>,
    /// What the client is told instead.
    answers: Vec<Arc<Item>>,
    /// What was said there about slots that have not changed since: said again, it costs nothing.
    truths: BTreeMap<Str, Arc<Item>>,
    /// Whether there is more in `answers` than calls that everybody gets.
    is_answered: bool,
    /// Whether the client has been told that something was refused.
    is_refused: bool,
    changed: bool,
    /// What the script is told.
    sync: Vec<SyncEntry>,
}

/// What one message has asked for so far. Each use is told the whole object, so one message gets
/// that once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Uses {
    None,
    /// The object is in use by it.
    Begun,
    /// That has been ended.
    Ended,
    /// To use it again was refused.
    Refused,
}

/// What is to be done about a use.
enum Use {
    Begin,
    /// It is answered by what answers the one before.
    Answered,
    Refuse,
}

impl Uses {
    fn next(&mut self) -> Use {
        match self {
            Self::None => {
                *self = Self::Begun;
                Use::Begin
            }
            Self::Ended => {
                *self = Self::Refused;
                Use::Refuse
            }
            Self::Begun | Self::Refused => Use::Answered,
        }
    }

    fn released(&mut self) {
        if *self == Self::Begun {
            *self = Self::Ended;
        }
    }
}

/// What was done with a slot: for the script, for everybody if anything, and for who asked.
type Done = (SyncCode, Option<Arc<Item>>, Event);

impl Directory {
    /// Carries out the events of a message in their order.
    pub(crate) fn request(&mut self, user: UserId, message: &Message, rights: Rights) {
        let kind = Kind::of(message.is_persistent());
        let name = ObjectName::parse(&message.name, self.hub.config.limits.name_bytes);
        let mut writes = Vec::new();
        let mut uses = Uses::None;
        for event in &message.events {
            match (event, &name) {
                (Event::Use, Ok(name)) => {
                    self.write(user, name, message, rights, &mut writes);
                    match uses.next() {
                        Use::Begin => self.begin_use(user, name, kind, message, rights),
                        Use::Answered => {}
                        Use::Refuse => {
                            let code = Code::SharedObjectCreationFailed;
                            self.refuse(user, message, code, Refusal::Again);
                        }
                    }
                }
                (Event::Use, Err(error)) => {
                    let why = Refusal::Name(*error);
                    self.refuse(user, message, Code::SharedObjectCreationFailed, why);
                }
                (Event::Release, Ok(name)) => {
                    self.write(user, name, message, rights, &mut writes);
                    self.end_use(user, name, kind);
                    uses.released();
                }
                (Event::Release, Err(_)) => {}
                (Event::Unreadable, _) => self.refuse_unreadable(user, message),
                _ if is_write(event) => writes.push(event.clone()),
                _ => self.hub.note(Note::UnknownEvent {
                    user,
                    name: message.name.clone(),
                    event: event.kind(),
                }),
            }
        }
        match name {
            Ok(name) => self.write(user, &name, message, rights, &mut writes),
            Err(error) if !writes.is_empty() => {
                let why = Refusal::Name(error);
                self.refuse(user, message, Code::SharedObjectNoWriteAccess, why);
            }
            Err(_) => {}
        }
    }

    fn begin_use(
        &mut self,
        user: UserId,
        name: &ObjectName,
        kind: Kind,
        message: &Message,
        rights: Rights,
    ) {
        let id = match self.admit(user, name, kind, rights) {
            Ok(id) => id,
            Err((code, why)) => return self.refuse(user, message, code, why),
        };
        if let Some(object) = self.objects.get_mut(&id) {
            let address = address(message);
            object.subscribe(user, address, message.version, rights, &mut self.hub);
            self.uses.entry(user).or_default().insert(id);
        }
    }

    /// Finds, loads or makes the object that a client wants to use.
    fn admit(
        &mut self,
        user: UserId,
        name: &ObjectName,
        kind: Kind,
        rights: Rights,
    ) -> Result<ObjectId, (Code, Refusal)> {
        let failed = |why| (Code::SharedObjectCreationFailed, why);
        if !rights.read {
            return Err((Code::SharedObjectNoReadAccess, Refusal::Rights));
        }
        let live = self.find(name, kind);
        if live.is_none() && self.has_other_kind(name, kind) {
            return Err((Code::SharedObjectBadPersistence, Refusal::Persistence));
        }
        let found = match live {
            None if kind.is_persistent() => self.load(name).map_err(failed)?,
            live => live,
        };
        let id = match found {
            Some(id) => id,
            None if rights.create => self.make(name, kind).map_err(failed)?,
            None => return Err(failed(Refusal::Rights)),
        };
        let is_proxy = |object: &Object| object.remote.is_some();
        if !rights.relay && self.objects.get(&id).is_some_and(is_proxy) {
            return Err(failed(Refusal::Relay));
        }
        let max = self.hub.config.limits.subscribers;
        let users = self.objects.get(&id).map(|object| &object.users);
        if users.is_some_and(|users| users.len() >= max && !users.contains_key(&user)) {
            self.retire(id);
            let limit = "subscribers";
            return Err(failed(Refusal::Limit { limit, max }));
        }
        Ok(id)
    }

    /// Whether the name is taken by an object of the other kind, where that matters.
    pub(crate) fn has_other_kind(&self, name: &ObjectName, kind: Kind) -> bool {
        self.hub.config.one_name_space && self.find(name, kind.other()).is_some()
    }

    fn end_use(&mut self, user: UserId, name: &ObjectName, kind: Kind) {
        let Some(id) = self.find(name, kind) else {
            return;
        };
        if let Some(object) = self.objects.get_mut(&id) {
            object.users.remove(&user);
        }
        self.forget_use(user, id);
        self.retire(id);
    }

    /// The client no longer uses the object.
    pub(crate) fn forget_use(&mut self, user: UserId, id: ObjectId) {
        if let Some(uses) = self.uses.get_mut(&user) {
            uses.remove(&id);
            if uses.is_empty() {
                self.uses.remove(&user);
            }
        }
    }

    /// Carries out what is to be written, or holds it while the script has the object locked.
    fn write(
        &mut self,
        user: UserId,
        name: &ObjectName,
        message: &Message,
        rights: Rights,
        writes: &mut Vec<Event>,
    ) {
        let events = std::mem::take(writes);
        if events.is_empty() {
            return;
        }
        let id = self.find(name, Kind::of(message.is_persistent()));
        let object = id.and_then(|id| self.objects.get_mut(&id));
        let serial = |object: &Object| object.users.get(&user).map(|user| user.serial);
        let used = object.and_then(|object| Some((serial(object)?, object)));
        let Some((serial, object)) = used else {
            return self.refuse(
                user,
                message,
                Code::SharedObjectNoWriteAccess,
                Refusal::NotUsed,
            );
        };
        let asked = Held {
            user,
            serial,
            version: message.version,
            rights,
            events,
        };
        if object.remote.is_some() {
            object.pass_on(&asked, &mut self.hub);
        } else if object.is_locked() {
            object.hold(asked, &mut self.hub);
        } else {
            object.carry_out(&asked, None, &mut self.hub);
            object.settle(&mut self.hub);
        }
    }

    /// What the client wanted is not known: it waits for the object, or has changed it.
    fn refuse_unreadable(&mut self, user: UserId, message: &Message) {
        let kind = Kind::of(message.is_persistent());
        let name = ObjectName::parse(&message.name, self.hub.config.limits.name_bytes);
        let id = name.ok().and_then(|name| self.find(&name, kind));
        let object = id.and_then(|id| self.objects.get(&id));
        let code = if object.is_some_and(|object| object.users.contains_key(&user)) {
            Code::SharedObjectNoWriteAccess
        } else {
            Code::SharedObjectCreationFailed
        };
        self.refuse(user, message, code, Refusal::Unreadable);
    }

    /// Tells a client that does not use the object that its request is refused.
    fn refuse(&mut self, user: UserId, message: &Message, code: Code, why: Refusal) {
        let name = message.name.clone();
        self.hub.note(Note::Refused {
            user,
            name,
            code,
            why,
        });
        let items = vec![Item::event(status(code))];
        let update = Update::notice(Arc::new(address(message)), message.version, items);
        self.hub.outputs.push_back(Output::Update { user, update });
    }
}

impl Object {
    /// Asks the owner of a proxy's object for what a client wants.
    fn pass_on(&mut self, asked: &Held, hub: &mut Hub) {
        let asker = Asker::Client {
            user: asked.user,
            serial: asked.serial,
        };
        let denied = (!asked.rights.write).then_some(Refusal::Rights);
        let passed = match denied {
            None => self.forward(asker, asked.version, &asked.events, hub),
            Some(why) => Err(why),
        };
        if let Err(why) = passed {
            self.carry_out(asked, Some(why), hub);
            self.settle(hub);
        }
    }

    fn hold(&mut self, asked: Held, hub: &mut Hub) {
        let limits = hub.config.limits;
        let events = asked.len();
        let bytes = asked.bytes(limits.held_bytes.saturating_sub(self.held_bytes));
        let (limit, max) = match bytes {
            _ if self.held_events + events > limits.held_requests => {
                ("held_requests", limits.held_requests)
            }
            None => ("held_bytes", limits.held_bytes),
            Some(bytes) => {
                self.held_events += events;
                self.held_bytes += bytes;
                return self.held.push_back(asked);
            }
        };
        self.carry_out(&asked, Some(Refusal::Limit { limit, max }), hub);
    }

    /// Carries out what was held, in the order in which it came, and answers who used the object
    /// a second time meanwhile.
    pub(crate) fn carry_out_held(&mut self, hub: &mut Hub) {
        (self.held_events, self.held_bytes) = (0, 0);
        for (carried_out, asked) in std::mem::take(&mut self.held).into_iter().enumerate() {
            self.admit_before(asked.user, carried_out, hub);
            self.carry_out(&asked, None, hub);
        }
        self.admit_waiting(hub);
    }

    /// Carries out one message, tells everybody, and answers its sender. `denied` refuses all
    /// of it.
    fn carry_out(&mut self, asked: &Held, denied: Option<Refusal>, hub: &mut Hub) {
        let asker = self.users.get(&asked.user);
        let asker = asker.filter(|asker| asker.serial == asked.serial);
        let is_here = asker.is_some();
        let rights = (!asked.rights.write).then_some(Refusal::Rights);
        let mut work = Work {
            asked,
            denied: rights.or(denied),
            proxied: asker.is_some_and(|asker| asker.address.flags & PROXIED != 0),
            items: Vec::new(),
            answers: Vec::new(),
            truths: BTreeMap::new(),
            is_answered: false,
            is_refused: false,
            changed: false,
            sync: Vec::new(),
        };
        for event in &asked.events {
            match event {
                Event::RequestChange(slots) => {
                    for (key, value) in slots {
                        let value = Some(value).filter(|value| !value.is_nothing());
                        self.ask_slot(key, value, &mut work, hub);
                    }
                }
                Event::RequestRemove(keys) => {
                    for key in keys {
                        self.ask_slot(key, None, &mut work, hub);
                    }
                }
                Event::RequestClear => self.ask_clear(&mut work, hub),
                Event::SendMessage { handler, args } => {
                    self.ask_send(handler, args, &mut work, hub);
                }
                _ => {}
            }
        }
        self.sync(&mut work, hub);
        let mut told = self.untold(asked.user);
        self.announce(work.items, work.changed, hub);
        if is_here && work.is_answered {
            told.append(&mut work.answers);
            self.tell(asked.user, told, hub);
        }
    }

    /// A slot is to have a value, or to be removed.
    fn ask_slot(&mut self, key: &Str, value: Option<&Value>, work: &mut Work<'_>, hub: &mut Hub) {
        work.is_answered = true;
        if let Some(why) = work.denied.clone() {
            return self.refuse_slot(key, why, work, hub);
        }
        if self.conflicts(key, work.asked, hub.config.conflict) {
            return self.tell_truth(key, work);
        }
        let old = self
            .script
            .then(|| self.state.value(key).cloned())
            .flatten();
        let done = match value {
            Some(value) => self.set_asked(key, value, work, hub),
            None => Ok(self.remove_asked(key, work)),
        };
        let (code, item, answer) = match done {
            Ok(done) => done,
            Err(why) => return self.refuse_slot(key, why, work, hub),
        };
        work.answers.push(Item::event(answer));
        work.truths.remove(key);
        if let Some(item) = item {
            work.items.push(item);
            work.changed = true;
            let name = Some(key.clone());
            work.sync.push(SyncEntry { code, name, old });
        }
    }

    fn set_asked(
        &mut self,
        key: &Str,
        value: &Value,
        work: &Work<'_>,
        hub: &Hub,
    ) -> Result<Done, Refusal> {
        let item = self.set(key, value, Some(work.asked.serial), hub)?;
        let answer = if work.proxied {
            Event::ChangeEcho(vec![(key.clone(), value.clone())])
        } else {
            Event::Success(vec![key.clone()])
        };
        Ok((SyncCode::Change, Some(item), answer))
    }

    fn remove_asked(&mut self, key: &Str, work: &Work<'_>) -> Done {
        let item = self.remove(key, Some(work.asked.serial));
        let keys = vec![key.clone()];
        let answer = if work.proxied {
            Event::Remove(keys)
        } else {
            Event::Success(keys)
        };
        (SyncCode::Delete, item, answer)
    }

    /// Whether somebody else changed the slot after the version that the client knows.
    fn conflicts(&self, key: &str, asked: &Held, rule: Conflict) -> bool {
        self.is_overtaken(key, asked.version, asked.serial, rule)
    }

    /// Whether somebody other than `serial` changed the slot after this version.
    pub(crate) fn is_overtaken(&self, key: &str, known: u32, serial: u64, rule: Conflict) -> bool {
        let Some((version, writer)) = self.state.last_change(key) else {
            return false;
        };
        // What the same message changed before has the next version.
        rule == Conflict::SlotVersion
            && version > known
            && version != self.state.next()
            && writer != Some(serial)
    }

    /// What the slot really is. It keeps its place in the order, as an answer does.
    pub(crate) fn truth(&self, key: &Str) -> Arc<Item> {
        Item::event(match self.state.value(key) {
            Some(value) => Event::Change(vec![(key.clone(), value.clone())]),
            None => Event::Remove(vec![key.clone()]),
        })
    }

    fn refuse_slot(&mut self, key: &Str, why: Refusal, work: &mut Work<'_>, hub: &mut Hub) {
        self.refuse_write(why, work, hub);
        self.tell_truth(key, work);
    }

    fn tell_truth(&self, key: &Str, work: &mut Work<'_>) {
        let known = work.truths.entry(key.clone());
        let truth = known.or_insert_with(|| self.truth(key));
        work.answers.push(Arc::clone(truth));
    }

    /// Tells the client once in each message that something is refused.
    fn refuse_write(&mut self, why: Refusal, work: &mut Work<'_>, hub: &mut Hub) {
        work.is_answered = true;
        if std::mem::replace(&mut work.is_refused, true) {
            return;
        }
        let code = Code::SharedObjectNoWriteAccess;
        work.answers.push(Item::event(status(code)));
        hub.note(Note::Refused {
            user: work.asked.user,
            name: self.name.text().clone(),
            code,
            why,
        });
    }

    /// All slots are to be removed.
    fn ask_clear(&mut self, work: &mut Work<'_>, hub: &mut Hub) {
        if let Some(why) = work.denied.clone() {
            return self.refuse_write(why, work, hub);
        }
        work.is_answered = true;
        if self.script {
            let state = &self.state;
            work.sync.extend(state.names().map(|name| SyncEntry {
                code: SyncCode::Delete,
                name: Some(name.clone()),
                old: state.value(name).cloned(),
            }));
        }
        let item = self.clear(Some(work.asked.serial));
        work.items.push(item);
        work.changed = true;
        work.answers.push(Item::event(Event::Clear));
        work.truths.clear();
    }

    /// Everybody is to be called, the sender and the script too.
    fn ask_send(&mut self, handler: &Str, args: &[Value], work: &mut Work<'_>, hub: &mut Hub) {
        if let Some(why) = work.denied.clone() {
            return self.refuse_write(why, work, hub);
        }
        let item = match send(handler, args, hub) {
            Ok(item) => item,
            Err(why) => return self.refuse_write(why, work, hub),
        };
        work.items.push(Arc::clone(&item));
        work.answers.push(item);
        self.sync(work, hub);
        if self.script {
            hub.outputs.push_back(Output::Message {
                object: self.id,
                handler: handler.clone(),
                args: args.to_vec(),
            });
        }
    }

    /// Tells the script what has changed so far.
    fn sync(&mut self, work: &mut Work<'_>, hub: &mut Hub) {
        let entries = std::mem::take(&mut work.sync);
        if self.script && !entries.is_empty() {
            let object = self.id;
            hub.outputs.push_back(Output::Sync { object, entries });
        }
    }
}

impl Held {
    /// How many slots and calls it is about.
    fn len(&self) -> usize {
        let events = self.events.iter();
        events
            .map(|event| match event {
                Event::RequestChange(slots) => slots.len(),
                Event::RequestRemove(keys) => keys.len(),
                _ => 1,
            })
            .sum()
    }

    /// How many bytes names and values in it have as they are sent, if no more than `max`.
    fn bytes(&self, max: usize) -> Option<usize> {
        let mut left = max;
        for event in &self.events {
            match event {
                Event::RequestChange(slots) => {
                    for (key, value) in slots {
                        left = left.checked_sub(key.len())?;
                        left -= bytes_on_wire(std::slice::from_ref(value), left).ok()?;
                    }
                }
                Event::RequestRemove(keys) => {
                    for key in keys {
                        left = left.checked_sub(key.len())?;
                    }
                }
                Event::SendMessage { handler, args } => {
                    left = left.checked_sub(handler.len())?;
                    left -= bytes_on_wire(args, left).ok()?;
                }
                _ => {}
            }
        }
        Some(max - left)
    }
}

/// A call, if it is short enough to be made.
pub(crate) fn send(handler: &Str, args: &[Value], hub: &Hub) -> Result<Arc<Item>, Refusal> {
    let limits = hub.config.limits;
    let max = limits.slot_bytes;
    let limit = "slot_bytes";
    if handler.len() > limits.slot_name_bytes {
        let (limit, max) = ("slot_name_bytes", limits.slot_name_bytes);
        return Err(Refusal::Limit { limit, max });
    }
    let stored = encode_value(&Value::array(args.iter().cloned()), max);
    match stored.and_then(|_| bytes_on_wire(args, max)) {
        Ok(_) => Ok(Item::event(Event::SendMessage {
            handler: handler.clone(),
            args: args.to_vec(),
        })),
        Err(amf::EncodeError::OutputTooLong { .. }) => Err(Refusal::Limit { limit, max }),
        Err(error) => Err(Refusal::Value(error)),
    }
}

fn is_write(event: &Event) -> bool {
    matches!(
        event,
        Event::RequestChange(_)
            | Event::RequestRemove(_)
            | Event::RequestClear
            | Event::SendMessage { .. }
    )
}

fn address(message: &Message) -> Address {
    Address {
        name: message.name.clone(),
        flags: message.flags & (PERSISTENT | PROXIED),
    }
}

pub(crate) fn status(code: Code) -> Event {
    Event::Status {
        code: Str::from_static(code.as_str()),
        level: Str::from_static("error"),
    }
}
