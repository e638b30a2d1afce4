//! The table of commands, for the command line and whoever else speaks to the server.

use std::pin::Pin;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Answer, Failure, instances, objects};
use crate::shared::Shared;

type Answered = Pin<Box<dyn Future<Output = Result<Answer, Failure>> + Send>>;

/// One command.
pub(super) struct Command {
    pub(super) name: &'static str,
    /// What it does, in a line.
    pub(super) about: &'static str,
    pub(super) run: fn(Arc<Shared>, Value) -> Answered,
}

/// A row of the table: the function takes the arguments as its own type.
macro_rules! command {
    ($name:literal, $function:path, $about:literal) => {
        Command {
            name: $name,
            about: $about,
            run: |shared, arguments| {
                Box::pin(async move { $function(shared, read(arguments)?).await })
            },
        }
    };
}

/// All commands.
pub(super) const COMMANDS: [Command; 10] = [
    command!(
        "app.list",
        instances::list,
        "the applications and the instances that run"
    ),
    command!("app.load", instances::load, "starts an instance"),
    command!(
        "app.unload",
        instances::unload,
        "stops an instance, without asking its script"
    ),
    command!(
        "app.reload",
        instances::reload,
        "stops an instance and starts it again"
    ),
    command!("so.list", objects::list, "the stored shared objects"),
    command!("so.get", objects::get, "a shared object"),
    command!(
        "so.set",
        objects::set,
        "sets and removes slots of a shared object"
    ),
    command!(
        "so.watch",
        objects::watch,
        "a shared object, again whenever it has changed"
    ),
    command!(
        "so.delete",
        objects::delete,
        "deletes stored shared objects"
    ),
    command!(
        "backup",
        objects::backup,
        "copies the store to another file"
    ),
];

fn read<T: DeserializeOwned>(arguments: Value) -> Result<T, Failure> {
    serde_json::from_value(arguments).map_err(Failure::bad)
}
