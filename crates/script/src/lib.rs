//! Server scripts: Server-Side ActionScript on a modern JavaScript engine.
//!
//! [`AppScript`] runs the script of one application instance: it is the
//! [`Script`](engine::scripting::Script) that the instance drives. It has an engine of its own,
//! with limits on memory, stack and time ([`ScriptConfig`]), reads its files through
//! [`ScriptFiles`], and reaches the world through effects only.
//!
//! The objects that a script sees are written in JavaScript (`host/*.js`) over a small set of
//! native functions. They have the semantics; the Rust side has the engine, the limits, the
//! conversion of values, and the reports of what goes wrong.
//!
//! A script goes through two steps before the engine sees it. [`source::decode`] makes text of
//! the bytes of a file. [`prepass::prepare`] does that and then rewrites what SpiderMonkey's
//! JavaScript 1.5 took and today's engine refuses, without moving anything to another line, and
//! lists what it could not help with. [`prepass::PRELUDE`] is what the rewritten text calls: it
//! is evaluated once in every new engine, before the first script.
//!
//! # What the engine does otherwise
//!
//! A long text that was put together with `+` and the same text in one piece are not equal for
//! `==` and `!=`; for `===` and `switch` they are.

pub mod api;
mod bytecode;
pub mod check;
mod config;
mod convert;
mod core;
mod deadline;
mod effects;
mod evaluated;
mod files;
mod inputs;
mod library;
mod links;
mod loading;
mod native;
mod plugin;
mod ports;
pub mod prepass;
mod problem;
mod rejections;
mod remoting;
mod requests;
mod rooms;
mod script;
mod setup;
mod shared_objects;
mod sockets;
pub mod source;
mod storage;
mod text;
mod timers;

pub use config::{ApplicationInfo, Bandwidth, ScriptConfig};
pub use files::{
    AppFiles, FileError, MemoryFiles, Place, ScriptFiles, archive_names, main_script_names,
    relative_path,
};
pub use plugin::{
    Fields, LoginAccepted, LoginRole, LoginVerdict, PluginAnswer, PluginHost, PluginInput,
    PluginOrder, PluginPlace, PluginQuestion, PluginScript, PluginTarget, PluginVariable,
};
/// The functions of plugins, for the reference.
pub mod plugins {
    pub use crate::plugin::reference::{
        Certainty, FUNCTIONS, HANDLERS, PluginFunction, plugin_reference,
    };
}
pub use script::{AppScript, ScriptSetup, SetupError};
pub use storage::{
    DiskStorage, MemoryStorage, OpenHow, Stat, Storage, StorageError, Stream, storage_path,
};
