//! What clients want of shared objects: whether they may, and what comes of it.

use rtmp::shared_object::{Event, Message};
use rtmp::status::Status;
use rtmp::{Body, Millis};
use sharedobject::{Note, Output, Rights};

use crate::client::ClientId;
use crate::effect::{Effect, ObjectNote};
use crate::instance::Instance;
use crate::scripting::{LinkId, ObjectId, ScriptInput};

impl Instance {
    pub(crate) fn on_shared_object(&mut self, now: Millis, client: ClientId, message: &Message) {
        if !self.clients.contains_key(&client) {
            return;
        }
        let in_time = self.is_in_time(now, client, message);
        let read = in_time && self.may_read(client, &message.name);
        let write = in_time && self.may_write(client, &message.name);
        let rights = Rights {
            read,
            write,
            create: read && write,
            relay: !self.is_instance(client),
        };
        self.objects.handle(now, client, message, rights);
        self.take_objects();
    }

    /// Whether the client is the script of another instance, by the address it gives as that of its
    /// movie.
    fn is_instance(&self, client: ClientId) -> bool {
        let info = self.clients.get(&client).map(|here| &here.info);
        let movie = info.and_then(|info| info.swf_url.as_deref());
        movie.is_some_and(|movie| movie.starts_with("rtmp://"))
    }

    /// Whether the client has not written too much of late, or begun to use too many objects. What
    /// is refused is answered like what is forbidden: the client learns what the slots hold.
    fn is_in_time(&mut self, now: Millis, client: ClientId, message: &Message) -> bool {
        let writes = message.events.iter().map(writes).sum();
        let Some(here) = self.clients.get_mut(&client) else {
            return false;
        };
        let may = here.object_writes.take_many(now, writes);
        if !may {
            let name = message.name.clone();
            self.note(ObjectNote::TooFast { client, name });
        }
        may
    }

    /// Takes over what came of something that was done to objects.
    pub(crate) fn take_objects(&mut self) {
        while let Some(output) = self.objects.next_output() {
            match output {
                Output::Update { user, update } => {
                    let client = ClientId(user.0);
                    self.effects
                        .push_back(Effect::SharedObject { client, update });
                }
                Output::Sync {
                    object,
                    entries: list,
                } => {
                    let object = ObjectId(object.0);
                    self.object_news
                        .push_back(ScriptInput::Sync { object, list });
                }
                Output::Message {
                    object,
                    handler,
                    args,
                } => self.object_news.push_back(ScriptInput::ObjectMessage {
                    object: ObjectId(object.0),
                    handler,
                    args,
                }),
                Output::Status { object, code, why } => {
                    let object = ObjectId(object.0);
                    let info = Status::new(code, why).to_value();
                    self.object_news
                        .push_back(ScriptInput::ObjectStatus { object, info });
                }
                Output::Upstream { link, message } => {
                    let link = LinkId(link.0);
                    let message = rtmp::Message::connection(Body::SharedObject(message));
                    self.effects.push_back(Effect::LinkSend { link, message });
                }
                Output::Note(note) => self.note(told(note)),
                // These have been seen to.
                Output::Save(_) | Output::Forget { .. } | Output::Timeout(_) => {}
            }
        }
        for object in self.objects.take_overdue() {
            self.note(ObjectNote::Unlocked { object });
        }
    }

    fn note(&mut self, note: ObjectNote) {
        self.effects.push_back(Effect::ObjectNote(Box::new(note)));
    }
}

/// How many writes an event is. To begin to use an object counts as one: it is told as a whole.
fn writes(event: &Event) -> usize {
    match event {
        Event::RequestChange(slots) => slots.len(),
        Event::RequestRemove(keys) => keys.len(),
        Event::SendMessage { .. } | Event::RequestClear | Event::Use | Event::Unreadable => 1,
        _ => 0,
    }
}

fn told(note: Note) -> ObjectNote {
    match note {
        Note::Refused {
            user,
            name,
            code,
            why,
        } => ObjectNote::Refused {
            client: ClientId(user.0),
            name,
            code,
            why: why.to_string(),
        },
        Note::UnknownEvent { user, name, event } => ObjectNote::UnknownEvent {
            client: ClientId(user.0),
            name,
            event,
        },
        Note::OwnerLost { name, why } => ObjectNote::OwnerLost { name, why },
        Note::LoadFailed { name, why } => ObjectNote::LoadFailed { name, why },
    }
}
