//! Independent clients that call and are called: the programs in `tests/clients`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process::Program;
use crate::wait::SOON;

/// What a caller is to do.
#[derive(Debug, Clone, Copy, Default)]
pub struct Visit<'a> {
    /// Where it connects to.
    pub url: &'a str,
    /// The arguments of `connect`, each as JSON.
    pub arguments: &'a [&'a str],
    /// The calls, each as a list in JSON: the method and its arguments.
    pub calls: &'a [&'a str],
    /// The method of its own that it waits for before it ends.
    pub until: Option<&'a str>,
}

/// Has the npm package `rtmp-client` visit the server: what happened, one object for each event.
///
/// # Errors
///
/// Node or the package is missing (`cargo xtask setup` installs both), or it failed.
pub fn node(visit: Visit<'_>) -> Result<Vec<Value>> {
    let mut command = Command::new("node");
    run(command.arg(driver("node/call.mjs")), visit)
}

/// Has Debian's `python3-librtmp` visit the server: what happened, one object for each event.
///
/// # Errors
///
/// The package is missing (`cargo xtask setup` installs it), or it failed.
pub fn python(visit: Visit<'_>) -> Result<Vec<Value>> {
    // Debian's packages are for Debian's Python only.
    let mut command = Command::new("/usr/bin/python3");
    run(command.arg(driver("python/call.py")), visit)
}

/// What a user of a shared object is to do.
#[derive(Debug, Clone, Copy, Default)]
pub struct Use<'a> {
    /// Where it connects to.
    pub url: &'a str,
    /// The object.
    pub object: &'a str,
    /// The arguments of `connect`, each as JSON.
    pub arguments: &'a [&'a str],
    /// What to do, in order; `share.mjs` says what there is.
    pub steps: &'a [&'a str],
}

/// Lets the npm package `rtmp-client` use a shared object, beside what the test goes on with.
///
/// # Errors
///
/// Node is missing (`cargo xtask setup` installs it).
pub fn use_object(what: Use<'_>) -> Result<Program> {
    let mut command = Command::new("node");
    command.arg(driver("node/share.mjs"));
    command.args(["--url", what.url, "--object", what.object]);
    command.args(what.arguments.iter().flat_map(|text| ["--argument", text]));
    command.args(what.steps.iter().flat_map(|text| ["--step", text]));
    Program::start(&mut command)
}

/// Waits until a program has done what it was told: what happened, one object for each event.
///
/// # Errors
///
/// It failed, or takes too long.
pub fn events(program: &mut Program) -> Result<Vec<Value>> {
    // Twice: interpreters start slowly on a machine that other tests keep busy.
    program.succeed(SOON * 2)?;
    let output = program.output();
    let events = output.lines().filter(|line| line.starts_with('{'));
    events
        .map(|line| serde_json::from_str(line).with_context(|| line.to_owned()))
        .collect()
}

fn driver(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("clients")
        .join(name)
}

fn run(command: &mut Command, visit: Visit<'_>) -> Result<Vec<Value>> {
    command.args(["--url", visit.url]);
    command.args(visit.arguments.iter().flat_map(|text| ["--argument", text]));
    command.args(visit.calls.iter().flat_map(|text| ["--call", text]));
    command.args(visit.until.iter().flat_map(|name| ["--until", name]));
    events(&mut Program::start(command)?)
}
