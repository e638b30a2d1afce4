//! Proxies: objects of other instances, of which a copy is kept here.
//!
//! A proxy subscribes once, over a connection of the script, and serves its clients from the copy.
//! What they and the script ask for goes to the owner (`forward`); what the owner says becomes what
//! they are told (`hear`). The copy changes only by what the owner says. Its versions are the
//! proxy's own, so a client that comes gets everything anew; the owner's version is kept for the
//! subscription.
//!
//! When the connection is lost the proxy is idle: the copy stays, and all that is asked for is
//! refused, until the script gets the object again.

mod forward;
mod hear;
mod story;

use std::sync::Arc;

use amf::Str;
use rtmp::shared_object::{Event, Message, PERSISTENT, PROXIED};
use rtmp::status::Code;
use rtmp::{Encoding, Millis};

use crate::config::Dialect;
use crate::directory::{Directory, Hub, Timer};
use crate::item::{Item, What};
use crate::name::{Kind, ObjectName};
use crate::object::Object;
use crate::output::{Note, Output, Refusal};
use crate::remote::{Link, Remote, Stage};
use crate::request;
use crate::script::OpenError;
use crate::user::{LinkId, ObjectId, UserId};
use story::Story;

impl Directory {
    /// The script begins to use an object that another instance owns. A local object of the name
    /// becomes a proxy; a proxy gets another owner if the connection leads to one, and subscribes
    /// again if it is idle. The connection may be one that is about to be opened.
    pub fn open_proxy(
        &mut self,
        name: &str,
        kind: Kind,
        link: LinkId,
    ) -> Result<ObjectId, OpenError> {
        let name = ObjectName::parse(name, self.hub.config.limits.name_bytes);
        let name = name.map_err(|error| OpenError(error.into()))?;
        if self.links.is_over(link) {
            return Err(OpenError(Refusal::NotConnected));
        }
        let id = match self.find(&name, kind) {
            Some(id) => id,
            None if self.has_other_kind(&name, kind) => {
                return Err(OpenError(Refusal::Persistence));
            }
            None => self.make_unkept(&name, kind).map_err(OpenError)?,
        };
        if let Some(object) = self.objects.get_mut(&id) {
            object.script = true;
            let gone = object.follow(link, self.links.get(link), &mut self.hub);
            for user in gone {
                self.forget_use(user, id);
            }
        }
        Ok(id)
    }

    /// The script has begun to open a connection to the instance at this address.
    pub fn link_opened(&mut self, now: Millis, id: LinkId, uri: &str, encoding: Encoding) {
        self.advance(now);
        self.links.open(id, uri.into(), encoding);
        self.with_link(id);
    }

    /// The other instance has accepted the connection: what waits for it subscribes.
    pub fn link_up(&mut self, now: Millis, id: LinkId) {
        self.advance(now);
        self.links.up(id);
        self.with_link(id);
    }

    fn with_link(&mut self, id: LinkId) {
        let Some(link) = self.links.get(id).cloned() else {
            return;
        };
        for object in self.proxies(id) {
            if let Some(object) = self.objects.get_mut(&object) {
                object.connect(&link, &mut self.hub);
            }
        }
    }

    /// The connection has come to its end, or could not be opened.
    pub fn link_down(&mut self, now: Millis, id: LinkId) {
        self.advance(now);
        self.links.down(id);
        for object in self.proxies(id) {
            if let Some(object) = self.objects.get_mut(&object) {
                object.lose_owner(&mut self.hub);
            }
        }
    }

    /// The other instance has sent a message about one of its objects.
    pub fn hear(&mut self, now: Millis, link: LinkId, message: &Message) {
        self.advance(now);
        let Ok(name) = ObjectName::parse(&message.name, self.hub.config.limits.name_bytes) else {
            return;
        };
        // Servers were not seen to say of which kind the object is.
        let kind = Kind::of(message.is_persistent());
        for kind in [kind, kind.other()] {
            let id = self.find(&name, kind);
            let object = id.and_then(|id| self.objects.get_mut(&id));
            if let Some(object) = object.filter(|object| object.is_over(link)) {
                return object.hear(message, &mut self.hub);
            }
        }
    }

    /// How many changes and calls wait for the owner of a proxy's object.
    pub fn waiting(&self, id: ObjectId) -> usize {
        let remote = self
            .objects
            .get(&id)
            .and_then(|object| object.remote.as_deref());
        remote.map_or(0, Remote::waiting)
    }

    /// The proxies whose owner is reached over the connection.
    fn proxies(&self, link: LinkId) -> Vec<ObjectId> {
        let objects = self.objects.values();
        let mut ids: Vec<_> = objects
            .filter(|object| object.is_over(link))
            .map(|object| object.id)
            .collect();
        ids.sort_unstable();
        ids
    }
}

impl Object {
    fn is_over(&self, link: LinkId) -> bool {
        let remote = self.remote.as_deref();
        remote.is_some_and(|remote| remote.link == link)
    }

    /// Becomes or stays a proxy, with an owner at the other end of the connection. Answers who may
    /// not use it any more.
    fn follow(&mut self, id: LinkId, link: Option<&Link>, hub: &mut Hub) -> Vec<UserId> {
        let mut gone = Vec::new();
        match self.remote.as_deref() {
            None => gone = self.become_proxy(id, hub),
            Some(remote) if remote.link == id && remote.stage != Stage::Idle => return gone,
            Some(_) => self.leave_owner(id, hub),
        }
        if let Some(link) = link {
            self.connect(link, hub);
        }
        gone
    }

    /// What the object was goes: to the store, as far as it is to be stored. Instances that use it
    /// must leave, as a proxy has no proxies.
    fn become_proxy(&mut self, link: LinkId, hub: &mut Hub) -> Vec<UserId> {
        self.break_lock(hub);
        self.save(false, hub);
        let users = self.users.iter();
        let gone: Vec<_> = users
            .filter(|(_, user)| !user.relay)
            .map(|(user, _)| *user)
            .collect();
        for user in &gone {
            let status = request::status(Code::SharedObjectCreationFailed);
            let mut told = self.untold(*user);
            told.push(Item::event(status));
            self.tell(*user, told, hub);
            self.users.remove(user);
        }
        self.remote = Some(Box::new(Remote::new(link)));
        self.forget_copy(hub);
        gone
    }

    /// The subscription goes to another connection.
    fn leave_owner(&mut self, link: LinkId, hub: &mut Hub) {
        self.release(hub);
        self.refuse_all(&Refusal::NotConnected, hub);
        if let Some(remote) = self.remote.as_deref_mut() {
            remote.link = link;
            remote.stage = Stage::Connecting;
        }
    }

    /// Everybody is told that there is nothing.
    fn forget_copy(&mut self, hub: &mut Hub) {
        self.state.clear(None);
        self.announce(vec![Item::new(What::Clear)], true, hub);
        self.settle(hub);
    }

    /// The connection is known, and perhaps open.
    fn connect(&mut self, link: &Link, hub: &mut Hub) {
        let Some(remote) = self.remote.as_deref_mut() else {
            return;
        };
        remote.encoding = link.encoding;
        let before = remote.uri.replace(link.uri.clone());
        let is_other = before.is_some_and(|before| before != link.uri);
        if is_other {
            remote.version = 0;
            remote.has_copy = false;
        }
        let subscribes = link.is_up && remote.stage == Stage::Connecting;
        if is_other {
            self.forget_copy(hub);
        }
        if subscribes {
            self.subscribe_upstream(hub);
        }
    }

    /// Asks the owner to let the proxy use the object, and for what the copy lacks.
    fn subscribe_upstream(&mut self, hub: &mut Hub) {
        let due = hub.now + hub.config.proxy_answer_ms;
        let Some(remote) = self.remote.as_deref_mut() else {
            return;
        };
        remote.stage = match remote.stage {
            Stage::Live => Stage::AskedAgain(due),
            _ => Stage::Asked(due),
        };
        let version = remote.version;
        hub.wake(due, self.id, Timer::Answer);
        self.say(version, vec![Event::Use], hub);
    }

    /// Sends the owner a message.
    fn say(&self, version: u32, events: Vec<Event>, hub: &mut Hub) {
        let Some(remote) = self.remote.as_deref() else {
            return;
        };
        let kind = if self.kind.is_persistent() {
            PERSISTENT
        } else {
            0
        };
        let dialect = match hub.config.proxy_dialect {
            Dialect::Server => PROXIED,
            Dialect::Client => 0,
        };
        let message = Message {
            flags: kind | dialect,
            encoding: remote.encoding,
            ..Message::new(self.name.text().clone(), version, false, events)
        };
        let link = remote.link;
        hub.outputs.push_back(Output::Upstream { link, message });
    }

    /// Ends the subscription, as far as there is one.
    pub(crate) fn release(&mut self, hub: &mut Hub) {
        let Some(remote) = self.remote.as_deref_mut() else {
            return;
        };
        let was_subscribed = remote.is_subscribed();
        remote.stage = Stage::Idle;
        let version = remote.version;
        if was_subscribed {
            self.say(version, vec![Event::Release], hub);
        }
    }

    /// The connection is over. What it was to bring is told as a status; that it is over the
    /// script learns from the connection.
    fn lose_owner(&mut self, hub: &mut Hub) {
        let Some(remote) = self.remote.as_deref_mut() else {
            return;
        };
        let stage = std::mem::replace(&mut remote.stage, Stage::Idle);
        if matches!(stage, Stage::Connecting | Stage::Asked(_)) {
            let code = Code::SharedObjectCreationFailed;
            self.fail(code, &Refusal::NotConnected.to_string(), hub);
        }
        self.refuse_all(&Refusal::NotConnected, hub);
        self.admit_waiting(hub);
    }

    /// The subscription cannot go on.
    fn give_up(&mut self, code: Code, why: &Refusal, hub: &mut Hub) {
        self.release(hub);
        self.fail(code, &why.to_string(), hub);
        self.refuse_all(why, hub);
        self.admit_waiting(hub);
    }

    /// Tells the script and the log that there is no subscription.
    fn fail(&self, code: Code, why: &str, hub: &mut Hub) {
        let (name, why) = (self.name.text().clone(), why.to_owned());
        if self.script {
            hub.outputs.push_back(Output::Status {
                object: self.id,
                code,
                why: why.clone(),
            });
        }
        hub.note(Note::OwnerLost { name, why });
    }

    /// Refuses all that the owner has not answered.
    fn refuse_all(&mut self, why: &Refusal, hub: &mut Hub) {
        let requests = self.remote.as_deref_mut().map(Remote::take_all);
        let mut story = Story::default();
        for request in requests.unwrap_or_default() {
            self.refuse_request(&request, why, &mut story, hub);
        }
        self.tell_story(story, hub);
    }

    /// Something of the owner may be overdue.
    pub(crate) fn see_to_answers(&mut self, hub: &mut Hub) {
        let now = hub.now;
        let Some(remote) = self.remote.as_deref_mut() else {
            return;
        };
        match remote.stage {
            Stage::Asked(due) | Stage::AskedAgain(due) if due <= now => {
                let code = Code::SharedObjectCreationFailed;
                self.give_up(code, &Refusal::NoAnswer, hub);
            }
            Stage::Live => {
                let mut is_lost = false;
                remote.flight.retain(|request| {
                    let is_late = request.due <= now;
                    is_lost |= is_late && request.is_owed();
                    !is_late || request.is_owed()
                });
                if is_lost {
                    self.begin_again(hub);
                } else {
                    self.send_waiting(hub);
                }
            }
            Stage::Asked(_) | Stage::AskedAgain(_) | Stage::Connecting | Stage::Idle => {}
        }
    }

    /// What the owner said and what was asked do not fit together: what is on its way is refused,
    /// and the copy is asked for anew.
    /// What the owner still answers comes before the copy, and is part of it.
    fn begin_again(&mut self, hub: &mut Hub) {
        let Some(remote) = self.remote.as_deref_mut() else {
            return;
        };
        remote.version = 0;
        let flight = std::mem::take(&mut remote.flight);
        let mut story = Story::default();
        for request in flight {
            self.refuse_request(&request, &Refusal::NoAnswer, &mut story, hub);
        }
        let (name, why) = (self.name.text().clone(), Refusal::NoAnswer.to_string());
        hub.note(Note::OwnerLost { name, why });
        self.subscribe_upstream(hub);
        self.tell_story(story, hub);
    }
}

/// An item that tells everybody of a slot.
fn slot_item(key: &Str, value: Option<&amf::Value>) -> Arc<Item> {
    match value {
        Some(value) => Item::change(key.clone(), value.clone()),
        None => Item::new(What::Remove(key.clone())),
    }
}
