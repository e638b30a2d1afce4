//! What clients and the script ask of a proxy, on its way to the owner.
//!
//! Requests go in their order. One whose answers could be mistaken for those to another waits until
//! the other is answered.

use std::sync::Arc;

use amf::{Str, Value};
use rtmp::Millis;
use rtmp::shared_object::Event;
use rtmp::status::Code;

use super::story::Story;
use crate::config::Dialect;
use crate::directory::{Hub, Timer};
use crate::item::Item;
use crate::object::Object;
use crate::output::{Note, Refusal, SyncCode};
use crate::remote::{Asker, Remote, Request, Stage, What, Wish};
use crate::request::{send, status};
use crate::script::SlotError;

impl Object {
    /// The script asks for something.
    pub(crate) fn ask_owner(&mut self, event: Event, hub: &mut Hub) -> Result<(), SlotError> {
        let version = self.state.version();
        Ok(self.forward(Asker::Script, version, &[event], hub)?)
    }

    /// Sees to it that the owner is asked for these events. `version` is what the asker knows.
    ///
    /// # Errors
    ///
    /// When nothing of it can be asked for.
    pub(crate) fn forward(
        &mut self,
        asker: Asker,
        version: u32,
        events: &[Event],
        hub: &mut Hub,
    ) -> Result<(), Refusal> {
        let wishes = self.wishes(asker, events, hub)?;
        let max = hub.config.limits.proxy_requests;
        let number = hub.serial();
        let remote = self.remote.as_deref_mut();
        let remote = remote.filter(|remote| remote.stage != Stage::Idle);
        let remote = remote.ok_or(Refusal::NotConnected)?;
        if remote.waiting() + wishes.len() > max {
            let limit = "proxy_requests";
            return Err(Refusal::Limit { limit, max });
        }
        remote.queue.push_back(Request {
            number,
            asker,
            version,
            wishes,
            due: Millis::default(),
        });
        self.send_waiting(hub);
        Ok(())
    }

    fn wishes(&self, asker: Asker, events: &[Event], hub: &Hub) -> Result<Vec<Wish>, Refusal> {
        let clears_slots = hub.config.proxy_dialect == Dialect::Client;
        let mut wishes = Vec::new();
        let mut wish = |what| {
            let is_overtaken = false;
            wishes.push(Wish { what, is_overtaken });
        };
        for event in events {
            match event {
                Event::RequestChange(slots) => {
                    for (key, value) in slots {
                        wish(self.slot_wish(key, value, hub)?);
                    }
                }
                Event::RequestRemove(keys) => {
                    for key in keys {
                        wish(What::Slot(key.clone(), None));
                    }
                }
                Event::RequestClear if clears_slots && asker != Asker::Script => {
                    return Err(Refusal::Dialect);
                }
                Event::RequestClear if clears_slots => {
                    for key in self.state.names() {
                        wish(What::Slot(key.clone(), None));
                    }
                }
                Event::RequestClear => wish(What::Clear),
                Event::SendMessage { handler, args } => {
                    send(handler, args, hub)?;
                    let (handler, args) = (handler.clone(), args.clone());
                    wish(What::Call { handler, args });
                }
                _ => {}
            }
        }
        Ok(wishes)
    }

    fn slot_wish(&self, key: &Str, value: &Value, hub: &Hub) -> Result<What, Refusal> {
        if value.is_nothing() {
            return Ok(What::Slot(key.clone(), None));
        }
        self.state.check(key, value, &hub.config.limits)?;
        Ok(What::Slot(key.clone(), Some(value.clone())))
    }

    /// Sends what waits, as far as it can be sent now. What somebody else has overtaken here
    /// already need not be asked for.
    pub(super) fn send_waiting(&mut self, hub: &mut Hub) {
        let mut story = Story::default();
        while let Some(mut request) = self.remote.as_deref_mut().and_then(Remote::next) {
            self.drop_overtaken(&mut request, &mut story, hub);
            if !request.wishes.is_empty() {
                self.send_request(request, hub);
            }
        }
        self.tell_story(story, hub);
    }

    fn drop_overtaken(&self, request: &mut Request, story: &mut Story, hub: &Hub) {
        let rule = hub.config.conflict;
        let (asker, version) = (request.asker, request.version);
        request.wishes.retain(|wish| {
            let What::Slot(key, _) = &wish.what else {
                return true;
            };
            let is_overtaken = self.is_overtaken(key, version, asker.serial(), rule);
            if is_overtaken {
                story.answer(asker, None, vec![self.truth(key)]);
                self.sync_rejected(asker, key, story);
            }
            !is_overtaken
        });
    }

    fn send_request(&mut self, mut request: Request, hub: &mut Hub) {
        let due = hub.now + hub.config.proxy_answer_ms;
        let Some(remote) = self.remote.as_deref_mut() else {
            return;
        };
        request.due = due;
        let (version, events) = (remote.version, request.events());
        remote.flight.push_back(request);
        hub.wake(due, self.id, Timer::Answer);
        self.say(version, events, hub);
    }

    /// The script's change was not made: it is told what the slot held at that moment.
    pub(super) fn sync_rejected(&self, asker: Asker, key: &Str, story: &mut Story) {
        if asker == Asker::Script {
            let old = self.state.value(key).cloned();
            story.sync(SyncCode::Reject, Some(key), old);
        }
    }

    /// Nothing of a request that has not been answered is done: its asker is told so, and what the
    /// slots hold.
    pub(super) fn refuse_request(
        &self,
        request: &Request,
        why: &Refusal,
        story: &mut Story,
        hub: &mut Hub,
    ) {
        if !request.is_open() {
            return;
        }
        let mut answers = self.refusal(request.number, request.asker, why, story, hub);
        for wish in request.wishes.iter().filter(|wish| !wish.is_overtaken) {
            if let What::Slot(key, _) = &wish.what {
                answers.push(self.truth(key));
                self.sync_rejected(request.asker, key, story);
            }
        }
        story.answer(request.asker, None, answers);
    }

    /// The status for an asker, once for each request and message.
    pub(super) fn refusal(
        &self,
        request: u64,
        asker: Asker,
        why: &Refusal,
        story: &mut Story,
        hub: &mut Hub,
    ) -> Vec<Arc<Item>> {
        if !story.told.insert(request) {
            return Vec::new();
        }
        let code = Code::SharedObjectNoWriteAccess;
        if let Asker::Client { user, .. } = asker {
            let (name, why) = (self.name.text().clone(), why.clone());
            hub.note(Note::Refused {
                user,
                name,
                code,
                why,
            });
        }
        vec![Item::event(status(code))]
    }
}
