//! What plugins ask, answered from the kernel.

use rooms::{Kernel, Pairs, Value};
use script::{PluginAnswer, PluginQuestion, PluginVariable};

use super::Plugins;

impl Plugins {
    pub(in crate::hall) fn answer(
        &self,
        kernel: &Kernel,
        question: &PluginQuestion,
    ) -> PluginAnswer {
        let known = match question {
            PluginQuestion::Zones => Some(names(kernel.zones().map(|zone| &**zone))),
            PluginQuestion::Rooms { zone } => rooms_in(kernel, zone),
            PluginQuestion::Users { zone, room } => kernel.find_room(zone, room).map(|room| {
                let members = kernel.members(room).iter();
                names(members.map(|member| &*member.who.name))
            }),
            PluginQuestion::RoomVariables { zone, room } => room_variables(kernel, zone, room),
            PluginQuestion::UserVariables { user } => kernel
                .find_user(user)
                .and_then(|user| kernel.variables_of(user))
                .map(user_variables),
            PluginQuestion::ServerVariable { user, name } => kernel
                .find_user(user)
                .and_then(|user| self.kept.get(&user)?.get(name))
                .map(|value| PluginAnswer::Text(value.clone())),
            PluginQuestion::UserCount => Some(PluginAnswer::Number(kernel.user_count() as f64)),
            PluginQuestion::IsLoggedIn { user } => {
                Some(PluginAnswer::Flag(kernel.find_user(user).is_some()))
            }
        };
        known.unwrap_or(PluginAnswer::Nothing)
    }
}

fn names<'n>(names: impl Iterator<Item = &'n str>) -> PluginAnswer {
    PluginAnswer::Names(names.map(str::to_owned).collect())
}

fn rooms_in(kernel: &Kernel, zone: &str) -> Option<PluginAnswer> {
    let rooms = kernel.rooms_in(zone).filter_map(|room| kernel.room(room));
    let mut rooms = rooms.peekable();
    // A zone without rooms is not there.
    rooms.peek()?;
    Some(names(rooms.map(|room| &*room.name)))
}

fn room_variables(kernel: &Kernel, zone: &str, room: &str) -> Option<PluginAnswer> {
    let room = kernel.find_room(zone, room)?;
    let variables = kernel
        .room_variables(room)
        .filter_map(|name| kernel.room_variable(room, name));
    let shown = variables.map(|variable| PluginVariable {
        name: variable.name.to_string(),
        value: text(&variable.value),
        locked: variable.locked,
        persistent: variable.persistent,
    });
    Some(PluginAnswer::Variables(shown.collect()))
}

fn user_variables(variables: &Pairs) -> PluginAnswer {
    let shown = variables.iter().map(|(name, value)| PluginVariable {
        name: name.to_string(),
        value: text(value),
        ..PluginVariable::default()
    });
    PluginAnswer::Variables(shown.collect())
}

/// A value as the protocol of ElectroServer writes it, which has texts only.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.to_string(),
    }
}
