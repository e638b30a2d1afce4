//! Headless Chromium with the server's page, driven by `tests/browser/play.mjs`.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process::Program;

/// How long a visit may take besides watching: the browser's start, on a machine that other
/// tests keep busy.
const OPENING_LIMIT: Duration = Duration::from_mins(3);

/// Seconds the driver gives the page, from the browser's start.
const DRIVER_TIMEOUT_S: u32 = 120;

/// How long the browser may take to close.
const CLOSING_LIMIT: Duration = Duration::from_secs(5);

/// One browser at a time: several, drawing without a graphics card, starve each other.
static SCREEN: Mutex<()> = Mutex::new(());

/// The right to run a browser.
pub(crate) struct Screen(#[expect(dead_code, reason = "held, not read")] MutexGuard<'static, ()>);

impl Screen {
    /// Waits until no other test runs one.
    pub(crate) fn take() -> Self {
        Self(SCREEN.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The program that drives the browser.
struct Driver {
    program: Program,
    _screen: Screen,
}

impl Driver {
    fn start(name: &str, url: &str, seconds: u32, texts: &[&str]) -> Result<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let artifacts = folder.join("artifacts");
        std::fs::create_dir_all(&artifacts)?;
        let mut command = Command::new("node");
        command.arg(folder.join("browser/play.mjs"));
        command.args([
            "--url",
            url,
            "--seconds",
            &seconds.to_string(),
            "--screenshot",
        ]);
        command.arg(artifacts.join(format!("{name}.png")));
        command.args(texts.iter().flat_map(|text| ["--expect-text", text]));
        command.args(["--timeout", &DRIVER_TIMEOUT_S.to_string()]);
        let screen = Screen::take();
        Ok(Self {
            program: Program::start(&mut command)?,
            _screen: screen,
        })
    }

    fn finish(&mut self, limit: Duration) -> Result<Visit> {
        self.program.succeed(limit)?;
        let output = self.program.output();
        let line = output.lines().rev().find(|line| line.starts_with('{'));
        let line = line.with_context(|| format!("the driver reports nothing: {output}"))?;
        Ok(Visit {
            report: serde_json::from_str(line)?,
        })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // So that it closes the browser, which is a process of its own.
        self.program.terminate(CLOSING_LIMIT);
    }
}

/// What was seen on the page.
#[derive(Debug)]
pub struct Visit {
    report: Value,
}

impl Visit {
    /// Opens an address and watches for some seconds; with `expected`, until the page shows that
    /// text. The picture of the page is kept in `tests/artifacts` under `name`.
    ///
    /// # Errors
    ///
    /// The browser or its driver is missing (`cargo xtask setup` installs both), or the driver
    /// failed.
    pub fn watch(name: &str, url: &str, seconds: u32, expected: Option<&str>) -> Result<Self> {
        let texts: Vec<_> = expected.into_iter().collect();
        let mut driver = Driver::start(name, url, seconds, &texts)?;
        driver.finish(OPENING_LIMIT + Duration::from_secs(u64::from(seconds)))
    }

    /// Opens an address and waits until the page shows one text, makes a change happen, and waits
    /// until the page shows the other.
    ///
    /// # Errors
    ///
    /// As for [`Visit::watch`], and those of the change.
    pub fn watch_change(
        name: &str,
        url: &str,
        [before, after]: [&str; 2],
        change: impl FnOnce() -> Result<()>,
    ) -> Result<Self> {
        let mut driver = Driver::start(name, url, 0, &[before, after])?;
        let seen = format!("seen: {before}");
        driver.program.wait_for_output(&seen, OPENING_LIMIT)?;
        change()?;
        driver.finish(OPENING_LIMIT)
    }

    /// Seconds of the stream shown while watching.
    pub fn played_s(&self) -> f64 {
        self.number("currentTimeEnd") - self.number("currentTimeStart")
    }

    /// Width and height of the picture.
    pub fn size(&self) -> (u32, u32) {
        (self.number("width") as u32, self.number("height") as u32)
    }

    /// Whether the picture moved.
    pub fn picture_moved(&self) -> bool {
        self.report["pixelsChanged"] == true || self.number("pixelsChanged") > 0.0
    }

    /// The text on the page.
    pub fn text(&self) -> &str {
        self.report["text"].as_str().unwrap_or_default()
    }

    /// What the page complained of to the console, and what it threw.
    pub fn errors(&self) -> Vec<String> {
        let errors = self.report["errors"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        errors.iter().map(ToString::to_string).collect()
    }

    fn number(&self, key: &str) -> f64 {
        self.report[key].as_f64().unwrap_or_default()
    }
}
