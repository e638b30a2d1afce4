//! The steps of `cargo xtask test`, in the order they run: cheap ones first.
//!
//! Dependencies are compiled for two profiles only: the development one for all tests (the same
//! selection of packages and so of features every time), and the release one for the server that
//! the end-to-end tests run.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::options::Options;
use crate::process::{self, Show};
use crate::setup;
use crate::tally::Tally;
use crate::{fuzz, tidy, workspace};

/// Whether a step belongs to the quick round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Quick,
    Slow,
}

/// One step: what it is called on the command line, and what it does.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) run: fn(&Options) -> Result<Tally>,
}

const fn step(name: &'static str, kind: Kind, run: fn(&Options) -> Result<Tally>) -> Step {
    Step { name, kind, run }
}

pub(super) const STEPS: &[Step] = &[
    step("format", Kind::Quick, format),
    step("tidy", Kind::Quick, |_| tidy::check()),
    step("clippy", Kind::Quick, clippy),
    step("unit", Kind::Quick, unit),
    step("web", Kind::Quick, web),
    step("deny", Kind::Slow, deny),
    step("fuzz", Kind::Slow, |_| fuzz::smoke(&[], FUZZ_SECONDS_EACH)),
    step("release", Kind::Slow, release),
    step("e2e", Kind::Slow, end_to_end),
];

const FUZZ_SECONDS_EACH: u32 = 5;
const CHECK_LIMIT: Duration = Duration::from_mins(10);
const TEST_LIMIT: Duration = Duration::from_mins(15);

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command
        .args(arguments)
        .current_dir(workspace::root())
        .env("CARGO_TERM_COLOR", "never");
    command
}

fn check(command: &mut Command) -> Result<Tally> {
    let outcome = process::run(command, Show::OnFailure, CHECK_LIMIT)?;
    Ok(Tally::of_check(outcome.success))
}

/// Packages that are no members of the workspace: fuzz targets, which build with flags of their
/// own, and the load tools.
const OTHER_MANIFESTS: [&str; 2] = ["fuzz/Cargo.toml", "tools/load/Cargo.toml"];

fn format(_options: &Options) -> Result<Tally> {
    let mut tally = check(&mut cargo(&["fmt", "--all", "--check"]))?;
    for manifest in OTHER_MANIFESTS {
        let manifest = format!("--manifest-path={manifest}");
        tally.add(check(&mut cargo(&["fmt", "--all", "--check", &manifest]))?);
    }
    Ok(tally)
}

/// Lints for everything. The end-to-end tests are not among the default targets (they need the
/// server built), so they are named. The fuzz targets are checked in a folder of their own, as
/// they do not share the workspace's selection of features.
fn clippy(_options: &Options) -> Result<Tally> {
    let lint = ["clippy", "--quiet", "--locked", "--workspace"];
    let mut tally = check(&mut cargo(
        &[&lint[..], &["--all-targets", "--", "-Dwarnings"]].concat(),
    ))?;
    tally.add(check(&mut cargo(
        &[&lint[..], &["--test=e2e", "--", "-Dwarnings"]].concat(),
    ))?);
    let mut fuzz = cargo(&["clippy", "--quiet", "--locked", "--all-targets"]);
    fuzz.args(["--manifest-path=fuzz/Cargo.toml", "--", "-Dwarnings"])
        .env("CARGO_TARGET_DIR", workspace::root().join("fuzz/target"));
    tally.add(check(&mut fuzz)?);
    Ok(tally)
}

/// Unit tests, properties, vectors, scenarios, and the examples in the documentation.
fn unit(_options: &Options) -> Result<Tally> {
    let mut command = cargo(&["test", "--locked", "--workspace", "--no-fail-fast"]);
    let outcome = process::run(&mut command, Show::NotPassed, TEST_LIMIT)?;
    Ok(Tally::of_run(&outcome.output, outcome.success))
}

/// Types and tests of the browser side.
fn web(_options: &Options) -> Result<Tally> {
    let folder = workspace::root().join("web");
    if !folder.join("package.json").is_file() {
        println!("there is no web folder");
        return Ok(Tally::default());
    }
    let mut types = Command::new("npm");
    let mut tally = check(
        types
            .args(["run", "--silent", "check"])
            .current_dir(&folder),
    )?;
    tally.add(node_tests(&folder)?);
    Ok(tally)
}

/// The test files are named one by one: left to itself node would run their helpers too.
fn node_tests(folder: &Path) -> Result<Tally> {
    let files = std::fs::read_dir(folder.join("test"))?.collect::<Result<Vec<_>, _>>()?;
    let names = files
        .into_iter()
        .filter_map(|file| file.file_name().into_string().ok());
    let mut tests: Vec<_> = names.filter(|name| name.ends_with(".test.js")).collect();
    tests.sort_unstable();
    let mut command = Command::new("node");
    command
        .args(["--test", "--test-reporter=tap"])
        .args(&tests)
        .current_dir(folder.join("test"));
    let outcome = process::run(&mut command, Show::NotPassed, TEST_LIMIT)?;
    Ok(Tally::of_run(&outcome.output, outcome.success))
}

/// Licences, doubled and banned crates, and where crates come from. Advisories are left out:
/// their database is fetched from elsewhere, and a new one must not turn an old commit red.
fn deny(_options: &Options) -> Result<Tally> {
    let tool = setup::cargo_tool(&setup::CARGO_DENY)?;
    let mut command = Command::new(tool);
    command.args(["--locked", "check", "bans", "licenses", "sources"]);
    check(command.current_dir(workspace::root()))
}

fn release(_options: &Options) -> Result<Tally> {
    check(&mut cargo(&[
        "build",
        "--release",
        "--quiet",
        "--locked",
        "--package=greenroom",
    ]))
}

/// Real clients against the released server. All packages are selected, as for the other tests,
/// so that dependencies keep the features they were compiled with.
fn end_to_end(options: &Options) -> Result<Tally> {
    let mut command = cargo(&["test", "--locked", "--workspace", "--test=e2e", "--"]);
    command
        .args(&options.rest)
        .env("GREENROOM_TEST_BIN", workspace::server_binary());
    let outcome = process::run(&mut command, Show::All, TEST_LIMIT)?;
    Ok(Tally::of_run(&outcome.output, outcome.success))
}
