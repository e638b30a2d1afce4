//! Server scripts: Server-Side ActionScript on a modern JavaScript engine.
//!
//! A script goes through two steps before the engine sees it. [`source::decode`] makes text of
//! the bytes of a file. [`prepass::prepare`] does that and then rewrites what SpiderMonkey's
//! JavaScript 1.5 took and today's engine refuses, without moving anything to another line, and
//! lists what it could not help with. [`prepass::PRELUDE`] is what the rewritten text calls: it
//! is evaluated once in every new engine, before the first script.

pub mod prepass;
pub mod source;
