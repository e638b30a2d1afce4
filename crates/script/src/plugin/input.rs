//! What a plugin does with each input: one call of the host's JavaScript part.

use rquickjs::function::IntoArgs;
use rtmp::Millis;

use super::values::{Fields, LoginVerdict};
use super::{PluginInput, PluginScript};
use crate::script::AppScript;

/// Names and texts in turn, as the JavaScript part takes them.
pub(super) fn flat(fields: &Fields) -> Vec<&str> {
    let pairs = fields.iter();
    pairs
        .flat_map(|(name, value)| [name.as_str(), value.as_str()])
        .collect()
}

impl PluginScript {
    /// Calls one of the host's entries. Whether it came to its end.
    pub(super) fn tell(
        &mut self,
        now: Millis,
        entry: &str,
        args: impl for<'js> IntoArgs<'js>,
    ) -> bool {
        let told = self.app.within(now, |app| {
            let called = app.run(|_, host| AppScript::entry(host, entry)?.call::<_, ()>(args));
            app.settle(called).is_some()
        });
        told.unwrap_or(false)
    }

    pub(super) fn tell_of_users(&mut self, now: Millis, input: PluginInput) {
        match input {
            PluginInput::Request {
                user,
                method,
                variables,
            } => self.tell(now, "pluginRequest", (user, method, flat(&variables))),
            PluginInput::UserEnter { user, number } => {
                self.tell(now, "pluginUserEnter", (user, number_of(number)))
            }
            PluginInput::UserExit { user, number } => {
                self.tell(now, "pluginUserExit", (user, number_of(number)))
            }
            PluginInput::LogOut { user } => self.tell(now, "pluginLogOut", (user,)),
            _ => false,
        };
    }

    pub(super) fn ask_to_log_in(&mut self, now: Millis, input: PluginInput) {
        let PluginInput::Login {
            login,
            user,
            password,
            address,
            variables,
        } = input
        else {
            return;
        };
        let id = login.to_string();
        let args = (id, user, password, address, flat(&variables));
        if !self.tell(now, "pluginLogin", args) {
            self.host.decide(login, LoginVerdict::Failed);
        }
    }
}

/// -1 for a user without a number, as clients have it.
fn number_of(number: Option<u32>) -> f64 {
    number.map_or(-1.0, f64::from)
}
