//! Runs the fuzz targets for a few seconds each.
//!
//! The targets are built here with the flags that `cargo fuzz` would give: coverage counters and
//! no sanitizer (our code has no `unsafe`, so that panics and memory use are what there is to
//! find). That works on the stable toolchain and needs nothing installed. For long hunts
//! `cargo fuzz run TARGET` works on the same folder.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::options::Options;
use crate::process::{self, Show};
use crate::tally::Tally;
use crate::workspace;

/// Counters for every branch and the values compared, as libFuzzer reads them.
const FLAGS: [&str; 7] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

const SECONDS_EACH: u32 = 5;
const BUILD_LIMIT: Duration = Duration::from_mins(8);
/// A target that holds more has been made to allocate by a length field.
const MEMORY_LIMIT_MB: u32 = 512;
/// The longest input: what fits in a few messages.
const INPUT_LIMIT_BYTES: u32 = 4096;

/// `cargo xtask fuzz [TARGET]... [--seconds N]`.
pub(crate) fn run(options: &Options) -> Result<bool> {
    let tally = smoke(&options.words, options.number("seconds", SECONDS_EACH)?)?;
    println!("{tally}");
    Ok(tally.failed == 0)
}

/// Runs the named targets, or all, and counts each as one test.
pub(crate) fn smoke(only: &[String], seconds: u32) -> Result<Tally> {
    let folder = workspace::root().join("fuzz");
    if !folder.join("Cargo.toml").is_file() {
        println!("there are no fuzz targets");
        return Ok(Tally::default());
    }
    let names = choose(targets(&folder)?, only)?;
    let Some(programs) = build(&folder)? else {
        return Ok(Tally::of_check(false));
    };
    if !fill_corpora(&folder)? {
        return Ok(Tally::of_check(false));
    }
    let mut tally = Tally::default();
    for name in &names {
        let found_nothing = fuzz(&folder, &programs, name, seconds)?;
        println!(
            "fuzz {name} ... {}",
            if found_nothing { "ok" } else { "FAILED" }
        );
        tally.add(Tally::of_check(found_nothing));
    }
    Ok(tally)
}

/// Those of `all` that `only` names, or all when it names none.
fn choose(mut all: Vec<String>, only: &[String]) -> Result<Vec<String>> {
    if let Some(unknown) = only.iter().find(|name| !all.contains(name)) {
        bail!(
            "no such fuzz target: {unknown} (there are {})",
            all.join(", ")
        );
    }
    all.retain(|name| only.is_empty() || only.contains(name));
    Ok(all)
}

/// The programs of the fuzz package.
fn targets(folder: &Path) -> Result<Vec<String>> {
    let mut command = Command::new("cargo");
    command
        .args(["metadata", "--format-version=1", "--no-deps"])
        .current_dir(folder);
    let metadata: Value = serde_json::from_str(&process::read(&mut command)?)?;
    let targets = metadata["packages"][0]["targets"]
        .as_array()
        .context("no fuzz targets")?;
    let programs = targets.iter().filter(|target| target["kind"][0] == "bin");
    Ok(programs
        .filter_map(|target| target["name"].as_str().map(str::to_owned))
        .collect())
}

/// Builds all targets; where they lie, or nothing if they did not build.
fn build(folder: &Path) -> Result<Option<PathBuf>> {
    let triple = host_triple()?;
    let mut command = Command::new("cargo");
    // With a target named, the flags do not reach build scripts and macros.
    command
        .args([
            "build",
            "--release",
            "--locked",
            "--bins",
            "--target",
            &triple,
        ])
        .current_dir(folder);
    command.env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"));
    command.env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true");
    let target = folder.join("target");
    command.env("CARGO_TARGET_DIR", &target);
    let outcome = process::run(&mut command, Show::OnFailure, BUILD_LIMIT)?;
    Ok(outcome.success.then(|| target.join(triple).join("release")))
}

/// Starts every target from the test vectors; they come on top of what earlier runs have found.
fn fill_corpora(folder: &Path) -> Result<bool> {
    let mut command = Command::new("cargo");
    command
        .args(["run", "--quiet", "--locked", "--example", "seeds"])
        .current_dir(folder);
    command.env("CARGO_TARGET_DIR", folder.join("target"));
    Ok(process::run(&mut command, Show::OnFailure, BUILD_LIMIT)?.success)
}

fn host_triple() -> Result<String> {
    let version = process::read(Command::new("rustc").arg("-vV"))?;
    let line = version.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned)
        .context("rustc does not name its host")
}

/// Runs one target on its corpus, which is not kept under version control; true when nothing was
/// found.
fn fuzz(folder: &Path, programs: &Path, name: &str, seconds: u32) -> Result<bool> {
    let corpus = folder.join("corpus").join(name);
    let artifacts = folder.join("artifacts").join(name);
    std::fs::create_dir_all(&corpus)?;
    std::fs::create_dir_all(&artifacts)?;
    let mut command = Command::new(programs.join(name));
    command.current_dir(folder).arg(&corpus);
    command.args([
        format!("-max_total_time={seconds}"),
        format!("-rss_limit_mb={MEMORY_LIMIT_MB}"),
        format!("-max_len={INPUT_LIMIT_BYTES}"),
        "-timeout=5".to_owned(),
        format!("-artifact_prefix={}/", artifacts.display()),
    ]);
    let limit = Duration::from_secs(u64::from(seconds) + 60);
    Ok(process::run(&mut command, Show::OnFailure, limit)?.success)
}

#[cfg(test)]
mod tests {
    use super::choose;

    #[test]
    fn targets_are_chosen_by_name_and_a_wrong_name_is_an_error() {
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let all = words("amf0 amf3 flv");
        assert_eq!(choose(all.clone(), &[]).unwrap(), all);
        assert_eq!(choose(all.clone(), &words("flv")).unwrap(), ["flv"]);
        let refused = choose(all, &words("flv typo")).unwrap_err().to_string();
        assert!(
            refused.contains("typo") && refused.contains("amf0, amf3, flv"),
            "{refused}"
        );
    }
}
