//! What the owner of a proxy's object says, and whom it answers.
//!
//! Until the owner has answered a request, a change of the same slot means that somebody else was
//! first. Who asked is told that at once, as its change will be refused: that is the rule of
//! versions. The owner's own answer still comes, and says whether it has that rule: it is the value
//! that is there already, or the success of a last writer.

use amf::{Str, Value};
use rtmp::shared_object::{Event, Message, PROXIED};
use rtmp::status::Code;

use super::slot_item;
use super::story::Story;
use crate::config::Dialect;
use crate::directory::Hub;
use crate::item::{Item, What as Told};
use crate::object::Object;
use crate::output::{Output, Refusal, SyncCode};
use crate::remote::{Asker, Remote, Stage, What, Wish};

impl Object {
    /// Takes in a message of the owner.
    pub(super) fn hear(&mut self, message: &Message, hub: &mut Hub) {
        let Some(remote) = self.remote.as_deref_mut() else {
            return;
        };
        let mut is_new = false;
        match remote.stage {
            Stage::Asked(_) | Stage::AskedAgain(_)
                if message.events.contains(&Event::UseSuccess) =>
            {
                remote.stage = Stage::Live;
                remote.has_copy = true;
                is_new = true;
            }
            Stage::Live | Stage::AskedAgain(_) => {}
            Stage::Asked(_) => return self.hear_refusal(message, hub),
            Stage::Connecting | Stage::Idle => return,
        }
        let mut story = Story::default();
        for event in &message.events {
            if let Err((code, why)) = self.hear_event(event, &mut story, hub) {
                self.tell_story(story, hub);
                return self.give_up(code, &why, hub);
            }
        }
        if let Some(remote) = self.remote.as_deref_mut()
            && remote.stage == Stage::Live
            && !message.events.iter().all(is_status)
        {
            remote.version = message.version;
        }
        self.end_hearing(story, is_new, hub);
    }

    fn end_hearing(&mut self, mut story: Story, is_new: bool, hub: &mut Hub) {
        self.refuse_the_rest(&mut story, hub);
        if is_new && self.script && !story.has_sync() {
            let (object, entries) = (self.id, Vec::new());
            hub.outputs.push_back(Output::Sync { object, entries });
        }
        if let Some(remote) = self.remote.as_deref_mut() {
            remote.tidy();
        }
        let is_lost = story.lost;
        self.tell_story(story, hub);
        if is_new {
            self.admit_waiting(hub);
        }
        let remote = self.remote.as_deref();
        let is_live = remote.is_some_and(|remote| remote.stage == Stage::Live);
        if is_lost && is_live {
            self.begin_again(hub);
        } else {
            self.send_waiting(hub);
        }
    }

    /// The owner does not let the proxy in. Anything else belongs to a subscription before.
    fn hear_refusal(&mut self, message: &Message, hub: &mut Hub) {
        if let Some(code) = message.events.iter().find_map(ending) {
            self.give_up(code, &Refusal::Owner, hub);
        }
    }

    fn hear_event(
        &mut self,
        event: &Event,
        story: &mut Story,
        hub: &mut Hub,
    ) -> Result<(), (Code, Refusal)> {
        let too_much = |why| (Code::SharedObjectCreationFailed, why);
        match event {
            Event::Change(slots) => {
                for (key, value) in slots {
                    let value = Some(value).filter(|value| !value.is_nothing());
                    self.hear_slot(key, value, story, hub).map_err(too_much)?;
                }
            }
            Event::Remove(keys) => {
                for key in keys {
                    self.hear_slot(key, None, story, hub).map_err(too_much)?;
                }
            }
            Event::ChangeEcho(slots) => {
                for (key, value) in slots {
                    let echo = Some(value);
                    self.hear_success(key, echo, story, hub).map_err(too_much)?;
                }
            }
            Event::Success(keys) => {
                for key in keys {
                    self.hear_success(key, None, story, hub).map_err(too_much)?;
                }
            }
            Event::Clear => self.hear_clear(story),
            Event::SendMessage { handler, args } => self.hear_call(handler, args, story, hub),
            Event::Status { .. } => {
                if let Some(code) = ending(event) {
                    return Err((code, Refusal::Owner));
                }
                story.refused = true;
            }
            // The rest says nothing about the object, or nothing that is needed.
            _ => {}
        }
        Ok(())
    }

    /// A slot has this value: because somebody else said so, or because the owner refuses what
    /// was asked.
    fn hear_slot(
        &mut self,
        key: &Str,
        value: Option<&Value>,
        story: &mut Story,
        hub: &mut Hub,
    ) -> Result<(), Refusal> {
        let is_same = self.state.value(key) == value;
        let is_for = |wish: &Wish| matches!(&wish.what, What::Slot(slot, _) if slot == key);
        if self
            .take(|wish| is_for(wish) && wish.is_overtaken && is_same)
            .is_some()
        {
            return Ok(());
        }
        if value.is_none()
            && let Some(asker) = self.take_removal(key, story.refused, hub.config.proxy_dialect)
        {
            return self.make_change(asker, key, None, story, hub);
        }
        if story.refused
            && let Some((request, asker, _)) = self.take(is_for)
        {
            return self.hear_refused_slot((request, asker), key, value, story, hub);
        }
        let remote = self.remote.as_deref_mut();
        let overtaken = remote.map(|remote| remote.overtake(|slot| slot == key));
        let overtaken = overtaken.unwrap_or_default();
        if is_same && value.is_none() && overtaken.is_empty() {
            return Ok(());
        }
        let old = self.state.value(key).cloned();
        for (asker, _) in &overtaken {
            self.sync_rejected(*asker, key, story);
        }
        if !is_same || overtaken.is_empty() {
            let is_mine = overtaken.iter().any(|(asker, _)| *asker == Asker::Script);
            if !is_mine {
                sync_change(key, value, old, story);
            }
            self.write_copy(key, value, None, story, hub)?;
        }
        self.tell_overtaken(&overtaken, key, value, is_same, story);
        Ok(())
    }

    /// Tells everybody of a change, and in its place those who were overtaken by it what the slot
    /// holds now. Requests in flight want different slots, so they have one asker.
    fn tell_overtaken(
        &self,
        overtaken: &[(Asker, Str)],
        key: &Str,
        value: Option<&Value>,
        is_same: bool,
        story: &mut Story,
    ) {
        let item = (!is_same || overtaken.is_empty()).then(|| slot_item(key, value));
        match overtaken {
            [] => item.into_iter().for_each(|item| story.all(item)),
            [(asker, _), ..] => {
                let answers = overtaken.iter().map(|_| self.truth(key)).collect();
                story.answer(*asker, item, answers);
            }
        }
    }

    /// The owner has refused the change of a slot, and says what it holds.
    fn hear_refused_slot(
        &mut self,
        (request, asker): (u64, Asker),
        key: &Str,
        value: Option<&Value>,
        story: &mut Story,
        hub: &mut Hub,
    ) -> Result<(), Refusal> {
        self.sync_rejected(asker, key, story);
        let is_same = self.state.value(key) == value;
        let mut answers = self.refusal(request, asker, &Refusal::Owner, story, hub);
        if !is_same {
            self.write_copy(key, value, None, story, hub)?;
        }
        answers.push(self.truth(key));
        let item = (!is_same).then(|| slot_item(key, value));
        story.answer(asker, item, answers);
        Ok(())
    }

    /// What was asked is done.
    fn hear_success(
        &mut self,
        key: &Str,
        echo: Option<&Value>,
        story: &mut Story,
        hub: &mut Hub,
    ) -> Result<(), Refusal> {
        let is_for = |wish: &Wish| matches!(&wish.what, What::Slot(slot, _) if slot == key);
        let found = self.take(is_for);
        let (value, asker) = match (found, echo) {
            (Some((_, asker, wish)), _) => {
                let What::Slot(_, wanted) = wish.what else {
                    return Ok(());
                };
                let value = echo.cloned().or(wanted);
                (value, (!wish.is_overtaken).then_some(asker))
            }
            (None, Some(echo)) => (Some(echo.clone()), None),
            (None, None) => {
                story.lost = true;
                return Ok(());
            }
        };
        let value = value.filter(|value| !value.is_nothing());
        if let Some(asker) = asker {
            return self.make_change(asker, key, value.as_ref(), story, hub);
        }
        // Who asked has been told that it was overtaken: to it, it is a change as any other.
        let old = self.state.value(key).cloned();
        if old.is_some() || value.is_some() {
            sync_change(key, value.as_ref(), old, story);
            self.write_copy(key, value.as_ref(), None, story, hub)?;
            story.all(slot_item(key, value.as_ref()));
        }
        Ok(())
    }

    /// The change that somebody here asked for is made.
    fn make_change(
        &mut self,
        asker: Asker,
        key: &Str,
        value: Option<&Value>,
        story: &mut Story,
        hub: &mut Hub,
    ) -> Result<(), Refusal> {
        let old = self.state.value(key).cloned();
        let was_there = old.is_some();
        if asker == Asker::Script {
            story.sync(SyncCode::Success, Some(key), None);
        } else if was_there || value.is_some() {
            sync_change(key, value, old, story);
        }
        self.write_copy(key, value, Some(asker.serial()), story, hub)?;
        let item = (was_there || value.is_some()).then(|| slot_item(key, value));
        let answer = self.success_for(asker, key, value);
        story.answer(asker, item, vec![Item::event(answer)]);
        Ok(())
    }

    /// How a client is told that its change is made.
    fn success_for(&self, asker: Asker, key: &Str, value: Option<&Value>) -> Event {
        let proxied = match asker {
            Asker::Client { user, .. } => self.users.get(&user),
            Asker::Script => None,
        };
        let keys = vec![key.clone()];
        match (proxied, value) {
            (Some(user), Some(value)) if user.address.flags & PROXIED != 0 => {
                Event::ChangeEcho(vec![(key.clone(), value.clone())])
            }
            (Some(user), None) if user.address.flags & PROXIED != 0 => Event::Remove(keys),
            _ => Event::Success(keys),
        }
    }

    /// All slots are gone, by somebody here or elsewhere.
    fn hear_clear(&mut self, story: &mut Story) {
        let own = self.take(|wish| matches!(wish.what, What::Clear));
        let writer = own.as_ref().map(|(_, asker, _)| asker.serial());
        story.sync(SyncCode::Clear, None, None);
        let mut overtaken = Vec::new();
        if own.is_none()
            && let Some(remote) = self.remote.as_deref_mut()
        {
            overtaken = remote.overtake(|_| true);
        }
        for (asker, key) in &overtaken {
            self.sync_rejected(*asker, key, story);
        }
        self.state.clear(writer);
        story.changed = true;
        let item = Item::new(Told::Clear);
        match own {
            Some((_, asker, _)) => {
                let answer = Item::event(Event::Clear);
                story.answer(asker, Some(item), vec![answer]);
            }
            None => story.all(item),
        }
        for (asker, key) in overtaken {
            story.answer(asker, None, vec![self.truth(&key)]);
        }
    }

    /// Everybody is called, and the script if it was not its own call.
    fn hear_call(&mut self, handler: &Str, args: &[Value], story: &mut Story, hub: &mut Hub) {
        let is_it = |wish: &Wish| match &wish.what {
            What::Call {
                handler: name,
                args: with,
            } => name == handler && with == args,
            _ => false,
        };
        let own = self.take(is_it);
        let is_mine = own.is_some_and(|(_, asker, _)| asker == Asker::Script);
        story.all(Item::event(Event::SendMessage {
            handler: handler.clone(),
            args: args.to_vec(),
        }));
        self.tell_script(story, hub);
        if self.script && !is_mine {
            hub.outputs.push_back(Output::Message {
                object: self.id,
                handler: handler.clone(),
                args: args.to_vec(),
            });
        }
    }

    /// The owner has refused something, and said nothing of its slots: that was a call, or the
    /// wish to clear the object. The oldest one, as answers come in order.
    fn refuse_the_rest(&mut self, story: &mut Story, hub: &mut Hub) {
        if !story.refused {
            return;
        }
        let Some(remote) = self.remote.as_deref_mut() else {
            return;
        };
        if story.told.is_empty() {
            let is_other = |wish: &Wish| !matches!(wish.what, What::Slot(..));
            if let Some((request, asker, _)) = remote.take(is_other) {
                let answers = self.refusal(request, asker, &Refusal::Owner, story, hub);
                story.answer(asker, None, answers);
            }
            return;
        }
        // The whole of a request is answered together: what was not done is refused.
        let mut rest = Vec::new();
        let told = &story.told;
        let flight = &mut remote.flight;
        while let Some(at) = flight.iter().position(|sent| told.contains(&sent.number)) {
            rest.extend(flight.remove(at));
        }
        for request in rest {
            self.refuse_request(&request, &Refusal::Owner, story, hub);
        }
    }

    /// Who wanted this slot to be removed, now that it is. Servers are answered by just that;
    /// clients get an answer of their own, which is still to come unless it is a refusal.
    fn take_removal(&mut self, key: &Str, refused: bool, dialect: Dialect) -> Option<Asker> {
        let is_it = |wish: &Wish| {
            let is_for = matches!(&wish.what, What::Slot(slot, None) if slot == key);
            is_for && !wish.is_overtaken
        };
        match dialect {
            Dialect::Server => self.take(is_it).map(|(_, asker, _)| asker),
            Dialect::Client if refused => None,
            Dialect::Client => self.remote.as_deref_mut()?.mark(is_it),
        }
    }

    fn take(&mut self, wanted: impl Fn(&Wish) -> bool) -> Option<(u64, Asker, Wish)> {
        self.remote
            .as_deref_mut()
            .and_then(|remote: &mut Remote| remote.take(wanted))
    }

    /// Writes to the copy what the owner says.
    fn write_copy(
        &mut self,
        key: &Str,
        value: Option<&Value>,
        writer: Option<u64>,
        story: &mut Story,
        hub: &Hub,
    ) -> Result<(), Refusal> {
        match value {
            Some(value) => {
                let bytes = self.state.check(key, value, &hub.config.limits)?;
                let item = Item::change(key.clone(), value.clone());
                self.state.set(key, item, bytes, writer);
                story.changed = true;
            }
            None => story.changed |= self.state.remove(key, writer),
        }
        Ok(())
    }
}

/// The script is told what somebody else did.
fn sync_change(key: &Str, value: Option<&Value>, old: Option<Value>, story: &mut Story) {
    let code = match value {
        Some(_) => SyncCode::Change,
        None => SyncCode::Delete,
    };
    story.sync(code, Some(key), old);
}

fn is_status(event: &Event) -> bool {
    matches!(event, Event::Status { .. })
}

/// The code of a status that says that there is no subscription.
fn ending(event: &Event) -> Option<Code> {
    let Event::Status { code, .. } = event else {
        return None;
    };
    let codes = [
        Code::SharedObjectNoReadAccess,
        Code::SharedObjectCreationFailed,
        Code::SharedObjectBadPersistence,
    ];
    codes.into_iter().find(|known| known.as_str() == &**code)
}
