//! What an instance with a script does with shared objects beside what every instance does: only
//! clients that were let in use them, and the script is told what clients did. Proxies hear of the
//! script's connections, and what their owners say.

use rtmp::Encoding;
use rtmp::shared_object::Message;

use super::ScriptedInstance;
use super::calls::may_call;
use crate::client::ClientId;
use crate::effect::Effect;
use crate::instance::Input;
use crate::scripting::{LinkId, ScriptInput};

impl ScriptedInstance {
    pub(super) fn on_shared_object(&mut self, client: ClientId, message: Message) {
        if self.instance.has_client(client) {
            self.tell_instance(Input::SharedObject { client, message });
        } else if self.is_outside(client) {
            let name = message.name;
            self.effects.push_back(Effect::Dropped { client, name });
        }
    }

    /// A connection of the script has begun to open.
    pub(super) fn link_opened(&mut self, link: LinkId, uri: &str, encoding: Encoding) {
        let objects = &self.instance.objects;
        objects.link_opened(self.now, link, uri, encoding);
        self.take_objects();
    }

    /// The other instance has accepted a connection of the script.
    pub(super) fn link_up(&mut self, link: LinkId) {
        self.instance.objects.link_up(self.now, link);
        self.take_objects();
    }

    /// A connection of the script has come to its end.
    pub(super) fn link_down(&mut self, link: LinkId) {
        self.instance.objects.link_down(self.now, link);
        self.take_objects();
    }

    /// The owner of an object says something.
    pub(super) fn on_owner_message(&mut self, link: LinkId, message: &Message) {
        self.instance.objects.hear(self.now, link, message);
        self.take_objects();
    }

    fn take_objects(&mut self) {
        self.instance.take_objects();
        self.take_effects();
    }

    /// Tells the script what clients did, as far as they may call what they call.
    pub(super) fn take_object_news(&mut self) {
        while let Some(news) = self.instance.object_news.pop_front() {
            if let ScriptInput::ObjectMessage { handler, .. } = &news
                && !may_call(self.config.object_methods.as_deref(), handler)
            {
                continue;
            }
            match news {
                ScriptInput::ObjectStatus { .. } => self.defer(news),
                news => self.tell_script(news),
            }
        }
    }
}
