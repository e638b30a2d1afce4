//! Movies in Ruffle in headless Chromium, driven by `tests/browser/chat.mjs`. They are compiled
//! from ActionScript with `tests/movies/as1c.py`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::browser::Screen;
use crate::process::Program;
use crate::wait::SOON;

/// How long one thing may take: Ruffle draws without a graphics card here, and every movie is a
/// page of its own.
const STEP_LIMIT: Duration = Duration::from_mins(4);

/// The version of Flash that movies are compiled for.
const FLASH: &str = "6";

/// Three movies that chat.
pub struct Chat {
    program: Program,
    _screen: Screen,
}

impl Chat {
    /// Opens the movies at the server's port of XML sockets. Their pictures are kept in
    /// `tests/artifacts`.
    ///
    /// # Errors
    ///
    /// The browser, Ruffle or the compiler's parser is missing (`cargo xtask setup` installs
    /// them).
    pub fn start(server: SocketAddr) -> Result<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let artifacts = folder.join("artifacts");
        std::fs::create_dir_all(&artifacts)?;
        let movie = compile("chat", &folder, &artifacts)?;
        let screen = Screen::take();
        let mut command = Command::new("node");
        command.arg(folder.join("browser/chat.mjs"));
        command.arg("--movie").arg(movie);
        command.args(["--port", &server.port().to_string()]);
        command.arg("--screenshots").arg(artifacts);
        Ok(Self {
            program: Program::start(&mut command)?,
            _screen: screen,
        })
    }

    /// Waits until the movies have done something, by the name that the driver has for it.
    ///
    /// # Errors
    ///
    /// They did not, and why.
    pub fn did(&mut self, what: &str) -> Result<()> {
        let line = format!("did: {what}");
        self.program.wait_for_output(&line, STEP_LIMIT)?;
        Ok(())
    }

    /// Waits for the end: what each movie traced, by the name of its user.
    ///
    /// # Errors
    ///
    /// The driver saw something else than it should.
    pub fn finish(mut self) -> Result<Value> {
        self.program.succeed(STEP_LIMIT)?;
        let output = self.program.output();
        let line = output.lines().rev().find(|line| line.starts_with('{'));
        Ok(serde_json::from_str(line.context("no report")?)?)
    }
}

/// Compiles a movie of `tests/movies`.
fn compile(name: &str, tests: &Path, into: &Path) -> Result<PathBuf> {
    let movie = into.join(format!("{name}.swf"));
    let movies = tests.join("movies");
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", movies.join("modules"));
    command.arg(movies.join("as1c.py"));
    command.arg(movies.join(format!("{name}.as")));
    command.arg(&movie).arg(FLASH);
    Program::start(&mut command)?.succeed(SOON)?;
    Ok(movie)
}
