//! The functions of plugins as Markdown: the tables of `docs/electroserver.md`.
//!
//! A test compares the list with the engine: what it names is there, what is there it names.

use std::fmt::Write as _;

/// How sure it is that the original had a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// Its documentation names it.
    Documented,
    /// Something else about the original says so; the name is chosen here.
    Inferred,
}

/// A function that plugins can call, or that they define.
#[derive(Clone, Copy, Debug)]
pub struct PluginFunction {
    /// Its name.
    pub name: &'static str,
    /// Its parameters, as the documentation has them.
    pub parameters: &'static str,
    /// How sure it is.
    pub certainty: Certainty,
    /// What it does here.
    pub note: &'static str,
}

const fn documented(
    name: &'static str,
    parameters: &'static str,
    note: &'static str,
) -> PluginFunction {
    PluginFunction {
        name,
        parameters,
        certainty: Certainty::Documented,
        note,
    }
}

const fn inferred(
    name: &'static str,
    parameters: &'static str,
    note: &'static str,
) -> PluginFunction {
    PluginFunction {
        certainty: Certainty::Inferred,
        ..documented(name, parameters, note)
    }
}

/// What a plugin may define; the server calls it.
pub const HANDLERS: &[PluginFunction] = &[
    documented(
        "pluginInit",
        "hash",
        "When it starts, with what the room gives it.",
    ),
    documented(
        "pluginRequest",
        "hash",
        "A movie calls. `METHOD` and `EXECUTING_USER_NAME` say what and who; the rest is the movie's.",
    ),
    documented(
        "pluginUserEnter",
        "name, number",
        "Somebody comes into its room, those who are there when it starts included; without a number -1.",
    ),
    documented(
        "pluginUserExit",
        "name, number",
        "Somebody has left its room.",
    ),
    documented(
        "pluginInterop",
        "hash",
        "Another plugin calls; what it returns goes back as a hash.",
    ),
    documented(
        "pluginDestroy",
        "",
        "The room, or the server, is at its end.",
    ),
    documented(
        "login",
        "name, password, hash, response",
        "In the plugin `rooms.login_plugin`: somebody wants to log in.",
    ),
    documented(
        "logOut",
        "name",
        "In the same plugin: a user has gone, whatever the way.",
    ),
];

/// What a plugin can call, beside what all scripts can.
pub const FUNCTIONS: &[PluginFunction] = &[
    documented(
        "ban",
        "user, time [, reason]",
        "Puts out a user who is here and keeps the user out, as a moderator's ban does; time as there (`xml.ban_unit_ms`), negative for ever.",
    ),
    documented(
        "callRemotePlugin",
        "name, hash",
        "Calls `pluginInterop` of a plugin of its room, or else of the server, and gives its answer, a hash. Throws when there is none within `rooms.plugin_call_ms`, and when that plugin waits for this one.",
    ),
    documented(
        "createDirectory",
        "path",
        "Makes a folder; whether it did. Paths are those of the class `File`: they start at the plugin's folder and do not leave it.",
    ),
    documented(
        "createRoomVariable",
        "name, value, locked",
        "Makes or changes a variable of its room. Clients cannot change a locked one.",
    ),
    documented(
        "createUserVariable",
        "user, name, value",
        "Makes or changes a variable of a user.",
    ),
    documented(
        "deleteDirectory",
        "path",
        "Removes an empty folder; whether it did.",
    ),
    documented("deleteFile", "path", "Removes a file; whether it did."),
    documented(
        "deleteRoomVariable",
        "name",
        "Removes a variable of its room.",
    ),
    documented(
        "deleteUserVariable",
        "user, name",
        "Removes a variable of a user.",
    ),
    documented(
        "doesDirectoryExist",
        "path",
        "Whether there is such a folder.",
    ),
    documented("doesFileExist", "path", "Whether there is such a file."),
    documented("getAllZones", "", "The names of the zones."),
    documented("getLoggedInUserCount", "", "How many are logged in."),
    documented("getPluginName", "", "Its name."),
    documented(
        "getRoomName",
        "",
        "The name of its room; `null` for a plugin of the server.",
    ),
    documented(
        "getRoomVariables",
        "zone, room",
        "A list of `{name, value, locked, persistent}`; `null` without such a room.",
    ),
    documented(
        "getRoomsInZone",
        "zone",
        "The names of all rooms of a zone; `null` without such a zone.",
    ),
    documented("getServerTimer", "", "Milliseconds since 1970."),
    documented(
        "getUserServerVariable",
        "user, name",
        "A text that the server keeps while the user is here and tells no client; `null` if there is none.",
    ),
    documented(
        "getUserVariables",
        "user",
        "A list like that of `getRoomVariables`; `null` without such a user.",
    ),
    documented(
        "getUsersInRoom",
        "zone, room",
        "The names of the users, in the order in which they came; `null` without such a room.",
    ),
    documented(
        "getZoneName",
        "",
        "The name of its zone; `null` for a plugin of the server.",
    ),
    documented(
        "hashToObject",
        "hash",
        "A plain object with the names and texts of a hash.",
    ),
    documented("isDirectory", "path", "As `doesDirectoryExist`."),
    documented("isFile", "path", "As `doesFileExist`."),
    documented(
        "isUserLoggedIn",
        "name",
        "Whether somebody of that name is logged in.",
    ),
    inferred("kick", "user [, reason]", "Puts a user out."),
    inferred(
        "sendMessageToUser",
        "user, action, variables",
        "Sends a user a `SendPluginMessage`, which fires `pluginMessageReceived(plugin, action, variables)`.",
    ),
    inferred(
        "sendMessageToRoom",
        "zone, room, action, variables",
        "The same to everybody in a room.",
    ),
    inferred(
        "sendMessageToZone",
        "zone, action, variables",
        "The same to everybody in a zone.",
    ),
    inferred(
        "sendMessageToAll",
        "action, variables",
        "The same to everybody.",
    ),
    inferred(
        "setUserServerVariable",
        "user, name, value",
        "Keeps such a text about a user who is here.",
    ),
    inferred("deleteUserServerVariable", "user, name", "Forgets it."),
    inferred(
        "readFile",
        "path",
        "The text of a file; `null` if it cannot be read.",
    ),
    inferred(
        "writeFile",
        "path, text",
        "Makes a file with this text; whether it did.",
    ),
    inferred(
        "appendFile",
        "path, text",
        "Writes a text at the end of a file; whether it did.",
    ),
];

/// Both tables.
#[must_use]
pub fn plugin_reference() -> String {
    let mut out = String::new();
    for (title, list) in [
        ("a plugin defines", HANDLERS),
        ("a plugin can call", FUNCTIONS),
    ] {
        // Writing into a string does not fail.
        let _ = writeln!(out, "| {title} | sure | what it does |\n|---|---|---|");
        for function in list {
            let PluginFunction {
                name,
                parameters,
                note,
                ..
            } = function;
            let sure = match function.certainty {
                Certainty::Documented => "documented",
                Certainty::Inferred => "inferred",
            };
            let _ = writeln!(out, "| `{name}({parameters})` | {sure} | {note} |");
        }
        out.push('\n');
    }
    out
}
