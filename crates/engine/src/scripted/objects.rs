//! What an instance with a script does with shared objects beside what every instance does: only
//! clients that were let in use them, and the script is told what clients did.

use rtmp::shared_object::Message;

use super::ScriptedInstance;
use super::calls::may_call;
use crate::client::ClientId;
use crate::effect::Effect;
use crate::instance::Input;
use crate::scripting::ScriptInput;

impl ScriptedInstance {
    pub(super) fn on_shared_object(&mut self, client: ClientId, message: Message) {
        if self.instance.has_client(client) {
            self.tell_instance(Input::SharedObject { client, message });
        } else if self.is_outside(client) {
            let name = message.name;
            self.effects.push_back(Effect::Dropped { client, name });
        }
    }

    /// Tells the script what clients did, as far as they may call what they call.
    pub(super) fn take_object_news(&mut self) {
        while let Some(news) = self.instance.object_news.pop_front() {
            if let ScriptInput::ObjectMessage { handler, .. } = &news
                && !may_call(self.config.object_methods.as_deref(), handler)
            {
                continue;
            }
            self.tell_script(news);
        }
    }
}
